#!/usr/bin/env python3
"""Service integrations of AWS that others carry out: a queue that is mapped to a gRPC method, with a token that its
receiver answers by; HTTP tasks with the credentials of a connection; and what a wrong setting says."""

from __future__ import annotations

import base64
import http.server
import json
import shutil
import tempfile
import threading
import time
import unittest
from pathlib import Path

from harness.clients import call
from harness.servers import Server

QUEUE = "orderflow.testqueue.v1.TestQueue"
QUEUE_URL = "https://queue.example.com/orders"
SECRET = "open-sesame-7c1f"
CONNECTION = "arn:aws:events:us-east-1:000000000000:connection/shop/1"
WORKFLOWS = "orderflow.workflow.v1.WorkflowService"


def task(resource: str, parameters: dict, **more) -> dict:
    return {"StartAt": "Task", "States": {"Task": {"Type": "Task", "Resource": resource, "Parameters": parameters,
                                                   "End": True, **more}}}


def send_message(queue: str = QUEUE_URL) -> dict:
    return task("arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                {"QueueUrl": queue, "MessageBody": {"order.$": "$.order", "token.$": "$$.Task.Token"}},
                TimeoutSeconds=60)


class Shop(http.server.BaseHTTPRequestHandler):
    """An API that knows one customer, and wants a token for /oauth."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:  # noqa: N802 (the name is the library's)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        expected = "Basic " + base64.b64encode(f"shop:{SECRET}".encode()).decode()
        if self.path == "/token":
            known = self.headers["Authorization"] == expected and body == "grant_type=client_credentials"
            self._answer(200 if known else 401, {"access_token": "the-token", "expires_in": 3600})
        elif self.headers["Authorization"] not in (expected, "Bearer the-token"):
            self._answer(401, {"message": "who are you?"})
        elif self.path.startswith("/v1/orders"):
            self._answer(201, {"path": self.path, "body": body, "type": self.headers["Content-Type"]})
        else:
            self._answer(404, {"message": "no such thing"})

    def _answer(self, status: int, content: dict) -> None:
        text = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_) -> None:
        pass


class IntegrationsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.directory = Path(tempfile.mkdtemp(prefix="integrations_test_"))
        cls.addClassCleanup(shutil.rmtree, cls.directory)
        cls.shop = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop)
        threading.Thread(target=cls.shop.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.shop.server_close)
        cls.addClassCleanup(cls.shop.shutdown)
        cls.url = f"http://127.0.0.1:{cls.shop.server_port}"
        cls.queue = Server("queue", cls.directory, [], program="test-queue").start()
        cls.addClassCleanup(cls.queue.kill)
        cls.orchestrator = Server("orchestrator", cls.directory, cls.flags()).start()
        cls.addClassCleanup(cls.orchestrator.kill)

    @classmethod
    def flags(cls) -> list[str]:
        return [f"--database=sqlite:{cls.directory}/orchestrator.db",
                f"--integrations={cls.write('integrations.json', cls.integrations())}",
                f"--http_connections={cls.write('connections.json', cls.connections(), mode=0o600)}"]

    @classmethod
    def integrations(cls) -> dict:
        return {"arn:aws:states:::sqs:sendMessage.waitForTaskToken": f"grpc://{cls.queue.address}/{QUEUE}/SendMessage",
                "arn:aws:states:::events:putEvents": f"grpc://{cls.queue.address}/{QUEUE}/Echo",
                "arn:aws:states:::ecs:runTask.sync": f"grpc://{cls.queue.address}/{QUEUE}/Echo"}

    @classmethod
    def connections(cls) -> dict:
        cls.write("secret", SECRET + "\n", mode=0o600)
        return {
            "shop": {"AuthorizationType": "BASIC", "AllowHttp": True, "AllowedUrls": [cls.url + "/v1"],
                     "AuthParameters": {"BasicAuthParameters": {"Username": "shop", "Password": {"File": "secret"}}}},
            "oauth": {"AuthorizationType": "OAUTH_CLIENT_CREDENTIALS", "AllowHttp": True, "AllowedUrls": [cls.url],
                      "AuthParameters": {"OAuthParameters": {
                          "AuthorizationEndpoint": cls.url + "/token", "HttpMethod": "POST",
                          "ClientParameters": {"ClientID": "shop", "ClientSecret": {"File": "secret"}}}}},
        }

    @classmethod
    def write(cls, name: str, content: dict | str, mode: int = 0o644) -> Path:
        path = cls.directory / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        path.chmod(mode)
        return path

    def workflow(self, method: str, request: dict):
        return call(self.orchestrator.address, f"{WORKFLOWS}/{method}", request)

    def create(self, definition: dict):
        return self.workflow("CreateStateMachine", {"name": self.id().rsplit(".", 1)[-1],
                                                    "definition": json.dumps(definition)})

    def start(self, definition: dict, execution_input: dict) -> str:
        created = self.create(definition)
        self.assertEqual(created.code, "ok", created.text)
        started = self.workflow("StartExecution", {"state_machine_arn": created.message["state_machine_arn"],
                                                   "input": json.dumps(execution_input)})
        self.assertEqual(started.code, "ok", started.text)
        return started.message["execution_arn"]

    def wait_for_end(self, arn: str) -> dict:
        for _ in range(600):
            execution = self.workflow("DescribeExecution", {"execution_arn": arn}).message
            if not execution["status"].endswith("RUNNING"):
                return execution
            time.sleep(0.05)
        raise AssertionError("the execution does not end")

    def run_task(self, definition: dict, execution_input: dict | None = None) -> dict:
        return self.wait_for_end(self.start(definition, execution_input or {}))

    def history(self, arn: str) -> list[dict]:
        return self.workflow("GetExecutionHistory", {"execution_arn": arn}).message["events"]

    def receive(self) -> dict:
        for _ in range(600):
            received = call(self.queue.address, f"{QUEUE}/ReceiveMessage", {})
            if received.code == "ok":
                return received.message
            time.sleep(0.05)
        raise AssertionError("no message comes")

    # --- Mapped integrations ---

    def test_a_message_with_a_token_is_answered_by_its_receiver(self) -> None:
        arn = self.start(send_message(), {"order": "o-1"})
        message = self.receive()
        body = json.loads(message["body"])
        self.assertEqual(body["order"], "o-1")
        self.assertEqual(body["token"], message["task_token"])
        self.assertIn(arn, message["idempotency_key"])
        done = self.workflow("SendTaskSuccess", {"task_token": body["token"], "output": '{"packed": true}'})
        self.assertEqual(done.code, "ok", done.text)
        execution = self.wait_for_end(arn)
        self.assertEqual(json.loads(execution["output"]), {"packed": True})

        events = self.history(arn)
        self.assertEqual([event["type"] for event in events],
                         ["ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskStarted", "TaskSubmitted",
                          "TaskSucceeded", "TaskStateExited", "ExecutionSucceeded"])
        submitted = events[4]["task_submitted_event_details"]
        self.assertEqual(submitted["resource_type"], "sqs")
        self.assertEqual(submitted["resource"], "sendMessage.waitForTaskToken")
        self.assertEqual(json.loads(submitted["output"]).keys(), {"MessageId", "MD5OfMessageBody"})

    def test_a_receiver_may_answer_after_a_restart(self) -> None:
        arn = self.start(send_message(), {"order": "o-2"})
        message = self.receive()
        self.wait_for_event(arn, "TaskSubmitted")
        self.orchestrator.kill()
        self.orchestrator.start()
        self.workflow("SendTaskSuccess", {"task_token": message["task_token"], "output": "1"})
        self.assertEqual(self.wait_for_end(arn)["output"], "1")
        # What had been accepted was not sent again.
        self.assertEqual(call(self.queue.address, f"{QUEUE}/ReceiveMessage", {}).code, "not_found")

    def wait_for_event(self, arn: str, kind: str) -> None:
        for _ in range(600):
            if any(event["type"] == kind for event in self.history(arn)):
                return
            time.sleep(0.05)
        raise AssertionError(f"no {kind}")

    def test_the_service_names_its_errors(self) -> None:
        execution = self.run_task(send_message("https://queue.example.com/other"), {"order": "o-3"})
        self.assertEqual(execution["error"], "SQS.QueueDoesNotExistException")
        self.assertEqual(execution["cause"], "The queue does not exist.")

    def test_a_method_of_struct_takes_everything(self) -> None:
        entries = {"Entries": [{"DetailType": "order", "Detail": {"anyCase_here": [1, None, "x"]}}]}
        self.assertEqual(json.loads(self.run_task(task("arn:aws:states:::events:putEvents", entries))["output"]), entries)

    def test_a_job_is_submitted_and_done(self) -> None:
        job = {"Cluster": "c", "TaskDefinition": "d"}
        arn = self.start(task("arn:aws:states:::ecs:runTask.sync", job), {})
        self.assertEqual(json.loads(self.wait_for_end(arn)["output"]), job)
        self.assertEqual([event["type"] for event in self.history(arn)][2:6],
                         ["TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded"])

    def test_a_grpc_method_may_wait_for_a_token_as_well(self) -> None:
        arn = self.start(task(f"grpc://{self.queue.address}/{QUEUE}/SendMessage.waitForTaskToken",
                              {"queue_url": QUEUE_URL, "message_body": "b"}, TimeoutSeconds=60), {})
        message = self.receive()
        self.workflow("SendTaskFailure", {"task_token": message["task_token"], "error": "Lost", "cause": "c"})
        execution = self.wait_for_end(arn)
        self.assertEqual((execution["error"], execution["cause"]), ("Lost", "c"))

    def test_what_is_not_mapped_is_refused_at_creation(self) -> None:
        refused = self.create(task("arn:aws:states:::dynamodb:putItem", {"TableName": "t"}))
        self.assertEqual(refused.reason(), "InvalidDefinition")
        self.assertIn("arn:aws:states:::dynamodb:putItem", refused.text)
        self.assertIn("--integrations", refused.text)

    # --- HTTP tasks ---

    def invoke(self, path: str, connection: str = CONNECTION, **parameters) -> dict:
        return task("arn:aws:states:::http:invoke",
                    {"ApiEndpoint": self.url + path, "Method": "POST",
                     "Authentication": {"ConnectionArn": connection}, **parameters})

    def test_an_api_is_called_with_the_credential_of_the_connection(self) -> None:
        arn = self.start(self.invoke("/v1/orders", QueryParameters={"a": "b c"}, RequestBody={"ids": [1, 2]},
                                     Transform={"RequestBodyEncoding": "URL_ENCODED"}), {})
        output = json.loads(self.wait_for_end(arn)["output"])
        self.assertEqual(output["StatusCode"], 201)
        self.assertEqual(output["StatusText"], "Created")
        self.assertEqual(output["Headers"]["content-type"], ["application/json"])
        self.assertEqual(output["ResponseBody"], {"path": "/v1/orders?a=b%20c", "body": "ids%5B0%5D=1&ids%5B1%5D=2",
                                                  "type": "application/x-www-form-urlencoded"})
        self.assertNotIn(SECRET, json.dumps(self.history(arn)))
        self.assertNotIn(SECRET, self.orchestrator.log_path.read_text())

    def test_a_test_of_a_state_shows_the_request_and_its_answer(self) -> None:
        state = self.invoke("/v1/orders", RequestBody={"n": 1})["States"]["Task"]
        asked = {"definition": json.dumps(state), "role_arn": "arn:aws:iam::123456789012:role/any",
                 "inspection_level": "INSPECTION_LEVEL_TRACE"}
        data = self.workflow("TestState", asked).message["inspection_data"]
        self.assertEqual((data["request"]["protocol"], data["request"]["method"], data["request"]["url"]),
                         ("http", "POST", self.url + "/v1/orders"))
        self.assertEqual(data["request"]["body"], '{"n":1}')
        self.assertIn("User-Agent: Amazon|StepFunctions|HttpInvoke|", data["request"]["headers"])
        self.assertNotIn("Authorization", data["request"]["headers"])
        self.assertEqual((data["response"]["status_code"], data["response"]["status_message"]), ("201", "Created"))
        self.assertEqual(json.loads(data["response"]["body"])["path"], "/v1/orders")
        self.assertIn("content-type: application/json", data["response"]["headers"])
        data = self.workflow("TestState", {**asked, "reveal_secrets": True}).message["inspection_data"]
        self.assertIn("Authorization: Basic ", data["request"]["headers"])

    def test_a_token_is_fetched_where_the_connection_says_so(self) -> None:
        output = json.loads(self.run_task(self.invoke("/v1/orders", "oauth", RequestBody={"n": 1}))["output"])
        self.assertEqual(output["ResponseBody"]["body"], '{"n":1}')

    def test_a_status_is_an_error_of_its_name(self) -> None:
        execution = self.run_task(self.invoke("/v1/nothing"))
        self.assertEqual(execution["error"], "States.Http.StatusCode.404")
        self.assertEqual(json.loads(execution["cause"])["ResponseBody"], {"message": "no such thing"})

    def test_a_credential_goes_nowhere_else(self) -> None:
        refused = self.create(self.invoke("/v2/orders"))
        self.assertIn("AllowedUrls", refused.text)
        late = task("arn:aws:states:::http:invoke",
                    {"ApiEndpoint.$": "$.url", "Method": "POST", "Authentication": {"ConnectionArn": CONNECTION}})
        execution = self.run_task(late, {"url": self.url + "/v2"})
        self.assertEqual(execution["error"], "Events.ConnectionResource.AccessDenied")

    def test_an_unknown_connection_is_refused_at_creation(self) -> None:
        refused = self.create(self.invoke("/v1", CONNECTION.replace("shop", "nobody")))
        self.assertEqual(refused.reason(), "InvalidDefinition")
        self.assertIn("nobody", refused.text)
        self.assertIn("--http_connections", refused.text)

    # --- Settings ---

    def test_a_wrong_setting_is_one_line_that_names_file_and_member(self) -> None:
        unsafe = self.write("unsafe.json", self.connections(), mode=0o644)
        typo = self.write("typo.json", {"shop": {"AuthorisationType": SECRET}}, mode=0o600)
        unmapped = self.write("unmapped.json", {"arn:aws:states:::sns:publish": "http://queue"})
        for flag, path, expected in (("http_connections", unsafe, "chmod 600"),
                                     ("http_connections", typo, '"shop": AuthorisationType: unknown member'),
                                     ("integrations", unmapped, '"arn:aws:states:::sns:publish": '),
                                     ("integrations", self.directory / "none.json", "cannot read"),
                                     ("http_ca", self.directory / "none.pem", "cannot read")):
            with self.subTest(flag=flag, file=path.name):
                server = Server(f"bad-{flag}-{path.stem}", self.directory,
                                [f"--database=sqlite:{self.directory}/bad.db", f"--{flag}={path}"],
                                program="orchestrator")
                with self.assertRaises(RuntimeError) as ended:
                    server.start()
                self.addCleanup(server.kill)
                text = server.errors_path.read_text()
                self.assertEqual(len(text.splitlines()), 1, text)
                for part in (f"--{flag}: ", str(path), expected):
                    self.assertIn(part, text)
                self.assertNotIn(SECRET, str(ended.exception))


if __name__ == "__main__":
    unittest.main()
