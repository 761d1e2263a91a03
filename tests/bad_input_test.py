#!/usr/bin/env python3
"""Bad input of every kind: each gets a precise error, nothing is started, nothing is written."""

from __future__ import annotations

import json
import unittest

from harness import clients
from harness.clients import call
from harness.servers import Cluster

ORDERS = "orderflow.order.v1.OrderService"
WORKFLOWS = "orderflow.workflow.v1.WorkflowService"
GOOD = {"order_id": "bad-input", "product_id": "sku-001", "quantity": 1, "customer_email": "user@example.com"}

# What is wrong, the members that make it so, the fields that the error must name.
BAD_ORDERS = [
    ("an empty order", {"order_id": "", "product_id": "", "quantity": 0, "customer_email": ""},
     {"order_id", "product_id", "quantity", "customer_email"}),
    ("a slash in the order id", {"order_id": "a/b"}, {"order_id"}),
    ("a control character in the order id", {"order_id": "a\u0007b"}, {"order_id"}),
    ("a NUL in the order id", {"order_id": "a\u0000b"}, {"order_id"}),
    ("an order id that is too long", {"order_id": "x" * 65}, {"order_id"}),
    ("an order id that starts with a dot", {"order_id": ".hidden"}, {"order_id"}),
    ("letters that are not ASCII in the order id", {"order_id": "über"}, {"order_id"}),
    ("a blank in the product id", {"product_id": "sku 001"}, {"product_id"}),
    ("SQL in the product id", {"product_id": "x' OR '1'='1"}, {"product_id"}),
    ("a huge quantity", {"quantity": 1_000_001}, {"quantity"}),
    ("the largest quantity of all", {"quantity": 2**31 - 1}, {"quantity"}),
    ("a negative quantity", {"quantity": -1}, {"quantity"}),
    ("no quantity", {"quantity": 0}, {"quantity"}),
    ("an e-mail address with a newline", {"customer_email": "user@example.com\nBcc: all@example.com"}, {"customer_email"}),
    ("an e-mail address with a carriage return", {"customer_email": "user@example.com\rX: y"}, {"customer_email"}),
    ("an e-mail address without a domain", {"customer_email": "user"}, {"customer_email"}),
    ("two e-mail addresses", {"customer_email": "a@example.com,b@example.com"}, {"customer_email"}),
    ("an e-mail address that is too long", {"customer_email": "a@" + "b" * 250 + ".com"}, {"customer_email"}),
    ("a control character in the payment token", {"payment_token": "tok\u0001"}, {"payment_token"}),
    ("a payment token that is too long", {"payment_token": "t" * 256}, {"payment_token"}),
    ("everything at once", {"order_id": "/", "product_id": "?", "quantity": -5, "customer_email": "\n", "payment_token": "\t"},
     {"order_id", "product_id", "quantity", "customer_email", "payment_token"}),
]

# What is wrong, the text, the member that the refusal must name. A client with the types refuses these before it sends them.
BAD_JSON = [
    ("malformed JSON", '{"order_id":', ""),
    ("an unknown member", json.dumps({**GOOD, "colour": "red"}), "colour"),
    ("a quantity that is a word", json.dumps({**GOOD, "quantity": "many"}), "quantity"),
    ("a quantity with a fraction", json.dumps({**GOOD, "quantity": 1.5}), "quantity"),
    ("an order id that is a number", json.dumps({**GOOD, "order_id": [1]}), "order"),
    ("a quantity beyond 32 bits", json.dumps({**GOOD, "quantity": 2**40}), "quantity"),
]

BAD_DEFINITIONS = [
    ("malformed JSON", "{", ""),
    ("no states", '{"StartAt":"A"}', "States"),
    ("a Next that leads nowhere", '{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"}}}', "/States/A/Next"),
    ("an unknown type", '{"StartAt":"A","States":{"A":{"Type":"Jump","End":true}}}', "/States/A/Type"),
    ("an unknown substitution",
     '{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"${NoSuchFunction}","End":true}}}', "NoSuchFunction"),
]


class BadInputTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.start()
        cls.before = cls.everything()

    def tearDown(self) -> None:
        self.assertEqual(self.everything(), self.before)

    @classmethod
    def everything(cls) -> list[dict]:
        """All that an order could leave behind."""
        lists = [("orchestrator", f"{ORDERS}/ListOrders"), ("receive", "orderflow.receive.v1.ReceiveService/ListOrders"),
                 ("inventory", "orderflow.inventory.v1.InventoryService/ListReservations"),
                 ("inventory", "orderflow.inventory.v1.InventoryService/ListStock"),
                 ("payment", "orderflow.payment.v1.PaymentService/ListPayments"),
                 ("email", "orderflow.email.v1.EmailService/ListEmails"),
                 ("orchestrator", f"{WORKFLOWS}/ListStateMachines")]
        return [call(cls.cluster[server].address, method, {}).message for server, method in lists]

    def orchestrator(self, method: str, request: dict | str) -> clients.Answer:
        return call(self.cluster["orchestrator"].address, method, request)

    def test_each_broken_rule_of_an_order_is_named(self) -> None:
        for title, members, fields in BAD_ORDERS:
            with self.subTest(title):
                answer = self.orchestrator(f"{ORDERS}/PlaceOrder", {**GOOD, **members})
                self.assertEqual(answer.code, "invalid_argument", answer.text)
                self.assertEqual(answer.violated_fields(), fields)
                for name in fields:
                    self.assertIn(name, answer.text)

    def test_submit_order_and_the_service_itself_refuse_the_same(self) -> None:
        request = {**GOOD, "order_id": "a/b", "quantity": -1}
        receive = self.cluster["receive"].address
        for answer in (self.orchestrator(f"{ORDERS}/SubmitOrder", request),
                       call(receive, "orderflow.receive.v1.ReceiveService/ReceiveOrder", request)):
            self.assertEqual(answer.code, "invalid_argument")
            self.assertEqual(answer.violated_fields(), {"order_id", "quantity"})

    def test_json_that_is_no_order_is_refused_by_a_foreign_client_and_by_our_cli(self) -> None:
        for title, text, word in BAD_JSON:
            with self.subTest(title):
                answer = self.orchestrator(f"{ORDERS}/PlaceOrder", text)
                self.assertNotEqual(answer.code, "ok")
                done = clients.cli(["--address", self.cluster["orchestrator"].address, "order", "place", "-"], stdin=text)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
                self.assertIn(word, answer.text)
                self.assertIn(word, done.stderr)

    def test_an_oversized_message_is_refused(self) -> None:
        answer = self.orchestrator(f"{ORDERS}/PlaceOrder", {**GOOD, "payment_token": "x" * (8 << 20)})
        self.assertEqual(answer.code, "resource_exhausted", answer.text)

    def test_bytes_that_are_no_message_are_refused(self) -> None:
        self.assertNotEqual(clients.raw_call(self.cluster["orchestrator"].address, f"{ORDERS}/PlaceOrder", b"\xff" * 64), 0)

    def test_an_unknown_rpc_is_unimplemented(self) -> None:
        unimplemented = 12
        for method in (f"{ORDERS}/EatOrder", "orderflow.order.v9.OrderService/PlaceOrder", "no.such/Thing"):
            self.assertEqual(clients.raw_call(self.cluster["orchestrator"].address, method, b""), unimplemented)

    def test_an_order_that_is_not_there_is_not_found(self) -> None:
        for method in ("GetOrder", "WatchOrder"):
            answer = self.orchestrator(f"{ORDERS}/{method}", {"order_id": "never-placed"})
            self.assertEqual(answer.code, "not_found", answer.text)
            self.assertIn("never-placed", answer.text)

    def test_bad_pages_are_refused(self) -> None:
        for request in ({"page_size": -1}, {"page_size": 1001}, {"page_token": "made up"}):
            with self.subTest(str(request)):
                self.assertEqual(self.orchestrator(f"{ORDERS}/ListOrders", request).code, "invalid_argument")

    def test_an_execution_of_an_unknown_state_machine_is_not_started(self) -> None:
        answer = self.orchestrator(f"{WORKFLOWS}/StartExecution", {
            "state_machine_arn": "arn:aws:states:us-east-1:000000000000:stateMachine:nowhere", "input": "{}"})
        self.assertEqual((answer.code, answer.reason()), ("not_found", "StateMachineDoesNotExist"))

    def test_an_execution_with_malformed_input_is_not_started(self) -> None:
        machines = self.orchestrator(f"{WORKFLOWS}/ListStateMachines", {}).message["state_machines"]
        answer = self.orchestrator(f"{WORKFLOWS}/StartExecution",
                                   {"state_machine_arn": machines[0]["state_machine_arn"], "input": "{not json"})
        self.assertEqual((answer.code, answer.reason()), ("invalid_argument", "InvalidExecutionInput"))

    def test_a_definition_with_mistakes_is_refused_with_their_places(self) -> None:
        for title, definition, place in BAD_DEFINITIONS:
            with self.subTest(title):
                answer = self.orchestrator(f"{WORKFLOWS}/CreateStateMachine", {"name": "broken", "definition": definition})
                self.assertEqual((answer.code, answer.reason()), ("invalid_argument", "InvalidDefinition"))
                self.assertIn(place, answer.text)


if __name__ == "__main__":
    unittest.main()
