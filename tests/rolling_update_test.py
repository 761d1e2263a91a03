#!/usr/bin/env python3
"""Every process is replaced under load, its successor behind another address, and no order fails.

Two replicas of each service share a PostgreSQL database and a name in DNS; the orchestrator finds them by that name. Needs
dnsmasq; without ORDERFLOW_TEST_POSTGRES the test starts a private PostgreSQL by itself.
"""

from __future__ import annotations

import collections
import concurrent.futures
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from harness import clients, postgres
from harness.names import NameServer
from harness.servers import BINARIES, SERVICES, Server, free_port

TASKS = {"receive": "ReceiveOrder", "inventory": "CheckInventory", "payment": "ChargePayment",
         "email": "SendConfirmationEmail"}
REPLICAS = 2
CLIENTS = 8
STOCK = 10_000_000

CONNECTION_AGE = 3.0
# It takes some five seconds: a connection may become a tenth older, and names are not looked up more often than every two
# seconds. The rest is for a busy machine; without an age, it would take for ever.
NOTICED_WITHIN = 60
# From how many calls on the shares of replicas are told, which takes a second or two.
SHARED_CALLS = 200
FLAGS = [f"--max_connection_age={CONNECTION_AGE}s", "--max_connection_age_grace=20s", "--drain_delay=500ms",
         "--drain_timeout=20s"]


class Replicas:
    """One service: processes on one port of changing addresses, a database that they share, and their name."""

    def __init__(self, service: str, network: int, directory: Path, database: str, names: NameServer):
        self.service = service
        self.name = f"{service}.test"
        self.port = free_port()
        self.running: list[Server] = []
        self.retired: list[Server] = []
        self.seconds_until_called: list[float] = []
        self._names = names
        self._network = network
        self._directory = directory
        self._flags = [f"--database={database}", *FLAGS]
        if service == "email":
            self._flags.append(f"--maildir={directory}/mail")

    @property
    def target(self) -> str:
        return f"dns://{self._names.address}/{self.name}:{self.port}"

    def add(self) -> Server:
        """Returns when it is ready and its address is published."""
        number = len(self.running) + len(self.retired) + 1
        server = Server(f"{self.service}-{number}", self._directory, self._flags, program=self.service,
                        address=f"127.0.{self._network}.{number}:{self.port}")
        self.running.append(server.start())
        self._publish()
        return server

    def _publish(self) -> None:
        self._names.publish(self.name, [server.address.rsplit(":", 1)[0] for server in self.running])

    def replace_all(self) -> None:
        """One after the other: the new one starts and is called, the old one is told to go and forgotten."""
        for old in list(self.running):
            new = self.add()
            published = time.monotonic()
            wait_for_calls(self, [new], published + NOTICED_WITHIN)
            self.seconds_until_called.append(time.monotonic() - published)
            old.signal(signal.SIGTERM)
            self.running.remove(old)
            self.retired.append(old)
            self._publish()
            status = old.wait()
            if status != 0:
                raise AssertionError(f"{old.name} ended with {status}: {old.errors_path.read_text()}")

    def calls(self, server: Server) -> int:
        pattern = rf'grpc_server_handled_total{{[^}}]*grpc_method="{TASKS[self.service]}"[^}}]*}} (\d+)'
        return sum(int(count) for count in re.findall(pattern, clients.metrics(server.metrics_address)))

    def shares(self) -> list[float]:
        """Which part of the next calls each of the running ones gets."""
        before = [self.calls(server) for server in self.running]
        deadline = time.monotonic() + NOTICED_WITHIN
        while True:
            calls = [self.calls(server) - count for server, count in zip(self.running, before)]
            if sum(calls) >= SHARED_CALLS:
                return [count / sum(calls) for count in calls]
            if time.monotonic() > deadline:
                raise AssertionError(f"{self.service} is hardly called: {calls}")
            time.sleep(0.1)

    def kill(self) -> None:
        for server in [*self.running, *self.retired]:
            server.kill()


def wait_for_calls(replicas: Replicas, servers: list[Server], deadline: float) -> None:
    while not all(replicas.calls(server) > 0 for server in servers):
        if time.monotonic() > deadline:
            raise AssertionError(f"no calls for {[server.name for server in servers]} in time")
        time.sleep(0.02)


