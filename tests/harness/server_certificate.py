"""A server's certificate, made when a test runs and good for a day."""

from __future__ import annotations

import subprocess
from pathlib import Path


class ServerCertificate:
    """An authority, and a server at 127.0.0.1 that it vouches for, as PEM files in a directory."""

    def __init__(self, directory: Path):
        self._directory = directory
        self.authority, self.certificate, self.key = (directory / name for name in ("ca.pem", "server.pem", "server.key"))
        new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        self._openssl("req", "-x509", *new_key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "1", "-subj", "/CN=Test CA")
        self._openssl("req", *new_key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=127.0.0.1",
                      "-addext", "subjectAltName=IP:127.0.0.1")
        self._openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                      "-out", "server.pem", "-days", "1", "-copy_extensions", "copy")

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self._directory, check=True, capture_output=True)
