"""Namespaces of Linux, for tests that mount or need a network of their own: they need root or unprivileged user namespaces,
and a container gives its root neither unless it is told to."""

from __future__ import annotations

import os
import subprocess
import sys

SKIPPED = 77  # CTest's word for a test that this machine cannot run, as tests/CMakeLists.txt says
_INSIDE = "ORDERFLOW_TEST_IN_NAMESPACE"


def enter(*kinds: str) -> None:
    """Starts this program again in namespaces of its own, such as "mount" or "net", and answers there. Ends it as skipped
    where that is not possible."""
    if os.environ.get(_INSIDE):
        return
    wanted = [f"--{kind}" for kind in kinds]
    for flags in (wanted, ["--user", "--map-root-user", *wanted]):
        if subprocess.run(["unshare", *flags, "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0:
            os.environ[_INSIDE] = "1"
            os.execvp("unshare", ["unshare", *flags, sys.executable, *sys.argv])
    print(f"skipped: this needs namespaces of its own ({', '.join(kinds)}): root, or unprivileged user namespaces")
    sys.exit(SKIPPED)
