"""A real Prometheus over the processes of a test, and what it is asked: Debian's package `prometheus`."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from harness.servers import free_port

MONITORING = Path(__file__).parents[2] / "deploy/monitoring"
START_SECONDS = 60


def program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise RuntimeError(f"no {name}: install the package prometheus")
    return path


def promtool(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run([program("promtool"), *arguments], input=stdin, capture_output=True, text=True, timeout=120,
                          check=False)


class Samples:
    """What one or several /metrics said: Prometheus' text format."""

    _SAMPLE = re.compile(r'^([a-z_:]+)(?:\{(.*)\})? (\S+)$')
    _LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')

    def __init__(self, *texts: str):
        self.types: dict[str, str] = {}
        self._values: dict[str, list[tuple[dict[str, str], float]]] = {}
        for line in (line for text in texts for line in text.splitlines()):
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                self.types[name] = kind
            elif found := self._SAMPLE.match(line):
                labels = dict(self._LABEL.findall(found[2] or ""))
                self._values.setdefault(found[1], []).append((labels, float(found[3])))

    def value(self, name: str, **labels: str) -> float:
        """The sum of all samples with this name and (at least) these labels; fails if there is none."""
        values = [value for has, value in self._values.get(name, []) if labels.items() <= has.items()]
        if not values:
            raise AssertionError(f"no {name} with {labels}")
        return sum(values)

    def label_values(self, name: str, label: str) -> list[str]:
        return [labels[label] for labels, _ in self._values.get(name, [])]

    def names(self) -> set[str]:
        """As expressions use them: a histogram has three."""
        return set(self.types) | {name + suffix for name, kind in self.types.items() if kind == "histogram"
                                  for suffix in ("_bucket", "_sum", "_count")}


def write_config(directory: Path, targets: dict[str, str]) -> Path:
    """A configuration that scrapes `targets` (job -> HOST:PORT) every second under the alerts that are shipped."""
    jobs = "".join(f"  - job_name: {job}\n    static_configs:\n      - targets: ['{address}']\n"
                   for job, address in targets.items())
    config = directory / "prometheus.yml"
    config.write_text("global:\n  scrape_interval: 1s\n  evaluation_interval: 1s\n"
                      f"rule_files:\n  - {MONITORING / 'alerts.yml'}\nscrape_configs:\n{jobs}")
    return config


class Prometheus:
    """A server with a configuration; its data go to `directory`."""

    def __init__(self, directory: Path, config: Path):
        self.address = f"127.0.0.1:{free_port()}"
        self._directory = directory
        self._config = config
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Prometheus":
        log_path = self._directory / "prometheus.log"
        with open(log_path, "wb") as log:
            self._process = subprocess.Popen(
                [program("prometheus"), f"--config.file={self._config}", f"--web.listen-address={self.address}",
                 f"--storage.tsdb.path={self._directory / 'tsdb'}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                with urllib.request.urlopen(f"http://{self.address}/-/ready", timeout=5):
                    return self
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"prometheus did not start: {log_path.read_text()}") from None
                time.sleep(0.05)

    def get(self, path: str, **parameters: str):
        query = urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(f"http://{self.address}/api/v1/{path}?{query}", timeout=60) as response:
            return json.load(response)["data"]

    def query(self, expression: str) -> list[dict]:
        """The result of an instant query; an expression that is wrong raises."""
        try:
            data = self.get("query", query=expression)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{expression}: {error.read().decode()}") from None
        return [data["result"]] if data["resultType"] == "scalar" else data["result"]

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
