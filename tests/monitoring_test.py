#!/usr/bin/env python3
"""deploy/monitoring over real processes: what /metrics says is right, and dashboard, alerts and docs fit it."""

from __future__ import annotations

import json
import re
import time
import unittest
from pathlib import Path

from harness import clients
from harness.prometheus import MONITORING, Prometheus, Samples, promtool, write_config
from harness.servers import SERVICES, Cluster, free_port

PROCESSES = (*SERVICES, "orchestrator")
DOCUMENT = Path(__file__).parents[1] / "docs/monitoring.md"
DASHBOARD = MONITORING / "grafana/dashboards/orderflow.json"
# A metric's name in an expression; labels are taken out before.
NAME = re.compile(r"\b(?:orderflow|grpc|process)_[a-z_]+")
# Labels of a matcher and of a grouping.
LABELS = re.compile(r'\{[^}]*\}|\b(?:by|on) ?\([^)]*\)')
CHARGE = "orderflow.payment.v1.PaymentService/ChargePayment"
CHECK = "orderflow.inventory.v1.InventoryService/CheckInventory"
PATIENCE = 60


def wait_for(what: str, condition):
    """Asks until the answer is true and answers it."""
    deadline = time.monotonic() + PATIENCE
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"in {PATIENCE} s not: {what}")
        time.sleep(0.2)
    return answer


def names_in(expression: str) -> set[str]:
    return set(NAME.findall(LABELS.sub("", expression)))


def dashboard() -> dict:
    return json.loads(DASHBOARD.read_text())


def dashboard_expressions() -> list[str]:
    return [target["expr"] for panel in dashboard()["panels"] for target in panel.get("targets", [])]


