#!/usr/bin/env python3
"""The AWS API as a program sees it that uses npm's @aws-sdk/client-sfn as it is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from harness.servers import Server

SDK = os.environ.get("ORDERFLOW_AWS_SDK", str(Path(__file__).parents[1] / "build/tools/node_modules"))
CLIENT = Path(__file__).parent / "aws_sdk_client.mjs"
KEY, SECRET, REGION = "AKIAEXAMPLEEXAMPLE00", "a-secret-of-the-test", "eu-central-1"


class AwsSdkTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        if not (Path(SDK) / "@aws-sdk/client-sfn").is_dir():
            raise RuntimeError(f"no @aws-sdk/client-sfn in {SDK}; scripts/test installs it, or set ORDERFLOW_AWS_SDK")
        cls.directory = Path(tempfile.mkdtemp(prefix="orderflow-aws-sdk-"))
        cls.addClassCleanup(shutil.rmtree, cls.directory, ignore_errors=True)
        credentials = cls.directory / "credentials"
        credentials.write_text(json.dumps({"aws_access_key_id": KEY, "aws_secret_access_key": SECRET}))
        credentials.chmod(0o600)
        server = Server("orchestrator", cls.directory, [
            f"--database=sqlite:{cls.directory}/orchestrator.db", f"--region={REGION}",
            f"--aws_credentials={credentials}"]).start()
        cls.addClassCleanup(server.kill)
        address = next(line["address"] for line in server.log_lines() if line.get("message") == "serving the AWS API")
        done = subprocess.run(["node", str(CLIENT), f"http://{address}"], capture_output=True, text=True, timeout=120, check=False,
                              env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", "AWS_REGION": REGION,
                                   "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "ORDERFLOW_AWS_SDK": SDK})
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        cls.seen = json.loads(done.stdout)

    def test_times_are_dates(self) -> None:
        self.assertTrue(self.seen["creationIsADate"])
        self.assertTrue(self.seen["ended"]["stopIsADate"])

    def test_an_execution_by_an_alias_runs_its_version(self) -> None:
        self.assertEqual(self.seen["versions"], [":2", ":1"])
        ended = self.seen["ended"]
        self.assertEqual((ended["status"], ended["output"], ended["alias"], ended["version"]),
                         ("SUCCEEDED", '"one"', True, True))
        self.assertEqual((self.seen["listed"], self.seen["listedOfOther"]), (1, 0))
        self.assertEqual(json.loads(self.seen["describedForExecution"])["States"]["A"]["Result"], "one")

    def test_the_history_comes_in_pages(self) -> None:
        self.assertEqual(self.seen["events"], ["ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"])

    def test_tags_are_kept(self) -> None:
        self.assertEqual(self.seen["tags"], [{"key": "team", "value": "b"}, {"key": "x", "value": ""}])

    def test_a_definition_is_validated(self) -> None:
        self.assertEqual(self.seen["validation"], ["FAIL", "SCHEMA_VALIDATION_FAILED"])

    def test_a_state_is_tested_with_a_mock(self) -> None:
        item = {"id": {"S": "1"}}
        tested = self.seen["tested"]
        self.assertEqual((tested["status"], json.loads(tested["output"]), tested["next"]),
                         ("SUCCEEDED", {"item": item, "put": {}}, "Ship"))
        self.assertEqual(tested["parameters"], {"TableName": "orders", "Item": item})
        self.assertEqual(self.seen["testedRetry"][:2], ["RETRIABLE", "Busy"])
        self.assertEqual(self.seen["testedChoice"], "N")

    def test_a_synchronous_execution_answers_its_output(self) -> None:
        self.assertEqual(self.seen["sync"], ["SUCCEEDED", '{"n":1}'])

    def test_a_stopped_execution_is_aborted(self) -> None:
        self.assertEqual(self.seen["stopped"], ["ABORTED", "Enough"])

    def test_a_redriven_execution_runs_again(self) -> None:
        self.assertEqual(self.seen["redriven"], ["RUNNING", 1, "NOT_REDRIVABLE", True])

    def test_errors_are_those_that_the_client_knows(self) -> None:
        self.assertEqual(self.seen["errors"], [{"name": name, "known": True, "status": 400} for name in (
            "ExecutionNotRedrivable", "ExecutionDoesNotExist", "ConflictException", "InvalidDefinition", "InvalidDefinition", "ValidationException")])


if __name__ == "__main__":
    unittest.main()
