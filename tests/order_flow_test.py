#!/usr/bin/env python3
"""Orders through five separate processes, as a client sees them that is not ours and has no proto files."""

from __future__ import annotations

import email
import email.policy
import json
import unittest

from harness import clients
from harness.clients import call
from harness.servers import SERVICES, Cluster

ORDERS = "orderflow.order.v1.OrderService"
WORKFLOWS = "orderflow.workflow.v1.WorkflowService"
INVENTORY = "orderflow.inventory.v1.InventoryService"
PAYMENTS = "orderflow.payment.v1.PaymentService"
MAILS = "orderflow.email.v1.EmailService"


def order(order_id: str, **members) -> dict:
    return {"order_id": order_id, "product_id": "sku-001", "quantity": 1, "customer_email": "user@example.com", **members}


class OrderFlowTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.start()

    def call(self, server: str, method: str, request: dict) -> clients.Answer:
        return call(self.cluster[server].address, method, request)

    def ok(self, server: str, method: str, request: dict) -> dict:
        answer = self.call(server, method, request)
        self.assertEqual(answer.code, "ok", answer.text)
        return answer.message

    def place(self, order_id: str, **members) -> dict:
        return self.ok("orchestrator", f"{ORDERS}/PlaceOrder", order(order_id, **members))["order"]

    def stock(self, product_id: str) -> tuple[int, int]:
        stock = self.ok("inventory", f"{INVENTORY}/GetStock", {"product_id": product_id})["stock"]
        return int(stock["available_quantity"]), int(stock["reserved_quantity"])

    def mails_of(self, order_id: str) -> list[email.message.EmailMessage]:
        messages = [email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
                    for path in self.cluster.mails()]
        return [message for message in messages if order_id in str(message["Subject"])]

    # --- each task by itself ---

    def test_each_task_rpc_answers_a_client_without_proto_files(self) -> None:
        received = self.ok("receive", "orderflow.receive.v1.ReceiveService/ReceiveOrder", order("rpc-1"))
        self.assertEqual(received["order_status"], "received")
        checked = self.ok("inventory", f"{INVENTORY}/CheckInventory",
                          {"order_id": "rpc-1", "product_id": "sku-001", "quantity": 2})
        self.assertEqual(checked["inventory_status"], "available")
        self.assertEqual(int(checked["total_minor"]), 2 * int(checked["unit_price_minor"]))
        charged = self.ok("payment", f"{PAYMENTS}/ChargePayment",
                          {"order_id": "rpc-1", "amount_minor": checked["total_minor"], "currency": checked["currency"]})
        self.assertEqual(charged["payment_status"], "charged")
        mailed = self.ok("email", f"{MAILS}/SendConfirmationEmail",
                         {"order_id": "rpc-1", "customer_email": "user@example.com", "product_id": "sku-001",
                          "quantity": 2, "amount_minor": charged["amount_minor"], "currency": charged["currency"]})
        self.assertEqual(mailed["email_status"], "sent")
        self.assertEqual(len(self.mails_of("rpc-1")), 1)

    # --- outcomes ---

    def test_the_sample_order_is_confirmed_with_one_reservation_one_charge_and_one_mail(self) -> None:
        placed = self.place("12345")
        self.assertEqual(placed["outcome"], "OUTCOME_CONFIRMED")
        result = json.loads(placed["result"])
        self.assertEqual(result["payment"]["payment_status"], "charged")
        self.assertEqual(result["email"]["email_status"], "sent")
        reservation = self.ok("inventory", f"{INVENTORY}/GetReservation", {"order_id": "12345"})["reservation"]
        self.assertEqual(reservation["status"], "RESERVATION_STATUS_RESERVED")
        payment = self.ok("payment", f"{PAYMENTS}/GetPayment", {"order_id": "12345"})["payment"]
        self.assertEqual(payment["status"], "PAYMENT_STATUS_CHARGED")
        self.assertEqual(int(payment["amount_minor"]), result["inventory"]["total_minor"])
        [mail] = self.mails_of("12345")
        self.assertEqual(mail["To"], "user@example.com")

    def test_an_order_for_more_than_there_is_fails_and_takes_nothing(self) -> None:
        before = self.stock("sku-rare")
        placed = self.place("rare-1", product_id="sku-rare", quantity=1000)
        self.assertEqual((placed["outcome"], placed["failed_state"]), ("OUTCOME_INVENTORY_FAILED", "InventoryFailed"))
        self.assertIn("unavailable", placed["cause"])
        self.assertEqual(self.stock("sku-rare"), before)
        self.assertEqual(self.call("payment", f"{PAYMENTS}/GetPayment", {"order_id": "rare-1"}).code, "not_found")
        self.assertEqual(self.mails_of("rare-1"), [])

    def test_an_unknown_product_fails_with_the_inventorys_own_error(self) -> None:
        placed = self.place("unknown-1", product_id="no-such-product")
        self.assertEqual(placed["outcome"], "OUTCOME_INVENTORY_FAILED")
        self.assertIn("PRODUCT_NOT_FOUND", placed["cause"])

    def test_a_declined_card_gives_the_stock_back(self) -> None:
        before = self.stock("sku-003")
        placed = self.place("declined-1", product_id="sku-003", payment_token="tok_declined")
        self.assertEqual((placed["outcome"], placed["failed_state"]), ("OUTCOME_PAYMENT_FAILED", "PaymentFailed"))
        self.assertIn("card_declined", placed["cause"])
        self.assertEqual(self.stock("sku-003"), before)
        self.assertEqual(self.mails_of("declined-1"), [])

    def test_a_charge_whose_answer_is_lost_is_found_again_and_not_made_again(self) -> None:
        self.assertEqual(self.place("lost-1", payment_token="tok_error_after")["outcome"], "OUTCOME_CONFIRMED")
        payment = self.ok("payment", f"{PAYMENTS}/GetPayment", {"order_id": "lost-1"})["payment"]
        self.assertEqual(payment["status"], "PAYMENT_STATUS_CHARGED")

    # --- the same again ---

    def test_the_same_order_again_gets_the_same_answer(self) -> None:
        first = self.place("again-1")
        before = self.stock("sku-001")
        self.assertEqual(self.place("again-1"), first)
        self.assertEqual(self.stock("sku-001"), before)
        self.assertEqual(len(self.mails_of("again-1")), 1)

    def test_the_same_id_with_other_content_is_refused(self) -> None:
        self.place("again-2")
        answer = self.call("orchestrator", f"{ORDERS}/PlaceOrder", order("again-2", quantity=2))
        self.assertEqual(answer.code, "already_exists")
        self.assertIn("again-2", answer.text)

    # --- looking at it ---

    def test_a_submitted_order_can_be_watched_to_its_end(self) -> None:
        accepted = self.ok("orchestrator", f"{ORDERS}/SubmitOrder", order("watch-1"))["order"]
        self.assertIn(accepted["outcome"], ("OUTCOME_IN_PROGRESS", "OUTCOME_CONFIRMED"))
        events = self.call("orchestrator", f"{ORDERS}/WatchOrder", {"order_id": "watch-1"}).messages
        entered = [event["state"] for event in events if event["event_type"].endswith("StateEntered")]
        self.assertEqual(entered, ["ReceiveOrder", "CheckInventory", "InventoryConfirmation", "ChargePayment",
                                   "PaymentConfirmation", "SendConfirmation"])
        self.assertEqual(events[-1]["order"]["outcome"], "OUTCOME_CONFIRMED")
        ids = [int(event["event_id"]) for event in events]
        self.assertEqual(ids, sorted(set(ids)))
        self.assertEqual(self.ok("orchestrator", f"{ORDERS}/GetOrder", {"order_id": "watch-1"})["order"]["outcome"],
                         "OUTCOME_CONFIRMED")

    def test_orders_are_listed_newest_first_page_by_page(self) -> None:
        for number in range(3):
            self.place(f"list-{number}")
        seen, token = [], ""
        while True:
            page = self.ok("orchestrator", f"{ORDERS}/ListOrders", {"page_size": 2, "page_token": token})
            self.assertLessEqual(len(page["orders"]), 2)
            seen += [listed["order_id"] for listed in page["orders"]]
            token = page.get("next_page_token", "")
            if not token:
                break
        self.assertEqual([order_id for order_id in seen if order_id.startswith("list-")], ["list-2", "list-1", "list-0"])
        self.assertEqual(len(seen), len(set(seen)))

    def test_failed_orders_can_be_listed_by_outcome(self) -> None:
        self.place("failed-list", payment_token="tok_insufficient_funds")
        page = self.ok("orchestrator", f"{ORDERS}/ListOrders", {"outcome": "OUTCOME_PAYMENT_FAILED"})
        self.assertIn("failed-list", [listed["order_id"] for listed in page["orders"]])
        self.assertEqual({listed["outcome"] for listed in page["orders"]}, {"OUTCOME_PAYMENT_FAILED"})

    def test_the_history_of_an_order_tells_each_step(self) -> None:
        arn = self.place("history-1")["execution_arn"]
        history = self.ok("orchestrator", f"{WORKFLOWS}/GetExecutionHistory", {"execution_arn": arn})
        types = [event["type"] for event in history["events"]]
        self.assertEqual(types[0], "ExecutionStarted")
        self.assertEqual(types[-1], "ExecutionSucceeded")
        self.assertEqual(types.count("TaskStateEntered"), 4)
        self.assertEqual([int(event["id"]) for event in history["events"]], list(range(1, len(types) + 1)))
        described = self.ok("orchestrator", f"{WORKFLOWS}/DescribeExecution", {"execution_arn": arn})
        self.assertEqual((described["name"], described["status"]), ("history-1", "EXECUTION_STATUS_SUCCEEDED"))

    # --- operations ---

    def test_every_process_reflects_its_services_and_reports_its_health(self) -> None:
        for name in (*SERVICES, "orchestrator"):
            with self.subTest(server=name):
                self.assertEqual(self.ok(name, "grpc.health.v1.Health/Check", {})["status"], "SERVING")

    def test_every_process_serves_metrics_that_count_its_calls(self) -> None:
        self.place("metrics-1")
        for name in (*SERVICES, "orchestrator"):
            with self.subTest(server=name):
                text = clients.metrics(self.cluster[name].metrics_address)
                handled = [line for line in text.splitlines() if line.startswith("grpc_server_handled_total")]
                service = "order" if name == "orchestrator" else name
                counted = [line for line in handled if f"orderflow.{service}.v1." in line and not line.endswith(" 0")]
                self.assertTrue(counted, handled)
                self.assertIn("orderflow_build_info", text)

    def test_logs_are_json_and_hold_no_secret(self) -> None:
        self.place("secret-1", payment_token="tok_super_secret", customer_email="private.person@example.com")
        for name in (*SERVICES, "orchestrator"):
            with self.subTest(server=name):
                text = self.cluster[name].log_path.read_text()
                self.assertNotIn("tok_super_secret", text)
                self.assertNotIn("private.person@example.com", text)
                *lines, _ = text.split("\n")  # the last one may be unfinished
                for line in lines:
                    self.assertIn("message", json.loads(line))


if __name__ == "__main__":
    unittest.main()
