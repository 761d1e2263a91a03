#!/usr/bin/env python3
"""The Lambda packages as Lambda runs them: unpacked in /var/task of a root with nothing else in it, frozen between
invocations, with errors as a workflow needs them. Prints sizes and times. Needs root, for chroot."""

from __future__ import annotations

import http.server
import json
import os
import resource
import shutil
import socketserver
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import zipfile
from pathlib import Path

from harness.lambda_emulator import PACKAGES, Function, Sandbox, unpack
from harness.tls_postgres import TlsPostgres
from harness.servers import BINARIES, free_port
from harness.server_certificate import ServerCertificate

DIRECTORY = BINARIES.parent / "lambda"
PACKAGER = Path(__file__).parents[1] / "lambda/package.py"
MAX_PACKAGE_BYTES = 10 << 20
MAX_START_MS = 20
MAX_WARM_MS = 1
ORDER = {"order_id": "12345", "product_id": "sku-001", "quantity": 1, "customer_email": "user@example.com"}
CHARGE = {"order_id": "12345", "amount_minor": 1999, "currency": "EUR"}
MAIL = {**ORDER, "amount_minor": 1999, "currency": "EUR"}
SCHEDULED = {"version": "0", "source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}


class SmtpServer(socketserver.ThreadingTCPServer):
    """Takes every mail; enough of RFC 5321 for one client."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int):
        self.mails: list[bytes] = []
        super().__init__(("127.0.0.1", port), self.Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()

    class Handler(socketserver.StreamRequestHandler):
        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

        def handle(self) -> None:
            self.say("220 test")
            while line := self.rfile.readline():
                verb = line[:4].upper()
                if verb == b"DATA":
                    self.say("354 go on")
                    self.server.mails.append(b"".join(iter(self.rfile.readline, b".\r\n")))
                self.say("221 bye" if verb == b"QUIT" else "250 ok")
                if verb == b"QUIT":
                    return


class StripeServer(http.server.ThreadingHTTPServer):
    """Charges whatever it is asked to, over TLS; keeps the idempotency keys."""

    daemon_threads = True

    def __init__(self, certificate: ServerCertificate):
        self.keys: list[str] = []
        super().__init__(("127.0.0.1", 0), self.Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.certificate, certificate.key)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address) -> None:
        """A client that does not trust us hangs up."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.server.keys.append(self.headers["Idempotency-Key"])
            body = json.dumps({"id": "pi_1", "object": "payment_intent", "status": "succeeded"}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments) -> None:
            pass


class PackageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        if os.geteuid() != 0:
            raise unittest.SkipTest("needs to be root: the packages run in a root directory of their own (chroot)")

    def root(self) -> Path:
        directory = Path(tempfile.mkdtemp(prefix="orderflow-lambda-"))
        self.addCleanup(shutil.rmtree, directory)
        (directory / "tmp").mkdir()
        return directory

    def function(self, package: str, root: Path | None = None, **settings: str) -> Function:
        """`package` in an empty root, with its database in /tmp there."""
        root = root or self.root()
        task_root = unpack(DIRECTORY / f"{package}.zip", root / "var/task")
        settings = {"ORDERFLOW_DATABASE": "sqlite:/tmp/data.db", "ORDERFLOW_MAILDIR": "/tmp/mail", **settings}
        return Function(PACKAGES[package], task_root, settings, root=root)

    def sandbox(self, package: str, root: Path | None = None, **settings: str) -> Sandbox:
        sandbox = Sandbox(self.function(package, root, **settings))
        self.addCleanup(sandbox.close)
        return sandbox

    def invoke(self, sandbox: Sandbox, event) -> dict:
        self.assertIsNone(sandbox.init_error)
        outcome = sandbox.invoke(json.dumps(event).encode())
        self.assertFalse(outcome.failed, outcome.payload)
        return outcome.json

    def refused(self, sandbox: Sandbox, event) -> tuple[str, str]:
        """The error's name, and the message in its cause."""
        self.assertIsNone(sandbox.init_error)
        outcome = sandbox.invoke(json.dumps(event).encode())
        self.assertTrue(outcome.failed, outcome.payload)
        self.assertEqual(outcome.error_type, outcome.json["errorType"])
        self.assertEqual(outcome.json["stackTrace"], [])
        return outcome.json["errorType"], json.loads(outcome.json["errorMessage"])["message"]

    # --- each function: a good and a bad event ---

    def test_receive_order(self) -> None:
        sandbox = self.sandbox("receive-order")
        self.assertEqual(self.invoke(sandbox, ORDER)["order_status"], "received")
        error, message = self.refused(sandbox, {**ORDER, "quantity": -1})
        self.assertEqual(error, "Grpc.INVALID_ARGUMENT")
        self.assertIn("quantity: is -1", message)

    def test_check_inventory_and_release_reservation(self) -> None:
        root = self.root()
        check = self.sandbox("check-inventory", root, ORDERFLOW_CATALOG="/var/task/catalog.json")
        self.assertEqual(self.invoke(check, ORDER)["inventory_status"], "available")
        self.assertEqual(self.refused(check, {**ORDER, "order_id": "2", "product_id": "no-such"})[0], "PRODUCT_NOT_FOUND")
        check.close()
        shutil.rmtree(root / "var")
        release = self.sandbox("release-reservation", root)
        self.assertEqual(self.invoke(release, {"order_id": "12345"})["release_status"], "released")
        self.assertEqual(self.refused(release, {"order_id": ""})[0], "Grpc.INVALID_ARGUMENT")

    def test_charge_payment_and_refund_payment(self) -> None:
        root = self.root()
        charge = self.sandbox("charge-payment", root)
        self.assertEqual(self.invoke(charge, CHARGE)["payment_status"], "charged")
        declined = self.invoke(charge, {**CHARGE, "order_id": "2", "payment_token": "tok_declined"})
        self.assertEqual((declined["payment_status"], declined["decline_reason"]), ("declined", "card_declined"))
        self.assertEqual(self.refused(charge, {**CHARGE, "amount_minor": 1})[0], "CHARGE_MISMATCH")
        charge.close()
        shutil.rmtree(root / "var")
        refund = self.sandbox("refund-payment", root)
        self.assertEqual(self.invoke(refund, {"order_id": "12345"})["refund_status"], "refunded")
        self.assertEqual(self.refused(refund, {"order_id": "never-charged"})[0], "PAYMENT_NOT_FOUND")

    def test_send_confirmation_email(self) -> None:
        root = self.root()
        sandbox = self.sandbox("send-confirmation-email", root)
        self.assertEqual(self.invoke(sandbox, MAIL)["email_status"], "sent")
        self.assertEqual(len(list((root / "tmp/mail/new").iterdir())), 1)
        error, message = self.refused(sandbox, {**MAIL, "customer_email": "nobody"})
        self.assertEqual(error, "Grpc.INVALID_ARGUMENT")
        self.assertIn("customer_email", message)

    # --- PostgreSQL over TLS ---

    def test_postgres_is_spoken_to_over_tls_by_whoever_its_authority_vouches_for(self) -> None:
        postgres = TlsPostgres()
        self.addCleanup(postgres.close)
        root = self.root()
        shutil.copy(postgres.authority, root / "tmp/ca.pem")
        trusting = postgres.url(sslmode="verify-full", sslrootcert="/tmp/ca.pem")
        sandbox = self.sandbox("receive-order", root, ORDERFLOW_DATABASE=trusting)
        self.assertEqual(self.invoke(sandbox, ORDER)["order_status"], "received")
        self.assertEqual(postgres.query("SELECT count(*) FROM received_order"), "1")
        with self.subTest("a connection that the server has ended meanwhile is replaced"):
            postgres.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'orderflow%'")
            self.assertEqual(self.invoke(sandbox, {**ORDER, "order_id": "2"})["order_status"], "received")
        with self.subTest("an authority of the package does not vouch for it"):
            doubting = postgres.url(sslmode="verify-full", sslrootcert="/var/task/certificates.pem")
            error, message = self.refused(self.sandbox("receive-order", ORDERFLOW_DATABASE=doubting), ORDER)
            self.assertEqual(error, "Grpc.UNAVAILABLE")
            self.assertIn("certificate verify failed", message)
        self.print_times("receive-order, PostgreSQL over TLS", sandbox.function)

    # --- a payment provider over TLS ---

    def test_stripe_is_called_over_tls_if_its_authority_is_trusted(self) -> None:
        root = self.root()
        certificate = ServerCertificate(root / "tmp")
        server = StripeServer(certificate)
        self.addCleanup(server.close)
        settings = {"ORDERFLOW_GATEWAY": "stripe", "ORDERFLOW_STRIPE_SECRET_KEY": "sk_test_hidden",
                    "ORDERFLOW_STRIPE_URL": f"https://127.0.0.1:{server.server_address[1]}"}
        charge = {**CHARGE, "payment_token": "pm_card_visa"}
        doubting = self.sandbox("charge-payment", **settings)
        self.assertEqual(self.refused(doubting, charge)[0], "PAYMENT_GATEWAY_UNAVAILABLE")
        self.assertEqual(server.keys, [])
        trusting = self.sandbox("charge-payment", root, **settings, ORDERFLOW_STRIPE_CA="/tmp/ca.pem")
        self.assertEqual(self.invoke(trusting, charge)["payment_status"], "charged")
        self.assertEqual(len(server.keys), 1)
        self.assertNotIn("hidden", doubting.output() + doubting.errors() + trusting.output() + trusting.errors())

    # --- mails, without a background ---

    def test_a_mail_whose_server_was_down_is_sent_once_by_a_repeated_call(self) -> None:
        port = free_port()
        sandbox = self.sandbox("send-confirmation-email", ORDERFLOW_SMTP=f"smtp://127.0.0.1:{port}",
                               ORDERFLOW_SMTP_TLS="none")
        self.assertEqual(self.refused(sandbox, MAIL)[0], "Grpc.UNAVAILABLE")
        server = SmtpServer(port)
        self.addCleanup(server.close)
        self.repeat_until(lambda: not sandbox.invoke(json.dumps(MAIL).encode()).failed)
        self.assertEqual(self.invoke(sandbox, MAIL)["email_status"], "sent")
        self.assertEqual(len(server.mails), 1)
        self.assertIn(b"12345", server.mails[0])

    def test_a_scheduled_event_delivers_what_is_queued(self) -> None:
        port = free_port()
        sandbox = self.sandbox("send-confirmation-email", ORDERFLOW_SMTP=f"smtp://127.0.0.1:{port}",
                               ORDERFLOW_SMTP_TLS="none")
        self.assertEqual(self.refused(sandbox, MAIL)[0], "Grpc.UNAVAILABLE")
        server = SmtpServer(port)
        self.addCleanup(server.close)
        self.repeat_until(lambda: self.invoke(sandbox, SCHEDULED)["sent_mails"] == 1)
        self.assertEqual(len(server.mails), 1)

    def repeat_until(self, succeeds) -> None:
        """As a workflow's Retry and a schedule do it; a mail's own pauses between tries are seconds."""
        deadline = time.monotonic() + 60
        while not succeeds():
            self.assertLess(time.monotonic(), deadline, "never")
            time.sleep(0.2)

    # --- schedules ---

    def test_a_scheduled_event_gives_back_expired_reservations(self) -> None:
        sandbox = self.sandbox("check-inventory", ORDERFLOW_CATALOG="/var/task/catalog.json",
                               ORDERFLOW_RESERVATION_TTL="1us")
        self.invoke(sandbox, ORDER)
        self.assertEqual(self.invoke(sandbox, SCHEDULED), {"expired_reservations": 1})
        self.assertEqual(self.invoke(sandbox, SCHEDULED), {"expired_reservations": 0})

    def test_a_scheduled_event_settles_abandoned_payments(self) -> None:
        sandbox = self.sandbox("charge-payment", ORDERFLOW_SETTLE_AFTER="1us")
        lost = {**CHARGE, "payment_token": "tok_error_after"}
        self.assertEqual(self.refused(sandbox, lost)[0], "PAYMENT_GATEWAY_UNAVAILABLE")
        self.assertEqual(self.invoke(sandbox, SCHEDULED), {"settled_payments": 1})

    def test_a_function_without_background_work_says_so(self) -> None:
        self.assertEqual(self.refused(self.sandbox("receive-order"), SCHEDULED)[0], "Grpc.UNIMPLEMENTED")

    # --- what goes wrong ---

    def test_an_event_that_is_no_order_is_refused(self) -> None:
        sandbox = self.sandbox("receive-order")
        for event in ([], "order", 7, None, {}, {"order_id": ["12345"]}):
            with self.subTest(event=event):
                self.assertEqual(self.refused(sandbox, event)[0], "Grpc.INVALID_ARGUMENT")
        self.assertEqual(sandbox.invoke(b'{"order_id": "\xff"}').error_type, "Grpc.INVALID_ARGUMENT")

    def test_a_connection_that_did_not_outlive_the_freeze_is_replaced(self) -> None:
        sandbox = self.sandbox("receive-order")
        self.invoke(sandbox, ORDER)
        sandbox.drop_connection()
        self.assertEqual(self.invoke(sandbox, ORDER)["order_status"], "received")

    def test_a_database_that_cannot_be_reached_is_the_invocations_error(self) -> None:
        port = free_port()
        sandbox = self.sandbox("receive-order", ORDERFLOW_DATABASE=f"postgresql://u:hidden@127.0.0.1:{port}/orders")
        error, message = self.refused(sandbox, ORDER)
        self.assertEqual(error, "Grpc.UNAVAILABLE")
        self.assertIn(f"127.0.0.1:{port}/orders", message)
        self.assertNotIn("hidden", message + sandbox.output() + sandbox.errors())

    def test_a_missing_or_wrong_setting_is_the_initializations_error(self) -> None:
        for settings, named in (({"ORDERFLOW_DATABASE": ""}, "ORDERFLOW_DATABASE"),
                                ({"ORDERFLOW_DATABASE": "mysql://host/db"}, "mysql"),
                                ({"ORDERFLOW_LOG_LEVEL": "loud"}, "loud"),
                                ({"ORDERFLOW_DATABASE_CONNECTIONS": "many"}, "ORDERFLOW_DATABASE_CONNECTIONS"),
                                ({"_HANDLER": "Receive"}, "ReceiveOrder")):
            with self.subTest(**settings):
                sandbox = self.sandbox("receive-order", **settings)
                self.assertIsNotNone(sandbox.init_error)
                self.assertIn(named, sandbox.init_error.json["errorMessage"])
                self.assertEqual(sandbox.init_error.json["errorType"], "Grpc.INVALID_ARGUMENT")
                self.assertEqual(sandbox.process.returncode, 2)
                self.assertRegex(sandbox.errors(), rf"^orderflow-lambda-receive: .*{named}.*\n$")

    def test_a_runtime_api_that_answers_500_ends_the_process_with_one_line(self) -> None:
        class Broken(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_error(500)

            def log_message(self, format: str, *arguments) -> None:
                pass

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Broken) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            process = self.function("receive-order").spawn(f"127.0.0.1:{server.server_address[1]}",
                                                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            _, errors = process.communicate(timeout=90)
            server.shutdown()
        self.assertEqual(process.returncode, 1)
        self.assertRegex(errors, r"^orderflow-lambda-receive: the Runtime API answers .* with status 500\n$")

    # --- the packages ---

    @staticmethod
    def names(package: str) -> list[str]:
        with zipfile.ZipFile(DIRECTORY / f"{package}.zip") as archive:
            return archive.namelist()

    def test_a_package_is_below_ten_mebibytes_and_has_what_it_needs_only(self) -> None:
        for package in PACKAGES:
            with self.subTest(package):
                size, names = (DIRECTORY / f"{package}.zip").stat().st_size, self.names(package)
                print(f"{package}.zip: {size / (1 << 20):.2f} MiB, {len(names)} files", file=sys.stderr)
                self.assertLess(size, MAX_PACKAGE_BYTES)
                self.assertFalse([name for name in names if "grpc" in name])
                self.assertIn("bootstrap", names)

    def test_the_same_program_gives_the_same_package(self) -> None:
        directory = self.root()
        loader = next(Path(name).name for name in self.names("receive-order")
                      if name.startswith("lib/ld-"))
        for name in ("first.zip", "second.zip"):
            subprocess.run([sys.executable, str(PACKAGER), f"--output={directory / name}", f"--loader={loader}",
                            "--without=libldap-2.5.so.0", "--without=liblber-2.5.so.0",
                            str(DIRECTORY / "orderflow-lambda-receive"), str(PACKAGER)], check=True)
        self.assertEqual((directory / "first.zip").read_bytes(), (directory / "second.zip").read_bytes())

    def test_start_and_warm_times(self) -> None:
        for package in ("receive-order", "check-inventory", "charge-payment", "send-confirmation-email"):
            with self.subTest(package):
                function = self.function(package)
                Sandbox(function).close()  # makes the database
                busy, overhead = self.print_times(package, function)
                self.assertLess(busy, MAX_START_MS)
                self.assertLess(overhead, MAX_WARM_MS)

    def print_times(self, name: str, function: Function) -> tuple[float, float]:
        """In ms: the processor time of a start, and the overhead of the fastest warm call: all others may have waited for
        this machine's processors."""
        starts = []
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        for _ in range(20):
            sandbox = Sandbox(function)
            starts.append(sandbox.start_seconds * 1000)
            sandbox.close()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        busy = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000 / len(starts)
        sandbox = Sandbox(function)
        self.addCleanup(sandbox.close)
        # Refused before any database is asked: what is left is our overhead, and the emulator's.
        warm = [sandbox.invoke(b'{"quantity":-1}').seconds * 1000 for _ in range(300)]
        print(f"{name}: start to the first `next` {statistics.median(starts):.1f} ms (median of {len(starts)}, "
              f"{min(starts):.1f} to {max(starts):.1f}; {busy:.1f} ms of processor time), a warm call's overhead {statistics.median(warm):.3f} ms (median of {len(warm)}, from {min(warm):.3f})",
              file=sys.stderr)
        return busy, min(warm)


if __name__ == "__main__":
    unittest.main()
