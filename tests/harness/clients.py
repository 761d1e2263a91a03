"""Clients: `buf curl`, which knows nothing of us but what reflection tells it, curl for raw bytes, and our own CLI."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from harness.servers import BINARIES

BUF = os.environ.get("ORDERFLOW_BUF", str(Path(__file__).parents[2] / "build/tools/node_modules/.bin/buf"))


@dataclass
class Answer:
    """What a call answered: a message, or an error in gRPC's words."""

    message: dict = field(default_factory=dict)
    messages: list[dict] = field(default_factory=list)  # all of a stream
    code: str = "ok"
    text: str = ""
    details: list[dict] = field(default_factory=list)

    def violated_fields(self) -> set[str]:
        """The fields that a google.rpc.BadRequest names."""
        requests = [detail for detail in self.details if detail["type"] == "google.rpc.BadRequest"]
        return {wire_strings(violation)[1][0].decode() for request in requests
                for violation in wire_strings(detail_bytes(request)).get(1, [])}

    def reason(self) -> str:
        """The reason that a google.rpc.ErrorInfo gives."""
        return next((wire_strings(detail_bytes(detail))[1][0].decode() for detail in self.details
                     if detail["type"] == "google.rpc.ErrorInfo"), "")


def detail_bytes(detail: dict) -> bytes:
    text = detail["value"]
    return base64.b64decode(text + "=" * (-len(text) % 4))


def wire_strings(message: bytes) -> dict[int, list[bytes]]:
    """The length-delimited fields of a protobuf message that has no others, by number."""
    fields: dict[int, list[bytes]] = {}
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        key = varint()
        if key & 7 != 2:
            raise ValueError(f"field {key >> 3} is not length-delimited")
        length = varint()
        fields.setdefault(key >> 3, []).append(message[at:at + length])
        at += length
    return fields


def proto_names(value):
    """The same with all member names as in the proto files: buf prints order_id as orderId."""
    if isinstance(value, dict):
        return {re.sub("[A-Z]", lambda found: "_" + found[0].lower(), key): proto_names(member)
                for key, member in value.items()}
    return [proto_names(item) for item in value] if isinstance(value, list) else value


def call(address: str, method: str, request: dict | str, seconds: float = 60) -> Answer:
    """Calls a method ("orderflow.order.v1.OrderService/PlaceOrder") with buf curl and no proto files."""
    data = request if isinstance(request, str) else json.dumps(request)
    if not os.access(BUF, os.X_OK):
        raise RuntimeError(f"no buf at {BUF}; scripts/test installs it, or set ORDERFLOW_BUF")
    done = subprocess.run(
        [BUF, "curl", "--protocol", "grpc", "--http2-prior-knowledge", "--emit-defaults", "-d", "@-",
         f"http://{address}/{method}"],
        input=data, capture_output=True, text=True, timeout=seconds, check=False)
    messages = proto_names(_read_messages(done.stdout))
    if done.returncode == 0:
        return Answer(message=messages[-1] if messages else {}, messages=messages)
    return _error_answer(done.stderr, messages)


def _read_messages(text: str) -> list[dict]:
    decoder, messages, at = json.JSONDecoder(), [], 0
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        message, at = decoder.raw_decode(text, at)
        messages.append(message)
    return messages


def _error_answer(stderr: str, messages: list[dict]) -> Answer:
    start = stderr.find("{")
    try:
        error = json.loads(stderr[start:]) if start >= 0 else {}
    except json.JSONDecodeError:
        error = {}
    if "code" not in error:  # buf itself refused
        return Answer(messages=messages, code="client", text=stderr)
    return Answer(messages=messages, code=error["code"], text=error.get("message", ""), details=error.get("details", []))


def raw_call(address: str, method: str, payload: bytes) -> int:
    """Sends bytes as a gRPC message with curl; answers the grpc-status."""
    frame = b"\0" + len(payload).to_bytes(4, "big") + payload
    # curl loses an answer now and then that comes before it has ended its upload.
    for _ in range(20):
        done = subprocess.run(
            ["curl", "--silent", "--http2-prior-knowledge", "--max-time", "20", "-H", "content-type: application/grpc",
             "-H", "te: trailers", "--data-binary", "@-", "--output", "/dev/null", "--dump-header", "-",
             f"http://{address}/{method}"],
            input=frame, capture_output=True, check=False)
        for line in done.stdout.decode("latin-1").splitlines():
            if line.lower().startswith("grpc-status:"):
                return int(line.split(":", 1)[1])
    raise RuntimeError(f"no grpc-status for {method}")


def cli(arguments: list[str], environment: dict[str, str] | None = None,
        stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Runs `orderflow`."""
    return subprocess.run([str(BINARIES / "orderflow"), *arguments], input=stdin, capture_output=True, text=True,
                          timeout=120, check=False, env={**os.environ, **(environment or {})})


def metrics(address: str) -> str:
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=60) as response:
        return response.read().decode()
