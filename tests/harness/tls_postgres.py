"""A PostgreSQL server of the tests' own that takes TLS only, on a port that the system chooses."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from harness.server_certificate import ServerCertificate
from harness.servers import free_port

PASSWORD = "p%40ss"  # "p@ss", as a URL has it


def programs() -> Path:
    candidates = [Path(os.environ.get("ORDERFLOW_POSTGRES_BIN", "/nonexistent")),
                  *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    found = [each for each in candidates if (each / "initdb").exists()]
    if not found:
        raise RuntimeError("no PostgreSQL server programs: install postgresql, or set ORDERFLOW_POSTGRES_BIN")
    return found[0]


class TlsPostgres:
    """Its certificate is signed by `authority`. PostgreSQL refuses to be root, so root starts it as `postgres`."""

    def __init__(self) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="orderflow-postgres-"))
        self.port = free_port()
        self._owner = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        self.authority = ServerCertificate(self._directory).authority
        (self._directory / "password").write_text("p@ss")
        self._directory.chmod(0o755)
        if self._owner:
            for path in (self._directory, *self._directory.iterdir()):
                os.chown(path, self._owner.pw_uid, self._owner.pw_gid)
        self._server = self._start()

    def url(self, database: str = "postgres", **settings: str) -> str:
        query = "&".join(f"{name}={value}" for name, value in settings.items())
        return f"postgresql://orderflow:{PASSWORD}@127.0.0.1:{self.port}/{database}?{query}"

    def query(self, sql: str) -> str:
        return subprocess.run([str(programs() / "psql"), "--quiet", "--no-align", "--tuples-only", "--dbname",
                               self.url(sslmode="require"), "--command", sql],
                              check=True, capture_output=True, text=True).stdout.strip()

    def _as_owner(self, command: list[str], **options):
        user = {"user": self._owner.pw_uid, "group": self._owner.pw_gid, "extra_groups": []} if self._owner else {}
        return subprocess.Popen(command, cwd=self._directory, stdin=subprocess.DEVNULL, **user, **options)

    def _start(self) -> subprocess.Popen[bytes]:
        with open(self._directory / "log", "wb") as log:
            if self._as_owner([str(programs() / "initdb"), "--pgdata=data", "--username=orderflow", "--encoding=UTF8",
                               "--no-locale", "--auth=scram-sha-256", "--pwfile=password"], stdout=log, stderr=log).wait():
                raise RuntimeError(f"initdb: {self._log()}")
            (self._directory / "data/pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 scram-sha-256\n")
            settings = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": "", "ssl": "on",
                        "ssl_cert_file": self._directory / "server.pem", "ssl_key_file": self._directory / "server.key",
                        "fsync": "off"}
            server = self._as_owner([str(programs() / "postgres"), "-D", "data",
                                     *(f"--{name}={value}" for name, value in settings.items())], stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while b"ready to accept connections" not in self._log().encode():
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL does not start: {self._log()}")
            time.sleep(0.05)
        return server

    def _log(self) -> str:
        return (self._directory / "log").read_text(errors="replace")

    def close(self) -> None:
        self._server.send_signal(signal.SIGINT)
        self._server.wait(60)
        shutil.rmtree(self._directory)
