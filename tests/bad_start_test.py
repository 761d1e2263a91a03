#!/usr/bin/env python3
"""A start that cannot work ends soon, with the documented exit status and one line that says what is wrong and where.

Without ORDERFLOW_TEST_POSTGRES the test starts a private PostgreSQL by itself.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse
from pathlib import Path

from harness import postgres
from harness.certificates import Certificates
from harness.clients import call
from harness.servers import BINARIES, SERVICES, Server, free_port

SERVERS = (*SERVICES, "orchestrator")
FAILED, WRONG_SETTING = 1, 2
PASSWORD = "geheim-4711"
SECONDS = 90  # a process that has not ended by then counts as started

# Root may read everything; without these capabilities it may not.
AS_A_USER = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []


class SuspiciousPostgres:
    """Speaks enough of PostgreSQL's protocol to ask for a password and to find it wrong."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.passwords: list[str] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:  # closed
                return
            with connection:
                self._refuse(connection)

    def _refuse(self, connection: socket.socket) -> None:
        secure, plain = 80877103, b"N"
        while int.from_bytes(self._message(connection)[:4], "big") in (secure, secure + 1):  # TLS or Kerberos first
            connection.sendall(plain)
        connection.sendall(b"R" + (8).to_bytes(4, "big") + (3).to_bytes(4, "big"))
        connection.recv(1)
        self.passwords.append(self._message(connection).rstrip(b"\0").decode())
        fields = b"SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user \"orderflow\"\0\0"
        connection.sendall(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)

    @staticmethod
    def _message(connection: socket.socket) -> bytes:
        length = int.from_bytes(connection.recv(4, socket.MSG_WAITALL), "big")
        return connection.recv(length - 4, socket.MSG_WAITALL)

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


