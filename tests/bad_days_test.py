#!/usr/bin/env python3
"""Services that are away, come back, or are asked to end: orders wait, go on, or fail with the service's name."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
import unittest
from collections.abc import Callable

from harness import clients
from harness.clients import call
from harness.servers import BINARIES, Cluster

ORDERS = "orderflow.order.v1.OrderService"
INVENTORY = "orderflow.inventory.v1.InventoryService"
PAYMENTS = "orderflow.payment.v1.PaymentService"


def order(order_id: str, **members) -> dict:
    return {"order_id": order_id, "product_id": "sku-001", "quantity": 1, "customer_email": "user@example.com", **members}


class InBackground:
    """A call under way in a thread of its own."""

    def __init__(self, function: Callable[[], clients.Answer]):
        self._answer: clients.Answer | None = None
        self._thread = threading.Thread(target=self._run, args=(function,))
        self._thread.start()

    def _run(self, function: Callable[[], clients.Answer]) -> None:
        self._answer = function()

    def answer(self) -> clients.Answer:
        self._thread.join()
        assert self._answer is not None
        return self._answer


class BadDaysTest(unittest.TestCase):
    def setUp(self) -> None:
        self.cluster = Cluster()
        self.addCleanup(self.cluster.close)

    def place(self, request: dict) -> clients.Answer:
        return call(self.cluster["orchestrator"].address, f"{ORDERS}/PlaceOrder", request)

    def submit(self, request: dict) -> None:
        answer = call(self.cluster["orchestrator"].address, f"{ORDERS}/SubmitOrder", request)
        self.assertEqual(answer.code, "ok", answer.text)

    def wait_for_outcome(self, order_id: str, seconds: float = 90) -> dict:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = call(self.cluster["orchestrator"].address, f"{ORDERS}/GetOrder", {"order_id": order_id}).message["order"]
            if found["outcome"] != "OUTCOME_IN_PROGRESS":
                return found
        raise AssertionError(f"order {order_id} is still in progress after {seconds} s")

    def wait_for_failed_try(self, order_id: str, state: str) -> str:
        """Follows the order until a try of the task has failed; answers what the event says."""
        watch = subprocess.Popen(
            [str(BINARIES / "orderflow"), "--address", self.cluster["orchestrator"].address, "order", "watch", order_id],
            stdout=subprocess.PIPE, text=True)
        assert watch.stdout is not None
        try:
            for line in watch.stdout:
                if line.startswith(f"  ! {state}"):
                    return line
        finally:
            watch.kill()
            watch.wait()
            watch.stdout.close()
        raise AssertionError(f"no try of {state} failed")

    def stock(self) -> tuple[int, int]:
        stock = call(self.cluster["inventory"].address, f"{INVENTORY}/GetStock", {"product_id": "sku-001"}).message["stock"]
        return int(stock["available_quantity"]), int(stock["reserved_quantity"])

    def without_jitter(self) -> None:
        """For tests that mend something before the last try."""
        self.cluster = Cluster(jitter=False)
        self.addCleanup(self.cluster.close)

    def test_a_service_that_is_down_at_the_start_is_waited_for(self) -> None:
        self.without_jitter()
        receive = self.cluster["receive"]
        for name in ("inventory", "payment", "email"):
            self.cluster[name].start()
        self.cluster.start_orchestrator()
        self.submit(order("early-1"))
        failed_try = self.wait_for_failed_try("early-1", "ReceiveOrder")
        self.assertIn("UNAVAILABLE", failed_try)
        receive.start()
        self.assertEqual(self.wait_for_outcome("early-1")["outcome"], "OUTCOME_CONFIRMED")

    def test_a_service_that_stays_down_fails_the_order_and_is_named(self) -> None:
        self.cluster.start()
        address = self.cluster["inventory"].address
        self.cluster["inventory"].kill()
        placed = self.place(order("down-1")).message["order"]
        self.assertEqual((placed["outcome"], placed["failed_state"]), ("OUTCOME_INVENTORY_FAILED", "InventoryFailed"))
        self.assertIn("UNAVAILABLE", placed["cause"])
        self.assertIn(address, placed["cause"])
        done = clients.cli(["--address", self.cluster["orchestrator"].address, "order", "get", "down-1"])
        self.assertIn(address, done.stdout)

    def test_a_service_that_goes_down_mid_order_and_comes_back_costs_only_time(self) -> None:
        self.without_jitter()
        self.cluster.start()
        self.cluster["payment"].kill()
        self.submit(order("mid-1"))
        self.wait_for_failed_try("mid-1", "ChargePayment")
        self.cluster["payment"].start()
        self.assertEqual(self.wait_for_outcome("mid-1")["outcome"], "OUTCOME_CONFIRMED")

    def test_a_service_killed_while_it_works_does_not_work_twice(self) -> None:
        self.cluster.start()
        self.submit(order("twice-1", payment_token="tok_slow"))
        self.wait_until_payment_is_there("twice-1")
        self.cluster["payment"].kill()
        self.cluster["payment"].start()
        self.assertEqual(self.wait_for_outcome("twice-1")["outcome"], "OUTCOME_CONFIRMED")
        payments = call(self.cluster["payment"].address, f"{PAYMENTS}/ListPayments", {}).message["payments"]
        self.assertEqual([payment["status"] for payment in payments], ["PAYMENT_STATUS_CHARGED"])

    def wait_until_payment_is_there(self, order_id: str) -> None:
        deadline = time.monotonic() + 60
        while call(self.cluster["payment"].address, f"{PAYMENTS}/GetPayment", {"order_id": order_id}).code != "ok":
            self.assertLess(time.monotonic(), deadline)

    def test_a_payment_that_cannot_be_made_gives_the_stock_back(self) -> None:
        self.cluster.start()
        before = self.stock()
        placed = self.place(order("gone-1", payment_token="tok_unavailable")).message["order"]
        self.assertEqual((placed["outcome"], placed["failed_state"]), ("OUTCOME_PAYMENT_FAILED", "PaymentFailed"))
        self.assertIn("PAYMENT_GATEWAY_UNAVAILABLE", placed["cause"])
        self.assertEqual(self.stock(), before)

    def test_an_orchestrator_that_is_killed_finishes_its_orders_after_a_restart(self) -> None:
        self.cluster.start()
        self.submit(order("crash-1", payment_token="tok_slow"))
        self.cluster["orchestrator"].kill()
        self.cluster["orchestrator"].start()
        self.assertEqual(self.wait_for_outcome("crash-1")["outcome"], "OUTCOME_CONFIRMED")

    def test_sigterm_lets_a_service_answer_what_it_has_begun(self) -> None:
        self.cluster["payment"].start()
        payment = self.cluster["payment"]
        request = {"order_id": "drain-1", "amount_minor": 100, "currency": "EUR", "payment_token": "tok_slow"}
        charge = InBackground(lambda: call(payment.address, f"{PAYMENTS}/ChargePayment", request))
        self.wait_until_payment_is_there("drain-1")
        payment.signal(signal.SIGTERM)
        self.assertEqual(charge.answer().message.get("payment_status"), "charged")
        self.assertEqual(payment.wait(), 0)

    def test_sigterm_ends_the_orchestrator_in_order_while_an_order_is_at_work(self) -> None:
        self.cluster.start()
        orchestrator = self.cluster["orchestrator"]
        self.submit(order("drain-2", payment_token="tok_slow"))
        self.assertEqual(orchestrator.stop(), 0)
        orchestrator.start()
        self.assertEqual(self.wait_for_outcome("drain-2")["outcome"], "OUTCOME_CONFIRMED")

    def test_a_port_in_use_is_one_clear_line(self) -> None:
        self.cluster["receive"].start()
        other = self.cluster["email"]
        other.address = self.cluster["receive"].address
        with self.assertRaisesRegex(RuntimeError, other.address) as raised:
            other.start()
        self.assertIn("--listen", str(raised.exception))
        self.assertEqual(other.wait(), 1)
        self.assertEqual(other.errors_path.read_text().count("\n"), 1)


if __name__ == "__main__":
    unittest.main()
