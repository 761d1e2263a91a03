"""Orderflow as containers: a Compose project of its own name and port, and what `docker` tells about it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from pathlib import Path

from harness.servers import SERVICES, free_port

ROOT = Path(__file__).parents[2]
VERSION = re.search(r"^project\(orderflow VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text(), re.MULTILINE)[1]
PROGRAMS = (*SERVICES, "orchestrator")
SQLITE = ["docker-compose.yml"]
POSTGRES = [*SQLITE, "docker-compose.postgres.yml"]


def run(command: list[str], seconds: float = 300, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=seconds, check=False,
                          stdin=subprocess.DEVNULL, **options)


def docker(*arguments: str, seconds: float = 300) -> str:
    """What a docker command that must succeed prints."""
    done = run(["docker", *arguments], seconds)
    if done.returncode != 0:
        raise RuntimeError(f"docker {' '.join(arguments)}: {done.stderr}")
    return done.stdout.strip()


def has_engine() -> bool:
    try:
        return run(["docker", "version", "--format", "{{.Server.Version}}"]).returncode == 0
    except FileNotFoundError:
        return False


def compose_command() -> list[str]:
    """Compose 2 where it is there, else 1."""
    return ["docker", "compose"] if run(["docker", "compose", "version"]).returncode == 0 else ["docker-compose"]


def image(name: str) -> str:
    return f"orderflow-{name}:{VERSION}"


class Project:
    """One Compose project. `close` removes its containers and its volumes."""

    def __init__(self, name: str, files: list[str], environment: dict[str, str] | None = None, options: tuple[str, ...] = ()):
        self.port = free_port()
        self.aws_port = free_port()
        self._environment = {**os.environ, "COMPOSE_PROJECT_NAME": f"orderflow-test-{os.getpid()}-{name}",
                             "ORDERFLOW_PORT": str(self.port), "ORDERFLOW_AWS_PORT": str(self.aws_port),
                             "ORDERFLOW_VERSION": VERSION, **(environment or {})}
        self._command = [*compose_command(), *options, *(part for file in files for part in ("-f", str(file)))]

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def try_compose(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run([*self._command, *arguments], env=self._environment)

    def compose(self, *arguments: str) -> str:
        done = self.try_compose(*arguments)
        if done.returncode != 0:
            raise RuntimeError(f"compose {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    def up(self, *more: str) -> None:
        self.compose("up", "-d", "--no-build", *more)

    def cli(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.try_compose("run", "--rm", "-T", "cli", *arguments)

    def containers(self, service: str) -> list[str]:
        return self.compose("ps", "-q", service).split()

    def container(self, service: str) -> str:
        [container] = self.containers(service)
        return container

    def execute(self, service: str, *command: str) -> subprocess.CompletedProcess[str]:
        return run(["docker", "exec", self.container(service), *command])

    def close(self) -> None:
        self.try_compose("down", "--volumes", "--timeout", "30")


def state(container: str) -> dict:
    """Running, Pid, ExitCode, Health, and RestartCount."""
    [details] = json.loads(docker("inspect", container))
    return {**details["State"], "RestartCount": details["RestartCount"]}


def is_healthy(container: str) -> bool:
    now = state(container)
    return now["Running"] and now.get("Health", {}).get("Status") == "healthy"


def network_address(container: str) -> str:
    [details] = json.loads(docker("inspect", container))
    [network] = details["NetworkSettings"]["Networks"].values()
    return network["IPAddress"]


def kill_process(container: str) -> None:
    """SIGKILL as from a crash: unlike `docker kill`, it leaves the restart policy in force."""
    pid = state(container)["Pid"]
    docker("run", "--rm", "--network", "none", "--pid", "host", "--user", "0", "--entrypoint", "sh", image("cli"), "-c",
           f"kill -KILL {pid}")


def wait_until(what: str, condition, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds} s: not {what}")
        time.sleep(0.2)


def image_or_stand_in(official: str, name: str) -> str:
    """The official image where it is there or can be pulled, else one of Debian's packages with the same interface."""
    if run(["docker", "image", "inspect", official]).returncode == 0 or run(["docker", "pull", official]).returncode == 0:
        return official
    stand_in = f"orderflow-test-{name}"
    print(f"{official} cannot be pulled; {stand_in} stands in for it", flush=True)
    docker("build", "--tag", stand_in, str(ROOT / "tests/compose_images" / name), seconds=600)
    return stand_in
