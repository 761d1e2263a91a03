#!/usr/bin/env python3
"""The order workflow before the judges: npm's asl-validator, which knows AWS, and `orderflow workflow validate`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from harness import clients

ROOT = Path(__file__).parents[1]
ASL_VALIDATOR = os.environ.get("ORDERFLOW_ASL_VALIDATOR", str(ROOT / "build/tools/node_modules/.bin/asl-validator"))
DEFINITION = (ROOT / "workflows/order-processing.asl.json").read_text()
NAMES = sorted(set(re.findall(r"\$\{(\w+)\}", DEFINITION)))
ACCEPTED, REFUSED = 0, 1


def filled_in(resource_of) -> str:
    return re.sub(r"\$\{(\w+)\}", lambda match: resource_of(match[1]), DEFINITION)


def function_arn(name: str) -> str:
    return f"arn:aws:lambda:eu-central-1:123456789012:function:orderflow-{name.removesuffix('Arn')}"


def with_invoke() -> str:
    """The same flow with each function called by the service integration."""
    definition = json.loads(filled_in(function_arn))
    for state in definition["States"].values():
        if state["Type"] != "Task":
            continue
        payload = {"Payload": state["Parameters"]} if "Parameters" in state else {"Payload.$": "$"}
        state["Parameters"] = {"FunctionName": state["Resource"], **payload}
        state["ResultSelector"] = {"payload.$": "$.Payload"}
        state["Resource"] = "arn:aws:states:::lambda:invoke"
    return json.dumps(definition)


class DefinitionValidatorTest(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory(prefix="orderflow-definition-")
        self.addCleanup(directory.cleanup)
        self.file = Path(directory.name) / "flow.asl.json"

    def aws(self, definition: str) -> subprocess.CompletedProcess[str]:
        self.file.write_text(definition)
        return subprocess.run([ASL_VALIDATOR, "--json-path", str(self.file)], capture_output=True, text=True)

    def ours(self, definition: str) -> subprocess.CompletedProcess[str]:
        self.file.write_text(definition)
        return clients.cli(["workflow", "validate", str(self.file)])

    def expect(self, status: int, done: subprocess.CompletedProcess[str]) -> None:
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)

    def test_both_accept_it_as_shipped(self) -> None:
        self.assertEqual(len(NAMES), 5, NAMES)
        self.expect(ACCEPTED, self.aws(DEFINITION))
        self.expect(ACCEPTED, self.ours(DEFINITION))

    def test_both_accept_it_with_functions(self) -> None:
        for definition in (filled_in(function_arn), filled_in(lambda name: function_arn(name) + ":live"), with_invoke()):
            self.expect(ACCEPTED, self.aws(definition))
            self.expect(ACCEPTED, self.ours(definition))

    def test_grpc_methods_are_ours_to_judge(self) -> None:
        definition = filled_in(lambda name: f"grpc://tasks:50052/orderflow.Tasks/{name}")
        self.expect(REFUSED, self.aws(definition))
        self.expect(ACCEPTED, self.ours(definition))
        wrong = self.ours(definition.replace("tasks:50052", "tasks"))
        self.expect(REFUSED, wrong)
        self.assertIn("the port is missing", wrong.stdout)

    def test_both_refuse_a_state_that_leads_nowhere(self) -> None:
        definition = filled_in(function_arn).replace('"Next": "CheckInventory"', '"Next": "Nowhere"')
        for done in (self.aws(definition), self.ours(definition)):
            self.expect(REFUSED, done)
            self.assertIn("Nowhere", done.stdout + done.stderr)

    def test_a_mistake_in_an_arn_is_named(self) -> None:
        wrong = self.ours(filled_in(lambda name: function_arn(name).replace(":function:", ":layer:")))
        self.expect(REFUSED, wrong)
        self.assertIn('"function" is missing behind the account', wrong.stdout)


if __name__ == "__main__":
    unittest.main()
