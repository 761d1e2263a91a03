#!/usr/bin/env python3
"""Schemas: each step has its note in docs/upgrading.md, and no program touches a database newer than itself."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import tempfile
import unittest
from contextlib import closing
from pathlib import Path

from harness.servers import BINARIES, SERVICES, AllInOne, Cluster

UPGRADING = Path(__file__).parents[1] / "docs/upgrading.md"


def applied(path: Path) -> set[tuple[str, int]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return set(database.execute("SELECT owner, version FROM schema_migrations"))


def pretend_newer(path: Path, owner: str) -> int:
    """Notes one step more than there is; answers its version."""
    version = max(step for known, step in applied(path) if known == owner) + 1
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("INSERT INTO schema_migrations VALUES (?, ?, 0)", (owner, version))
    return version


class UpgradeTest(unittest.TestCase):
    def setUp(self) -> None:
        self.cluster = Cluster()
        self.addCleanup(self.cluster.close)
        self.cluster.start()
        for name in (*SERVICES, "orchestrator"):
            self.assertEqual(self.cluster[name].stop(), 0)
        self.databases = {"payment_gateway": self.cluster.directory / "payment.db.gateway"}
        for name in (*SERVICES, "orchestrator"):
            self.databases[name] = self.cluster.directory / f"{name}.db"

    def test_every_step_of_every_schema_has_its_note(self) -> None:
        steps = set().union(*(applied(path) for path in self.databases.values()))
        rows = re.findall(r"^\| `(\w+)` \| (\d+) \| (\d+\.\d+\.\d+) \| (\S.*?) \|$", UPGRADING.read_text(), re.MULTILINE)
        self.assertEqual({(owner, int(version)) for owner, version, _, _ in rows}, steps)
        self.assertEqual(len(rows), len(steps), "a step has two rows")

    def refusal(self, program: str, *flags: str) -> str:
        """Starts a program that must not start; answers its only line."""
        done = subprocess.run([str(BINARIES / program), "--listen=127.0.0.1:0", "--metrics_listen=", *flags],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        return done.stderr

    def test_a_program_refuses_a_database_that_a_newer_one_has_migrated(self) -> None:
        for owner, path in self.databases.items():
            with self.subTest(owner=owner):
                newer = pretend_newer(path, owner)
                before = path.read_bytes()
                name = "payment" if owner == "payment_gateway" else owner
                line = self.refusal(f"orderflow-{name}", *self.cluster[name].flags)
                self.assertTrue(line.startswith(f"orderflow-{name}: "), line)
                self.assertIn(f"the schema of {owner} has version {newer}, this program knows versions up to "
                              f"{newer - 1}: use a newer program", line)
                self.assertEqual(path.read_bytes(), before, "it wrote to a database that it does not understand")
                if owner == "payment_gateway":  # shares its process with payment, which comes next
                    with closing(sqlite3.connect(path)) as database, database:
                        database.execute("DELETE FROM schema_migrations WHERE version = ?", (newer,))

    def test_everything_in_one_process_refuses_it_as_well(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            everything = AllInOne(Path(directory)).start()
            self.addCleanup(everything.kill)
            self.assertEqual(everything.stop(), 0)
            newer = pretend_newer(everything.data / "email.db", "email")
            done = subprocess.run([str(BINARIES / "orderflow"), "up", f"--data={everything.data}", "--free_ports"],
                                  capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertEqual(done.stderr, f"orderflow: the schema of email has version {newer}, this program knows "
                                          f"versions up to {newer - 1}: use a newer program\n")


if __name__ == "__main__":
    unittest.main()
