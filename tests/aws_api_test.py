#!/usr/bin/env python3
"""The AWS API as its users see it: Debian's AWS CLI as it is, and raw HTTP for what the CLI would not send."""

from __future__ import annotations

import datetime
import hashlib
import hmac
import http.client
import json
import os
import re
import resource
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from harness import clients
from harness.certificates import Certificates
from harness.servers import AllInOne, Server

# Not whatever `aws` comes first: this one is what the documentation names.
AWS = os.environ.get("ORDERFLOW_AWS", "/usr/bin/aws")
ACCOUNT, REGION = "123456789012", "eu-central-1"
KEY, SECRET = "AKIAEXAMPLEEXAMPLE00", "a/secret+of+the/test"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/any"
IDLE_CONNECTIONS = 10_000

PASS = {"StartAt": "Double", "States": {"Double": {
    "Type": "Pass", "Parameters": {"twice.$": "States.MathAdd($.n, $.n)"}, "End": True}}}
WAIT = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 3600, "End": True}}}


def start_orchestrator(directory: Path, *flags: str) -> Server:
    return Server("orchestrator", directory, [
        f"--database=sqlite:{directory}/orchestrator.db", f"--region={REGION}", f"--account={ACCOUNT}", *flags]).start()


def aws_address(server: Server) -> str:
    return next(line["address"] for line in reversed(server.log_lines()) if line.get("message") == "serving the AWS API")