class MonitoringTest(unittest.TestCase):
    """Places orders of each outcome once; the tests look at the result."""

    cluster: Cluster
    prometheus: Prometheus

    @classmethod
    def setUpClass(cls) -> None:
        cls.cluster = Cluster(jitter=False)
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster["inventory"].flags.append("--stock_watch_pause=200ms")
        cls.cluster["payment"].flags.append("--settle_pause=200ms")
        # Nobody listens there, so mails stay in the outbox.
        cls.cluster["email"].flags += [f"--smtp=smtp://127.0.0.1:{free_port()}", "--smtp_tls=none", "--answer_within=200ms"]
        cls.cluster.start()
        directory = cls.cluster.directory
        targets = {name: cls.cluster[name].metrics_address for name in PROCESSES}
        cls.prometheus = Prometheus(directory, write_config(directory, targets))
        cls.addClassCleanup(cls.prometheus.close)
        cls.prometheus.start()
        cls.place_orders()

    @classmethod
    def place_orders(cls) -> None:
        """3 confirmed, 2 out of stock, 2 declined, and one stopped by hand, whose charge never got an answer."""
        for number in range(3):
            cls.place(f"good-{number}", "sku-rare", status=0)
        for number in range(2):
            cls.place(f"gone-{number}", "sku-gone", status=1)
            cls.place(f"declined-{number}", "sku-001", "--payment-token=tok_declined", status=1)
        cls.cli("order", "place", "--no-wait", "--id=stuck", "--product=sku-001", "--quantity=2",
                "--email=a@example.com", "--payment-token=tok_unavailable")
        cls.in_progress = wait_for("a second later, and a retry of the charge", cls.once_retried)
        cls.cli("execution", "stop", "stuck")

    @classmethod
    def cli(cls, *arguments: str, status: int = 0) -> None:
        done = clients.cli(list(arguments), {"ORDERFLOW_ADDRESS": cls.cluster["orchestrator"].address})
        if done.returncode != status:
            raise AssertionError(f"{arguments}: {done.returncode} {done.stdout} {done.stderr}")

    @classmethod
    def place(cls, order: str, product: str, *more: str, status: int) -> None:
        cls.cli("order", "place", f"--id={order}", f"--product={product}", "--quantity=1", "--email=a@example.com", *more,
                status=status)

    @classmethod
    def samples(cls, *names: str) -> Samples:
        return Samples(*(clients.metrics(cls.cluster[name].metrics_address) for name in names))

    @classmethod
    def once_retried(cls) -> Samples | None:
        samples = cls.samples("orchestrator")
        retried = samples.value("orderflow_task_retries_total", task=CHARGE) > 0
        return samples if retried and samples.value("orderflow_orders_in_progress_oldest_age_seconds") > 0 else None

    # --- the numbers ---

    def test_orders_are_counted_by_outcome(self) -> None:
        samples = self.samples("orchestrator")
        for outcome, count in {"CONFIRMED": 3, "INVENTORY_FAILED": 2, "PAYMENT_FAILED": 2, "FAILED": 1}.items():
            with self.subTest(outcome=outcome):
                self.assertEqual(samples.value("orderflow_orders_total", outcome=outcome), count)
                self.assertEqual(samples.value("orderflow_order_duration_seconds_count", outcome=outcome), count)
                self.assertGreater(samples.value("orderflow_order_duration_seconds_sum", outcome=outcome), 0)

    def test_an_order_in_progress_is_counted_until_it_ends(self) -> None:
        self.assertEqual(self.in_progress.value("orderflow_orders_in_progress"), 1)
        self.assertEqual(self.in_progress.value("orderflow_executions_running"), 1)
        self.assertGreater(self.in_progress.value("orderflow_orders_in_progress_oldest_age_seconds"), 0)
        samples = self.samples("orchestrator")
        self.assertEqual(samples.value("orderflow_orders_in_progress"), 0)
        self.assertEqual(samples.value("orderflow_orders_in_progress_oldest_age_seconds"), 0)

    def test_attempts_at_tasks_are_counted_by_their_end(self) -> None:
        samples = self.samples("orchestrator")
        attempts = "orderflow_task_attempts_total"
        self.assertEqual(samples.value(attempts, task=CHECK, outcome="succeeded"), 8)
        self.assertEqual(samples.value(attempts, task=CHARGE, outcome="succeeded"), 5, "a decline is an answer")
        self.assertGreaterEqual(samples.value(attempts, task=CHARGE, outcome="failed"), 1)
        self.assertGreaterEqual(samples.value("orderflow_task_retries_total", task=CHARGE), 1)
        self.assertEqual(samples.value("orderflow_task_attempt_duration_seconds_count", task=CHECK), 8)

    def test_stock_is_told_by_level_and_the_lowest_by_name(self) -> None:
        samples = wait_for("the look at the stock after the last order", lambda: self.after_the_last_order())
        self.assertEqual(samples.value("orderflow_stock_products"), 5)
        self.assertEqual(samples.value("orderflow_stock_products_low"), 2)
        self.assertEqual(samples.value("orderflow_stock_products_sold_out"), 2)
        lowest = "orderflow_stock_low_available_units"
        self.assertEqual(sorted(samples.label_values(lowest, "product_id")), ["sku-gone", "sku-rare"])
        self.assertEqual(samples.value(lowest, product_id="sku-rare"), 0)
        # Three confirmed ones and the two units of the one that was stopped; the declined ones were released.
        self.assertEqual(samples.value("orderflow_stock_reserved_units"), 5)
        self.assertGreater(samples.value("orderflow_reservations_open_oldest_age_seconds"), 0)

    def after_the_last_order(self) -> Samples | None:
        samples = self.samples("inventory")
        return samples if samples.value("orderflow_reservations_open") == 4 else None

    def test_a_payment_without_an_outcome_is_open_and_ages(self) -> None:
        samples = wait_for("an open payment", lambda: self.if_open("payment", "orderflow_payments_open"))
        self.assertEqual(samples.value("orderflow_payments_open"), 1)
        self.assertGreater(samples.value("orderflow_payments_open_oldest_age_seconds"), 0)

    def test_mails_that_cannot_be_delivered_are_queued_and_age(self) -> None:
        samples = wait_for("three mails that were tried", self.after_the_first_tries)
        self.assertEqual(samples.value("orderflow_email_queued_mails"), 3)
        self.assertGreater(samples.value("orderflow_email_queued_mails_oldest_age_seconds"), 0)

    def after_the_first_tries(self) -> Samples | None:
        samples = self.samples("email")
        tried = samples.value("orderflow_email_deliveries_total", outcome="retried") > 0
        return samples if tried and samples.value("orderflow_email_queued_mails") >= 3 else None

    def if_open(self, server: str, gauge: str) -> Samples | None:
        samples = self.samples(server)
        return samples if samples.value(gauge) > 0 else None

    def test_commits_are_counted_for_every_database(self) -> None:
        samples = self.samples(*PROCESSES)
        for database in (*PROCESSES, "payment_gateway"):
            with self.subTest(database=database):
                self.assertGreater(samples.value("orderflow_database_commits_total", database=database), 0)
                self.assertGreater(samples.value("orderflow_database_bodies_total", database=database), 0)

    # --- the form ---

    def test_metrics_follow_the_rules_of_prometheus(self) -> None:
        for name in PROCESSES:
            with self.subTest(server=name):
                done = promtool("check", "metrics", stdin=clients.metrics(self.cluster[name].metrics_address))
                self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    def test_labels_have_few_values(self) -> None:
        for name in PROCESSES:
            text = clients.metrics(self.cluster[name].metrics_address)
            self.assertLess(len(text.splitlines()), 2000, f"{name} has too many series")

    def test_every_metric_is_documented_and_every_documented_one_exists(self) -> None:
        documented = set(re.findall(r"^\| `([a-z_]+)`", DOCUMENT.read_text(), re.MULTILINE))
        self.assertEqual(documented, set(self.samples(*PROCESSES).types))

    def test_every_alert_is_documented_and_every_documented_one_exists(self) -> None:
        alerts = re.findall(r"- alert: (\w+)", (MONITORING / "alerts.yml").read_text())
        documented = re.findall(r"^\| `(Orderflow\w+)`", DOCUMENT.read_text(), re.MULTILINE)
        self.assertEqual(sorted(documented), sorted(alerts))

    # --- Prometheus ---

    def test_the_configuration_is_valid(self) -> None:
        done = promtool("check", "config", str(MONITORING / "prometheus.yml"))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_alerts_fire_when_they_should(self) -> None:
        done = promtool("test", "rules", str(MONITORING / "alerts_test.yml"))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        tests = (MONITORING / "alerts_test.yml").read_text()
        for alert in re.findall(r"- alert: (\w+)", (MONITORING / "alerts.yml").read_text()):
            with self.subTest(alert=alert):
                self.assertRegex(tests, rf"alertname: {alert}\n +exp_alerts:\n", "no test in which it fires")
                self.assertRegex(tests, rf"alertname: {alert}\}}", "no test in which it is silent")

    def test_alerts_use_metrics_that_exist_and_evaluate_without_error(self) -> None:
        exported = self.samples(*PROCESSES).names()
        groups = wait_for("a first evaluation", self.evaluated_groups)
        for rule in (rule for group in groups for rule in group["rules"]):
            with self.subTest(alert=rule["name"]):
                self.assertEqual((rule["health"], rule.get("lastError")), ("ok", None))
                self.assertLessEqual(names_in(rule["query"]), exported)
        wait_for("the alert for what is sold out", lambda: self.prometheus.query(
            'ALERTS{alertname="OrderflowStockSoldOut"}'))

    def evaluated_groups(self) -> list[dict] | None:
        groups = self.prometheus.get("rules")["groups"]
        rules = [rule for group in groups for rule in group["rules"]]
        return groups if rules and all(rule["health"] != "unknown" for rule in rules) else None

    # --- the dashboard ---

    def test_the_dashboard_uses_metrics_that_exist(self) -> None:
        exported = self.samples(*PROCESSES).names()
        expressions = dashboard_expressions()
        self.assertGreater(len(expressions), 50)
        for expression in expressions:
            with self.subTest(expression=expression):
                self.assertLessEqual(names_in(expression), exported)

    def test_every_expression_of_the_dashboard_has_a_result(self) -> None:
        empty = {expression.replace("$__rate_interval", "30s") for expression in dashboard_expressions()}

        def all_have_results() -> bool:
            for expression in sorted(empty):
                if self.prometheus.query(expression):
                    empty.discard(expression)
            return not empty

        try:
            wait_for("a result of each expression", all_have_results)
        except AssertionError:
            self.fail("no result: " + "; ".join(sorted(empty)))

    def test_the_dashboard_is_well_formed(self) -> None:
        panels = dashboard()["panels"]
        self.assertEqual(len({panel["id"] for panel in panels}), len(panels))
        cells: set[tuple[int, int]] = set()
        for panel in panels:
            with self.subTest(panel=panel["title"]):
                place = panel["gridPos"]
                self.assertLessEqual(place["x"] + place["w"], 24)
                covered = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                           for y in range(place["y"], place["y"] + place["h"])}
                self.assertFalse(covered & cells, "lies over another panel")
                cells |= covered
                if panel["type"] != "row":
                    self.assertTrue(panel["targets"])
                    self.assertEqual(panel["datasource"]["uid"], "${datasource}")


if __name__ == "__main__":
    unittest.main()
