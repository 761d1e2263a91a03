#!/usr/bin/env python3
"""Kills the whole of Orderflow at random moments under load, and shows that nothing accepted was lost or done twice.

Settings (environment): ORDERFLOW_CRASH_ROUNDS, how often it is killed (20); ORDERFLOW_CRASH_SEED, to repeat a run.
"""

from __future__ import annotations

import collections
import contextlib
import email
import email.policy
import json
import os
import random
import shutil
import sqlite3
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from harness import clients
from harness.servers import BINARIES, AllInOne

ROUNDS = int(os.environ.get("ORDERFLOW_CRASH_ROUNDS", "20"))
SEED = int(os.environ.get("ORDERFLOW_CRASH_SEED", str(random.SystemRandom().randrange(10**6))))
STOCK = 10_000_000
FINISH_SECONDS = 300


def outcome_of(order_id: str) -> str:
    """What must become of an order that tests/order_load.cc placed."""
    return "OUTCOME_PAYMENT_FAILED" if "-declined-" in order_id else "OUTCOME_CONFIRMED"


class CrashTest(unittest.TestCase):
    def setUp(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="orderflow-crash-"))
        self.random = random.Random(SEED)
        self.up = AllInOne(self.directory)
        self.passed = False
        self.acknowledged_file = self.directory / "acknowledged"
        print(f"seed {SEED}, {ROUNDS} rounds, {self.directory}")

    def tearDown(self) -> None:
        self.up.kill()
        if self.passed and not os.environ.get("ORDERFLOW_KEEP"):
            shutil.rmtree(self.directory, ignore_errors=True)
        else:
            print(f"kept: {self.directory}; again with: ORDERFLOW_CRASH_SEED={SEED}")

    def cli_json(self, *arguments: str) -> dict:
        done = clients.cli([*arguments, "--json"], self.up.environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_every_accepted_order_ends_with_one_reservation_one_charge_and_one_mail(self) -> None:
        self.up.start()
        self.cli_json("stock", "set", "crash-product", str(STOCK), "--price", "1999", "--currency", "EUR")
        prefix = "r0"
        for number in range(ROUNDS):
            # Now and then the clients of the round before come back and repeat what they do not know the outcome of.
            if number == 0 or self.random.random() < 0.7:
                prefix = f"r{number}"
            self.run_round(prefix)
        self.up.start()
        orders = self.wait_until_all_are_finished()
        self.assertEqual(self.up.stop(), 0)
        self.check(orders)
        self.passed = True

    def run_round(self, prefix: str) -> None:
        if not self.up.is_running():
            if self.random.random() < 0.25:
                self.kill_while_it_starts()
            self.up.start()
        load = subprocess.Popen([str(BINARIES / "order_load"), self.up.address("orchestrator"), prefix, "60",
                                 str(self.random.choice([1, 8, 32])), str(self.acknowledged_file)])
        time.sleep(self.random.uniform(0.05, 1.2))
        self.up.kill()
        self.assertEqual(load.wait(60), 0)

    def kill_while_it_starts(self) -> None:
        """Recovery must survive a crash, too."""
        with open(self.directory / "up.log", "ab") as log:
            process = subprocess.Popen([str(BINARIES / "orderflow"), "up", f"--data={self.up.data}", "--free_ports"],
                                       stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        time.sleep(self.random.uniform(0, 0.3))
        process.kill()
        process.wait()

    def wait_until_all_are_finished(self) -> dict[str, dict]:
        deadline = time.monotonic() + FINISH_SECONDS
        while True:
            unfinished = self.cli_json("order", "list", "--outcome", "in_progress", "--limit", "1")["orders"]
            if not unfinished:
                break
            self.assertLess(time.monotonic(), deadline, f"still in progress: {unfinished}")
            time.sleep(0.2)
        return {order["order_id"]: order for order in self.cli_json("order", "list", "--limit", "0")["orders"]}

    def check(self, orders: dict[str, dict]) -> None:
        acknowledged = set(self.acknowledged_file.read_text().split())
        self.assertGreater(len(acknowledged), ROUNDS)
        self.assertEqual(acknowledged - orders.keys(), set(), "acknowledged and lost")
        wrong = {order_id: order for order_id, order in orders.items() if order["outcome"] != outcome_of(order_id)}
        self.assertEqual(wrong, {})
        confirmed = {order_id for order_id in orders if outcome_of(order_id) == "OUTCOME_CONFIRMED"}
        self.check_reservations(orders, confirmed)
        self.check_charges(confirmed)
        mails = self.check_mails(confirmed)
        print(f"{ROUNDS} kills: {len(acknowledged)} orders acknowledged, {len(orders)} found, all finished; "
              f"{len(confirmed)} confirmed with one reservation, one charge and {mails} mails in all; "
              f"{len(orders) - len(confirmed)} declined with their stock given back")

    def rows(self, database: str, sql: str) -> list[tuple]:
        with contextlib.closing(sqlite3.connect(self.up.data / database)) as connection:
            return connection.execute(sql).fetchall()

    def check_reservations(self, orders: dict[str, dict], confirmed: set[str]) -> None:
        reserved, released = 1, 3
        states = dict(self.rows("inventory.db", "SELECT order_id, state FROM reservations"))
        self.assertEqual(states.keys(), orders.keys())
        for order_id, state in states.items():
            self.assertEqual(state, reserved if order_id in confirmed else released, order_id)
        stock = self.rows("inventory.db", "SELECT available, reserved FROM stock WHERE product_id = 'crash-product'")
        self.assertEqual(stock, [(STOCK - len(confirmed), len(confirmed))])

    def check_charges(self, confirmed: set[str]) -> None:
        """The gateway's own ledger, which the payment service never writes."""
        charged = collections.Counter(
            order_id for (order_id,) in self.rows("payment.db.gateway", "SELECT order_id FROM gateway_charges WHERE outcome = 1"))
        self.assertEqual(set(charged), confirmed)
        self.assertEqual(max(charged.values()), 1)

    def check_mails(self, confirmed: set[str]) -> int:
        orders_by_message_id = dict(self.rows("email.db", "SELECT message_id, order_id FROM email_outbox"))
        mails: collections.Counter[str] = collections.Counter()
        for path in (self.up.data / "mail/new").iterdir():
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            mails[orders_by_message_id[str(message["Message-ID"])]] += 1
        self.assertEqual(set(mails), confirmed)
        self.assertEqual([order_id for order_id, count in mails.items() if count > 1], [])
        return sum(mails.values())


if __name__ == "__main__":
    unittest.main()
