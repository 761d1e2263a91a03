#!/usr/bin/env python3
"""scripts/certificates makes what all servers and a client need for mTLS, and renews it while they run."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from harness import clients
from harness.certificates import Certificates
from harness.servers import SERVICES, Cluster

SERVERS = (*SERVICES, "orchestrator")


class CertificatesTest(unittest.TestCase):
    def setUp(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="orderflow-certificates-"))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.certificates = Certificates(self.directory / "tls")

    def test_keys_are_their_owners_alone_and_all_are_signed(self) -> None:
        self.certificates.make()
        self.assertEqual({path.name for path in self.certificates.directory.iterdir()}, {f"{name}.{kind}" for name in (*SERVERS, "client", "ca") for kind in ("crt", "key")})
        for path in self.certificates.directory.iterdir():
            self.assertEqual(path.stat().st_mode & 0o777, 0o600 if path.suffix == ".key" else 0o644, path)
        for name in (*SERVERS, "client"):
            subprocess.run(["openssl", "verify", "-CAfile", self.certificates.certificate("ca"),
                            self.certificates.certificate(name)], check=True, capture_output=True)

    def test_names_of_containers_and_of_a_cluster_are_in_it(self) -> None:
        self.certificates.make("--namespace=shop", "--host=10.1.2.3", "--host=orders.example", "inventory")
        for name in ("localhost", "inventory", "inventory.shop.svc.cluster.local", "orders.example"):
            self.assertIn("does match", self.openssl_check("-checkhost", name))
        for address in ("127.0.0.1", "::1", "10.1.2.3"):
            self.assertIn("does match", self.openssl_check("-checkip", address))
        self.assertIn("does NOT match", self.openssl_check("-checkhost", "payment"))

    def test_a_further_name_is_added_and_stays(self) -> None:
        self.certificates.make("--days=1", "inventory").make("--days=1", "--host=orders.example", "inventory")
        self.assertIn("does match", self.openssl_check("-checkhost", "orders.example"))
        before = self.certificates.files_of("inventory")
        self.certificates.make("--renew", "inventory")
        self.assertNotEqual(self.certificates.files_of("inventory"), before)
        for name in ("orders.example", "localhost", "inventory.orderflow.svc"):
            self.assertIn("does match", self.openssl_check("-checkhost", name))
        self.assertIn("does match", self.openssl_check("-checkip", "::1"))

    def openssl_check(self, option: str, name: str) -> str:
        return subprocess.run(["openssl", "x509", "-noout", "-in", self.certificates.certificate("inventory"), option, name],
                              capture_output=True, text=True, check=True).stdout

    def test_what_is_there_stays_and_what_is_missing_or_foreign_is_made(self) -> None:
        first = self.certificates.make("--days=1", "email", "receive").files_of("email", "receive", "ca")
        self.certificates.certificate("email").unlink()
        second = self.certificates.make("email", "receive").files_of("email", "receive", "ca")
        self.assertEqual({name for name in first if first[name] != second[name]}, {"email.crt"})
        self.certificates.key("ca").unlink()
        third = self.certificates.make("email", "receive").files_of("email", "receive", "ca")
        self.assertEqual({name for name in second if second[name] != third[name]},
                         {"ca.key", "ca.crt", "email.crt", "receive.crt"})

    def test_renewing_takes_what_runs_out_and_keeps_the_keys(self) -> None:
        first = self.certificates.make("--days=1", "email").make("--days=30", "receive").files_of("email", "receive", "ca")
        second = self.certificates.make("--renew", "email", "receive").files_of("email", "receive", "ca")
        self.assertEqual({name for name in first if first[name] != second[name]}, {"email.crt"})

    def test_mistakes_are_named(self) -> None:
        for arguments, problem in ((("--days=0",), "--days"), (("--namespace=a b",), "--namespace"), (("Email",), "Email"),
                                   (("--host=a b",), "--host"), (("ca",), "authority")):
            done = self.certificates.run(*arguments)
            self.assertEqual((done.returncode, done.stderr.count("\n")), (1, 1), done.stderr)
            self.assertIn(problem, done.stderr)
        self.assertEqual(self.certificates.run("--nonsense").returncode, 64)


class MutualTlsTest(unittest.TestCase):
    def setUp(self) -> None:
        directory = Path(tempfile.mkdtemp(prefix="orderflow-certificates-"))
        self.addCleanup(shutil.rmtree, directory, ignore_errors=True)
        self.certificates = Certificates(directory).make("--days=1")
        self.cluster = Cluster(self.certificates)
        self.addCleanup(self.cluster.close)
        self.cluster.start()

    def place(self, order_id: str, tls: list[str]) -> subprocess.CompletedProcess[str]:
        return clients.cli([*tls, "--address", self.cluster["orchestrator"].address, "--timeout", "10", "--json", "order",
                            "place", "--id", order_id, "--product", "sku-001", "--quantity", "1", "--email", "user@example.com"])

    def assert_confirmed(self, done: subprocess.CompletedProcess[str]) -> None:
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("OUTCOME_CONFIRMED", json.dumps(json.loads(done.stdout)))

    def test_five_servers_trust_each_other_and_nobody_else(self) -> None:
        self.assert_confirmed(self.place("tls-1", self.certificates.cli_flags()))
        for stranger in ([], ["--tls-ca", str(self.certificates.certificate("ca"))]):
            done = self.place("tls-2", stranger)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("UNAVAILABLE", done.stdout + done.stderr)
        found = self.place("tls-2", self.certificates.cli_flags())
        self.assert_confirmed(found)

    def test_renewed_certificates_are_taken_up_without_a_restart(self) -> None:
        addresses = {name: self.cluster[name].address for name in SERVERS}
        before = {name: self.certificates.serial_shown_by(address) for name, address in addresses.items()}
        self.certificates.make("--renew")
        deadline = time.monotonic() + 60
        for name, address in addresses.items():
            while self.certificates.serial_shown_by(address) == before[name]:
                self.assertLess(time.monotonic(), deadline, f"{name} still shows its old certificate")
                time.sleep(0.05)
        self.assertTrue(all(self.cluster[name].is_running() for name in SERVERS))
        self.assert_confirmed(self.place("tls-3", self.certificates.cli_flags()))


if __name__ == "__main__":
    unittest.main()
