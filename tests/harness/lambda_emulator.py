"""AWS Lambda on this machine, as far as our functions can tell: sandboxes with the Runtime API around packaged functions,
and the Invoke endpoint in front of them. By hand, with the functions' settings in the environment:

    ORDERFLOW_DATABASE=... python3 tests/harness/lambda_emulator.py --port 9001 build/release/lambda
"""

from __future__ import annotations

import argparse
import contextlib
import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import uuid
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

# Package -> handler; the function's name is the handler's with "Function" behind it.
PACKAGES = {
    "receive-order": "ReceiveOrder",
    "check-inventory": "CheckInventory",
    "charge-payment": "ChargePayment",
    "send-confirmation-email": "SendConfirmationEmail",
    "release-reservation": "ReleaseReservation",
    "refund-payment": "RefundPayment",
}
ARN_PREFIX = "arn:aws:lambda:us-east-1:123456789012:function:"
MAX_EVENT_BYTES = 6 << 20
START_SECONDS = 30  # Lambda gives ten, on a machine that is not busy with something else


class SandboxGone(Exception):
    """The function's process has ended or does not answer; the message is what it said last."""


def unpack(package: Path, task_root: Path) -> Path:
    """What Lambda does with a package: files with their permissions in /var/task."""
    with zipfile.ZipFile(package) as archive:
        for entry in archive.infolist():
            path = Path(archive.extract(entry, task_root))
            path.chmod(entry.external_attr >> 16 & 0o777)
    return task_root


def libraries_loader(task_root: Path) -> Path:
    [loader] = (task_root / "lib").glob("ld-*")
    return loader


def text_of(file) -> str:
    """All that somebody else has written into an open file."""
    return os.pread(file.fileno(), 1 << 20, 0).decode(errors="replace")


@dataclass
class Function:
    """A deployed function. Its package lies unpacked in `task_root`; with `root`, which must contain it as var/task, the
    process sees nothing else of this machine (needs to be root). Without, the package's own loader starts it in place."""

    handler: str
    task_root: Path
    environment: dict[str, str] = field(default_factory=dict)
    root: Path | None = None
    timeout: float = 30
    concurrency: int = 10
    arguments: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.handler}Function"

    @property
    def arn(self) -> str:
        return ARN_PREFIX + self.name

    def spawn(self, runtime_api: str, **popen_options) -> subprocess.Popen[bytes]:
        task_root = "/var/task" if self.root else str(self.task_root)
        environment = {"_HANDLER": self.handler, "AWS_LAMBDA_RUNTIME_API": runtime_api, "LAMBDA_TASK_ROOT": task_root,
                       "AWS_LAMBDA_FUNCTION_NAME": self.name, "AWS_REGION": "us-east-1", "TZ": ":UTC",
                       **self.environment}
        bootstrap = f"{task_root}/bootstrap"
        if self.root is None:
            command = [str(libraries_loader(self.task_root)), "--library-path", f"{task_root}/lib", bootstrap]
            return subprocess.Popen([*command, *self.arguments], env=environment, cwd=task_root, **popen_options)
        root = self.root

        def enter() -> None:
            os.chroot(root)
            os.chdir("/var/task")

        return subprocess.Popen([bootstrap, *self.arguments], env=environment, preexec_fn=enter, **popen_options)


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Outcome:
    payload: bytes
    failed: bool = False
    error_type: str = ""  # as the header says
    seconds: float = 0.0  # from the event's last byte to the answer's

    @property
    def json(self) -> dict:
        return json.loads(self.payload)


