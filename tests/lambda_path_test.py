#!/usr/bin/env python3
"""The same orders through gRPC services and through the packaged Lambda functions: the same outcome, the same output.
On SQLite, or on the PostgreSQL server of ORDERFLOW_TEST_POSTGRES (scripts/with-postgres)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request
import uuid
from pathlib import Path

from harness.clients import call
from harness.lambda_emulator import PACKAGES, Emulator, Function, unpack
from harness.servers import BINARIES, CATALOG, SERVICES, Server

POSTGRES = os.environ.get("ORDERFLOW_TEST_POSTGRES", "")
WORKFLOWS = "orderflow.workflow.v1.WorkflowService"

# Handler -> service, and the method of the same role.
METHODS = {
    "ReceiveOrder": ("receive", "orderflow.receive.v1.ReceiveService/ReceiveOrder"),
    "CheckInventory": ("inventory", "orderflow.inventory.v1.InventoryService/CheckInventory"),
    "ReleaseReservation": ("inventory", "orderflow.inventory.v1.InventoryService/ReleaseReservation"),
    "ChargePayment": ("payment", "orderflow.payment.v1.PaymentService/ChargePayment"),
    "RefundPayment": ("payment", "orderflow.payment.v1.PaymentService/RefundPayment"),
    "SendConfirmationEmail": ("email", "orderflow.email.v1.EmailService/SendConfirmationEmail"),
}

ORDER = {"product_id": "sku-001", "quantity": 1, "customer_email": "user@example.com"}

# What the orders are -> what they differ in from ORDER. Each runs the whole workflow on both paths.
ORDERS = {
    "confirmed": {},
    "confirmed-with-other-members": {"note": "to the neighbour", "order_line": [1, 2]},
    "sold-out": {"product_id": "sku-rare", "quantity": 1000},
    "unknown-product": {"product_id": "no-such-product"},
    "declined": {"product_id": "sku-003", "payment_token": "tok_declined"},
    "insufficient-funds": {"payment_token": "tok_insufficient_funds"},
    "unknown-token": {"payment_token": "tok_of_nobody"},
    "answer-of-the-charge-lost": {"payment_token": "tok_error_after"},
    "gateway-fails-twice": {"payment_token": "tok_error_before"},
    "invalid-e-mail": {"customer_email": "nobody"},
    "negative-quantity": {"quantity": -1},
    "quantity-that-is-no-number": {"quantity": "many"},
    "nothing-but-an-id": {"product_id": None, "quantity": None, "customer_email": None},
}

# One call each, by itself: handler, event.
TASKS = [
    ("ReceiveOrder", {"order_id": "task-1", **ORDER}),
    ("ReceiveOrder", {"order_id": "task-1", **ORDER}),
    ("ReceiveOrder", {"order_id": "task-1", **ORDER, "quantity": 2}),
    ("ReceiveOrder", {"order_id": "", "quantity": 0, "customer_email": "a b@c"}),
    ("CheckInventory", {"order_id": "task-1", "product_id": "sku-001", "quantity": 1}),
    ("CheckInventory", {"order_id": "task-2", "product_id": "sku-rare", "quantity": 1000}),
    ("CheckInventory", {"order_id": "task-3", "product_id": "no-such-product", "quantity": 1}),
    ("CheckInventory", {"order_id": "task-1", "product_id": "sku-002", "quantity": 1}),
    ("ReleaseReservation", {"order_id": "task-1"}),
    ("ReleaseReservation", {"order_id": "task-1"}),
    ("ReleaseReservation", {"order_id": "never-reserved"}),
    ("ChargePayment", {"order_id": "task-1", "amount_minor": 1999, "currency": "EUR"}),
    ("ChargePayment", {"order_id": "task-1", "amount_minor": 1999, "currency": "USD"}),
    ("ChargePayment", {"order_id": "task-2", "amount_minor": -5, "currency": "euro"}),
    ("ChargePayment", {"order_id": "task-3", "amount_minor": 5, "currency": "EUR", "payment_token": "tok_declined"}),
    ("ChargePayment", {"order_id": "task-4", "amount_minor": 5, "currency": "EUR", "payment_token": "tok_unavailable"}),
    ("RefundPayment", {"order_id": "task-1"}),
    ("RefundPayment", {"order_id": "task-3"}),
    ("RefundPayment", {"order_id": "never-charged"}),
    ("SendConfirmationEmail", {"order_id": "task-1", **ORDER, "amount_minor": 1999, "currency": "EUR"}),
    ("SendConfirmationEmail", {"order_id": "task-1", **ORDER, "amount_minor": 1, "currency": "EUR"}),
    ("SendConfirmationEmail", {"order_id": "task-2", **ORDER, "customer_email": "nobody"}),
]


class OrderPath:
    """One of the two ways: databases of its own, and an orchestrator."""

    def __init__(self, directory: Path):
        self.directory = directory
        directory.mkdir()
        self._postgres = self._create_database() if POSTGRES else ""

    @staticmethod
    def _create_database() -> str:
        name = f"path_{uuid.uuid4().hex}"
        subprocess.run(["psql", "--quiet", "--dbname", POSTGRES, "--command", f"CREATE DATABASE {name}"], check=True)
        return POSTGRES.rsplit("/", 1)[0] + "/" + name

    def database(self, name: str) -> str:
        """The services' tables have different names, so on PostgreSQL they get along in one database."""
        return self._postgres or f"sqlite:{self.directory}/{name}.db"

    def orchestrator(self, flags: list[str]) -> Server:
        return Server("orchestrator", self.directory,
                      [f"--database=sqlite:{self.directory}/orchestrator.db", *flags]).start()


