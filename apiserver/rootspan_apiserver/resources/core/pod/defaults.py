"""The defaults of a pod's spec, in a pod and in every template of one.

Upstream: pkg/apis/core/v1/defaults.go (SetDefaults_PodSpec, SetDefaults_Pod and what they hold), pkg/apis/core/v1/conversion.go
"""

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.core.pod.images import is_latest
from rootspan_apiserver.resources.core.pod.totals import COMPUTED, HUGE_PAGES, is_pod_level, of_containers
from rootspan_apiserver.resources.core.pod.volume_defaults import default_volume
from rootspan_apiserver.resources.defaults import default_values

CONTAINERS = ("initContainers", "containers", "ephemeralContainers")

_SPEC = default_values(
    {
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "securityContext": {},
        "schedulerName": "default-scheduler",
    }
)
_PROBE = {
    "timeoutSeconds": 1,
    "periodSeconds": 10,
    "successThreshold": 1,
    "failureThreshold": 3,
    "httpGet": {"path": "/", "scheme": "HTTP"},
    "grpc": {"service": ""},
}
_HANDLER = {"httpGet": {"path": "/", "scheme": "HTTP"}}
_CONTAINER = default_values(
    {
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "ports": [{"protocol": "TCP"}],
        "env": [{"valueFrom": {"fieldRef": {"apiVersion": "v1"}, "fileKeyRef": {"optional": False}}}],
        "livenessProbe": _PROBE,
        "readinessProbe": _PROBE,
        "startupProbe": _PROBE,
        "lifecycle": {"postStart": _HANDLER, "preStop": _HANDLER},
    }
)


def default_template_spec(spec: JSONObject) -> None:
    """Fill in what a pod's spec lacks, in templates too; in place."""
    _SPEC(spec)
    if spec["terminationGracePeriodSeconds"] < 0:
        spec["terminationGracePeriodSeconds"] = 1
    if account := spec.get("serviceAccountName") or spec.get("serviceAccount"):
        spec["serviceAccountName"] = spec["serviceAccount"] = account
    for volume in spec.get("volumes") or []:
        default_volume(volume)
    for kind in CONTAINERS:
        for container in spec.get(kind) or []:
            _CONTAINER(container)
            if not container.get("imagePullPolicy"):
                container["imagePullPolicy"] = "Always" if is_latest(container.get("image") or "") else "IfNotPresent"


def default_template(holder: JSONObject) -> None:
    """Fill in what the `template` of a workload's spec, or of a PodTemplate, lacks; in place."""
    template = holder.setdefault("template", {"metadata": {}, "spec": {}})
    default_template_spec(template.setdefault("spec", {}))


def default_pod(obj: JSONObject) -> None:
    """Fill in what a pod lacks: as in templates, and what its containers ask for, from their limits; in place."""
    spec = obj["spec"]
    spec.setdefault("enableServiceLinks", True)
    for kind in ("initContainers", "containers"):
        for container in spec.get(kind) or []:
            resources = container.get("resources") or {}
            if limits := resources.get("limits"):
                requests = resources.setdefault("requests", {})
                for name, value in limits.items():
                    requests.setdefault(name, value)
            for port in (container.get("ports") or []) if spec.get("hostNetwork") else []:
                if not port.get("hostPort") and port.get("containerPort"):
                    port["hostPort"] = port["containerPort"]
    _default_pod_resources(spec)
    default_template_spec(spec)


def _default_pod_resources(spec: JSONObject) -> None:
    """Fill in what the pod as a whole lacks, if it asks for something: from its containers, then requests from limits."""
    resources = spec.get("resources") or {}
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    if limits or requests:
        limits |= {
            name: str(amount)
            for name, amount in of_containers(spec, "limits").items()
            if name.startswith(HUGE_PAGES) and name not in {*limits, *requests}
        }
    if limits:
        of_all = {name: str(amount) for name, amount in of_containers(spec, "requests").items() if name in COMPUTED}
        requests = {
            **{name: value for name, value in limits.items() if is_pod_level(name)},
            **of_all,
            **requests,
        }
        resources["limits"] = limits
    if requests:
        resources["requests"] = requests
