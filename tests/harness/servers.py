"""Orderflow's servers as real processes on ports that the system chooses."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from harness.certificates import Certificates

BINARIES = Path(os.environ.get("ORDERFLOW_BINARIES", Path(__file__).parents[2] / "build/release/bin"))
SERVICES = ("receive", "inventory", "payment", "email")
CATALOG = Path(__file__).parents[2] / "services/inventory/catalog.json"
WORKFLOW = Path(__file__).parents[2] / "workflows/order-processing.asl.json"
START_SECONDS = 60


_reserved: list[socket.socket] = []  # their owner is this process, to its end


def free_port() -> int:
    """A port that stays ours: bound here, so that the system gives it to nobody else who wants any, however long it takes
    until somebody listens on it. Whoever we start may, as SO_REUSEADDR says; until then connections are refused."""
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind(("127.0.0.1", 0))
    _reserved.append(reserved)
    return reserved.getsockname()[1]


class Server:
    """One process with a gRPC server. Its addresses stay the same when it is started again.

    `name` tells it from others in one directory; the program is orderflow-<program>, or the one of that name.
    """

    def __init__(self, name: str, directory: Path, flags: list[str], program: str = "", address: str = ""):
        self.name = name
        self.program = program or name
        self.log_path = directory / f"{name}.log"
        self.errors_path = directory / f"{name}.errors"
        self.flags = flags
        self._process: subprocess.Popen[bytes] | None = None
        self.address = address or f"127.0.0.1:{free_port()}"
        self.metrics_address = f"127.0.0.1:{free_port()}"

    def start(self, **popen_options) -> "Server":
        log_start = self.log_path.stat().st_size if self.log_path.exists() else 0
        command = [str(BINARIES / f"orderflow-{self.program}"), f"--listen={self.address}",
                   f"--metrics_listen={self.metrics_address}", *self._aws_flags(), *self.flags]
        with open(self.log_path, "ab") as log, open(self.errors_path, "ab") as errors:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=errors, **popen_options)
        self._wait_for("listening", log_start)
        return self

    def _aws_flags(self) -> list[str]:
        """The orchestrator has a second address, which must not be in the way of another one's."""
        return ["--aws_listen=127.0.0.1:0"] if self.program == "orchestrator" else []

    def _wait_for(self, message: str, log_start: int) -> dict[str, str]:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            alive = self.is_running()
            for line in self.log_lines(log_start):
                if line.get("message") == message:
                    return line
            if not alive:
                raise RuntimeError(f"{self.name} ended at once: {self.errors_path.read_text()}")
            time.sleep(0.01)
        raise RuntimeError(f"{self.name} does not say '{message}' within {START_SECONDS} s")

    def log_lines(self, start: int = 0) -> list[dict]:
        with open(self.log_path, "rb") as log:
            log.seek(start)
            *lines, _ = log.read().split(b"\n")  # the last one is empty, or is being written
        return [json.loads(line) for line in lines if line.startswith(b"{")]

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def wait(self, seconds: float = 90) -> int:
        assert self._process is not None
        return self._process.wait(seconds)

    def kill(self) -> None:
        if self.is_running():
            self.signal(signal.SIGKILL)
            self.wait()

    def stop(self) -> int:
        """Asks it to end; answers its exit status."""
        self.signal(signal.SIGTERM)
        return self.wait()


class Cluster:
    """Four services and the orchestrator, each a process of its own, with SQLite in one temporary directory.

    With certificates, all of them speak mTLS. Without jitter, the pauses before the tries of a task have the length that the
    workflow says, and not any up to it: a test knows how much time it has in between.
    """

    def __init__(self, certificates: Certificates | None = None, jitter: bool = True) -> None:
        self._certificates = certificates
        self._jitter = jitter
        self.directory = Path(tempfile.mkdtemp(prefix="orderflow-test-"))
        self.servers = {name: self._service(name) for name in SERVICES}
        self.servers["orchestrator"] = Server("orchestrator", self.directory, [])

    def _service(self, name: str) -> Server:
        flags = [f"--database=sqlite:{self.directory}/{name}.db"]
        if name == "email":
            flags.append(f"--maildir={self.directory}/mail")
        if name == "inventory":
            flags.append(f"--catalog={CATALOG}")
        if self._certificates is not None:
            flags.extend(self._certificates.server_flags(name))
        return Server(name, self.directory, flags)

    def start(self) -> "Cluster":
        for name in SERVICES:
            self.servers[name].start()
        self.start_orchestrator()
        return self

    def start_orchestrator(self) -> None:
        scheme = "" if self._certificates is None else "grpcs://"
        addresses = [f"--{name}_address={scheme}{self.servers[name].address}" for name in SERVICES]
        orchestrator = self.servers["orchestrator"]
        orchestrator.flags = [f"--database=sqlite:{self.directory}/orchestrator.db", *addresses]
        if self._certificates is not None:
            orchestrator.flags += [*self._certificates.server_flags("orchestrator"), *self._certificates.task_flags()]
        if not self._jitter:
            workflow = self.directory / "workflow.asl.json"
            workflow.write_text(WORKFLOW.read_text().replace('"JitterStrategy": "FULL"', '"JitterStrategy": "NONE"'))
            orchestrator.flags.append(f"--workflow={workflow}")
        orchestrator.start()

    def __getitem__(self, name: str) -> Server:
        return self.servers[name]

    def mails(self) -> list[Path]:
        return sorted((self.directory / "mail/new").iterdir())

    def close(self) -> None:
        for server in reversed(self.servers.values()):
            server.kill()
        if os.environ.get("ORDERFLOW_KEEP"):
            print(f"kept: {self.directory}")
        else:
            shutil.rmtree(self.directory, ignore_errors=True)


class AllInOne:
    """`orderflow up`: everything in one process, its data in a directory that outlives it."""

    def __init__(self, directory: Path, flags: list[str] | None = None):
        self.directory = directory
        self.data = directory / "data"
        self._flags = flags or []
        self._process: subprocess.Popen[bytes] | None = None
        self.environment: dict[str, str] = {}

    def start(self, **popen_options) -> "AllInOne":
        endpoints = self.data / "endpoints.env"
        endpoints.unlink(missing_ok=True)
        command = [str(BINARIES / "orderflow"), "up", f"--data={self.data}", "--free_ports", *self._flags]
        with open(self.directory / "up.log", "ab") as log, open(self.directory / "up.errors", "wb") as errors:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=errors, **popen_options)
        deadline = time.monotonic() + START_SECONDS
        while not endpoints.exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"orderflow up did not start: {(self.directory / 'up.errors').read_text()}")
            time.sleep(0.01)
        self.environment = dict(line.split("=", 1) for line in endpoints.read_text().splitlines() if "=" in line)
        return self

    def address(self, name: str) -> str:
        return self.environment["ORDERFLOW_ADDRESS" if name == "orchestrator" else f"ORDERFLOW_{name.upper()}_ADDRESS"]

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> int:
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(60)