class BadStartTest(unittest.TestCase):
    def setUp(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="orderflow-bad-start-"))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)

    def write(self, name: str, text: str) -> Path:
        path = self.directory / name
        path.write_text(text)
        return path

    def locked_directory(self) -> Path:
        path = self.directory / "locked"
        path.mkdir(mode=0)
        return path

    def command(self, program: str, *flags: str) -> list[str]:
        """One that would start, but for what the flags change."""
        if program == "up":
            return [str(BINARIES / "orderflow"), "up", f"--data={self.directory}/data", "--free_ports", *flags]
        usual = ["--listen=127.0.0.1:0", "--metrics_listen=", f"--database=sqlite:{self.directory}/{program}.db"]
        if program == "email":
            usual.append(f"--maildir={self.directory}/mail")
        if program == "orchestrator":
            usual.append("--aws_listen=127.0.0.1:0")
        return [str(BINARIES / f"orderflow-{program}"), *usual, *flags]

    def assert_ends(self, status: int, says: tuple[str, ...], command: list[str], environment: dict[str, str] | None = None,
                    prefix: list[str] | None = None) -> None:
        with self.subTest(" ".join(Path(part).name if part.startswith("/") else part for part in command)):
            start = time.monotonic()
            done = subprocess.run([*(prefix or []), *command], cwd=self.directory, stdin=subprocess.DEVNULL, capture_output=True,
                                  text=True, timeout=SECONDS, check=False, env={**os.environ, **(environment or {})})
            told = f"status {done.returncode} after {time.monotonic() - start:.1f} s: {done.stderr}"
            self.assertEqual(done.returncode, status, told)
            self.assertEqual(done.stderr.count("\n"), 1, told)
            self.assertTrue(done.stderr.startswith(f"{Path(command[0]).name}: "), told)
            for part in says:
                self.assertIn(part, done.stderr)
            self.assertNotIn(PASSWORD, done.stderr + done.stdout)

    def test_a_secret_whose_file_is_missing(self) -> None:
        missing = str(self.directory / "no-secret")
        for program in SERVERS:
            command = [part for part in self.command(program) if not part.startswith("--database=")]
            self.assert_ends(WRONG_SETTING, ("--database_file", missing), [*command, f"--database_file={missing}"])
            self.assert_ends(WRONG_SETTING, ("ORDERFLOW_DATABASE_FILE", missing), command, {"ORDERFLOW_DATABASE_FILE": missing})
        for program, secret in (("email", "smtp_password"), ("payment", "stripe_secret_key"), ("payment", "simulated_ledger")):
            self.assert_ends(WRONG_SETTING, (f"--{secret}_file", missing), self.command(program, f"--{secret}_file={missing}"))
        self.assert_ends(WRONG_SETTING, ("--stripe_secret_key",), self.command("payment", "--gateway=stripe"))

    def test_a_database_that_is_not_there(self) -> None:
        nobody = f"127.0.0.1:{free_port()}"
        user = f"postgresql://orderflow:{PASSWORD}@"
        for program in SERVERS:
            for url, status, says in (
                    (f"{user}no-such-host.invalid/shop", FAILED, "no-such-host.invalid"),
                    (f"{user}{nobody}/shop", FAILED, nobody),
                    (f"{user}{nobody}/shop?sslmode=perhaps", FAILED, "sslmode"),
                    (f"mysql://orderflow:{PASSWORD}@{nobody}/shop", WRONG_SETTING, "postgresql://")):
                self.assert_ends(status, (says, "--database"), self.command(program, f"--database={url}"))
        self.assert_ends(FAILED, (nobody, "--simulated_ledger"), self.command("payment", f"--simulated_ledger={user}{nobody}/x"))

    def test_a_wrong_password(self) -> None:
        server = SuspiciousPostgres()
        self.addCleanup(server.close)
        for program in SERVERS:
            self.assert_ends(FAILED, ("password authentication failed", f"127.0.0.1:{server.port}/shop", "--database"),
                             self.command(program, f"--database=postgresql://orderflow:{PASSWORD}@127.0.0.1:{server.port}/shop"))
        self.assertEqual(set(server.passwords), {PASSWORD})

    def test_a_wrong_database_name(self) -> None:
        url = urllib.parse.urlsplit(os.environ["ORDERFLOW_TEST_POSTGRES"])._replace(path="/nosuch").geturl()
        for program in SERVERS:
            self.assert_ends(FAILED, ('database "nosuch" does not exist', "--database"), self.command(program, f"--database={url}"))

    def test_a_port_in_use_and_its_holder_goes_on(self) -> None:
        holder = Server("receive", self.directory, [f"--database=sqlite:{self.directory}/holder.db"])
        holder.start()
        self.addCleanup(holder.kill)
        for program in SERVERS:
            self.assert_ends(FAILED, (holder.address, "in use", "--listen"), self.command(program, f"--listen={holder.address}"))
            self.assert_ends(FAILED, (holder.metrics_address, "in use", "--metrics_listen"),
                             self.command(program, f"--metrics_listen={holder.metrics_address}"))
        self.assert_ends(FAILED, (holder.address, "in use"), self.command("up", f"--listen={holder.address}"))
        self.assert_ends(WRONG_SETTING, ("127.0.0.1:port", "IP:PORT"), self.command("receive", "--listen=127.0.0.1:port"))
        health = call(holder.address, "grpc.health.v1.Health/Check", {})
        self.assertEqual(health.message, {"status": "SERVING"}, health.text)

    def test_a_workflow_with_mistakes(self) -> None:
        text = self.write("text.json", '{"StartAt": "A",\n "States": {]}')
        flow = self.write("flow.json", json.dumps({"StartAt": "A", "States": {
            "A": {"Type": "Task", "Next": "B"}, "C": {"Type": "Nope"}}}))
        for program in ("orchestrator", "up"):
            status = WRONG_SETTING if program == "orchestrator" else FAILED
            self.assert_ends(status, ("--workflow", "nosuch.json"), self.command(program, "--workflow=nosuch.json"))
            self.assert_ends(status, (str(text), "line: 2"), self.command(program, f"--workflow={text}"))
            self.assert_ends(status, (str(flow), "/States/A", "Resource", "B", "/States/C/Type", "Nope"),
                             self.command(program, f"--workflow={flow}"))
        self.assert_ends(WRONG_SETTING, ("--substitutions", str(text), "line 2"),
                         self.command("orchestrator", f"--substitutions={text}"))
        for address in ("nowhere", "dns://resolver/inventory:50052", "http://inventory:50052", "inventory:port"):
            self.assert_ends(WRONG_SETTING, ("--inventory_address", address, "HOST:PORT"),
                             self.command("orchestrator", f"--inventory_address={address}"))

    def test_limits_that_no_execution_could_live_with(self) -> None:
        for flag in ("--max_payload_bytes=10", "--max_payload_bytes=4194304", "--max_history_events=1"):
            name, _, value = flag.partition("=")
            self.assert_ends(WRONG_SETTING, (name, value, "is not from"), self.command("orchestrator", flag))

    def test_certificates_that_cannot_serve(self) -> None:
        tls = Certificates(self.directory).make("orchestrator", "client")
        tls.issue("expired", "20200101000000Z", "20200131000000Z")
        tls.issue("early", "20900101000000Z", "20900131000000Z")
        nothing = self.write("nothing.pem", "no certificate")
        key, other_key = str(tls.key("orchestrator")), str(tls.key("client"))
        cases = [(tls.certificate("expired"), key, "expired at Jan 31"),
                 (tls.certificate("early"), key, "not valid before Jan  1"),
                 (tls.certificate("orchestrator"), other_key, "is not the key of the certificate"),
                 (nothing, key, "holds no certificate"),
                 (tls.certificate("orchestrator"), str(nothing), "holds no private key"),
                 (self.directory / "missing.crt", key, "No such file")]
        for program in SERVERS:
            for certificate, private_key, problem in cases:
                wrong = certificate if "key" not in problem else private_key
                self.assert_ends(WRONG_SETTING, (problem, str(wrong), "--tls_certificate"),
                                 self.command(program, f"--tls_certificate={certificate}", f"--tls_key={private_key}"))
        for certificate, private_key, problem in cases:
            self.assert_ends(WRONG_SETTING, (problem, "tasks"),
                             self.command("orchestrator", f"--task_tls_certificate={certificate}", f"--task_tls_key={private_key}"))

    def test_a_data_directory_that_cannot_be_used(self) -> None:
        locked = self.locked_directory()
        file = self.write("file", "")
        folder = self.directory / "folder"
        folder.mkdir()
        for program in SERVERS:
            self.assert_ends(FAILED, (f"{locked}/x.db", "Permission denied", "--database"),
                             self.command(program, f"--database=sqlite:{locked}/x.db"), prefix=AS_A_USER)
            self.assert_ends(FAILED, (f"{file}/x.db", "Not a directory", "--database"),
                             self.command(program, f"--database=sqlite:{file}/x.db"))
            self.assert_ends(FAILED, (str(folder), "Is a directory", "--database"),
                             self.command(program, f"--database=sqlite:{folder}"))
        self.assert_ends(FAILED, (f"{locked}/mail", "Permission denied"), self.command("email", f"--maildir={locked}/mail"),
                         prefix=AS_A_USER)
        self.assert_ends(WRONG_SETTING, ("--catalog", "no-catalog.json"), self.command("inventory", "--catalog=no-catalog.json"))
        self.assert_ends(FAILED, (f"{locked}/data", "Permission denied"), self.command("up", f"--data={locked}/data"),
                         prefix=AS_A_USER)

    def test_a_full_flag_file_with_an_unknown_flag(self) -> None:
        for program in SERVERS:
            lines = self.all_flags(program)
            self.assertGreater(len(lines), 12)
            path = self.write(f"{program}.flags", "\n".join(["# everything", *lines, "", "nosuch_flag=1"]) + "\n")
            self.assert_ends(WRONG_SETTING, (f"{path}:{len(lines) + 3}", "nosuch_flag"), self.command(program, f"--flagfile={path}"))

    def all_flags(self, program: str) -> list[str]:
        """Every flag that --help tells of, with its default."""
        text = subprocess.run([*self.command(program), "--help"], capture_output=True, text=True, timeout=SECONDS, check=True).stdout
        flags: list[str] = []
        for line in text.splitlines():
            if line.startswith("  --") and line.strip() not in ("--help", "--version", "--flagfile"):
                flags.append(line.strip()[2:])
            elif line.startswith("      Default: ") and flags and "=" not in flags[-1]:
                flags[-1] += "=" + line.split(": ", 1)[1].strip('"')
        return flags


if __name__ == "__main__":
    postgres.ensure_server()
    unittest.main()
