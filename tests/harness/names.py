"""A real DNS server for names that lead to changing addresses: dnsmasq on a loopback port."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

from harness.servers import free_port

PATH = os.environ.get("PATH", "") + ":/usr/sbin"
SECONDS = 60


def free_udp_port() -> int:
    """One that is free for UDP, and ours for TCP."""
    while True:
        port = free_port()
        with socket.socket(type=socket.SOCK_DGRAM) as udp:
            try:
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


class NameServer:
    """Answers with what publish() was told last; nothing that it says may be kept (TTL 0)."""

    def __init__(self, directory: Path):
        program = shutil.which("dnsmasq", path=PATH)
        if program is None:
            raise RuntimeError("no dnsmasq: install the package dnsmasq-base")
        self._hosts = directory / "hosts"
        self._log = directory / "dnsmasq.log"
        self._lock = threading.Lock()
        self._names: dict[str, list[str]] = {}
        self._hosts.touch()
        self.address = f"127.0.0.1:{free_udp_port()}"
        command = [program, "--keep-in-foreground", "--conf-file=/dev/null", f"--port={self.address.split(':')[1]}",
                   "--listen-address=127.0.0.1", "--bind-interfaces", "--no-resolv", "--no-hosts", "--local=/test/",
                   f"--addn-hosts={self._hosts}", "--local-ttl=0", "--log-facility=-", "--pid-file",
                   f"--user={getpass.getuser()}"]
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._wait_for_reading(1)

    def publish(self, name: str, addresses: list[str]) -> None:
        """From its return on, the name has exactly these addresses. Thread-safe."""
        with self._lock:
            self._names[name] = addresses
            fresh = self._hosts.with_suffix(".new")
            fresh.write_text("".join(f"{address} {name}\n" for name, all_of_it in self._names.items() for address in all_of_it))
            seen = self._readings()
            fresh.rename(self._hosts)
            self._process.send_signal(signal.SIGHUP)
            self._wait_for_reading(seen + 1)

    def _readings(self) -> int:
        return self._log.read_text().count(f"read {self._hosts} ")

    def _wait_for_reading(self, count: int) -> None:
        deadline = time.monotonic() + SECONDS
        while self._readings() < count:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"dnsmasq does not read {self._hosts}: {self._log.read_text()}")
            time.sleep(0.005)

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(SECONDS)
