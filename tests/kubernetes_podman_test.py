"""The local overlay runs: played by podman as rendered, orders go through, and data outlive processes and pods.

Needs root, podman, and the images in podman or docker; ends with status 77 (skipped, for CTest) where these are missing.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

from harness.kubernetes_objects import release

ROOT = Path(__file__).parents[1]
PLAY = ROOT / "scripts/podman-play"
SERVERS = ("orchestrator", "receive", "inventory", "payment", "email")
SETTINGS = ROOT / "build/podman-play.conf"  # that script's, for podman
SKIPPED = 77


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    settings = {"CONTAINERS_CONF": str(SETTINGS)} if SETTINGS.exists() else {}
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env={**os.environ, **settings})


def podman(*arguments: str) -> str:
    done = run("podman", *arguments)
    if done.returncode:
        raise AssertionError(f"podman {' '.join(arguments)}: {done.stderr}")
    return done.stdout


def orderflow(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line, in the orchestrator's container: as `kubectl exec orchestrator-0 -- orderflow ...`."""
    return run("podman", "exec", "orchestrator-pod-0-server", "orderflow", *arguments)


def process_of(server: str) -> tuple[int, str]:
    """Its container's process, and when that began."""
    process, started = podman("inspect", "--format", "{{.State.Pid}} {{.State.StartedAt}}",
                              f"{server}-pod-0-server").split(maxsplit=1)
    return int(process), started


class LocalOverlayRuns(unittest.TestCase):
    def play(self, *arguments: str) -> None:
        began = time.monotonic()
        done = run(PLAY, *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        print(f"{' '.join(arguments)}: {time.monotonic() - began:.1f} s")

    def setUp(self):
        self.assertEqual(podman("pod", "ps", "--quiet", "--filter", "network=orderflow-play"), "",
                         "pods of scripts/podman-play are there; remove them: scripts/podman-play down --volumes")
        self.addCleanup(run, PLAY, "down", "--volumes")
        self.play("up")

    def place(self, order: str) -> None:
        done = orderflow("order", "place", "--id", order, "--product", "sku-001", "--quantity", "2", "--email",
                         "user@example.com")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, f"Order {order}: CONFIRMED")

    def confirmed(self) -> set[str]:
        done = orderflow("--json", "order", "list", "--outcome", "confirmed")
        self.assertEqual(done.returncode, 0, done.stderr)
        return set(re.findall(r'"order_id":\s*"([^"]+)"', done.stdout))

    def taken(self) -> int:
        """How many of the product are reserved."""
        done = orderflow("--json", "stock", "list")
        self.assertEqual(done.returncode, 0, done.stderr)
        return next(int(product["reserved_quantity"]) for product in json.loads(done.stdout)["stock"]
                    if product["product_id"] == "sku-001")

    def test_orders_go_through_and_outlive_processes_and_pods(self):
        self.place("1")
        mails = podman("exec", "email-pod-0-server", "ls", "/data/mail/new").split()
        self.assertEqual(mails, ["1.eml"])

        # A process dies: it is started again in its pod, as a kubelet would.
        before = {server: process_of(server) for server in SERVERS}
        for process, _ in before.values():
            os.kill(process, signal.SIGKILL)
        self.await_restarts(before)
        self.play("up")
        self.assertEqual(self.confirmed(), {"1"})
        self.place("2")

        # Pods are thrown away without a farewell and made anew, as a controller would after the loss of a node.
        for server in SERVERS:
            podman("pod", "rm", "--force", "--time", "0", f"{server}-pod-0")
        self.play("up")
        self.assertEqual(self.confirmed(), {"1", "2"})
        # The same again is the same answer, not another reservation: every service still knows it.
        self.place("1")
        self.place("3")
        self.assertEqual(self.taken(), 3 * 2)

        # Down and up again.
        self.play("down")
        self.play("up")
        self.assertEqual(self.confirmed(), {"1", "2", "3"})

    def await_restarts(self, before: dict[str, tuple[int, str]]) -> None:
        end = time.monotonic() + 60
        while any(process_of(server)[0] in (0, before[server][0]) for server in SERVERS):
            self.assertLess(time.monotonic(), end, "not all containers were started again")
            time.sleep(0.1)


def missing() -> str:
    """What this machine lacks; empty if nothing."""
    if os.geteuid() != 0:
        return "root"
    if not shutil.which("podman"):
        return "podman"
    for server in (*SERVERS, "cli"):
        image = f"orderflow-{server}:{release()}"
        if not any(run(tool, *question).returncode == 0 for tool, question in (
                ("podman", ("image", "exists", f"localhost/{image}")),
                ("docker", ("image", "inspect", image))) if shutil.which(tool)):
            return f"the image {image}"
    return ""


if __name__ == "__main__":
    if lacking := missing():
        print(f"skipped: this needs {lacking}")
        sys.exit(SKIPPED)
    unittest.main()
