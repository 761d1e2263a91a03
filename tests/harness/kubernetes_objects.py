"""What kustomize renders, and what a cluster would make of it: who selects whom, who may talk to whom."""

from __future__ import annotations

import ipaddress
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import yaml

from harness.kubernetes_api import TOOLS

ROOT = Path(__file__).parents[2]
OVERLAYS = ROOT / "deploy/kubernetes/overlays"
WORKLOADS = ("Deployment", "StatefulSet")


def release() -> str:
    """The version of Orderflow."""
    return re.search(r"project\(orderflow VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]


def render(overlay: str, version: str) -> str:
    """The overlay's objects as YAML, by kubectl of that version."""
    kubectl = TOOLS / version / "kubectl"
    if not kubectl.exists():
        raise RuntimeError(f"no kubectl at {kubectl}; scripts/kubernetes-tools fetches it")
    return subprocess.run([kubectl, "kustomize", OVERLAYS / overlay], capture_output=True, text=True, check=True).stdout


def matches(selector: dict, labels: dict) -> bool:
    """Whether a label selector selects something with these labels."""
    for expression in selector.get("matchExpressions", []):
        if expression["operator"] != "In":
            raise ValueError(f"the operator {expression['operator']} is not known here")
        if labels.get(expression["key"]) not in expression["values"]:
            return False
    return selector.get("matchLabels", {}).items() <= labels.items()


def seconds(duration: str) -> float:
    """Of a duration as the servers' settings have it, in one unit: "30s"."""
    number, unit = re.fullmatch(r"([\d.]+)(ms|s|m|h)", duration).groups()
    return float(number) * {"ms": 0.001, "s": 1, "m": 60, "h": 3600}[unit]


class Workload:
    """A Deployment or StatefulSet with one container, and the settings that reach it."""

    def __init__(self, item: dict, config_maps: dict[str, dict]):
        self.item = item
        self.kind, self.name, self.spec = item["kind"], item["metadata"]["name"], item["spec"]
        self.labels = self.spec["template"]["metadata"]["labels"]
        self.pod = self.spec["template"]["spec"]
        (self.container,) = self.pod["containers"]
        self.settings: dict[str, str] = {}
        for source in self.container.get("envFrom", []):
            self.settings |= config_maps[source["configMapRef"]["name"]]["data"]
        self.settings |= {variable["name"]: variable["value"] for variable in self.container.get("env", [])}

    def port(self, name: str | int) -> int | None:
        """The number of a port that the container declares, by name or number."""
        return next((port["containerPort"] for port in self.container["ports"]
                     if name in (port["name"], port["containerPort"])), None)

    def claims(self) -> set[str]:
        """The names of the volumes that outlive the pod, as the pod calls them."""
        templates = {claim["metadata"]["name"] for claim in self.spec.get("volumeClaimTemplates", [])}
        return templates | {volume["name"] for volume in self.pod["volumes"] if "persistentVolumeClaim" in volume}


@dataclass(frozen=True)
class Outsider:
    """Somebody on the network who is not part of the installation: a pod elsewhere, or an address."""

    name: str
    labels: tuple[tuple[str, str], ...] = ()
    namespace: tuple[tuple[str, str], ...] = ()
    address: str = ""


class Rendering:
    """The objects of one overlay."""

    def __init__(self, text: str):
        self.objects: list[dict] = list(yaml.safe_load_all(text))
        self.config_maps = {item["metadata"]["name"]: item for item in self.of_kind("ConfigMap")}
        self.workloads = {item["metadata"]["name"]: Workload(item, self.config_maps)
                          for item in self.objects if item["kind"] in WORKLOADS}

    def of_kind(self, kind: str) -> list[dict]:
        return [item for item in self.objects if item["kind"] == kind]

    def names(self, kind: str) -> set[str]:
        return {item["metadata"]["name"] for item in self.of_kind(kind)}

    def selected(self, selector: dict) -> list[Workload]:
        return [workload for workload in self.workloads.values() if matches(selector, workload.labels)]

    def may_connect(self, source: Workload | Outsider, target: Workload | Outsider, port: int,
                    protocol: str = "TCP") -> bool:
        """Whether NetworkPolicies let `source` out to the target, and the target in."""
        return (self._allows(source, "Egress", "to", target, port, protocol)
                and self._allows(target, "Ingress", "from", source, port, protocol))

    def _allows(self, subject: Workload | Outsider, direction: str, peers: str, peer: Workload | Outsider, port: int,
                protocol: str) -> bool:
        if isinstance(subject, Outsider):
            return True
        policies = [policy["spec"] for policy in self.of_kind("NetworkPolicy")
                    if direction in policy["spec"]["policyTypes"]
                    and matches(policy["spec"]["podSelector"], subject.labels)]
        rules = [rule for policy in policies for rule in policy.get(direction.lower(), [])]
        return not policies or any(
            any(is_peer(one, peer) for one in rule[peers])
            and any(allowed["port"] == port and allowed["protocol"] == protocol for allowed in rule["ports"])
            for rule in rules)


def is_peer(peer: dict, somebody: Workload | Outsider) -> bool:
    """Whether a NetworkPolicyPeer means somebody."""
    if block := peer.get("ipBlock"):
        return isinstance(somebody, Outsider) and bool(somebody.address) and in_block(block, somebody.address)
    if isinstance(somebody, Outsider):
        return ("namespaceSelector" in peer and bool(somebody.namespace)
                and matches(peer["namespaceSelector"], dict(somebody.namespace))
                and matches(peer.get("podSelector", {}), dict(somebody.labels)))
    namespace = peer.get("namespaceSelector", {})
    return (matches(namespace, {"kubernetes.io/metadata.name": "orderflow"})
            and matches(peer.get("podSelector", {}), somebody.labels))


def in_block(block: dict, address: str) -> bool:
    ip = ipaddress.ip_address(address)
    return ip in ipaddress.ip_network(block["cidr"]) and not any(
        ip in ipaddress.ip_network(part) for part in block.get("except", []))
