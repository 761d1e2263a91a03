"""What scripts/certificates makes, and how servers and clients are told to use it."""

from __future__ import annotations

import socket
import ssl
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts/certificates"

# For `openssl ca`, which alone lets one choose both times.
AUTHORITY_SETTINGS = """
[ca]
default_ca = own
[own]
database = {directory}/index.txt
new_certs_dir = {directory}
rand_serial = yes
default_md = sha256
policy = any
[any]
commonName = supplied
"""


class Certificates:
    def __init__(self, directory: Path):
        self.directory = directory

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The script, with its options before the directory and names behind it."""
        options = [argument for argument in arguments if argument.startswith("-")]
        names = [argument for argument in arguments if not argument.startswith("-")]
        return subprocess.run([str(SCRIPT), *options, str(self.directory), *names], capture_output=True, text=True,
                              timeout=60, check=False)

    def make(self, *arguments: str) -> "Certificates":
        done = self.run(*arguments)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return self

    def files_of(self, *names: str) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for name in names for path in (self.certificate(name), self.key(name))}

    def certificate(self, name: str) -> Path:
        return self.directory / f"{name}.crt"

    def key(self, name: str) -> Path:
        return self.directory / f"{name}.key"

    def server_flags(self, name: str) -> list[str]:
        """mTLS; files are looked at as often as can be."""
        return [f"--tls_certificate={self.certificate(name)}", f"--tls_key={self.key(name)}",
                f"--tls_client_ca={self.certificate('ca')}", "--tls_reload_interval=1s"]

    def task_flags(self) -> list[str]:
        return [f"--task_tls_ca={self.certificate('ca')}", f"--task_tls_certificate={self.certificate('orchestrator')}",
                f"--task_tls_key={self.key('orchestrator')}"]

    def cli_flags(self, name: str = "client") -> list[str]:
        return ["--tls-ca", str(self.certificate("ca")), "--tls-cert", str(self.certificate(name)),
                "--tls-key", str(self.key(name))]

    def serial_shown_by(self, address: str) -> str:
        """The number of the certificate that a server shows to a new connection; it must hold for the address."""
        context = ssl.create_default_context(cafile=str(self.certificate("ca")))
        context.load_cert_chain(self.certificate("client"), self.key("client"))
        context.set_alpn_protocols(["h2"])
        host, port = address.rsplit(":", 1)
        with socket.create_connection((host, int(port)), timeout=60) as plain:
            with context.wrap_socket(plain, server_hostname=host) as connection:
                certificate = connection.getpeercert()
        assert certificate is not None
        return str(certificate["serialNumber"])

    def issue(self, name: str, start: str, end: str) -> None:
        """Another certificate, for the key of `orchestrator`, valid between two times (YYYYMMDDHHMMSSZ)."""
        settings = self.directory / "ca.settings"
        settings.write_text(AUTHORITY_SETTINGS.format(directory=self.directory))
        (self.directory / "index.txt").write_text("")
        request = self.directory / "request"
        for command in (
                ["req", "-new", "-key", str(self.key("orchestrator")), "-subj", f"/CN={name}", "-out", str(request)],
                ["ca", "-batch", "-notext", "-config", str(settings), "-cert", str(self.certificate("ca")),
                 "-keyfile", str(self.key("ca")), "-in", str(request), "-out", str(self.certificate(name)),
                 "-startdate", start, "-enddate", end]):
            subprocess.run(["openssl", *command], capture_output=True, timeout=60, check=True)
