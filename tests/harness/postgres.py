"""Databases of a test's own on the PostgreSQL server that ORDERFLOW_TEST_POSTGRES names."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.parse
from pathlib import Path

WITH_POSTGRES = Path(__file__).parents[2] / "scripts/with-postgres"


def ensure_server() -> None:
    """For a test's main: without a server, the test is run again with a private one."""
    if "ORDERFLOW_TEST_POSTGRES" not in os.environ:
        print(f"ORDERFLOW_TEST_POSTGRES is not set: going on under {WITH_POSTGRES}", flush=True)
        os.execv(WITH_POSTGRES, [str(WITH_POSTGRES), sys.executable, *sys.argv])


class Databases:
    """New databases, which close() removes."""

    def __init__(self) -> None:
        self._server = os.environ["ORDERFLOW_TEST_POSTGRES"]
        self._names: list[str] = []

    def create(self, purpose: str) -> str:
        """Answers the url of a new, empty one."""
        name = f"orderflow_test_{os.getpid()}_{purpose}"
        self._psql(self._server, f"CREATE DATABASE {name}")
        self._names.append(name)
        return urllib.parse.urlsplit(self._server)._replace(path="/" + name).geturl()

    def rows(self, url: str, sql: str) -> list[list[str]]:
        return [line.split("\t") for line in self._psql(url, sql).splitlines()]

    def close(self) -> None:
        for name in self._names:
            self._psql(self._server, f"DROP DATABASE {name} WITH (FORCE)")

    @staticmethod
    def _psql(url: str, sql: str) -> str:
        done = subprocess.run(["psql", "--no-psqlrc", "--no-align", "--tuples-only", "--quiet", "--field-separator=\t",
                               "--set=ON_ERROR_STOP=1", "--command", sql, url],
                              capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{sql}: {done.stderr}")
        return done.stdout