class Load:
    """Clients that place orders until end() and repeat those that nobody answers."""

    def __init__(self, target: str):
        self._process = subprocess.Popen([str(BINARIES / "patient_client"), target, "rolling", str(CLIENTS)],
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def end(self) -> dict:
        out, _ = self._process.communicate(timeout=90)
        return json.loads(out)

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()


class RollingUpdateTest(unittest.TestCase):
    def setUp(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="orderflow-rolling-"))
        self.addCleanup(self.remove_directory)
        self.databases = postgres.Databases()
        self.addCleanup(self.databases.close)
        self.names = NameServer(self.directory)
        self.addCleanup(self.names.close)
        self.urls = {name: self.databases.create(name) for name in (*SERVICES, "orchestrator")}
        self.services = {
            name: Replicas(name, network, self.directory, self.urls[name], self.names)
            for network, name in enumerate(SERVICES, start=1)}
        for replicas in self.services.values():
            self.addCleanup(replicas.kill)
        self.orchestrator = Server("orchestrator", self.directory, [
            f"--database={self.urls['orchestrator']}", "--workflow_logging=ERROR", *FLAGS,
            *[f"--{name}_address={replicas.target}" for name, replicas in self.services.items()]])
        self.addCleanup(self.orchestrator.kill)

    def remove_directory(self) -> None:
        if os.environ.get("ORDERFLOW_KEEP"):
            print(f"kept: {self.directory}")
        else:
            shutil.rmtree(self.directory, ignore_errors=True)

    def test_clients_follow_replicas_to_new_addresses_without_a_failed_order(self) -> None:
        self.start()
        load = Load(self.orchestrator.address)
        self.addCleanup(load.kill)
        try:
            self.check_shares("before")
            self.replace_all_services()
            self.check_shares("after")
            self.kill_one_of("inventory")
            self.restart_orchestrator()
            for replicas in self.services.values():
                self.wait_for_more_calls(replicas.service, replicas.running[-1])
        finally:
            result = load.end()
            print(f"orders: {result}")
        self.check_orders(result)

    def start(self) -> None:
        for replicas in self.services.values():
            for _ in range(REPLICAS):
                replicas.add()
        self.orchestrator.start()
        done = clients.cli(["stock", "set", "rolling-product", str(STOCK), "--price", "1999", "--currency", "EUR"],
                           {"ORDERFLOW_INVENTORY_ADDRESS": self.services["inventory"].target})
        self.assertEqual(done.returncode, 0, done.stderr)

    def in_each_service(self, work) -> dict:
        """At the same time."""
        with concurrent.futures.ThreadPoolExecutor(len(self.services)) as pool:
            return dict(zip(self.services, pool.map(work, self.services.values())))

    def check_shares(self, when: str) -> None:
        for replicas in self.services.values():
            wait_for_calls(replicas, replicas.running, time.monotonic() + NOTICED_WITHIN)
        for name, shares in self.in_each_service(Replicas.shares).items():
            print(f"shares {when}: {name} " + " ".join(f"{share:.0%}" for share in shares))
            self.assertGreater(min(shares), 0.5 / REPLICAS, name)

    def replace_all_services(self) -> None:
        start = time.monotonic()
        self.in_each_service(Replicas.replace_all)
        print(f"{len(SERVICES) * REPLICAS} replicas replaced in {time.monotonic() - start:.1f} s; seconds until a new one was called: "
              + ", ".join(f"{name} " + " ".join(f"{seconds:.1f}" for seconds in replicas.seconds_until_called)
                          for name, replicas in self.services.items()))

    def restart_orchestrator(self) -> None:
        start = time.monotonic()
        self.assertEqual(self.orchestrator.stop(), 0)
        self.orchestrator.start()
        print(f"orchestrator restarted in {time.monotonic() - start:.1f} s")

    def kill_one_of(self, service: str) -> None:
        """Without a warning, and its address stays published."""
        killed, left = self.services[service].running
        killed.kill()
        self.wait_for_more_calls(service, left)

    def wait_for_more_calls(self, service: str, server: Server) -> None:
        replicas = self.services[service]
        before = replicas.calls(server)
        deadline = time.monotonic() + NOTICED_WITHIN
        while replicas.calls(server) < before + 50:
            self.assertLess(time.monotonic(), deadline, f"{server.name} is hardly called")
            time.sleep(0.02)

    def check_orders(self, result: dict) -> None:
        failures = self.failed_tries()
        print(f"failed tries that the workflow repeated: {dict(failures)}")
        self.assertEqual(result["failed"], 0, result["first_failure"])
        placed = str(result["confirmed"])
        self.assertGreater(result["confirmed"], SHARED_CALLS)
        self.assertEqual(self.rows("receive", "SELECT count(*) FROM received_order"), [[placed]])
        self.assertEqual(self.rows("inventory", "SELECT count(DISTINCT order_id), count(*), sum(quantity) FROM reservations"),
                         [[placed, placed, placed]])
        self.assertEqual(self.rows("inventory", f"SELECT {STOCK} - available, reserved FROM stock"), [[placed, placed]])
        self.assertEqual(
            self.rows("payment", "SELECT count(DISTINCT order_id), count(*) FROM gateway_charges WHERE outcome = 1"),
            [[placed, placed]])
        mails = len(list((self.directory / "mail/new").iterdir()))
        self.assertEqual(str(mails), placed)
        # A client has one order at a time, so each process that goes costs as many tries at most.
        gone = CLIENTS * (REPLICAS * len(SERVICES) + 2)
        self.assertLess(sum(failures.values()), max(gone, result["confirmed"] / 20), "tries that were repeated are an exception")

    def rows(self, service: str, sql: str) -> list[list[str]]:
        return self.databases.rows(self.urls[service], sql)

    def failed_tries(self) -> collections.Counter[str]:
        """The orchestrator logs every try of a task that failed."""
        found: collections.Counter[str] = collections.Counter()
        for line in self.orchestrator.log_lines():
            event = line.get("event", {})
            if event.get("type") in ("TaskFailed", "TaskTimedOut"):
                details = event.get("details", {})
                found[f"{details.get('resource')} {details.get('error')}"] += 1
        return found


if __name__ == "__main__":
    postgres.ensure_server()
    unittest.main()