def aws(address: str, *arguments: str, secret: str = SECRET, key: str = KEY, scheme: str = "http",
        **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs `aws stepfunctions ...` with no settings but these."""
    return subprocess.run(
        [AWS, "stepfunctions", *arguments, "--endpoint-url", f"{scheme}://{address}", "--output", "json"],
        capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret,
             "AWS_DEFAULT_REGION": REGION, "AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "1", "AWS_EC2_METADATA_DISABLED": "true",
             **environment})


class Raw:
    """A connection that is kept open, and sends what no client would."""

    def __init__(self, address: str, timeout: float = 60):
        host, port = address.rsplit(":", 1)
        self.connection = http.client.HTTPConnection(host, int(port), timeout=timeout)

    def post(self, operation: str, body: object = None, headers: dict[str, str] | None = None,
             target: str | None = None) -> tuple[int, dict]:
        data = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
        self.connection.request("POST", "/", data, {
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": target if target is not None else f"AWSStepFunctions.{operation}", **(headers or {})})
        answer = self.connection.getresponse()
        self.headers = answer.headers
        return answer.status, json.loads(answer.read())

    def close(self) -> None:
        self.connection.close()

    def error(self, operation: str, body: object = None, **options) -> str:
        status, answer = self.post(operation, body, **options)
        assert status >= 400, (status, answer)
        return answer["__type"]


def signature_headers(host: str, body: bytes, operation: str, at: datetime.datetime, secret: str = SECRET, key: str = KEY,
                      service: str = "states", signed: str = "host;x-amz-date;x-amz-target") -> dict[str, str]:
    """Signature Version 4, written down from its description, apart from the server's."""
    stamp, day = f"{at:%Y%m%dT%H%M%SZ}", f"{at:%Y%m%d}"
    headers = {"host": host, "x-amz-date": stamp, "x-amz-target": f"AWSStepFunctions.{operation}"}
    canonical = "\n".join(["POST", "/", "", *(f"{name}:{headers[name]}" for name in signed.split(";")), "", signed,
                           hashlib.sha256(body).hexdigest()])
    scope = f"{day}/{REGION}/{service}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    derived = ("AWS4" + secret).encode()
    for part in (day, REGION, service, "aws4_request"):
        derived = hmac.new(derived, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(derived, text.encode(), hashlib.sha256).hexdigest()
    return {"X-Amz-Date": stamp, "Authorization":
            f"AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={signed}, Signature={signature}"}


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


class AwsTestCase(unittest.TestCase):
    def wait_until(self, condition) -> None:
        deadline = time.monotonic() + 60
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

    def raw(self, address: str, timeout: float = 60) -> Raw:
        raw = Raw(address, timeout)
        self.addCleanup(raw.close)
        return raw


class AwsApiTest(AwsTestCase):
    @classmethod
    def setUpClass(cls) -> None:
        if not os.access(AWS, os.X_OK):
            raise RuntimeError(f"no AWS CLI at {AWS}; install the package awscli, or set ORDERFLOW_AWS")
        cls.directory = Path(tempfile.mkdtemp(prefix="orderflow-aws-api-"))
        cls.addClassCleanup(shutil.rmtree, cls.directory, ignore_errors=True)
        cls.server = start_orchestrator(cls.directory)
        cls.addClassCleanup(cls.server.kill)
        cls.address = aws_address(cls.server)

    def ok(self, *arguments: str, **options: str) -> dict:
        done = aws(self.address, *arguments, **options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def fails(self, error: str, *arguments: str, **options: str) -> str:
        done = aws(self.address, *arguments, **options)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertIn(f"({error})", done.stderr)
        return done.stderr

    def machine(self, name: str, definition: dict, kind: str = "STANDARD") -> str:
        status, answer = self.raw(self.address).post("CreateStateMachine", {
            "name": name, "definition": json.dumps(definition), "roleArn": ROLE, "type": kind})
        self.assertEqual(status, 200, answer)
        return answer["stateMachineArn"]

    # With the AWS CLI.

    def test_an_execution_from_its_machine_to_its_history(self) -> None:
        created = self.ok("create-state-machine", "--name", "double", "--definition", json.dumps(PASS), "--role-arn", ROLE)
        arn = created["stateMachineArn"]
        self.assertEqual(arn, f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:double")
        self.assertIn(str(now().year), created["creationDate"])  # the CLI has understood the number as a time

        described = self.ok("describe-state-machine", "--state-machine-arn", arn)
        self.assertEqual((described["name"], described["type"], described["status"], described["roleArn"]),
                         ("double", "STANDARD", "ACTIVE", ROLE))
        self.assertEqual(json.loads(described["definition"]), PASS)
        self.assertIn("double", [item["name"] for item in self.ok("list-state-machines")["stateMachines"]])

        execution = self.ok("start-execution", "--state-machine-arn", arn, "--name", "first",
                            "--input", '{"n": 21}')["executionArn"]
        ended = self.wait_for_end(execution)
        self.assertEqual((ended["status"], json.loads(ended["output"])), ("SUCCEEDED", {"twice": 42}))
        listed = self.ok("list-executions", "--state-machine-arn", arn, "--status-filter", "SUCCEEDED")["executions"]
        self.assertEqual([(item["executionArn"], item["status"]) for item in listed], [(execution, "SUCCEEDED")])

        events = self.ok("get-execution-history", "--execution-arn", execution)["events"]
        self.assertEqual([event["type"] for event in events],
                         ["ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"])
        self.assertEqual(json.loads(events[0]["executionStartedEventDetails"]["input"]), {"n": 21})
        backwards = self.ok("get-execution-history", "--execution-arn", execution, "--reverse-order",
                            "--no-include-execution-data", "--page-size", "3")["events"]
        self.assertEqual([event["id"] for event in backwards], [4, 3, 2, 1])
        self.assertNotIn("input", backwards[3]["executionStartedEventDetails"])

        self.ok("delete-state-machine", "--state-machine-arn", arn)
        self.fails("StateMachineDoesNotExist", "describe-state-machine", "--state-machine-arn", arn)

    def wait_for_end(self, execution: str) -> dict:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            described = self.ok("describe-execution", "--execution-arn", execution)
            if described["status"] != "RUNNING":
                return described
        raise AssertionError(f"{execution} does not end")

    def test_stopping_and_updating(self) -> None:
        arn = self.machine("wait", WAIT)
        execution = self.ok("start-execution", "--state-machine-arn", arn)["executionArn"]
        self.assertIn("updateDate", self.ok("update-state-machine", "--state-machine-arn", arn,
                                            "--definition", json.dumps(PASS)))
        stopped = self.ok("stop-execution", "--execution-arn", execution, "--error", "Enough", "--cause", "of it")
        self.assertIn("stopDate", stopped)
        described = self.ok("describe-execution", "--execution-arn", execution)
        self.assertEqual((described["status"], described["error"], described["cause"]), ("ABORTED", "Enough", "of it"))

    def test_a_redrive(self) -> None:
        """The CLI of Debian 12 does not know the operation: asked for as it would."""
        arn = self.machine("again", WAIT)
        execution = self.ok("start-execution", "--state-machine-arn", arn)["executionArn"]
        raw = self.raw(self.address)
        status, answer = raw.post("RedriveExecution", {"executionArn": execution})
        self.assertEqual((status, answer["__type"], answer["message"]), (
            400, "ExecutionNotRedrivable", "Execution is RUNNING and cannot be redriven"))
        self.ok("stop-execution", "--execution-arn", execution)
        once = raw.post("RedriveExecution", {"executionArn": execution, "clientToken": "once"})
        self.assertEqual(once[0], 200)
        self.assertEqual(raw.post("RedriveExecution", {"executionArn": execution, "clientToken": "once"}), once)
        described = raw.post("DescribeExecution", {"executionArn": execution})[1]
        self.assertEqual((described["status"], described["redriveCount"], described["redriveDate"]),
                         ("RUNNING", 1, once[1]["redriveDate"]))
        events = self.ok("get-execution-history", "--execution-arn", execution)["events"]
        self.assertEqual(events[3]["type"], "ExecutionRedriven")

    def test_updating_a_map_run(self) -> None:
        states = {"StartAt": "Each", "States": {"Each": {"Type": "Map", "End": True, "MaxConcurrency": 1, "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **WAIT}}}}
        arn = self.machine("each", states)
        execution = self.ok("start-execution", "--state-machine-arn", arn, "--input", "[1, 2, 3]")["executionArn"]
        run = self.ok("list-map-runs", "--execution-arn", execution)["mapRuns"][0]["mapRunArn"]
        deadline = time.monotonic() + 60
        while not self.ok("list-executions", "--map-run-arn", run)["executions"]:
            self.assertLess(time.monotonic(), deadline, "no child execution begins")
        self.ok("update-map-run", "--map-run-arn", run, "--max-concurrency", "2", "--tolerated-failure-count", "1")
        described = self.ok("describe-map-run", "--map-run-arn", run)
        self.assertEqual((described["maxConcurrency"], described["toleratedFailureCount"],
                          described["itemCounts"]["running"]), (2, 1, 2))
        self.fails("ResourceNotFound", "update-map-run", "--map-run-arn", run + "0", "--max-concurrency", "2")
        self.ok("stop-execution", "--execution-arn", execution)
        self.fails("ValidationException", "update-map-run", "--map-run-arn", run, "--max-concurrency", "2")

    def test_a_synchronous_execution(self) -> None:
        """The CLI puts sync- before the host, which a proxy that it is told of need not resolve: the server itself."""
        arn = self.machine("express", PASS, "EXPRESS")
        ended = self.ok("start-sync-execution", "--state-machine-arn", arn, "--input", '{"n": 4}',
                        http_proxy=f"http://{self.address}")
        self.assertEqual((ended["status"], json.loads(ended["output"])), ("SUCCEEDED", {"twice": 8}))
        self.assertEqual(ended["billingDetails"]["billedMemoryUsedInMB"], 64)

    def test_errors_as_the_cli_shows_them(self) -> None:
        arn = self.machine("errors", WAIT)
        self.fails("ExecutionDoesNotExist", "describe-execution", "--execution-arn",
                   f"arn:aws:states:{REGION}:{ACCOUNT}:execution:errors:none")
        self.fails("InvalidArn", "describe-state-machine", "--state-machine-arn", "not-an-arn")
        self.fails("InvalidDefinition", "create-state-machine", "--name", "bad", "--definition", "{}", "--role-arn", ROLE)
        self.fails("InvalidName", "create-state-machine", "--name", "a b", "--definition", json.dumps(PASS),
                   "--role-arn", ROLE)
        self.fails("InvalidExecutionInput", "start-execution", "--state-machine-arn", arn, "--input", "{")
        self.fails("StateMachineAlreadyExists", "create-state-machine", "--name", "errors",
                   "--definition", json.dumps(PASS), "--role-arn", ROLE)
        self.ok("start-execution", "--state-machine-arn", arn, "--name", "once")
        self.fails("ExecutionAlreadyExists", "start-execution", "--state-machine-arn", arn, "--name", "once",
                   "--input", "[1]")

    def test_a_page_token_is_good_for_its_list_only(self) -> None:
        arn = self.machine("pages", WAIT)
        raw = self.raw(self.address)
        for name in ("a", "b", "c"):
            self.assertEqual(raw.post("StartExecution", {"stateMachineArn": arn, "name": name})[0], 200)
        pages = self.ok("list-executions", "--state-machine-arn", arn, "--page-size", "1")["executions"]
        self.assertEqual([item["name"] for item in pages], ["c", "b", "a"])
        _, page = raw.post("ListExecutions", {"stateMachineArn": arn, "maxResults": 1})
        token = page["nextToken"]
        for request in ({"nextToken": token, "statusFilter": "FAILED"}, {"nextToken": token[:-2]}, {"nextToken": "none"}):
            self.assertEqual(raw.error("ListExecutions", {"stateMachineArn": arn, **request}), "InvalidToken")
        self.assertEqual(raw.error("ListStateMachines", {"nextToken": token}), "InvalidToken")

    # What the CLI would not send.

    def test_a_connection_is_used_again_and_answers_have_the_form_of_aws(self) -> None:
        raw = self.raw(self.address)
        raw.connection.connect()
        used = raw.connection.sock
        ids = set()
        for _ in range(20):
            self.assertEqual(raw.post("ListStateMachines")[0], 200)
            self.assertEqual(raw.headers["Content-Type"], "application/x-amz-json-1.0")
            ids.add(raw.headers["x-amzn-RequestId"])
        self.assertEqual(len(ids), 20)
        self.assertIs(raw.connection.sock, used)

    def test_times_are_numbers_and_empty_lists_are_there(self) -> None:
        raw = self.raw(self.address)
        arn = self.machine("shape", WAIT)
        _, described = raw.post("DescribeStateMachine", {"stateMachineArn": arn})
        self.assertIsInstance(described["creationDate"], (int, float))
        self.assertAlmostEqual(described["creationDate"], time.time(), delta=600)
        self.assertEqual(described["loggingConfiguration"], {"level": "OFF", "includeExecutionData": False})
        self.assertEqual(raw.post("ListExecutions", {"stateMachineArn": arn}), (200, {"executions": []}))

    def test_requests_that_are_none(self) -> None:
        raw = self.raw(self.address)
        for target in ("AWSStepFunctions.Nonsense", "AWSStepFunctions.", "DynamoDB_20120810.GetItem", ""):
            self.assertEqual(raw.error("", target=target), "UnknownOperationException")
        for body in (b"no JSON", b"[1]", b'{"a":', b"\xff\xfe", b'"text"'):
            self.assertEqual(raw.error("ListStateMachines", body), "SerializationException")
        for body in ({"maxResults": "7"}, {"maxResults": True}, {"nextToken": 7}, {"maxResults": 10 ** 12},
                     {"nextToken": ["a"]}):
            self.assertEqual(raw.error("ListStateMachines", body), "SerializationException")
        self.assertEqual(raw.error("CreateStateMachine", {"tags": {"key": "a"}}), "SerializationException")
        self.assertEqual(raw.error("CreateStateMachine", {"tags": [{"key": 1}]}), "SerializationException")
        status, answer = raw.post("CreateStateMachine", {"type": "FAST"})
        self.assertEqual((status, answer["__type"]), (400, "ValidationException"))
        self.assertIn("Member must satisfy enum value set: [EXPRESS, STANDARD]", answer["message"])
        # A member that is not known is passed over, null is as if it were not there.
        self.assertEqual(raw.post("ListStateMachines", {"unknown": [1], "nextToken": None})[0], 200)

    def test_other_methods_and_paths_are_refused(self) -> None:
        for method, path, status in (("GET", "/", 405), ("OPTIONS", "/", 405), ("POST", "/other", 404)):
            raw = self.raw(self.address)
            raw.connection.request(method, path, headers={"X-Amz-Target": "AWSStepFunctions.ListStateMachines"})
            self.assertEqual(raw.connection.getresponse().status, status)

    def test_what_is_too_large_is_refused_and_the_connection_closed(self) -> None:
        for head, status in ((b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", b"413"),
                             (b"POST / HTTP/1.1\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", b"431"),
                             (b"\x16\x03\x01 is TLS, not HTTP\r\n\r\n", b"400")):
            with self.subTest(status=status), self.connect() as connection:
                connection.sendall(head)
                answer = b""
                while part := connection.recv(65536):
                    answer += part
                self.assertEqual(answer.split()[1], status)
                self.assertIn(b'"__type":', answer)

    def connect(self) -> socket.socket:
        host, port = self.address.rsplit(":", 1)
        return socket.create_connection((host, int(port)), timeout=60)

    def test_half_a_request_costs_nobody_anything(self) -> None:
        halves = [self.connect() for _ in range(50)]
        for number, connection in enumerate(halves):
            connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n{"[:5 + number])
        # Less than the server waits for the other halves.
        self.assertEqual(self.raw(self.address, timeout=25).post("ListStateMachines")[0], 200)
        for connection in halves:
            connection.close()
        self.assertEqual(self.raw(self.address, timeout=25).post("ListStateMachines")[0], 200)

    def test_ten_thousand_idle_connections_are_in_nobodys_way(self) -> None:
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        if most < IDLE_CONNECTIONS + 1000:
            self.skipTest(f"only {most} descriptors a process")
        resource.setrlimit(resource.RLIMIT_NOFILE, (IDLE_CONNECTIONS + 1000, most))
        idle = [self.connect() for _ in range(IDLE_CONNECTIONS)]
        try:
            begin = time.monotonic()
            raw = self.raw(self.address)
            for _ in range(100):
                self.assertEqual(raw.post("ListStateMachines")[0], 200)
            print(f"100 calls beside {IDLE_CONNECTIONS} idle connections took {time.monotonic() - begin:.2f} s")
        finally:
            for connection in idle:
                connection.close()


class SignedTest(AwsTestCase):
    def setUp(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="orderflow-aws-signed-"))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.credentials = self.directory / "credentials"
        self.credentials.write_text(f"[anybody]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n")
        self.credentials.chmod(0o600)

    def test_only_good_signatures_are_accepted(self) -> None:
        server = start_orchestrator(self.directory, f"--aws_credentials={self.credentials}")
        self.addCleanup(server.kill)
        address = aws_address(server)
        done = aws(address, "list-state-machines")
        self.assertEqual(done.returncode, 0, done.stderr)
        for error, options in (("InvalidSignatureException", {"secret": "wrong"}),
                               ("UnrecognizedClientException", {"key": "AKIAOTHER"}),
                               ("UnrecognizedClientException", {"AWS_SESSION_TOKEN": "token"}),
                               ("InvalidSignatureException", {"AWS_DEFAULT_REGION": "us-east-1"})):
            done = aws(address, "list-state-machines", **options)
            self.assertIn(f"({error})", done.stderr)

        raw, body = self.raw(address), b"{}"
        good = signature_headers(address, body, "ListStateMachines", now())
        self.assertEqual(raw.post("ListStateMachines", body, headers=good)[0], 200)
        minutes = lambda number: now() + datetime.timedelta(minutes=number)
        for error, sent, headers in (
                ("MissingAuthenticationTokenException", body, {}),
                ("IncompleteSignatureException", body, {"Authorization": "Basic abc"}),
                ("InvalidSignatureException", b'{"maxResults": 1}', good),
                ("InvalidSignatureException", body, signature_headers(address, body, "ListStateMachines", minutes(-6))),
                ("InvalidSignatureException", body, signature_headers(address, body, "ListStateMachines", minutes(6))),
                ("InvalidSignatureException", body, signature_headers(address, body, "ListStateMachines", now(), service="s3")),
                ("InvalidSignatureException", body,
                 signature_headers(address, body, "ListStateMachines", now(), signed="host;x-amz-date"))):
            self.assertEqual(raw.error("ListStateMachines", sent, headers=headers), error)
        log = server.log_path.read_text()
        self.assertNotIn(SECRET, log)

    def test_a_file_that_others_may_read_is_refused(self) -> None:
        self.credentials.chmod(0o644)
        with self.assertRaisesRegex(RuntimeError, "chmod 600"):
            start_orchestrator(self.directory, f"--aws_credentials={self.credentials}")

    def test_a_file_without_keys_is_refused_without_showing_it(self) -> None:
        self.credentials.write_text(f"[anybody]\naws_secret_access_key = {SECRET}\n")
        with self.assertRaisesRegex(RuntimeError, "aws_access_key_id") as refused:
            start_orchestrator(self.directory, f"--aws_credentials={self.credentials}")
        self.assertNotIn(SECRET, str(refused.exception))


class StartTest(AwsTestCase):
    def setUp(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="orderflow-aws-start-"))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)

    def test_orderflow_up_serves_it_and_says_where(self) -> None:
        up = AllInOne(self.directory).start()
        self.addCleanup(up.kill)
        done = aws(up.environment["ORDERFLOW_AWS_ADDRESS"], "list-state-machines", AWS_DEFAULT_REGION="us-east-1")
        self.assertEqual([item["name"] for item in json.loads(done.stdout)["stateMachines"]], ["order-processing"])
        self.assertEqual(up.stop(), 0)

    def test_a_port_in_use_is_named_with_its_setting(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            with self.assertRaisesRegex(RuntimeError, "in use.*--aws_listen"):
                start_orchestrator(self.directory, f"--aws_listen=127.0.0.1:{taken.getsockname()[1]}")

    def test_it_speaks_tls_and_takes_up_a_new_certificate(self) -> None:
        certificates = Certificates(self.directory / "tls").make("--days=1", "orchestrator", "client")
        files = [f"--aws_tls_certificate={certificates.certificate('orchestrator')}",
                 f"--aws_tls_key={certificates.key('orchestrator')}", "--tls_reload_interval=0s"]
        server = start_orchestrator(self.directory, *files)
        self.addCleanup(server.kill)
        address = aws_address(server)
        trust = {"AWS_CA_BUNDLE": str(certificates.certificate("ca"))}
        done = aws(address, "list-state-machines", scheme="https", **trust)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([item["name"] for item in json.loads(done.stdout)["stateMachines"]], ["order-processing"])
        self.assertIn("certificate verify failed", aws(address, "list-state-machines", scheme="https").stderr)
        self.assertNotEqual(aws(address, "list-state-machines").returncode, 0)

        serial = certificates.serial_shown_by(address)
        certificates.make("--renew", "orchestrator")
        self.assertNotEqual(certificates.serial_shown_by(address), serial)
        certificates.certificate("orchestrator").write_text("half of it")
        self.assertEqual(aws(address, "list-state-machines", scheme="https", **trust).returncode, 0)
        self.wait_until(lambda: "the AWS API keeps its old certificate" in [
            line.get("message") for line in server.log_lines()])

    def test_a_certificate_without_its_key_is_refused(self) -> None:
        certificates = Certificates(self.directory / "tls").make("--days=1", "orchestrator")
        with self.assertRaisesRegex(RuntimeError, "needs both.*--aws_tls_key"):
            start_orchestrator(self.directory, f"--aws_tls_certificate={certificates.certificate('orchestrator')}")

    def test_without_an_address_it_is_not_served(self) -> None:
        server = start_orchestrator(self.directory, "--aws_listen=")
        self.addCleanup(server.kill)
        self.assertFalse([line for line in server.log_lines() if line.get("message") == "serving the AWS API"])

    def test_a_server_that_stops_answers_what_waits(self) -> None:
        server = start_orchestrator(self.directory)
        self.addCleanup(server.kill)
        address = aws_address(server)
        raw = self.raw(address)
        definition = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 200, "End": True}}}
        _, machine = raw.post("CreateStateMachine", {"name": "slow", "definition": json.dumps(definition),
                                                     "roleArn": ROLE, "type": "EXPRESS"})
        waiting = self.raw(address)
        waiting.connection.request("POST", "/", json.dumps({"stateMachineArn": machine["stateMachineArn"]}),
                                   {"X-Amz-Target": "AWSStepFunctions.StartSyncExecution"})
        # A connection whose request has not been read yet is an idle one, which a stop closes.
        self.wait_until(lambda: re.search(r"^orderflow_executions_running 1$", clients.metrics(server.metrics_address), re.M))
        self.assertEqual(server.stop(), 0)
        answer = waiting.connection.getresponse()
        self.assertEqual((answer.status, json.loads(answer.read())["__type"]), (503, "ServiceUnavailable"))


if __name__ == "__main__":
    unittest.main()
