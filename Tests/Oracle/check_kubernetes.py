"""What a schema does not see of the manifests: whether the objects fit each other.

Usage: check_kubernetes.py RENDERED
"""

import re
import sys

import kubernetes_validate

from manifests import command, job, load, matches, named, options, quantity

OLDEST, NEWEST = (1, 31), (1, 37)
NAMESPACE = "modeltree"


def check_schemas(objects):
    for minor in range(OLDEST[1], NEWEST[1] + 1):
        for item in objects:
            used = kubernetes_validate.validate(item, f"1.{minor}.0", strict=True)
            assert used == f"1.{minor}", f"validated against {used}"


def check_namespace(objects):
    for item in objects:
        if item["kind"] == "Namespace":
            assert item["metadata"]["name"] == NAMESPACE
            assert item["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
        else:
            assert item["metadata"]["namespace"] == NAMESPACE, item["metadata"]["name"]


def check_restricted(pod):
    """The profile `restricted` of the pod security standards, and what the project asks beyond it."""
    whole = pod["securityContext"]
    assert whole["runAsNonRoot"] is True and whole["runAsUser"] > 0 and whole["runAsGroup"] > 0
    assert whole["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    for flag in ["hostNetwork", "hostPID", "hostIPC", "initContainers", "serviceAccountName"]:
        assert flag not in pod, flag
    for container in pod["containers"]:
        own = container["securityContext"]
        assert own == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert all("hostPort" not in port for port in container.get("ports", []))
    for volume in pod["volumes"]:
        (kind,) = set(volume) - {"name"}
        assert kind in {"persistentVolumeClaim", "secret", "emptyDir"}, kind


def check_volumes(objects, pod, container):
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    mounts = {mount["name"]: mount for mount in container["volumeMounts"]}
    assert len(volumes) == len(pod["volumes"]) and set(volumes) == set(mounts), "each is mounted, and is there"
    for volume in volumes.values():
        if claim := volume.get("persistentVolumeClaim"):
            named(objects, "PersistentVolumeClaim", claim["claimName"])
        if secret := volume.get("secret"):
            named(objects, "Secret", secret["secretName"])
            assert secret["defaultMode"] & 0o337 == 0, "others may read a key, or somebody may write it"
            # A mount of a single file (subPath) would never see a change of the Secret.
            assert "subPath" not in mounts[volume["name"]]
    assert mounts["models"]["readOnly"] is True and volumes["models"]["persistentVolumeClaim"]["readOnly"] is True
    return {name: mount["mountPath"] for name, mount in mounts.items()}


def check_policy(work, container):
    """What the API server asks of a Job with a policy for failures, and what the rules must say."""
    spec = work["spec"]
    assert spec["template"]["spec"]["restartPolicy"] == "Never" and spec["podReplacementPolicy"] == "Failed"
    rules = spec["podFailurePolicy"]["rules"]
    assert rules[0] == {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
    given_up = set()
    for rule in rules[1:]:
        codes = rule["onExitCodes"]
        assert rule["action"] == "FailJob" and codes["operator"] == "In"
        assert codes["containerName"] == container["name"]
        assert codes["values"] == sorted(set(codes["values"])) and 0 not in codes["values"]
        given_up |= set(codes["values"])
    assert 143 not in given_up and 137 not in given_up, "a pod that was killed is replaced"
    assert {64, 65} <= given_up
    return given_up


def check_coordinator(objects):
    work = job(objects, "coordinator")
    pod = work["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    check_restricted(pod)
    paths = check_volumes(objects, pod, container)
    assert work["spec"]["completions"] == 1 and work["spec"]["parallelism"] == 1
    assert 75 in check_policy(work, container), "workers are sent home when shards are set aside"
    words = command(container)
    given = options(words)
    assert words[:3] == ["as-job", "modeltree", "coordinate"] and words[3] == paths["models"]
    assert given["--out"].startswith(paths["runs"] + "/") and "readOnly" not in next(
        mount for mount in container["volumeMounts"] if mount["name"] == "runs"
    )
    assert given["--keys"] == paths["keys"]
    secret = named(objects, "Secret", next(v for v in pod["volumes"] if v["name"] == "keys")["secret"]["secretName"])
    assert set(secret["data"]) == {"coordinator.key", "allowed-workers"}, "and no worker's key"

    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert given["--listen"] == f"tcp://0.0.0.0:{ports['workers']}"
    assert given["--http"] == f"0.0.0.0:{ports['http']}"
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"]:
        assert container[probe]["httpGet"] == {"path": "/healthz", "port": "http"}
    liveness = container["livenessProbe"]
    assert liveness["periodSeconds"] * liveness["failureThreshold"] >= 300, "a slow disk is no reason to end"
    notes = work["spec"]["template"]["metadata"]["annotations"]
    assert notes["prometheus.io/port"] == str(ports["http"]) and notes["prometheus.io/path"] == "/metrics"
    return ports, paths


def check_workers(objects, ports, coordinator_paths):
    work = job(objects, "worker")
    pod = work["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    check_restricted(pod)
    paths = check_volumes(objects, pod, container)
    # A pool: complete when one pod has ended with 0.
    assert "completions" not in work["spec"] and work["spec"].get("completionMode", "NonIndexed") == "NonIndexed"
    assert work["spec"]["backoffLimit"] >= work["spec"]["parallelism"], "all may wait in vain once"
    check_policy(work, container)
    words = command(container)
    given = options(words)
    assert words[:2] == ["as-job", "modeltree-worker"]
    # Stores name the models' files by the coordinator's paths.
    assert paths["models"] == coordinator_paths["models"] and paths["runs"] == coordinator_paths["runs"]
    assert all(mount.get("readOnly") for mount in container["volumeMounts"] if mount["name"] != "scratch")
    secret = named(objects, "Secret", next(v for v in pod["volumes"] if v["name"] == "keys")["secret"]["secretName"])
    assert given["--key"] == f"{paths['keys']}/worker.key" and set(secret["data"]) == {"worker.key"}

    host, port = re.fullmatch(r"tcp://([a-z-]+):([0-9]+)", given["--connect"]).groups()
    service = named(objects, "Service", host)
    (entry,) = [entry for entry in service["spec"]["ports"] if entry["port"] == int(port)]
    assert ports[entry["targetPort"]] == ports["workers"]
    for component, expected in [("coordinator", True), ("worker", False)]:
        labels = job(objects, component)["spec"]["template"]["metadata"]["labels"]
        assert matches({"matchLabels": service["spec"]["selector"]}, labels) is expected

    limits = container["resources"]["limits"]
    assert given["--threads"] == limits["cpu"], "one thread per processor that it may use"
    budget = quantity(given["--memory"].removesuffix("B"))
    assert quantity(limits["memory"]) * 0.5 <= budget <= quantity(limits["memory"]) * 0.8
    for spread in pod["topologySpreadConstraints"]:
        assert matches(spread["labelSelector"], work["spec"]["template"]["metadata"]["labels"])
        assert spread["whenUnsatisfiable"] == "ScheduleAnyway", "a worker anywhere is better than none"


def check_disruption(objects):
    """Nothing here may block a drain. The controller knows no scale of a Job, so a budget could only count pods, and
    any count blocks once fewer pods are left: after a patch of `parallelism`, and near the end of each run."""
    assert not [item for item in objects if item["kind"] == "PodDisruptionBudget"], "a budget would block drains"


def check_storage(objects):
    """A run directory that one node alone may mount wants all pods on that node."""
    modes = named(objects, "PersistentVolumeClaim", "modeltree-runs")["spec"]["accessModes"]
    affinity = job(objects, "worker")["spec"]["template"]["spec"].get("affinity", {})
    if modes == ["ReadWriteMany"]:
        return
    (term,) = affinity["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert modes == ["ReadWriteOnce"] and term["topologyKey"] == "kubernetes.io/hostname"
    assert matches(term["labelSelector"], job(objects, "coordinator")["spec"]["template"]["metadata"]["labels"])


class Network:
    """NetworkPolicies as the API describes them: a pod that one selects accepts only what one allows."""

    def __init__(self, objects):
        self.policies = [item["spec"] for item in objects if item["kind"] == "NetworkPolicy"]

    def allows(self, source, target, protocol, port):
        return self.half("egress", source, target, protocol, port) and self.half(
            "ingress", target, source, protocol, port
        )

    def half(self, way, pod, peer, protocol, port):
        if "labels" not in pod or pod["namespace"]["kubernetes.io/metadata.name"] != NAMESPACE:
            return True  # Not under our policies.
        selecting = [
            policy
            for policy in self.policies
            if way.capitalize() in policy["policyTypes"] and matches(policy["podSelector"], pod["labels"])
        ]
        if not selecting:
            return True
        return any(self.rule(rule, way, peer, protocol, port) for policy in selecting for rule in policy.get(way, []))

    def rule(self, rule, way, peer, protocol, port):
        peers = rule["to" if way == "egress" else "from"]
        assert peers and rule["ports"], "an empty list allows everything"
        return any(self.peer(entry, peer) for entry in peers) and any(
            entry["protocol"] == protocol and entry["port"] == port for entry in rule["ports"]
        )

    def peer(self, entry, peer):
        if "ipBlock" in entry:
            return entry["ipBlock"] == {"cidr": f"{peer.get('address')}/32"}
        if "labels" not in peer:
            return False
        inside = entry.get("namespaceSelector", {"matchLabels": {"kubernetes.io/metadata.name": NAMESPACE}})
        return matches(inside, peer["namespace"]) and matches(entry.get("podSelector", {}), peer["labels"])


def check_network(objects):
    """Every pair that could speak, on every port that somebody has: exactly these may."""

    def pod(namespace, labels):
        return {"namespace": {"kubernetes.io/metadata.name": namespace}, "labels": labels}

    peers = {
        component: pod(NAMESPACE, job(objects, component)["spec"]["template"]["metadata"]["labels"])
        for component in ["coordinator", "worker"]
    }
    peers |= {
        "other worker": peers["worker"],
        "neighbour": pod(NAMESPACE, {"app": "something"}),
        "stranger": pod("default", peers["worker"]["labels"]),
        "prometheus": pod("monitoring", {"app.kubernetes.io/name": "prometheus"}),
        "dns": pod("kube-system", {"k8s-app": "kube-dns"}),
        "dns cache": {"address": "169.254.20.10"},
        "system": pod("kube-system", {"k8s-app": "metrics-server"}),
        "internet": {"address": "192.0.2.1"},
        "metadata of the node": {"address": "169.254.169.254"},
    }
    expected = {("prometheus", "coordinator", "TCP", 8080)}
    for worker in ["worker", "other worker"]:
        expected.add((worker, "coordinator", "TCP", 5555))
        expected |= {(worker, dns, kind, 53) for dns in ["dns", "dns cache"] for kind in ["UDP", "TCP"]}
    ours = {"coordinator", "worker", "other worker"}
    network = Network(objects)
    found = {
        (source, target, protocol, port)
        for source in peers
        for target in peers
        if source != target and {source, target} & ours
        for protocol in ["TCP", "UDP"]
        for port in [22, 53, 80, 443, 2049, 5555, 8080, 10250]
        if network.allows(peers[source], peers[target], protocol, port)
    }
    assert found == expected, f"too many: {found - expected}; missing: {expected - found}"


def main(path):
    objects = load(path)
    check_schemas(objects)
    check_namespace(objects)
    ports, paths = check_coordinator(objects)
    check_workers(objects, ports, paths)
    check_storage(objects)
    check_network(objects)
    check_disruption(objects)
    print(f'{{"objects": {len(objects)}}}')


main(sys.argv[1])
