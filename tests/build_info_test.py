#!/usr/bin/env python3
"""Version and build information: every program and every /metrics tell the same, and it is what the tree says."""

from __future__ import annotations

import json
import re
import subprocess
import unittest
from pathlib import Path

from harness import clients
from harness.prometheus import Samples
from harness.servers import BINARIES, SERVICES, Cluster

ROOT = Path(__file__).parents[1]
PROGRAMS = ("orderflow", "orderflow-orchestrator", *(f"orderflow-{name}" for name in SERVICES))
LINE = re.compile(r"^(\S+) (\S+) \(revision (\S+), (\S+ \S+), (\S+)\)\n$")


def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def version_of(program: str, *arguments: str) -> dict[str, str]:
    line = output(str(BINARIES / program), *arguments)
    found = LINE.match(line)
    assert found and found[1] == program, line
    return dict(zip(("version", "revision", "compiler", "build_type"), found.groups()[1:]))


class BuildInfoTest(unittest.TestCase):
    def test_every_program_tells_the_same(self) -> None:
        expected = version_of("orderflow", "version")
        for program in PROGRAMS:
            with self.subTest(program=program):
                self.assertEqual(version_of(program, "--version"), expected)
        self.assertEqual(version_of("orderflow", "up", "--version"), expected)
        self.assertEqual(json.loads(output(str(BINARIES / "orderflow"), "version", "--json")), expected)

    def test_the_version_is_the_one_in_the_tree(self) -> None:
        version = version_of("orderflow", "version")["version"]
        self.assertIn(f"project(orderflow VERSION {version} ", (ROOT / "CMakeLists.txt").read_text())
        self.assertEqual(output(str(ROOT / "scripts/version")), f"{version}\n")
        newest = re.search(r"^## \[(\S+)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
        self.assertEqual(newest[1], version, "the changelog's newest entry")

    def test_every_process_shows_it_as_a_metric(self) -> None:
        expected = version_of("orderflow", "version")
        cluster = Cluster()
        self.addCleanup(cluster.close)
        cluster.start()
        for name in (*SERVICES, "orchestrator"):
            with self.subTest(server=name):
                samples = Samples(clients.metrics(cluster[name].metrics_address))
                self.assertEqual(samples.value("orderflow_build_info", service=name, **expected), 1)


if __name__ == "__main__":
    unittest.main()
