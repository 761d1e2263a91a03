#!/usr/bin/env python3
"""A disk that runs full and gets room again: requests fail as UNAVAILABLE meanwhile, and nothing acknowledged is lost.

Runs in a mount namespace of its own with a small file system, so it needs root or unprivileged user namespaces.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from harness import clients, namespaces
from harness.clients import call
from harness.servers import AllInOne

ORDERS = "orderflow.order.v1.OrderService"
DISK_MEGABYTES = 32
RECOVERY_SECONDS = 60


class DiskFullTest(unittest.TestCase):
    def setUp(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="orderflow-disk-"))
        self.up = AllInOne(self.directory)
        self.up.data.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MEGABYTES}m", "tmpfs", str(self.up.data)], check=True)
        self.addCleanup(self.clean_up)
        self.placed: list[str] = []

    def clean_up(self) -> None:
        self.up.kill()
        subprocess.run(["umount", str(self.up.data)], check=True)
        shutil.rmtree(self.directory, ignore_errors=True)

    def submit(self, order_id: str) -> clients.Answer:
        answer = call(self.up.address("orchestrator"), f"{ORDERS}/SubmitOrder",
                      {"order_id": order_id, "product_id": "sku-001", "quantity": 1, "customer_email": "user@example.com"})
        if answer.code == "ok":
            self.placed.append(order_id)
        return answer

    def fill_disk(self) -> None:
        with open(self.up.data / "balloon", "wb", buffering=0) as balloon:
            try:
                while True:
                    balloon.write(bytes(65536))
            except OSError:
                pass

    def submit_until_refused(self) -> clients.Answer:
        """A database may have a little room left in pages that it owns already."""
        for number in range(200):
            answer = self.submit(f"full-{number}")
            if answer.code != "ok":
                return answer
        raise AssertionError("200 orders were accepted on a full disk")

    def wait_until_accepted(self) -> None:
        deadline = time.monotonic() + RECOVERY_SECONDS
        number = 0
        while self.submit(f"after-{number}").code != "ok":
            self.assertLess(time.monotonic(), deadline, "no order is accepted although there is room again")
            number += 1

    def orders(self) -> dict[str, str]:
        done = clients.cli(["order", "list", "--limit", "0", "--json"], self.up.environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        return {order["order_id"]: order["outcome"] for order in json.loads(done.stdout)["orders"]}

    def wait_until_confirmed(self) -> None:
        deadline = time.monotonic() + RECOVERY_SECONDS
        while True:
            outcomes = self.orders()
            open_orders = [order_id for order_id in self.placed if outcomes.get(order_id) == "OUTCOME_IN_PROGRESS"]
            if not open_orders:
                break
            self.assertLess(time.monotonic(), deadline, f"still in progress: {open_orders}")
        self.assertEqual({order_id: outcomes.get(order_id) for order_id in self.placed},
                         dict.fromkeys(self.placed, "OUTCOME_CONFIRMED"))

    def test_a_full_disk_refuses_orders_until_there_is_room_and_loses_none(self) -> None:
        self.up.start()
        for number in range(5):
            self.assertEqual(self.submit(f"before-{number}").code, "ok")
        self.fill_disk()
        refused = self.submit_until_refused()
        self.assertEqual(refused.code, "unavailable", refused.text)
        self.assertTrue(self.up.is_running())
        self.assertIn("before-0", self.orders())
        (self.up.data / "balloon").unlink()
        self.wait_until_accepted()
        self.wait_until_confirmed()
        self.assertEqual(self.up.stop(), 0)

    def test_a_crash_on_a_full_disk_loses_nothing(self) -> None:
        self.up.start()
        self.fill_disk()
        self.submit_until_refused()
        self.up.kill()
        (self.up.data / "balloon").unlink()
        self.up.start()
        self.wait_until_accepted()
        self.wait_until_confirmed()


if __name__ == "__main__":
    namespaces.enter("mount")
    unittest.main()
