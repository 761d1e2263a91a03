"""Kubernetes' published API, as a generated client has it: which members an object has and must have, of what types."""

from __future__ import annotations

import json
import re
from pathlib import Path

TOOLS = Path(__file__).parents[2] / "build/tools/kubernetes"
VERSIONS = ("1.32", "1.36")  # the oldest and the newest that deploy/kubernetes is made for

# Where each kind is served, in all of VERSIONS.
API_VERSIONS = {
    "ConfigMap": "v1",
    "Deployment": "apps/v1",
    "HorizontalPodAutoscaler": "autoscaling/v2",
    "Namespace": "v1",
    "NetworkPolicy": "networking.k8s.io/v1",
    "PersistentVolumeClaim": "v1",
    "Pod": "v1",
    "PodDisruptionBudget": "policy/v1",
    "Service": "v1",
    "ServiceAccount": "v1",
    "StatefulSet": "apps/v1",
}

PRIMITIVES = {"string": str, "number": (int, float), "boolean": bool}
MODEL = re.compile(r"V\d\w*")
ARRAY = re.compile(r"Array<(.+)>")
MAP = re.compile(r"\{ \[key: string\]: (.+); \}")


class Api:
    """One version's API. `violations` is the only question it answers."""

    def __init__(self, version: str):
        self._folder = TOOLS / version / "api"
        if not self._folder.is_dir():
            raise RuntimeError(f"no API of Kubernetes {version} in {self._folder}; scripts/kubernetes-tools fetches it")
        self._models: dict[str, dict[str, tuple[str, bool]]] = {}

    def violations(self, item: dict) -> list[str]:
        """What is wrong with an object, and where: unknown members, wrong types, members that are missing."""
        kind, served = item.get("kind", ""), API_VERSIONS.get(item.get("kind", ""))
        if item.get("apiVersion") != served:
            return [f"{kind} is served as {served}, not as {item.get('apiVersion')}"]
        return list(self._check(item, "V" + served[-1] + kind, f"{kind}/{item['metadata']['name']}"))

    def _check(self, value, type_name: str, place: str):
        if array := ARRAY.fullmatch(type_name):
            yield from self._check_array(value, array[1], place)
        elif mapping := MAP.fullmatch(type_name):
            yield from self._check_map(value, mapping[1], place)
        elif MODEL.fullmatch(type_name):
            yield from self._check_model(value, type_name, place)
        elif type_name == "IntOrString":
            if isinstance(value, bool) or not isinstance(value, (int, str)):
                yield f"{place} is {value!r}, not a number or a string"
        elif type_name in PRIMITIVES:
            if isinstance(value, bool) != (type_name == "boolean") or not isinstance(value, PRIMITIVES[type_name]):
                yield f"{place} is {value!r}, not a {type_name}"
        else:
            yield f"{place} has the type {type_name}, which this test does not know"

    def _check_array(self, value, item_type: str, place: str):
        if not isinstance(value, list):
            yield f"{place} is no list"
            return
        for index, item in enumerate(value):
            yield from self._check(item, item_type, f"{place}[{index}]")

    def _check_map(self, value, item_type: str, place: str):
        if not isinstance(value, dict):
            yield f"{place} is no map"
            return
        for key, item in value.items():
            yield from self._check(item, item_type, f"{place}.{key}")

    def _check_model(self, value, model: str, place: str):
        if not isinstance(value, dict):
            yield f"{place} is no {model}"
            return
        members = self._members(model)
        for name, (type_name, required) in members.items():
            if name in value:
                yield from self._check(value[name], type_name, f"{place}.{name}")
            elif required:
                yield f"{place}.{name} is missing"
        for name in value.keys() - members.keys():
            yield f"{place}.{name} is not known; a {model} has {', '.join(sorted(members))}"

    def _members(self, model: str) -> dict[str, tuple[str, bool]]:
        """Of a model: name to type and whether it is required."""
        if model not in self._models:
            source = (self._folder / f"{model}.js").read_text()
            declarations = (self._folder / f"{model}.d.ts").read_text()
            listed = re.search(r"attributeTypeMap = (\[.*?^\]);", source, re.DOTALL | re.MULTILINE)
            self._models[model] = {
                member["baseName"]: (member["type"], f"\n    '{member['name']}': " in declarations)
                for member in json.loads(listed[1])}
        return self._models[model]
