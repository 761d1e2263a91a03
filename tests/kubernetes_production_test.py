"""The production overlay runs: played by podman, two of each service over PostgreSQL, every connection with TLS.

Of an installation's own, only what cannot be had here is different: payments are simulated and mails are files. Needs
PostgreSQL, by scripts/with-postgres, and what kubernetes_podman_test.py needs; ends with status 77 where that is missing.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

from harness.kubernetes_objects import release
from kubernetes_podman_test import PLAY, ROOT, SERVERS, SKIPPED, missing, orderflow, podman, run

SERVICES = tuple(server for server in SERVERS if server != "orchestrator")
POSTGRES = os.environ.get("ORDERFLOW_TEST_POSTGRES_DIRECTORY", "")
NETWORK = "orderflow-play"

KUSTOMIZATION = """
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: orderflow
resources: [{production}]
generatorOptions: {{disableNameSuffixHash: true}}
configMapGenerator:
  - name: payment
    behavior: merge
    literals: [ORDERFLOW_GATEWAY=simulated]
  - name: email
    behavior: merge
    literals: [ORDERFLOW_SMTP=, ORDERFLOW_MAILDIR=/tmp/mail]
secretGenerator:
  - {{name: payment-provider, literals: [secret-key=unused]}}
  - {{name: mail-server, literals: [password=unused]}}
"""
SECRETS_OF_A_SERVER = """
  - name: {server}-tls
    files: [tls.crt={server}.crt, tls.key={server}.key, ca.crt=ca.crt]
"""
SECRETS_OF_A_SERVICE = """
  - name: {server}-database
    literals: ["url={url}"]
"""


class Relay:
    """Leads connections from the pods' network to PostgreSQL's socket, which is a file."""

    def __init__(self, address: str):
        self._listener = socket.socket()
        # The address exists once the first pod is on the network.
        self._listener.setsockopt(socket.IPPROTO_IP, 15, 1)  # IP_FREEBIND
        self._listener.bind((address, 0))
        self._listener.listen(100)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server:
            server.connect(f"{POSTGRES}/.s.PGSQL.5432")
            answers = threading.Thread(target=self._copy, args=(server, client), daemon=True)
            answers.start()
            self._copy(client, server)
            answers.join()

    @staticmethod
    def _copy(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


def openssl(*arguments: str, folder: Path) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def make_certificates(folder: Path) -> None:
    """An authority, and for each server a certificate that holds for its short name only."""
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=test", folder=folder)
    for server in SERVERS:
        openssl("req", "-x509", *key, "-keyout", f"{server}.key", "-out", f"{server}.crt", "-subj", f"/CN={server}",
                "-CA", "ca.crt", "-CAkey", "ca.key", "-addext", "basicConstraints=critical,CA:FALSE",
                "-addext", f"subjectAltName=DNS:{server}", "-addext", "extendedKeyUsage=serverAuth,clientAuth",
                folder=folder)


def sql(database: str, text: str) -> str:
    return subprocess.run(["psql", "--host", POSTGRES, "--username", "orderflow", "--dbname", database, "--command",
                           text, "--tuples-only", "--no-align", "--no-psqlrc"],
                          check=True, capture_output=True, text=True).stdout.strip()


def play(overlay: Path, *arguments: str) -> None:
    done = run(PLAY, f"--overlay={overlay}", *arguments)
    if done.returncode:
        raise AssertionError(done.stderr)


class ProductionOverlayRuns(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if podman("pod", "ps", "--quiet", "--filter", f"network={NETWORK}"):
            raise AssertionError("scripts/podman-play runs already; end it: scripts/podman-play down --volumes")
        overlay = Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, overlay)
        if run("podman", "network", "exists", NETWORK).returncode:
            podman("network", "create", NETWORK)
        gateway = podman("network", "inspect", "--format", "{{(index .Subnets 0).Gateway}}", NETWORK).strip()
        relay = Relay(gateway)
        cls.addClassCleanup(relay.close)
        make_certificates(overlay)
        for service in SERVICES:
            sql("postgres", f"CREATE DATABASE {service}")
        cls.write_overlay(overlay, f"postgresql://orderflow@{gateway}:{relay.port}")
        cls.addClassCleanup(play, overlay, "down", "--volumes")
        play(overlay, "up")

    @staticmethod
    def write_overlay(overlay: Path, postgres: str) -> None:
        production = os.path.relpath(ROOT / "deploy/kubernetes/overlays/production", overlay.resolve())
        text = KUSTOMIZATION.format(production=production)
        text += "".join(SECRETS_OF_A_SERVER.format(server=server) for server in SERVERS)
        text += "".join(SECRETS_OF_A_SERVICE.format(server=server, url=f"{postgres}/{server}") for server in SERVICES)
        (overlay / "kustomization.yaml").write_text(text)

    def calls(self, pod: str, method: str) -> int:
        """How many calls of a method a pod has answered with OK."""
        container = f"{pod}-pod-0-server"
        # The image has no HTTP client but bash.
        text = podman("exec", container, "bash", "-c",
                      "exec 3<>/dev/tcp/127.0.0.1/9464; printf 'GET /metrics HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3")
        return sum(int(float(line.rsplit(" ", 1)[1])) for line in text.splitlines()
                   if line.startswith("grpc_server_handled_total{") and f'"{method}"' in line and '"OK"' in line)

    def test_orders_spread_over_replicas_and_survive_the_loss_of_one(self):
        done = orderflow("stock", "set", "sku-001", "100", "--price", "1999", "--currency", "EUR")
        self.assertEqual(done.returncode, 0, done.stderr)
        for number in range(20):
            self.place(f"{number}")
        self.assertEqual(sql("receive", "SELECT count(*) FROM received_order"), "20")
        self.assertEqual(sql("inventory", "SELECT available FROM stock"), "80")
        for service, method in (("receive", "ReceiveOrder"), ("inventory", "CheckInventory"),
                                ("payment", "ChargePayment"), ("email", "SendConfirmationEmail")):
            answered = [self.calls(pod, method) for pod in (service, f"{service}-1")]
            self.assertEqual(sum(answered), 20)
            self.assertGreater(min(answered), 0, f"{service} answered {answered}")

        for service in SERVICES:
            podman("pod", "rm", "--force", "--time", "0", f"{service}-pod-0")
        for number in range(20, 30):
            self.place(f"{number}")
        self.assertEqual(sql("inventory", "SELECT available FROM stock"), "70")

    def place(self, order: str) -> None:
        done = orderflow("order", "place", "--id", order, "--product", "sku-001", "--quantity", "1", "--email",
                         "user@example.com")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_who_has_no_certificate_is_refused(self):
        refused = run("podman", "run", "--rm", "--network", NETWORK, f"orderflow-cli:{release()}", "--tls",
                      "--timeout=5", "--address=orchestrator:50050", "order", "list")
        self.assertEqual(refused.returncode, 3, refused.stdout + refused.stderr)


if __name__ == "__main__":
    if lacking := missing():
        print(f"skipped: this needs {lacking}")
        sys.exit(SKIPPED)
    if not POSTGRES:
        os.execvp("bash", ["bash", str(ROOT / "scripts/with-postgres"), sys.executable, *sys.argv])
    unittest.main()