class GrpcPath(OrderPath):
    def __init__(self, directory: Path):
        super().__init__(directory)
        flags = {"inventory": [f"--catalog={CATALOG}"], "email": [f"--maildir={directory}/mail"]}
        self.services = {name: Server(name, directory, [f"--database={self.database(name)}", *flags.get(name, [])]).start()
                         for name in SERVICES}
        self.orchestrator_server: Server | None = None

    def start_orchestrator(self) -> Server:
        self.orchestrator_server = self.orchestrator(
            [f"--{name}_address={server.address}" for name, server in self.services.items()])
        return self.orchestrator_server

    def task(self, handler: str, event: dict) -> tuple:
        service, method = METHODS[handler]
        answer = call(self.services[service].address, method, event)
        if answer.code == "ok":
            return "ok", comparable(answer.message)
        return answer.reason() or f"Grpc.{answer.code.upper()}", answer.text

    def close(self) -> None:
        for server in (*self.services.values(), self.orchestrator_server):
            if server is not None:
                server.kill()


class LambdaPath(OrderPath):
    def __init__(self, directory: Path):
        super().__init__(directory)
        self.functions = [self._function(package, handler) for package, handler in PACKAGES.items()]
        busy = Function("Busy", self.functions[0].task_root, concurrency=0)
        self.emulator = Emulator([*self.functions, busy])
        self.orchestrator_server: Server | None = None

    def _function(self, package: str, handler: str) -> Function:
        task_root = unpack(BINARIES.parent / f"lambda/{package}.zip", self.directory / package)
        service = METHODS[handler][0]
        settings = {"ORDERFLOW_DATABASE": self.database(service)}
        if handler == "CheckInventory":
            settings["ORDERFLOW_CATALOG"] = f"{task_root}/catalog.json"
        if handler == "SendConfirmationEmail":
            settings["ORDERFLOW_MAILDIR"] = f"{self.directory}/mail"
        return Function(handler, task_root, settings)

    def start_orchestrator(self) -> Server:
        substitutions = self.directory / "substitutions.json"
        substitutions.write_text(json.dumps({f"{function.name}Arn": function.arn for function in self.functions}))
        self.orchestrator_server = self.orchestrator(
            [f"--lambda_endpoint={self.emulator.url}", f"--substitutions={substitutions}"])
        return self.orchestrator_server

    def invoke(self, name: str, event: dict | bytes) -> tuple[int, dict, dict]:
        """Status, headers and body of an Invoke."""
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        request = urllib.request.Request(f"{self.emulator.url}/2015-03-31/functions/{name}/invocations", data=body)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return response.status, dict(response.headers), json.loads(response.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, dict(error.headers), json.loads(error.read())

    def task(self, handler: str, event: dict) -> tuple:
        status, headers, answer = self.invoke(f"{handler}Function", event)
        assert status == 200, answer
        if "X-Amz-Function-Error" not in headers:
            return "ok", comparable(answer)
        return answer["errorType"], json.loads(answer["errorMessage"])["message"]

    def close(self) -> None:
        self.emulator.close()
        if self.orchestrator_server is not None:
            self.orchestrator_server.kill()


def comparable(value):
    """Without what differs from call to call, and from path to path: times; the envelope that a Lambda error has; the
    form of 64-bit integers, which buf prints as texts. JSON within texts is taken apart."""
    if isinstance(value, dict):
        if "errorMessage" in value:
            return comparable(value["errorMessage"])
        return {name: comparable(member) for name, member in value.items() if not name.endswith("_time")}
    if isinstance(value, list):
        return [comparable(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and value[:1] in ("{", "["):
        return comparable(json.loads(value))
    return value


class LambdaPathTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.directory = Path(tempfile.mkdtemp(prefix="orderflow-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.directory)
        cls.grpc = GrpcPath(cls.directory / "grpc")
        cls.addClassCleanup(cls.grpc.close)
        cls.functions = LambdaPath(cls.directory / "lambda")
        cls.addClassCleanup(cls.functions.close)

    def test_each_task_answers_alike(self) -> None:
        for number, (handler, event) in enumerate(TASKS):
            with self.subTest(handler, number=number, event=event):
                self.assertEqual(self.functions.task(handler, event), self.grpc.task(handler, event))

    def test_a_function_is_found_by_its_name_and_by_its_arn(self) -> None:
        event = {"order_id": "found-1", **ORDER}
        for name in ("ReceiveOrderFunction", self.functions.functions[0].arn):
            self.assertEqual(self.functions.invoke(name, event)[0], 200)

    def test_the_invoke_endpoint_refuses_as_lambda_does(self) -> None:
        for name, event, status, error in (
                ("NoSuchFunction", {}, 404, "ResourceNotFoundException"),
                ("ReceiveOrderFunction", b"{no json", 400, "InvalidRequestContentException"),
                ("ReceiveOrderFunction", b'"' + b"x" * (6 << 20) + b'"', 413, "RequestTooLargeException"),
                ("BusyFunction", {}, 429, "TooManyRequestsException")):
            with self.subTest(error):
                answer, headers, _ = self.functions.invoke(name, event)
                self.assertEqual((answer, headers["X-Amzn-ErrorType"]), (status, error))

    def test_every_order_ends_alike(self) -> None:
        for path in (self.grpc, self.functions):
            path.start_orchestrator()
        started = {name: [self.start(path.orchestrator_server, name, order) for path in (self.grpc, self.functions)]
                   for name, order in ORDERS.items()}
        for name, (by_grpc, by_lambda) in started.items():
            with self.subTest(name):
                expected = self.ended(self.grpc.orchestrator_server, by_grpc)
                self.assertEqual(self.ended(self.functions.orchestrator_server, by_lambda), expected)
        self.assertEqual(self.mails(self.functions), self.mails(self.grpc))

    def start(self, orchestrator: Server, name: str, differences: dict) -> str:
        """Not through OrderService, which would refuse the bad ones before any task sees them."""
        machines = call(orchestrator.address, f"{WORKFLOWS}/ListStateMachines", {}).message["state_machines"]
        order = {"order_id": name, **ORDER, **differences}
        answer = call(orchestrator.address, f"{WORKFLOWS}/StartExecution", {
            "state_machine_arn": machines[0]["state_machine_arn"], "name": name,
            "input": json.dumps({key: value for key, value in order.items() if value is not None})})
        self.assertEqual(answer.code, "ok", answer.text)
        return answer.message["execution_arn"]

    def ended(self, orchestrator: Server, arn: str) -> dict:
        """How an execution ended, once it has."""
        deadline = time.monotonic() + 120
        while True:
            execution = call(orchestrator.address, f"{WORKFLOWS}/DescribeExecution", {"execution_arn": arn}).message
            if execution["status"] != "EXECUTION_STATUS_RUNNING":
                break
            self.assertLess(time.monotonic(), deadline, f"{arn} does not end")
            time.sleep(0.2)
        return {member: comparable(execution.get(member, "")) for member in ("status", "output", "error", "cause")}

    @staticmethod
    def mails(path: OrderPath) -> list[str]:
        return sorted(mail.name for mail in (path.directory / "mail/new").iterdir())


if __name__ == "__main__":
    unittest.main()
