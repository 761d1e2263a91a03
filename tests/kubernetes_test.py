"""deploy/kubernetes: what kustomize renders is what a cluster takes, and what the design says. No cluster is needed."""

from __future__ import annotations

import json
import re
import subprocess
import unittest
from pathlib import Path

import yaml

from harness.kubernetes_api import VERSIONS, Api
from harness.kubernetes_objects import Outsider, Rendering, Workload, release, render, seconds
from harness.servers import BINARIES

ROOT = Path(__file__).parents[1]
WORKFLOW = ROOT / "workflows/order-processing.asl.json"
SERVICES = {"receive": 50051, "inventory": 50052, "payment": 50053, "email": 50054}
SERVERS = {**SERVICES, "orchestrator": 50050}
METRICS = 9464
AWS_API = 8083

# What the restricted Pod Security Standard lets a pod mount.
VOLUME_TYPES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected",
                "secret"}

DNS = Outsider("dns", labels=(("k8s-app", "kube-dns"),), namespace=(("kubernetes.io/metadata.name", "kube-system"),))
CLIENT = Outsider("client", labels=(("orderflow-client", "true"),),
                  namespace=(("kubernetes.io/metadata.name", "shop"),))
STRANGER = Outsider("stranger", namespace=(("kubernetes.io/metadata.name", "shop"),))
MONITORING = Outsider("monitoring", namespace=(("kubernetes.io/metadata.name", "monitoring"),))
DATABASE = Outsider("database", address="10.1.2.3")
INTERNET = Outsider("internet", address="203.0.113.7")
CLOUD_METADATA = Outsider("cloud metadata", address="169.254.169.254")
OUTSIDERS = (DNS, CLIENT, STRANGER, MONITORING, DATABASE, INTERNET, CLOUD_METADATA)
PORTS = (*SERVERS.values(), METRICS, AWS_API, 22, 53, 80, 443, 465, 587, 5432)


def known_settings(program: str) -> set[str]:
    """The environment variables that a program's help names."""
    help_text = subprocess.run([BINARIES / program, "--help"], capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"\bORDERFLOW_\w+", help_text))


def pre_stop_seconds(workload: Workload) -> int:
    """How long the kubelet waits before it sends SIGTERM."""
    return workload.container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)


