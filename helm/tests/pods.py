"""Rules every rendered pod has to keep: the restricted pod security standard, and our own."""

from typing import Any

# The volumes the restricted standard allows.
VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
# Never a literal in a manifest.
SECRET_WORDS = ("PASSWORD", "SECRET", "DATABASE_URL", "CONSUMER_KEY", "SEAL_KEYS")
# What selects a workload's pods can never change once installed.
SELECTOR = {"app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/component"}


def problems(objects: list[dict[str, Any]]) -> list[str]:
    found = []
    by_name = {(one["kind"], one["metadata"]["name"]): one for one in objects}
    for (kind, name), one in by_name.items():
        what = f"{kind} {name}"
        if kind == "Secret":
            found.append(f"{what}: the chart makes no secrets")
        spec = pod_spec(one)
        if spec is not None:
            found += [f"{what}: {problem}" for problem in pod(spec)]
        if kind == "Deployment":
            found += [f"{what}: {problem}" for problem in deployment(one, by_name)]
            release, _, service = name.partition("-")
            if ("Pod", f"{release}-check-{service}") not in by_name:
                found.append(f"{what}: `helm test` does not check it")
        if kind in ("Service", "PodDisruptionBudget", "NetworkPolicy"):
            found += [f"{what}: {problem}" for problem in selects(one, objects)]
    return found


def pod_spec(one: dict[str, Any]) -> dict[str, Any] | None:
    if one["kind"] == "Pod":
        return one["spec"]
    if one["kind"] in ("Deployment", "StatefulSet", "Job"):
        claims = [claim["metadata"] for claim in one["spec"].get("volumeClaimTemplates", [])]
        return {**one["spec"]["template"]["spec"], "claims": claims}
    return None


def pod(spec: dict[str, Any]) -> list[str]:
    found = []
    security = spec.get("securityContext", {})
    wanted = {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}}
    found += [f"securityContext.{key} is not {value}" for key, value in wanted.items() if security.get(key) != value]
    if spec.get("automountServiceAccountToken") is not False:
        found.append("a token of the cluster is mounted")
    found += [f"{key} is set" for key in ("hostNetwork", "hostPID", "hostIPC") if spec.get(key)]
    for volume in spec.get("volumes", []):
        if not VOLUMES & volume.keys():
            found.append(f"volume {volume['name']} is of a kind restricted pods may not use")
    names = [volume["name"] for volume in [*spec.get("volumes", []), *spec.get("claims", [])]]
    if len(names) != len(set(names)):
        found.append("two volumes have one name")
    for container in [*spec.get("initContainers", []), *spec["containers"]]:
        found += [f"container {container['name']}: {problem}" for problem in in_container(container, set(names))]
    return found


def in_container(container: dict[str, Any], volumes: set[str]) -> list[str]:
    found = []
    wanted = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    if container.get("securityContext") != wanted:
        found.append(f"securityContext is not exactly {wanted}")
    resources = container["resources"]
    if resources["limits"].get("memory") != resources["requests"].get("memory"):
        found.append("memory limit and request differ")
    if "cpu" in resources["limits"]:
        found.append("processor time is limited, which only adds latency")
    names = [variable["name"] for variable in container["env"]]
    found += [f"{name} is set twice" for name in {name for name in names if names.count(name) > 1}]
    for variable in container["env"]:
        secret = any(word in variable["name"] for word in SECRET_WORDS) and not variable["name"].endswith("_FILE")
        if secret and "value" in variable:
            found.append(f"{variable['name']} is a literal")
    for mount in container["volumeMounts"]:
        if mount["name"] not in volumes:
            found.append(f"mount {mount['name']} has no volume")
    return found


def deployment(one: dict[str, Any], by_name: dict[tuple[str, str], dict[str, Any]]) -> list[str]:
    found = []
    spec, name = one["spec"], one["metadata"]["name"]
    if spec["selector"]["matchLabels"].keys() != SELECTOR:
        found.append("its selector changed: no upgrade could apply it")
    scaled = any((kind, name) in by_name for kind in ("HorizontalPodAutoscaler", "ScaledObject"))
    if scaled == ("replicas" in spec):
        found.append("replicas must be left to the autoscaler, and be there without one")
    pod_template = spec["template"]["spec"]
    container = pod_template["containers"][0]
    for probe, path in (("livenessProbe", "/livez"), ("readinessProbe", "/readyz"), ("startupProbe", "/livez")):
        if container.get(probe, {}).get("httpGet", {}) != {"path": path, "port": "admin"}:
            found.append(f"{probe} does not ask {path}")
    environment = {variable["name"]: variable.get("value") for variable in container["env"]}
    if pod_template["terminationGracePeriodSeconds"] <= int(environment["SHUTDOWN_TIMEOUT_S"]):
        found.append("it would be killed before SHUTDOWN_TIMEOUT_S")
    return found


def selects(one: dict[str, Any], objects: list[dict[str, Any]]) -> list[str]:
    """A selector that matches no pod of ours is a mistake."""
    spec = one["spec"]
    selector = spec.get("selector") or spec.get("podSelector")
    wanted = selector.get("matchLabels", selector).items()
    for other in objects:
        if other["kind"] in ("Deployment", "StatefulSet") and wanted <= other["spec"]["template"]["metadata"]["labels"].items():
            return []
    return ["it selects no pods"]
