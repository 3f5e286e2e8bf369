"""The defaults of a pod's spec, in a pod and in every template of one."""

from rootspan_apiserver.kube.meta import JSONObject

READ_ALL = 0o644
PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


def default_pod_spec(spec: JSONObject) -> None:
    """What holds in templates too; in place."""
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("terminationGracePeriodSeconds", 30)
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("securityContext", {})
    spec.setdefault("schedulerName", "default-scheduler")
    account = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if account:
        spec["serviceAccountName"] = spec["serviceAccount"] = account
    for volume in spec.get("volumes") or []:
        _default_volume(volume)
    for kind in ("initContainers", "containers", "ephemeralContainers"):
        for container in spec.get(kind) or []:
            _default_container(container, host_network=bool(spec.get("hostNetwork")))


def default_pod(spec: JSONObject) -> None:
    """What holds in a pod itself only; in place."""
    spec.setdefault("enableServiceLinks", True)
    for kind in ("initContainers", "containers"):
        for container in spec.get(kind) or []:
            resources = container.get("resources") or {}
            if limits := resources.get("limits"):
                requests = resources.setdefault("requests", {})
                for name, value in limits.items():
                    requests.setdefault(name, value)
    default_pod_spec(spec)


def _default_container(container: JSONObject, *, host_network: bool) -> None:
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    image = container.get("image") or ""
    tag = image.partition("@")[0].rpartition("/")[2].partition(":")[2]
    latest = "@" not in image and tag in ("", "latest")
    container.setdefault("imagePullPolicy", "Always" if latest else "IfNotPresent")
    for port in container.get("ports") or []:
        port.setdefault("protocol", "TCP")
        if host_network and "containerPort" in port:
            port.setdefault("hostPort", port["containerPort"])
    for variable in container.get("env") or []:
        source = variable.get("valueFrom") or {}
        if field := source.get("fieldRef"):
            field.setdefault("apiVersion", "v1")
        if key := source.get("fileKeyRef"):
            key.setdefault("optional", False)
    for name in PROBES:
        if (probe := container.get(name)) is not None:
            _default_probe(probe)
    for handler in (container.get("lifecycle") or {}).values():
        if isinstance(handler, dict):
            _default_handler(handler)


def _default_probe(probe: JSONObject) -> None:
    _default_handler(probe)
    for key, value in (("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3)):
        probe.setdefault(key, value)


def _default_handler(handler: JSONObject) -> None:
    if (get := handler.get("httpGet")) is not None:
        get.setdefault("path", "/")
        get.setdefault("scheme", "HTTP")
    if (grpc := handler.get("grpc")) is not None:
        grpc.setdefault("service", "")


def _default_volume(volume: JSONObject) -> None:
    sources = {key: value for key, value in volume.items() if key != "name" and value is not None}
    if not sources:
        volume["emptyDir"] = {}
    for name in ("secret", "configMap", "downwardAPI", "projected"):
        if (source := volume.get(name)) is not None:
            source.setdefault("defaultMode", READ_ALL)
    if (source := volume.get("hostPath")) is not None:
        source.setdefault("type", "")
    _default_downward(volume.get("downwardAPI"))
    for projection in (volume.get("projected") or {}).get("sources") or []:
        _default_downward(projection.get("downwardAPI"))
        if (token := projection.get("serviceAccountToken")) is not None:
            token.setdefault("expirationSeconds", 3600)
    template = (volume.get("ephemeral") or {}).get("volumeClaimTemplate")
    if template is not None:
        template.setdefault("spec", {}).setdefault("volumeMode", "Filesystem")


def _default_downward(source: JSONObject | None) -> None:
    for item in (source or {}).get("items") or []:
        if field := item.get("fieldRef"):
            field.setdefault("apiVersion", "v1")


def quality_of_service(spec: JSONObject) -> str:
    """The class of a pod: Guaranteed, Burstable or BestEffort."""
    requests: list[JSONObject] = []
    limits: list[JSONObject] = []
    for container in [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]:
        resources = container.get("resources") or {}
        requests.append(_compute(resources.get("requests")))
        limits.append(_compute(resources.get("limits")))
    if not any(requests) and not any(limits):
        return "BestEffort"
    guaranteed = all(limit.keys() == {"cpu", "memory"} for limit in limits) and requests == limits
    return "Guaranteed" if guaranteed else "Burstable"


def _compute(amounts: JSONObject | None) -> JSONObject:
    return {
        name: value for name, value in (amounts or {}).items() if name in ("cpu", "memory") and value not in (0, "0")
    }