class OverlayCase:
    """What holds for each overlay."""

    overlay: str

    @classmethod
    def setUpClass(cls):
        cls.texts = {version: render(cls.overlay, version) for version in VERSIONS}
        cls.rendering = Rendering(cls.texts[VERSIONS[-1]])
        cls.workloads = cls.rendering.workloads

    def test_old_and_new_kubectl_render_the_same(self):
        self.assertEqual(*self.texts.values())

    def test_objects_conform_to_the_published_api(self):
        for version in VERSIONS:
            api = Api(version)
            for item in self.rendering.objects:
                with self.subTest(version=version, kind=item["kind"], name=item["metadata"]["name"]):
                    self.assertEqual(api.violations(item), [])

    def test_everything_is_in_the_namespace(self):
        for item in self.rendering.objects:
            if item["kind"] != "Namespace":
                self.assertEqual(item["metadata"].get("namespace"), "orderflow", item["metadata"]["name"])
        (namespace,) = self.rendering.of_kind("Namespace")
        self.assertEqual(namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "restricted")

    def test_the_five_servers_are_there(self):
        self.assertEqual({name: workload.port("grpc") for name, workload in self.workloads.items()}, SERVERS)
        for workload in self.workloads.values():
            with self.subTest(workload=workload.name):
                self.assertEqual(workload.settings["ORDERFLOW_LISTEN"], f"0.0.0.0:{SERVERS[workload.name]}")
                self.assertEqual(workload.settings["ORDERFLOW_METRICS_LISTEN"], f"0.0.0.0:{METRICS}")
                self.assertEqual(workload.port("metrics"), METRICS)

    def test_pods_satisfy_the_restricted_standard(self):
        for workload in self.workloads.values():
            with self.subTest(workload=workload.name):
                pod, security = workload.pod, workload.container["securityContext"]
                self.assertFalse({"hostNetwork", "hostPID", "hostIPC", "initContainers"} & pod.keys())
                self.assertFalse({"privileged", "procMount", "runAsUser"} & security.keys())
                self.assertEqual(pod["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})
                self.assertIs(pod["securityContext"]["runAsNonRoot"], True)
                self.assertEqual(pod["securityContext"]["runAsUser"], 65532)
                self.assertNotIn("sysctls", pod["securityContext"])
                self.assertIs(security["allowPrivilegeEscalation"], False)
                self.assertEqual(security["capabilities"], {"drop": ["ALL"]})
                self.assertFalse([port for port in workload.container["ports"] if "hostPort" in port])
                for volume in pod["volumes"]:
                    self.assertLessEqual(volume.keys() - {"name"}, VOLUME_TYPES)

    def test_pods_have_no_more_than_they_need(self):
        accounts = {item["metadata"]["name"]: item for item in self.rendering.of_kind("ServiceAccount")}
        for workload in self.workloads.values():
            with self.subTest(workload=workload.name):
                self.assertIs(workload.container["securityContext"]["readOnlyRootFilesystem"], True)
                self.assertIs(workload.pod["automountServiceAccountToken"], False)
                self.assertIs(accounts[workload.pod["serviceAccountName"]]["automountServiceAccountToken"], False)
                self.assertIn("memory", workload.container["resources"]["limits"])
                self.assertLessEqual({"cpu", "memory"}, workload.container["resources"]["requests"].keys())

    def test_volumes_and_mounts_fit(self):
        claims = self.rendering.names("PersistentVolumeClaim")
        for workload in self.workloads.values():
            with self.subTest(workload=workload.name):
                declared = {volume["name"] for volume in workload.pod["volumes"]} | workload.claims()
                self.assertEqual({mount["name"] for mount in workload.container["volumeMounts"]}, declared)
                for volume in workload.pod["volumes"]:
                    if claim := volume.get("persistentVolumeClaim"):
                        self.assertIn(claim["claimName"], claims)
                    if config := volume.get("configMap"):
                        self.assertIn(config["name"], self.rendering.config_maps)

    def test_claims_take_the_default_storage_class(self):
        templates = [claim for workload in self.workloads.values()
                     for claim in workload.spec.get("volumeClaimTemplates", [])]
        claims = self.rendering.of_kind("PersistentVolumeClaim") + templates
        self.assertTrue(claims)
        for claim in claims:
            self.assertNotIn("storageClassName", claim["spec"])

    def test_a_database_file_has_one_owner_and_outlives_it(self):
        for workload in self.workloads.values():
            with self.subTest(workload=workload.name):
                database = workload.settings.get("ORDERFLOW_DATABASE", "")
                if not database.startswith("sqlite:"):
                    self.assertEqual(workload.claims(), set())
                    continue
                mounts = {mount["name"]: mount["mountPath"] for mount in workload.container["volumeMounts"]}
                self.assertEqual([mounts[claim] for claim in workload.claims()], ["/data"])
                self.assertRegex(database, r"^sqlite:/data/\w+\.db$")
                self.assertEqual(workload.spec["replicas"], 1)
                if workload.kind == "Deployment":
                    self.assertEqual(workload.spec["strategy"], {"type": "Recreate"})

    def test_images_are_this_version_and_need_no_registry(self):
        for workload in self.workloads.values():
            with self.subTest(workload=workload.name):
                self.assertEqual(workload.container["image"], f"orderflow-{workload.name}:{release()}")
                self.assertEqual(workload.container["imagePullPolicy"], "IfNotPresent")

    def test_services_are_headless_and_find_their_pods(self):
        services = {item["metadata"]["name"]: item["spec"] for item in self.rendering.of_kind("Service")}
        self.assertEqual(services.keys(), SERVERS.keys())
        for name, service in services.items():
            with self.subTest(service=name):
                (workload,) = self.rendering.selected({"matchLabels": service["selector"]})
                self.assertEqual(workload.name, name)
                self.assertEqual(service["clusterIP"], "None")
                # A headless service's ports are the pod's: nothing translates them.
                ports = {SERVERS[name], METRICS} | ({AWS_API} if name == "orchestrator" else set())
                self.assertEqual({port["port"]: workload.port(port["targetPort"]) for port in service["ports"]},
                                 {port: port for port in ports})
        self.assertEqual(self.workloads["orchestrator"].spec["serviceName"], "orchestrator")

    def test_workloads_select_their_own_pods_only(self):
        for workload in self.workloads.values():
            with self.subTest(workload=workload.name):
                self.assertEqual(self.rendering.selected(workload.spec["selector"]), [workload])
                for spread in workload.pod.get("topologySpreadConstraints", []):
                    self.assertEqual(self.rendering.selected(spread["labelSelector"]), [workload])

    def test_the_orchestrator_knows_the_services(self):
        settings = self.workloads["orchestrator"].settings
        for name, port in SERVICES.items():
            self.assertEqual(settings[f"ORDERFLOW_{name.upper()}_ADDRESS"], f"{name}:{port}")

    def test_the_workflow_is_the_one_file(self):
        (volume,) = [volume for volume in self.workloads["orchestrator"].pod["volumes"] if volume["name"] == "workflow"]
        files = self.rendering.config_maps[volume["configMap"]["name"]]["data"]
        self.assertEqual(files, {"order-processing.asl.json": WORKFLOW.read_text()})
        self.assertEqual(self.workloads["orchestrator"].settings["ORDERFLOW_WORKFLOW"],
                         "/etc/orderflow/order-processing.asl.json")

    def test_settings_are_ones_that_the_program_has(self):
        of_the_command_line = known_settings("orderflow")
        for workload in self.workloads.values():
            with self.subTest(workload=workload.name):
                unknown = workload.settings.keys() - known_settings(f"orderflow-{workload.name}") - of_the_command_line
                self.assertEqual(unknown, set())

    def test_probes_ask_the_right_port_in_the_right_way(self):
        for workload in self.workloads.values():
            with self.subTest(workload=workload.name):
                with_tls = "ORDERFLOW_TLS_CERTIFICATE" in workload.settings
                port = SERVERS[workload.name]
                for name in ("startupProbe", "readinessProbe"):
                    probe = workload.container[name]
                    if with_tls:
                        self.assertNotIn("grpc", probe, "the kubelet speaks no TLS")
                        self.assertEqual(probe["exec"]["command"], ["orderflow", f"--tls-server-name={workload.name}",
                                                                    "health", f"127.0.0.1:{port}"])
                    else:
                        self.assertEqual(probe["grpc"], {"port": port})
                liveness = workload.container["livenessProbe"]
                self.assertEqual(workload.port(liveness["httpGet"]["port"]), METRICS)

    def test_the_grace_period_is_longer_than_the_drain(self):
        for workload in self.workloads.values():
            with self.subTest(workload=workload.name):
                drain = (seconds(workload.settings["ORDERFLOW_DRAIN_DELAY"])
                         + seconds(workload.settings["ORDERFLOW_DRAIN_TIMEOUT"]) + pre_stop_seconds(workload))
                # docs/operations.md: more than the drain and 10 s.
                self.assertGreater(workload.pod["terminationGracePeriodSeconds"], drain + 10)

    def test_disruption_budgets_let_one_pod_go(self):
        for budget in self.rendering.of_kind("PodDisruptionBudget"):
            with self.subTest(budget=budget["metadata"]["name"]):
                (workload,) = self.rendering.selected(budget["spec"]["selector"])
                self.assertEqual(workload.name, budget["metadata"]["name"])
                self.assertEqual(budget["spec"]["maxUnavailable"], 1)
        self.assertEqual(self.rendering.names("PodDisruptionBudget"), SERVICES.keys())

    def test_network_policies_allow_the_arrows_of_the_design_and_nothing_else(self):
        everybody = [*self.workloads.values(), *OUTSIDERS]
        arrows = {(source.name, target.name, port)
                  for source in everybody for target in everybody for port in PORTS
                  if not (isinstance(source, Outsider) and isinstance(target, Outsider))
                  if self.rendering.may_connect(source, target, port)}
        self.assertEqual(arrows, self.expected_arrows())
        for workload in self.workloads.values():
            with self.subTest(workload=workload.name):
                self.assertTrue(self.rendering.may_connect(workload, DNS, 53, "UDP"))

    def expected_arrows(self):
        return ({("client", "orchestrator", 50050), ("client", "orchestrator", AWS_API)}
                | {("orchestrator", name, port) for name, port in SERVICES.items()}
                | {("monitoring", name, METRICS) for name in SERVERS}
                | {(name, "dns", 53) for name in SERVERS})

    def test_network_policies_name_pods_and_ports_that_exist(self):
        for policy in self.rendering.of_kind("NetworkPolicy"):
            with self.subTest(policy=policy["metadata"]["name"]):
                self.assertTrue(self.rendering.selected(policy["spec"]["podSelector"]))
                for rule in policy["spec"].get("ingress", []) + policy["spec"].get("egress", []):
                    self.assertTrue(rule["ports"])
                    for peer in rule.get("from", rule.get("to")):
                        if peer.keys() == {"podSelector"}:
                            self.assertTrue(self.rendering.selected(peer["podSelector"]))


class PublishedApi(unittest.TestCase):
    """The check of objects finds what it is for."""

    def test_finds_what_is_wrong_and_says_where(self):
        service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"},
                   "spec": {"selectors": {}, "clusterIP": None,
                            "ports": [{"name": "grpc", "port": "1"}, {"name": "b"}]}}
        for version in VERSIONS:
            with self.subTest(version=version):
                self.assertEqual([violation.split("; ")[0] for violation in Api(version).violations(service)],
                                 ["Service/a.spec.clusterIP is None, not a string",
                                  "Service/a.spec.ports[0].port is '1', not a number",
                                  "Service/a.spec.ports[1].port is missing",
                                  "Service/a.spec.selectors is not known"])

    def test_finds_an_api_version_that_is_served_no_more(self):
        (violation,) = Api(VERSIONS[0]).violations(
            {"apiVersion": "autoscaling/v2beta2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "a"}})
        self.assertEqual(violation, "HorizontalPodAutoscaler is served as autoscaling/v2, not as autoscaling/v2beta2")


class VolumePod(unittest.TestCase):
    """The pod that opens a volume for a backup."""

    def test_is_as_restricted_as_the_others(self):
        pod = yaml.safe_load((ROOT / "deploy/kubernetes/volume-pod.yaml").read_text())
        server = Rendering(render("local", VERSIONS[-1])).workloads["orchestrator"]
        self.assertEqual(pod["spec"]["securityContext"], server.pod["securityContext"])
        (container,) = pod["spec"]["containers"]
        self.assertEqual(container["securityContext"], server.container["securityContext"])
        self.assertEqual(container["image"], f"orderflow-cli:{release()}")
        for version in VERSIONS:
            self.assertEqual(Api(version).violations(pod), [])


class LocalOverlay(OverlayCase, unittest.TestCase):
    """One of each, on SQLite."""

    overlay = "local"

    def test_needs_nothing_that_is_not_in_it(self):
        self.assertEqual([volume for workload in self.workloads.values() for volume in workload.pod["volumes"]
                          if "secret" in volume], [])

    def test_is_one_of_each_on_a_volume(self):
        for workload in self.workloads.values():
            with self.subTest(workload=workload.name):
                self.assertEqual(workload.spec["replicas"], 1)
                self.assertEqual(len(workload.claims()), 1)
        self.assertEqual(self.rendering.names("HorizontalPodAutoscaler"), set())


class ProductionOverlay(OverlayCase, unittest.TestCase):
    """Services in any number on PostgreSQL, with TLS."""

    overlay = "production"

    def expected_arrows(self):
        return (super().expected_arrows()
                | {(name, "database", 5432) for name in SERVICES}
                | {("payment", "internet", 443)}
                | {("email", target, port) for target in ("internet", "database") for port in (465, 587)})

    def test_services_scale_and_the_orchestrator_does_not(self):
        scaled = {}
        for scaler in self.rendering.of_kind("HorizontalPodAutoscaler"):
            target = scaler["spec"]["scaleTargetRef"]
            workload = self.workloads[target["name"]]
            self.assertEqual((target["apiVersion"], target["kind"]), ("apps/v1", workload.kind))
            # Applying again would undo what the autoscaler decided.
            self.assertNotIn("replicas", workload.spec)
            self.assertEqual(workload.spec["strategy"]["rollingUpdate"], {"maxUnavailable": 0, "maxSurge": 1})
            scaled[workload.name] = scaler["spec"]["minReplicas"]
        self.assertEqual(scaled, dict.fromkeys(SERVICES, 2))
        self.assertEqual(self.workloads["orchestrator"].spec["replicas"], 1)

    def test_services_leave_their_name_before_they_stop(self):
        for name in SERVICES:
            self.assertGreaterEqual(pre_stop_seconds(self.workloads[name]), 5)

    def test_every_file_that_a_setting_names_is_mounted(self):
        for workload in self.workloads.values():
            with self.subTest(workload=workload.name):
                mounts = [mount["mountPath"] for mount in workload.container["volumeMounts"]]
                paths = [value for value in workload.settings.values() if value.startswith("/")]
                self.assertIn("/run/secrets/tls/tls.key", paths)
                for path in paths:
                    self.assertIn(str(Path(path).parent), mounts)

    def test_secrets_come_from_files_and_the_docs_tell_how_to_make_them(self):
        docs = (ROOT / "docs/kubernetes.md").read_text()
        for workload in self.workloads.values():
            with self.subTest(workload=workload.name):
                for volume in workload.pod["volumes"]:
                    if secret := volume.get("secret"):
                        self.assertIn(f"`{secret['secretName']}`", docs)
                        self.assertEqual(secret["defaultMode"], 0o440)
                if workload.name in SERVICES:
                    self.assertNotIn("ORDERFLOW_DATABASE", workload.settings)
                    self.assertEqual(workload.settings["ORDERFLOW_DATABASE_FILE"], "/run/secrets/database/url")

    def test_tasks_go_to_the_services_with_tls(self):
        substitutions = next(json.loads(item["data"]["substitutions.json"])
                             for item in self.rendering.of_kind("ConfigMap") if "substitutions.json" in item["data"])
        self.assertLessEqual(set(re.findall(r"\$\{(\w+)\}", WORKFLOW.read_text())), substitutions.keys())
        for resource in substitutions.values():
            host, port, package = re.match(r"grpcs://(\w+):(\d+)/orderflow\.(\w+)\.v1\.", resource).groups()
            self.assertEqual((SERVICES[host], package), (int(port), host))


if __name__ == "__main__":
    unittest.main()
