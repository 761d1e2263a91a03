#!/usr/bin/env python3
"""Prometheus with the configuration as it is shipped finds every replica by DNS, also those that come later.

Runs in a mount and a network namespace of its own, whose DNS and loopback addresses are the test's, so it needs root or
unprivileged user namespaces.
"""

from __future__ import annotations

import fcntl
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

from harness import namespaces
from harness.prometheus import MONITORING, Prometheus
from harness.servers import CATALOG, SERVICES, Server

# Two intervals of the configuration, for DNS and for scrapes, and some room.
PATIENCE = 90


def bring_up_loopback() -> None:
    get_flags, set_flags, up = 0x8913, 0x8914, 1  # SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sH22x", b"lo", 0)
        flags = struct.unpack("16sH22x", fcntl.ioctl(any_socket, get_flags, request))[1]
        fcntl.ioctl(any_socket, set_flags, struct.pack("16sH22x", b"lo", flags | up))


class NameServer:
    """Answers A queries for `names` (name -> addresses) at 127.0.0.1:53; other names do not exist."""

    def __init__(self, names: dict[str, list[str]]):
        self.names = names
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 53))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            query, client = self._socket.recvfrom(4096)
            self._socket.sendto(self._answer(query), client)

    def _answer(self, query: bytes) -> bytes:
        labels, at = [], 12
        while length := query[at]:
            labels.append(query[at + 1:at + 1 + length].decode())
            at += 1 + length
        question = query[12:at + 5]
        (kind,) = struct.unpack(">H", query[at + 1:at + 3])
        addresses = self.names.get(".".join(labels))
        records = [struct.pack(">HHHIH4s", 0xC00C, 1, 1, 1, 4, socket.inet_aton(address))
                   for address in (addresses or []) if kind == 1]
        flags = 0x8580 if addresses is not None else 0x8583  # an authoritative answer; 3: no such name
        return query[:2] + struct.pack(">HHHHH", flags, 1, len(records), 0, 0) + question + b"".join(records)


class DiscoveryTest(unittest.TestCase):
    def setUp(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="orderflow-discovery-"))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        bring_up_loopback()
        resolver = self.directory / "resolv.conf"
        resolver.write_text("nameserver 127.0.0.1\n")
        subprocess.run(["mount", "--bind", str(resolver), "/etc/resolv.conf"], check=True)
        self.addCleanup(subprocess.run, ["umount", "/etc/resolv.conf"], check=True)

    def start(self, name: str, address: str) -> None:
        directory = self.directory / address
        directory.mkdir()
        flags = {"email": [f"--maildir={directory}/mail"], "inventory": [f"--catalog={CATALOG}"]}.get(name, [])
        server = Server(name, directory, [f"--database=sqlite:{directory}/{name}.db", *flags,
                                          f"--metrics_listen={address}:9464"])
        self.addCleanup(server.kill)
        server.start()

    def wait_for_targets(self, expected: set[tuple[str, str]]) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            targets = {(target["labels"]["job"], target["labels"]["instance"])
                       for target in self.prometheus.get("targets")["activeTargets"] if target["health"] == "up"}
            if targets == expected:
                return
            if time.monotonic() > deadline:
                self.fail(f"up are {sorted(targets)}, not {sorted(expected)}")
            time.sleep(0.2)

    def test_every_replica_behind_a_name_is_scraped(self) -> None:
        addresses = {name: [f"127.0.1.{number}"] for number, name in enumerate((*SERVICES, "orchestrator"), start=1)}
        addresses["inventory"].append("127.0.2.1")
        for name in addresses:
            for address in addresses[name]:
                self.start(name, address)
        names = NameServer(addresses)
        self.prometheus = Prometheus(self.directory, MONITORING / "prometheus.yml")
        self.addCleanup(self.prometheus.close)
        self.prometheus.start()
        expected = {(name, f"{address}:9464") for name in addresses for address in addresses[name]}
        self.wait_for_targets(expected)

        self.start("inventory", "127.0.2.2")
        names.names = {**addresses, "inventory": ["127.0.2.1", "127.0.2.2"]}
        gone = ("inventory", f"{addresses['inventory'][0]}:9464")
        self.wait_for_targets(expected - {gone} | {("inventory", "127.0.2.2:9464")})


if __name__ == "__main__":
    namespaces.enter("mount", "net")
    unittest.main()
