#!/usr/bin/env python3
"""The command line as people and scripts use it, against `orderflow up`."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from harness import clients
from harness.clients import call
from harness.servers import BINARIES, AllInOne, free_port

WORKFLOWS = Path(__file__).parents[1] / "workflows"
OK, NOT_CONFIRMED, USAGE, UNAVAILABLE, NOT_FOUND, CONFLICT, IN_PROGRESS = 0, 1, 2, 3, 4, 5, 7


def make_certificate(directory: Path, name: str) -> None:
    """A certificate that vouches for itself, NAME.pem, with its key, NAME.key."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                    f"{directory}/{name}.key", "-out", f"{directory}/{name}.pem"], check=True, capture_output=True)


def identity(directory: Path, name: str) -> list[str]:
    return ["--tls-cert", f"{directory}/{name}.pem", "--tls-key", f"{directory}/{name}.key"]


class CommandLineTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.directory = Path(tempfile.mkdtemp(prefix="orderflow-cli-"))
        cls.addClassCleanup(shutil.rmtree, cls.directory, ignore_errors=True)
        cls.up = AllInOne(cls.directory)
        cls.addClassCleanup(cls.up.kill)
        cls.up.start()

    def run_cli(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return clients.cli(list(arguments), self.up.environment, stdin)

    def expect(self, status: int, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        done = self.run_cli(*arguments, stdin=stdin)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        if status not in (OK, NOT_CONFIRMED, IN_PROGRESS):
            self.assertEqual(done.stdout, "")
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        return done

    def json(self, status: int, *arguments: str) -> dict:
        return json.loads(self.expect(status, *arguments, "--json").stdout)

    def place(self, order_id: str, *more: str) -> list[str]:
        return ["order", "place", "--id", order_id, "--product", "sku-001", "--quantity", "1", "--email",
                "user@example.com", *more]

    # --- orders ---

    def test_placing_an_order_shows_each_state_and_the_outcome(self) -> None:
        lines = self.expect(OK, *self.place("cli-1")).stdout.splitlines()
        self.assertEqual([line.split()[:2] for line in lines[:-1]],
                         [["✓", state] for state in ("ReceiveOrder", "CheckInventory", "InventoryConfirmation",
                                                     "ChargePayment", "PaymentConfirmation", "SendConfirmation")])
        self.assertTrue(lines[-1].startswith("Order cli-1: CONFIRMED after "), lines[-1])

    def test_a_failed_order_says_where_and_why_and_exits_with_1(self) -> None:
        text = self.expect(NOT_CONFIRMED, *self.place("cli-2", "--payment-token", "tok_declined")).stdout
        self.assertIn("✗ PaymentFailed", text)
        self.assertIn("card_declined", text)

    def test_json_goes_to_programs(self) -> None:
        self.assertEqual(self.json(OK, *self.place("cli-3"))["outcome"], "OUTCOME_CONFIRMED")
        self.assertEqual(self.json(OK, "order", "get", "cli-3")["order_id"], "cli-3")
        listed = self.json(OK, "order", "list", "--limit", "0")["orders"]
        self.assertIn("cli-3", [order["order_id"] for order in listed])

    def test_an_order_may_come_as_json_from_anywhere(self) -> None:
        text = json.dumps({"order_id": "cli-4", "product_id": "sku-001", "quantity": 1, "customer_email": "a@example.com"})
        self.expect(OK, "order", "place", text)
        self.expect(OK, "order", "place", "-", stdin=text)
        path = self.directory / "order.json"
        path.write_text(text)
        self.expect(OK, "order", "place", f"@{path}")

    def test_an_order_still_in_progress_when_the_time_is_over_exits_with_7(self) -> None:
        directory = Path(tempfile.mkdtemp(prefix="orderflow-slow-"))
        self.addCleanup(shutil.rmtree, directory, ignore_errors=True)
        workflow = directory / "wait.asl.json"
        workflow.write_text('{"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 86400, "End": true}}}')
        up = AllInOne(directory, [f"--workflow={workflow}"]).start()
        self.addCleanup(up.kill)
        done = clients.cli([*self.place("cli-5"), "--timeout", "10"], up.environment)
        self.assertEqual(done.returncode, IN_PROGRESS, done.stdout + done.stderr)
        self.assertIn("order watch cli-5", done.stdout)
        done = clients.cli(["order", "get", "cli-5", "--json"], up.environment)
        self.assertEqual(json.loads(done.stdout)["outcome"], "OUTCOME_IN_PROGRESS")

    def test_no_wait_returns_at_once_and_the_order_can_be_watched(self) -> None:
        done = self.expect(OK, *self.place("cli-6", "--payment-token", "tok_slow", "--no-wait"))
        self.assertNotIn("ChargePayment", done.stdout)
        self.assertIn("ChargePayment", self.expect(OK, "order", "watch", "cli-6").stdout)

    def test_tables_are_aligned(self) -> None:
        self.expect(OK, *self.place("cli-table"))
        header, *rows = self.expect(OK, "order", "list").stdout.splitlines()
        column = header.index("OUTCOME")
        self.assertTrue(all(row[column - 1] == " " and row[column] != " " for row in rows if row[0] != "T"), rows)

    # --- errors ---

    def test_an_invalid_order_names_its_mistakes_in_one_line(self) -> None:
        done = self.expect(CONFLICT, "order", "place", "--id", "a/b", "--quantity", "-1")
        for field in ("order_id", "product_id", "quantity", "customer_email"):
            self.assertIn(field, done.stderr)

    def test_json_errors_have_code_and_violations(self) -> None:
        done = self.expect(CONFLICT, "order", "place", "--id", "a/b", "--json")
        error = json.loads(done.stderr)["error"]
        self.assertEqual(error["code"], "INVALID_ARGUMENT")
        self.assertIn("order_id", [violation["field"] for violation in error["field_violations"]])

    def test_the_same_id_with_other_content_is_a_conflict(self) -> None:
        self.expect(OK, *self.place("cli-7"))
        self.expect(CONFLICT, *self.place("cli-7", "--payment-token", "tok_other"))

    def test_what_is_not_there_is_not_found(self) -> None:
        for arguments in (["order", "get", "nowhere"], ["order", "watch", "nowhere"], ["execution", "describe", "nowhere"],
                          ["execution", "history", "nowhere"], ["execution", "stop", "nowhere"],
                          ["execution", "redrive", "nowhere"],
                          ["execution", "list", "--state-machine", "nowhere"]):
            with self.subTest(" ".join(arguments)):
                self.assertIn("nowhere", self.expect(NOT_FOUND, *arguments).stderr)

    def test_a_server_that_cannot_be_reached_is_named_with_what_to_do(self) -> None:
        address = f"localhost:{free_port()}"
        done = self.expect(UNAVAILABLE, "--address", address, "order", "list")
        self.assertIn(address, done.stderr)
        self.assertIn("orderflow up", done.stderr)
        done = self.expect(UNAVAILABLE, "--inventory-address", address, "stock", "list")
        self.assertIn("inventory", done.stderr)

    def test_health_can_be_asked_of_every_server_and_service(self) -> None:
        payment = self.up.address("payment")
        for address in (payment, self.up.address("orchestrator")):
            self.assertEqual(self.expect(OK, "health", address).stdout, f"the server at {address} is SERVING\n")
        self.expect(OK, "health", payment, "--service", "orderflow.payment.v1.PaymentService")
        self.expect(NOT_FOUND, "health", payment, "--service", "orderflow.email.v1.EmailService")
        self.expect(UNAVAILABLE, "health", f"localhost:{free_port()}")

    def test_slips_of_the_finger_get_a_suggestion(self) -> None:
        self.assertIn("did you mean order?", self.expect(USAGE, "ordr", "list").stderr)
        self.assertIn("did you mean place?", self.expect(USAGE, "order", "plase").stderr)
        self.assertIn("did you mean --quantity?", self.expect(USAGE, "order", "place", "--quantty", "1").stderr)

    def test_a_missing_command_or_argument_is_a_usage_error(self) -> None:
        for arguments in ([], ["order"], ["order", "get"], ["stock", "set", "sku-001"], ["order", "list", "--limit", "many"]):
            with self.subTest(" ".join(arguments)):
                self.expect(USAGE, *arguments)

    def test_every_command_has_help_with_an_example(self) -> None:
        for command in ("up", "bench", "health", "order place", "order get", "order watch", "order list", "execution list",
                        "execution describe", "execution history", "execution stop", "execution redrive", "workflow list",
                        "workflow deploy", "workflow validate", "stock list", "stock set"):
            with self.subTest(command):
                text = self.expect(OK, "help", *command.split()).stdout
                self.assertIn(f"orderflow {command}", text)
                self.assertEqual(self.expect(OK, *command.split(), "--help").stdout, text)

    # --- executions, workflows, stock ---

    def test_an_orders_execution_can_be_described_and_its_history_read(self) -> None:
        self.expect(OK, *self.place("cli-8"))
        self.assertIn("SUCCEEDED", self.expect(OK, "execution", "describe", "cli-8").stdout)
        history = self.expect(OK, "execution", "history", "cli-8").stdout
        self.assertIn("TaskStateEntered", history)
        self.assertEqual(self.json(OK, "execution", "describe", "cli-8")["status"], "EXECUTION_STATUS_SUCCEEDED")
        self.assertIn("cli-8", self.expect(OK, "execution", "list", "--status", "succeeded", "--limit", "0").stdout)

    def test_a_workflow_can_be_validated_deployed_run_and_stopped(self) -> None:
        path = self.directory / "long-wait.asl.json"
        path.write_text('{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":86400,"End":true}}}')
        self.assertIn("valid", self.expect(OK, "workflow", "validate", str(path)).stdout)
        self.assertIn("long-wait", self.expect(OK, "workflow", "deploy", str(path)).stdout)
        path.write_text('{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":86401,"End":true}}}')
        self.assertIn("updated", self.expect(OK, "workflow", "deploy", str(path)).stdout)
        machines = self.json(OK, "workflow", "list")["state_machines"]
        [arn] = [machine["state_machine_arn"] for machine in machines if machine["name"] == "long-wait"]
        call(self.up.address("orchestrator"), "orderflow.workflow.v1.WorkflowService/StartExecution",
             {"state_machine_arn": arn, "name": "nap"})
        select = ["--state-machine", "long-wait"]
        self.assertIn("RUNNING", self.expect(OK, "execution", "list", *select).stdout)
        self.expect(OK, "execution", "stop", "nap", *select, "--error", "Enough")
        described = self.json(OK, "execution", "describe", "nap", *select)
        self.assertEqual((described["status"], described["error"]), ("EXECUTION_STATUS_ABORTED", "Enough"))
        self.assertIn("nap goes on", self.expect(OK, "execution", "redrive", "nap", *select).stdout)
        self.assertIn("redrive 1", self.expect(OK, "execution", "describe", "nap", *select).stdout)
        self.assertIn("RUNNING", self.expect(CONFLICT, "execution", "redrive", "nap", *select).stderr)

    def test_every_workflow_of_the_tree_is_valid(self) -> None:
        self.expect(OK, "workflow", "validate", *map(str, sorted(WORKFLOWS.glob("*.asl.json"))))

    def test_validation_needs_no_server_and_shows_each_mistake_with_its_place(self) -> None:
        path = self.directory / "broken.asl.json"
        path.write_text('{"StartAt":"X","States":{"A":{"Type":"Pass","Next":"B"},"C":{"Type":"Succeed"}}}')
        done = self.expect(NOT_CONFIRMED, "--address", "localhost:1", "workflow", "validate", str(path))
        for column, target in ((2, "X"), (45, "B")):
            self.assertIn(f"{path}:1:{column}: error MISSING_TRANSITION_TARGET: Missing 'Next' target: {target}", done.stdout)
        self.assertFalse(self.json(NOT_CONFIRMED, "workflow", "validate", str(path))["valid"])
        self.expect(USAGE, "workflow", "validate", "/nonexistent.json")

    # What is changed in the order workflow, and what must be said of it at the place of the change.
    SEEDED = (
        ('"Variable": "$.inventory.inventory_status"', '"Variable": "$.inventory.inventory_state"',
         "IMPOSSIBLE_PATH", "did you mean 'inventory_status'?"),
        ('"Variable": "$.payment.payment_status"', '"Variable": "$.payment.payment_statuss"',
         "IMPOSSIBLE_PATH", "did you mean 'payment_status'?"),
        ('"amount_minor.$": "$.inventory.total_minor"', '"amount_minor.$": "$.inventory.total.minor"',
         "IMPOSSIBLE_PATH", "has no member 'total'"),
        ('"currency.$": "$.inventory.currency"', '"currency.$": "$.inventory.unit_price_minor"',
         "WRONG_TYPE", "expected a string, found an integer"),
        ('"payment_token.$": "$.receipt.payment_token"', '"payment_tokn.$": "$.receipt.payment_token"',
         "UNKNOWN_PARAMETER", "did you mean 'payment_token'?"),
        ('"quantity.$": "$.quantity"', '"quantity": 3000000000',
         "WRONG_TYPE", "expected an integer from -2147483648 to 2147483647, found 3000000000"),
        ('"currency.$": "$.payment.currency"', '"currency.$": "States.Format(\'{}\', $.payment.curency)"',
         "IMPOSSIBLE_PATH", "did you mean 'currency'?"),
        ('"Resource": "${ChargePaymentFunctionArn}"', '"Resource": "${ChargePaymentFunctionArn}s"',
         "TASK_CANNOT_BE_CALLED", "has no method ChargePayments; did you mean ChargePayment?"),
    )

    def test_mistakes_are_found_by_the_types_of_the_running_services(self) -> None:
        workflow = (WORKFLOWS / "order-processing.asl.json").read_text()
        services = {"ReceiveOrder": ("receive", "ReceiveService/ReceiveOrder"),
                    "CheckInventory": ("inventory", "InventoryService/CheckInventory"),
                    "ReleaseReservation": ("inventory", "InventoryService/ReleaseReservation"),
                    "ChargePayment": ("payment", "PaymentService/ChargePayment"),
                    "SendConfirmationEmail": ("email", "EmailService/SendConfirmationEmail")}
        names = self.directory / "substitutions.json"
        names.write_text(json.dumps({
            f"{name}FunctionArn": f"grpc://{self.up.address(service)}/orderflow.{service}.v1.{method}"
            for name, (service, method) in services.items()}))
        path = self.directory / "seeded.asl.json"
        validate = ["workflow", "validate", str(path), "--substitutions", str(names)]
        path.write_text(workflow)
        self.assertEqual(self.expect(OK, *validate, "--strict").stdout, f"{path}: valid\n")
        for right, wrong, code, hint in self.SEEDED:
            with self.subTest(wrong):
                self.assertEqual(workflow.count(right), 1)
                text = workflow.replace(right, wrong)
                path.write_text(text)
                before = text[:text.index(wrong)]
                place = f"{path}:{before.count(chr(10)) + 1}:{len(before) - before.rindex(chr(10))}"
                self.assertRegex(self.expect(OK, *validate).stdout,
                                 rf"(?m)^{re.escape(place)}: warning {code}: .*{re.escape(hint)}")
                self.expect(NOT_CONFIRMED, *validate, "--strict")
                answer = call(self.up.address("orchestrator"),
                              "orderflow.workflow.v1.WorkflowService/ValidateStateMachineDefinition",
                              {"definition": text,
                               "severity": "VALIDATE_STATE_MACHINE_DEFINITION_SEVERITY_WARNING"}).message
                self.assertTrue(answer["result"].endswith("_OK"), "it can be created")
                [found] = [one for one in answer["diagnostics"] if one["code"] == code]
                self.assertIn(hint, found["message"])
                self.assertTrue(found["severity"].endswith("_WARNING"))

    def test_stock_can_be_set_and_listed(self) -> None:
        self.expect(OK, "stock", "set", "cli-product", "7", "--price", "1999", "--currency", "EUR")
        self.assertRegex(self.expect(OK, "stock", "list").stdout, r"cli-product +7 +0 +19\.99 EUR")
        self.expect(CONFLICT, "stock", "set", "cli-product-2", "7")
        self.expect(CONFLICT, "stock", "set", "cli-product", "--", "-7")

    # --- up ---

    def test_a_data_directory_serves_one_process_at_a_time(self) -> None:
        done = self.run_cli("up", f"--data={self.up.data}", "--free_ports")
        self.assertEqual(done.returncode, 1)
        self.assertIn(str(self.up.data), done.stderr)
        self.assertIn("in use", done.stderr)

    def test_a_port_in_use_names_port_and_flag(self) -> None:
        data = self.directory / "other"
        done = self.run_cli("up", f"--data={data}", "--free_ports", f"--payment_listen={self.up.address('payment')}")
        self.assertEqual(done.returncode, 1)
        self.assertIn(self.up.address("payment"), done.stderr)
        self.assertIn("--payment_listen", done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def test_an_unknown_flag_of_up_is_a_usage_error(self) -> None:
        done = self.expect(USAGE, "up", "--dta=x")
        self.assertIn("dta", done.stderr)

    def test_metrics_tell_of_all_services(self) -> None:
        self.expect(OK, *self.place("cli-metrics"))
        text = clients.metrics(self.up.environment["ORDERFLOW_METRICS_ADDRESS"])
        for service in ("order", "receive", "inventory", "payment", "email"):
            self.assertIn(f"orderflow.{service}.v1.", text)

    def test_sigterm_ends_it_in_order_and_a_restart_finds_everything(self) -> None:
        directory = Path(tempfile.mkdtemp(prefix="orderflow-up-"))
        self.addCleanup(shutil.rmtree, directory, ignore_errors=True)
        up = AllInOne(directory).start()
        self.addCleanup(up.kill)
        place = self.place("stay-1")
        self.assertEqual(clients.cli(place, up.environment).returncode, OK)
        self.assertEqual(up.stop(), 0)
        up.start()
        self.assertEqual(clients.cli(["order", "watch", "stay-1"], up.environment).returncode, OK)
        self.assertEqual(clients.cli(place, up.environment).returncode, OK)

    def test_orders_go_over_tls_to_those_who_trust_the_server_and_show_who_they_are(self) -> None:
        directory = Path(tempfile.mkdtemp(prefix="orderflow-tls-"))
        self.addCleanup(shutil.rmtree, directory, ignore_errors=True)
        for name in ("server", "client", "stranger"):
            make_certificate(directory, name)
        up = AllInOne(directory, [f"--tls_certificate={directory}/server.pem", f"--tls_key={directory}/server.key",
                                  f"--tls_client_ca={directory}/client.pem"]).start()
        self.addCleanup(up.kill)

        def place(*flags: str) -> subprocess.CompletedProcess[str]:
            return clients.cli([*self.place("tls-1"), *flags], up.environment)

        trust = ["--tls-ca", f"{directory}/server.pem"]
        self.assertEqual(place(*trust, *identity(directory, "client")).returncode, OK)
        for title, flags in (("plain text", []), ("no certificate", trust),
                             ("a stranger's certificate", [*trust, *identity(directory, "stranger")]),
                             ("a server that is not trusted", ["--tls", *identity(directory, "client")])):
            with self.subTest(title):
                self.assertEqual(place(*flags).returncode, UNAVAILABLE)

    @unittest.skipUnless(os.environ.get("ORDERFLOW_TEST_POSTGRES"), "scripts/with-postgres starts the server it needs")
    def test_everything_runs_on_one_postgresql_database(self) -> None:
        server = os.environ["ORDERFLOW_TEST_POSTGRES"]
        name = f"orderflow_up_{os.getpid()}"
        subprocess.run(["psql", "--quiet", server, "-c", f"CREATE DATABASE {name}"], check=True)
        directory = Path(tempfile.mkdtemp(prefix="orderflow-postgres-"))
        self.addCleanup(shutil.rmtree, directory, ignore_errors=True)
        up = AllInOne(directory, [f"--database={server.rpartition('/')[0]}/{name}"]).start()
        self.addCleanup(up.kill)
        self.assertEqual(clients.cli(self.place("pg-1"), up.environment).returncode, OK)
        self.assertEqual(clients.cli(self.place("pg-2", "--payment-token", "tok_declined"), up.environment).returncode,
                         NOT_CONFIRMED)
        up.kill()
        up.start()
        self.assertEqual(clients.cli(self.place("pg-1"), up.environment).returncode, OK)
        self.assertEqual([path for path in up.data.iterdir() if ".db" in path.name], [])
        self.assertEqual(up.stop(), 0)

    def test_the_programs_are_there(self) -> None:
        for name in ("orderflow", "orderflow-bench", "orderflow-orchestrator", "orderflow-receive", "orderflow-inventory",
                     "orderflow-payment", "orderflow-email"):
            self.assertTrue((BINARIES / name).exists(), name)


if __name__ == "__main__":
    unittest.main()
