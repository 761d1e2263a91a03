#!/usr/bin/env python3
"""deploy/aws/template.yaml against what it refers to: itself, the workflow, and the packages of the build.

CloudFormation's own rules are checked by cfn-lint where that is installed; the rest needs a YAML parser only.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import unittest
from pathlib import Path
from typing import Any, Iterator

import yaml

ROOT = Path(__file__).parents[1]
TEMPLATE = ROOT / "deploy/aws/template.yaml"
WORKFLOW = ROOT / "workflows/order-processing.asl.json"
PACKAGING = ROOT / "lambda/CMakeLists.txt"

# Actions that AWS checks for all resources only, so that no policy can name any.
WITHOUT_RESOURCE = {
    *(f"logs:{name}" for name in (
        "CreateLogDelivery", "GetLogDelivery", "UpdateLogDelivery", "DeleteLogDelivery", "ListLogDeliveries",
        "PutResourcePolicy", "DescribeResourcePolicies", "DescribeLogGroups")),
    *(f"xray:{name}" for name in (
        "PutTraceSegments", "PutTelemetryRecords", "GetSamplingRules", "GetSamplingTargets")),
    *(f"ec2:{name}" for name in (
        "CreateNetworkInterface", "DeleteNetworkInterface", "DescribeNetworkInterfaces", "DescribeSubnets",
        "AssignPrivateIpAddresses", "UnassignPrivateIpAddresses")),
}


class Loader(yaml.SafeLoader):
    """Reads `!Ref x` as {"Ref": x} and `!GetAtt a.b` as {"Fn::GetAtt": [a, b]}; refuses what CloudFormation does."""

    def compose_node(self, parent, index):
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError(f"CloudFormation knows no YAML aliases: {self.peek_event().start_mark}")
        return super().compose_node(parent, index)


def intrinsic(loader: Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt":
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", intrinsic)


def walk(node: Any) -> Iterator[dict[str, Any]]:
    """All mappings in a template."""
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from walk(value)


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


class AwsTemplateTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.template = yaml.load(TEMPLATE.read_text(), Loader)
        cls.resources = cls.template["Resources"]
        cls.functions = cls.of_type("AWS::Serverless::Function")
        [cls.machine] = cls.of_type("AWS::Serverless::StateMachine").values()

    @classmethod
    def of_type(cls, name: str) -> dict[str, dict[str, Any]]:
        return {key: resource["Properties"] for key, resource in cls.resources.items() if resource["Type"] == name}

    def statements(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Each statement of each policy that grants something, with its role."""
        for role, properties in self.of_type("AWS::IAM::Role").items():
            for mapping in walk(properties["Policies"]):
                if "PolicyDocument" in mapping:
                    for statement in mapping["PolicyDocument"]["Statement"]:
                        yield role, statement

    def test_cfn_lint_finds_nothing(self) -> None:
        if shutil.which("cfn-lint") is None:
            self.skipTest("cfn-lint is not installed")
        done = subprocess.run(["cfn-lint", "--regions", "eu-central-1", "us-east-1", "--", str(TEMPLATE)],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_every_reference_leads_somewhere(self) -> None:
        known = self.resources.keys() | self.template["Parameters"].keys()
        refers = set()
        for mapping in walk(self.template):
            if isinstance(mapping.get("Ref"), str):
                refers.add(mapping["Ref"])
            if isinstance(mapping.get("Fn::GetAtt"), list):
                self.assertIn(mapping["Fn::GetAtt"][0], self.resources)
                refers.add(mapping["Fn::GetAtt"][0])
            if isinstance(mapping.get("Fn::Sub"), str):
                refers.update(re.findall(r"\$\{([\w:]+)\}", mapping["Fn::Sub"]))
        unknown = {name for name in refers if not name.startswith("AWS::")} - known
        self.assertEqual(unknown, set())
        unused = self.template["Parameters"].keys() - refers
        self.assertEqual(unused, set(), "parameters that nothing uses")

    def test_every_condition_exists_and_is_used(self) -> None:
        used = {mapping["Fn::If"][0] for mapping in walk(self.template) if "Fn::If" in mapping}
        self.assertEqual(used, set(self.template["Conditions"]))

    def test_the_workflow_is_the_one_in_the_tree_with_all_its_names(self) -> None:
        self.assertEqual((TEMPLATE.parent / self.machine["DefinitionUri"]).resolve(), WORKFLOW)
        wanted = set(re.findall(r"\$\{(\w+)\}", WORKFLOW.read_text()))
        self.assertEqual(set(self.machine["DefinitionSubstitutions"]), wanted)
        for name, value in self.machine["DefinitionSubstitutions"].items():
            self.assertEqual(value, {"Fn::GetAtt": [name.removesuffix("Arn"), "Arn"]})

    def test_every_function_is_a_package_of_the_build(self) -> None:
        packages = {properties["CodeUri"].removeprefix("../../build/release/lambda/")
                    for properties in self.functions.values()}
        if not PACKAGING.exists():
            self.skipTest("this tree does not build the packages")
        built = set(re.findall(r"orderflow_lambda_package\(\s*NAME\s+([\w-]+)", PACKAGING.read_text()))
        self.assertEqual(packages, {f"{name}.zip" for name in built})

    def test_names_of_functions_packages_handlers_and_log_groups_go_together(self) -> None:
        for key, properties in self.functions.items():
            role = key.removesuffix("Function")
            dashed = re.sub(r"(?<!^)(?=[A-Z])", "-", role).lower()
            self.assertEqual(properties["Handler"], role)
            self.assertEqual(Path(properties["CodeUri"]).stem, dashed)
            self.assertEqual(properties["FunctionName"], {"Fn::Sub": "${AWS::StackName}-" + dashed})
            self.assertEqual(properties["LoggingConfig"], {"LogGroup": {"Ref": f"{role}LogGroup"}})
            group = self.resources[f"{role}LogGroup"]["Properties"]["LogGroupName"]["Fn::Sub"]
            self.assertEqual(group, "/aws/lambda/${AWS::StackName}-" + dashed)

    def test_every_log_group_ends(self) -> None:
        for key, properties in self.of_type("AWS::Logs::LogGroup").items():
            self.assertEqual(properties["RetentionInDays"], {"Ref": "LogRetentionDays"}, key)

    def test_functions_have_longer_than_the_tasks_that_call_them(self) -> None:
        states = yaml.safe_load(WORKFLOW.read_text())["States"].values()
        default = self.template["Globals"]["Function"]["Timeout"]
        tasks = {state["Resource"][2:-len("Arn}")]: state["TimeoutSeconds"] for state in states
                 if state["Type"] == "Task"}
        for key, seconds in tasks.items():
            self.assertGreater(self.functions[key].get("Timeout", default), seconds, key)

    def test_the_state_machine_may_call_exactly_its_functions(self) -> None:
        called = [value for value in self.machine["DefinitionSubstitutions"].values()]
        invoking = [(role, statement) for role, statement in self.statements()
                    if any(action.startswith("lambda:") for action in as_list(statement["Action"]))]
        [(role, statement)] = invoking
        self.assertEqual(self.machine["Role"], {"Fn::GetAtt": [role, "Arn"]})
        self.assertEqual(statement["Action"], "lambda:InvokeFunction")
        self.assertCountEqual(statement["Resource"], called)

    def test_no_right_is_wider_than_it_must_be(self) -> None:
        for role, statement in self.statements():
            self.assertEqual(statement["Effect"], "Allow")
            actions = set(as_list(statement["Action"]))
            self.assertFalse([action for action in actions if "*" in action], role)
            for resource in as_list(statement["Resource"]):
                if resource == "*":
                    self.assertEqual(actions - WITHOUT_RESOURCE, set(), role)
                else:
                    self.assertEqual(list(resource), ["Fn::GetAtt"], f"{role}: a resource of this template")
                    self.assertEqual(actions & WITHOUT_RESOURCE, set(), role)

    def test_functions_have_the_role_that_knows_their_logs_only(self) -> None:
        for properties in self.functions.values():
            self.assertEqual(properties["Role"], {"Fn::GetAtt": ["FunctionRole", "Arn"]})
        actions = {action for role, statement in self.statements() if role == "FunctionRole"
                   for action in as_list(statement["Action"])}
        self.assertEqual({action.split(":")[0] for action in actions}, {"logs", "xray", "ec2"})

    def test_secrets_come_from_secrets_manager_only(self) -> None:
        secret = re.compile(r"DATABASE|PASSWORD|SECRET")
        for key, properties in self.functions.items():
            for name, value in properties["Environment"]["Variables"].items():
                if secret.search(name):
                    text = value["Fn::If"][1]["Fn::Sub"] if "Fn::If" in value else value["Fn::Sub"]
                    self.assertRegex(text, r"^\{\{resolve:secretsmanager:\$\{\w+SecretArn\}:SecretString:\w+\}\}$",
                                     f"{key}: {name}")

    def test_the_background_work_is_scheduled(self) -> None:
        scheduled = {key for key, properties in self.functions.items()
                     if any(event["Type"] == "Schedule" for event in properties.get("Events", {}).values())}
        self.assertEqual(scheduled, {"CheckInventoryFunction", "ChargePaymentFunction",
                                     "SendConfirmationEmailFunction"})

    def test_the_examples_name_what_the_workflow_calls(self) -> None:
        names = set(re.findall(r"\$\{(\w+)\}", WORKFLOW.read_text()))
        substitutions = json.loads((TEMPLATE.parent / "substitutions.example.json").read_text())
        self.assertEqual(set(substitutions), names)
        for name, arn in substitutions.items():
            self.assertEqual(arn.rpartition(":")[2], name.removesuffix("Arn"))
        functions = json.loads((TEMPLATE.parent / "functions.example.json").read_text())
        called = {f"orderflow-{Path(self.functions[name.removesuffix('Arn')]['CodeUri']).stem}": name for name in names}
        self.assertEqual(set(functions), set(called))
        for function, resource in functions.items():
            self.assertEqual(resource.rpartition("/")[2] + "FunctionArn", called[function])

    def test_failures_raise_alarms(self) -> None:
        alarms = {properties["MetricName"]: properties
                  for properties in self.of_type("AWS::CloudWatch::Alarm").values()}
        self.assertEqual(set(alarms), {"ExecutionsFailed", "ExecutionsTimedOut"})
        for properties in alarms.values():
            self.assertEqual(properties["Dimensions"], [{"Name": "StateMachineArn", "Value": {"Ref": "OrderProcessing"}}])

    def test_everything_is_logged_and_traced(self) -> None:
        self.assertEqual(self.machine["Logging"]["Level"], "ALL")
        self.assertEqual(self.machine["Tracing"], {"Enabled": True})
        self.assertEqual(self.template["Globals"]["Function"]["Tracing"], "Active")


if __name__ == "__main__":
    unittest.main()