class Sandbox:
    """One process and its Runtime API. Between invocations the process is stopped, as Lambda freezes a sandbox: what a
    function leaves to a thread of its own does not happen. One thread at a time."""

    def __init__(self, function: Function, freeze: bool = True):
        self.function = function
        self.start_seconds = 0.0
        self._freeze = freeze
        self._connection: socket.socket | None = None
        self._buffer = b""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._errors = tempfile.TemporaryFile()
        self._output = tempfile.TemporaryFile()
        started = time.perf_counter()
        self.process = function.spawn(f"127.0.0.1:{self._listener.getsockname()[1]}", stdin=subprocess.DEVNULL,
                                      stdout=self._output, stderr=self._errors)
        try:
            request = self._read(time.monotonic() + START_SECONDS)
            self.start_seconds = time.perf_counter() - started
            self.init_error = self._init_error(request)
        except SandboxGone:
            self.close()
            raise
        if self.init_error:
            self.close()

    def _init_error(self, request: Request) -> Outcome | None:
        if request.path.endswith("/init/error"):
            self._reply(202)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
            return Outcome(request.body, failed=True,
                           error_type=request.headers.get("lambda-runtime-function-error-type", ""))
        self._expect_next(request)
        return None

    def _expect_next(self, request: Request) -> None:
        if (request.method, request.path) != ("GET", "/2018-06-01/runtime/invocation/next"):
            raise SandboxGone(f"asked for {request.method} {request.path} and not for the next invocation")
        self._signal(signal.SIGSTOP)

    def _signal(self, number: signal.Signals) -> None:
        if self._freeze and self.process.poll() is None:
            self.process.send_signal(number)

    def invoke(self, event: bytes, request_id: str = "", trace_id: str = "", timeout: float | None = None) -> Outcome:
        request_id = request_id or str(uuid.uuid4())
        seconds = self.function.timeout if timeout is None else timeout
        headers = {"Lambda-Runtime-Aws-Request-Id": request_id, "Lambda-Runtime-Trace-Id": trace_id,
                   "Lambda-Runtime-Deadline-Ms": str(int((time.time() + seconds) * 1000)),
                   "Lambda-Runtime-Invoked-Function-Arn": self.function.arn}
        self._signal(signal.SIGCONT)
        self._reply(200, headers, event)
        sent = time.perf_counter()
        answer = self._read(time.monotonic() + seconds)
        took = time.perf_counter() - sent
        self._reply(202)
        prefix = f"/2018-06-01/runtime/invocation/{request_id}/"
        if answer.method != "POST" or answer.path not in (prefix + "response", prefix + "error"):
            raise SandboxGone(f"answered {answer.method} {answer.path}")
        outcome = Outcome(answer.body, answer.path.endswith("error"),
                          answer.headers.get("lambda-runtime-function-error-type", ""), took)
        self._expect_next(self._read(time.monotonic() + START_SECONDS))
        return outcome

    def _reply(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        assert self._connection is not None
        lines = [f"HTTP/1.1 {status} Status", f"Content-Length: {len(body)}", "Content-Type: application/json",
                 *(f"{name}: {value}" for name, value in (headers or {}).items()), "", ""]
        self._connection.sendall("\r\n".join(lines).encode() + body)

    def _read(self, deadline: float) -> Request:
        """The next request, over this connection or a new one."""
        try:
            while b"\r\n\r\n" not in self._buffer:
                self._receive(deadline)
            head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
            first, *lines = head.decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
            length = int(headers.get("content-length", "0"))
            while len(self._buffer) < length:
                self._receive(deadline)
        except OSError as error:
            raise SandboxGone(f"{self._last_words()} ({error})") from error
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        method, path, _ = first.split(" ")
        return Request(method, path, headers, body)

    def _receive(self, deadline: float) -> None:
        if self._connection is None:
            self._connection = self._accept(deadline)
            self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection.settimeout(max(deadline - time.monotonic(), 0.001))
        data = self._connection.recv(1 << 16)
        if data:
            self._buffer += data
        else:
            self._connection.close()
            self._connection, self._buffer = None, b""

    def _accept(self, deadline: float) -> socket.socket:
        self._listener.settimeout(0.05)
        while True:
            try:
                return self._listener.accept()[0]
            except TimeoutError:
                if self.process.poll() is not None:
                    raise SandboxGone(f"ended with status {self.process.returncode}: {self._last_words()}") from None
                if time.monotonic() > deadline:
                    raise SandboxGone(f"does not connect: {self._last_words()}") from None

    def drop_connection(self) -> None:
        """As when a sandbox was frozen for so long that its connections are no more. The process must be waiting for an
        invocation; it asks again over a new connection."""
        assert self._connection is not None
        self._signal(signal.SIGCONT)
        self._connection.close()
        self._connection, self._buffer = None, b""
        self._expect_next(self._read(time.monotonic() + START_SECONDS))

    def _last_words(self) -> str:
        return self.errors().strip() or "it said nothing"

    def errors(self) -> str:
        return self._said[1] if self._errors.closed else text_of(self._errors)

    def output(self) -> str:
        return self._said[0] if self._output.closed else text_of(self._output)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._said = (self.output(), self.errors())
        for each in (self._connection, self._listener, self._output, self._errors):
            if each is not None:
                each.close()


class Pool:
    """The sandboxes of one function: one per invocation that is under way, kept for the next one."""

    def __init__(self, function: Function):
        self.function = function
        self._lock = threading.Lock()
        self._idle: list[Sandbox] = []
        self._busy = 0

    def invoke(self, event: bytes, trace_id: str) -> Outcome | None:
        """None: as many are under way as may be."""
        with self._lock:
            if self._busy >= self.function.concurrency:
                return None
            self._busy += 1
            sandbox = self._idle.pop() if self._idle else None
        try:
            outcome, sandbox = self._invoke(sandbox, event, trace_id)
        finally:
            with self._lock:
                self._busy -= 1
        if sandbox is not None:
            with self._lock:
                self._idle.append(sandbox)
        return outcome

    def _invoke(self, sandbox: Sandbox | None, event: bytes, trace_id: str) -> tuple[Outcome, Sandbox | None]:
        try:
            sandbox = sandbox or Sandbox(self.function)
            if sandbox.init_error:
                return sandbox.init_error, None
            return sandbox.invoke(event, trace_id=trace_id), sandbox
        except SandboxGone as gone:
            timed_out = sandbox is not None and sandbox.process.poll() is None
            if sandbox is not None:
                sandbox.close()
            error = "Sandbox.Timedout" if timed_out else "Runtime.ExitError"
            return Outcome(json.dumps({"errorType": error, "errorMessage": str(gone)}).encode(), failed=True), None

    def close(self) -> None:
        for sandbox in self._idle:
            sandbox.close()


class Emulator:
    """The Invoke endpoint, POST /2015-03-31/functions/NAME_OR_ARN/invocations, at `url`."""

    def __init__(self, functions: list[Function], port: int = 0):
        self._pools = {function.name: Pool(function) for function in functions}
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        for pool in self._pools.values():
            pool.close()

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        pools = self._pools

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                parts = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path).split("/")
                if len(parts) != 5 or parts[1:3] != ["2015-03-31", "functions"] or parts[4] != "invocations":
                    return self.refuse(404, "UnknownOperationException", f"no such operation: {self.path}")
                name = parts[3].removeprefix(ARN_PREFIX)
                if name not in pools:
                    return self.refuse(404, "ResourceNotFoundException", f"Function not found: {ARN_PREFIX}{name}")
                if self.headers.get("X-Amz-Invocation-Type", "RequestResponse") != "RequestResponse":
                    return self.refuse(400, "InvalidParameterValueException", "only RequestResponse is emulated")
                self.invoke(pools[name], body)

            def invoke(self, pool: Pool, body: bytes) -> None:
                if len(body) > MAX_EVENT_BYTES:
                    return self.refuse(413, "RequestTooLargeException", f"larger than {MAX_EVENT_BYTES} bytes")
                try:
                    json.loads(body or b"{}")
                except ValueError as error:
                    return self.refuse(400, "InvalidRequestContentException", f"Could not parse request body into json: {error}")
                outcome = pool.invoke(body or b"{}", self.headers.get("X-Amzn-Trace-Id", ""))
                if outcome is None:
                    return self.refuse(429, "TooManyRequestsException", "Rate Exceeded.",
                                       Reason="ReservedFunctionConcurrentInvocationLimitExceeded")
                self.answer(200, {"X-Amz-Executed-Version": "$LATEST",
                                  **({"X-Amz-Function-Error": "Unhandled"} if outcome.failed else {})}, outcome.payload)

            def refuse(self, status: int, error: str, message: str, **members: str) -> None:
                body = json.dumps({"Type": "User", "message": message, **members}).encode()
                self.answer(status, {"X-Amzn-ErrorType": error}, body)

            def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
                self.send_response(status)
                for name, value in {**headers, "Content-Type": "application/json", "Content-Length": str(len(body)),
                                    "X-Amzn-RequestId": str(uuid.uuid4())}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *arguments) -> None:
                pass

        return Handler


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", type=Path, help="the folder with the zips")
    parser.add_argument("--port", type=int, default=9001)
    arguments = parser.parse_args()
    settings = {name: value for name, value in os.environ.items() if name.startswith("ORDERFLOW_")}
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with contextlib.ExitStack() as stack, contextlib.suppress(KeyboardInterrupt):
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="orderflow-lambda-")))
        functions = [Function(handler, unpack(arguments.packages / f"{package}.zip", directory / package), settings)
                     for package, handler in PACKAGES.items()]
        emulator = Emulator(functions, arguments.port)
        stack.callback(emulator.close)
        print(emulator.url, *(function.arn for function in functions), sep="\n", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
