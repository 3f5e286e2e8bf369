"""The rules for a pod's spec, in a pod and in every template of one."""

from typing import Any

from rootspan_apiserver.registry.kinds.checks import (
    duplicates,
    named,
    not_negative,
    one_of,
    optional_name,
    quantity,
)
from rootspan_apiserver.registry.metadata import check_annotations, check_labels
from rootspan_apiserver.registry.names import dns_label, dns_subdomain, environment_name, port_name, port_number
from rootspan_apiserver.status import FieldError

JSONObject = dict[str, Any]
RESTART_POLICIES = ("Always", "OnFailure", "Never")
DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
PULL_POLICIES = ("Always", "IfNotPresent", "Never")
PROTOCOLS = ("SCTP", "TCP", "UDP")
CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
INT32_MAX = 2**31 - 1


def check_template_metadata(template: JSONObject, field: str) -> list[FieldError]:
    metadata = template.get("metadata") or {}
    errors = check_labels(metadata.get("labels") or {}, f"{field}.labels")
    return errors + check_annotations(metadata.get("annotations") or {}, f"{field}.annotations")


def check_template(template: JSONObject, field: str) -> list[FieldError]:
    errors = check_template_metadata(template, field)
    errors += check_pod_spec(template.get("spec") or {}, f"{field}.spec")
    if (template.get("spec") or {}).get("ephemeralContainers"):
        detail = "ephemeral containers not allowed in pod template"
        errors.append(FieldError.forbidden(f"{field}.spec.ephemeralContainers", detail))
    return errors


def check_pod_spec(spec: JSONObject, field: str) -> list[FieldError]:
    volumes = spec.get("volumes") or []
    errors = _check_volumes(volumes, f"{field}.volumes")
    names = {volume.get("name") for volume in volumes}
    if not spec.get("containers"):
        errors.append(FieldError.required(f"{field}.containers"))
    every: list[tuple[str, str]] = []
    for kind in CONTAINERS:
        for index, container in enumerate(spec.get(kind) or []):
            at = f"{field}.{kind}[{index}]"
            errors += _check_container(container, names, at)
            every.append((f"{at}.name", container.get("name") or ""))
    errors += duplicates([(at, name) for at, name in every if name])
    errors += one_of(spec.get("restartPolicy"), RESTART_POLICIES, f"{field}.restartPolicy")
    errors += one_of(spec.get("dnsPolicy"), DNS_POLICIES, f"{field}.dnsPolicy")
    errors += not_negative(spec.get("terminationGracePeriodSeconds"), f"{field}.terminationGracePeriodSeconds")
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None and not 1 <= deadline <= INT32_MAX:
        detail = f"must be between 1 and {INT32_MAX}, inclusive"
        errors.append(FieldError.invalid(f"{field}.activeDeadlineSeconds", deadline, detail))
    errors += check_labels(spec.get("nodeSelector") or {}, f"{field}.nodeSelector")
    errors += optional_name(spec.get("serviceAccountName"), dns_subdomain, f"{field}.serviceAccountName")
    errors += optional_name(spec.get("nodeName"), dns_subdomain, f"{field}.nodeName")
    errors += optional_name(spec.get("hostname"), dns_label, f"{field}.hostname")
    errors += optional_name(spec.get("subdomain"), dns_label, f"{field}.subdomain")
    errors += optional_name(spec.get("priorityClassName"), dns_subdomain, f"{field}.priorityClassName")
    errors += optional_name(spec.get("runtimeClassName"), dns_subdomain, f"{field}.runtimeClassName")
    return errors + _check_tolerations(spec.get("tolerations") or [], f"{field}.tolerations")


def _check_volumes(volumes: list[JSONObject], field: str) -> list[FieldError]:
    errors = []
    for index, volume in enumerate(volumes):
        at = f"{field}[{index}]"
        errors += named(volume.get("name"), dns_label, f"{at}.name")
        sources = sorted(key for key, value in volume.items() if key != "name" and value is not None)
        if not sources:
            errors.append(FieldError.required(at, "must specify a volume type"))
        errors += [
            FieldError.forbidden(f"{at}.{extra}", "may not specify more than 1 volume type") for extra in sources[1:]
        ]
        for source, key in (("secret", "secretName"), ("configMap", "name"), ("persistentVolumeClaim", "claimName")):
            if volume.get(source) is not None and not volume[source].get(key):
                errors.append(FieldError.required(f"{at}.{source}.{key}"))
        if volume.get("hostPath") is not None and not volume["hostPath"].get("path"):
            errors.append(FieldError.required(f"{at}.hostPath.path"))
    names = [(f"{field}[{index}].name", volume.get("name")) for index, volume in enumerate(volumes)]
    return errors + duplicates([(at, name) for at, name in names if name])


def _check_container(container: JSONObject, volumes: set[Any], field: str) -> list[FieldError]:
    errors = named(container.get("name"), dns_label, f"{field}.name")
    image = container.get("image") or ""
    if not image:
        errors.append(FieldError.required(f"{field}.image"))
    elif image != image.strip():
        errors.append(FieldError.invalid(f"{field}.image", image, "must not have leading or trailing whitespace"))
    errors += one_of(
        container.get("terminationMessagePolicy"),
        ("File", "FallbackToLogsOnError"),
        f"{field}.terminationMessagePolicy",
    )
    errors += one_of(container.get("imagePullPolicy"), PULL_POLICIES, f"{field}.imagePullPolicy")
    errors += _check_ports(container.get("ports") or [], f"{field}.ports")
    for index, variable in enumerate(container.get("env") or []):
        at = f"{field}.env[{index}]"
        errors += named(variable.get("name"), environment_name, f"{at}.name")
        if variable.get("value") and variable.get("valueFrom"):
            errors.append(FieldError.invalid(f"{at}.valueFrom", "", "may not be specified when `value` is not empty"))
    errors += _check_mounts(container.get("volumeMounts") or [], volumes, f"{field}.volumeMounts")
    errors += check_resources(container.get("resources") or {}, f"{field}.resources")
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        if (found := container.get(probe)) is not None:
            errors += _check_probe(found, f"{field}.{probe}")
    return errors


def _check_ports(ports: list[JSONObject], field: str) -> list[FieldError]:
    errors = []
    for index, port in enumerate(ports):
        at = f"{field}[{index}]"
        errors += optional_name(port.get("name"), port_name, f"{at}.name")
        number = port.get("containerPort") or 0
        if not number:
            errors.append(FieldError.required(f"{at}.containerPort"))
        else:
            errors += [FieldError.invalid(f"{at}.containerPort", number, reason) for reason in port_number(number)]
        if host := port.get("hostPort"):
            errors += [FieldError.invalid(f"{at}.hostPort", host, reason) for reason in port_number(host)]
        errors += one_of(port.get("protocol"), PROTOCOLS, f"{at}.protocol")
    names = [(f"{field}[{index}].name", port["name"]) for index, port in enumerate(ports) if port.get("name")]
    return errors + duplicates(names)


def _check_mounts(mounts: list[JSONObject], volumes: set[Any], field: str) -> list[FieldError]:
    errors = []
    paths: set[str] = set()
    for index, mount in enumerate(mounts):
        at = f"{field}[{index}]"
        name, path = mount.get("name") or "", mount.get("mountPath") or ""
        if not name:
            errors.append(FieldError.required(f"{at}.name"))
        elif name not in volumes:
            errors.append(FieldError.not_found(f"{at}.name", name))
        if not path:
            errors.append(FieldError.required(f"{at}.mountPath"))
        elif path in paths:
            errors.append(FieldError.invalid(f"{at}.mountPath", path, "must be unique"))
        paths.add(path)
    return errors


def check_resources(resources: JSONObject, field: str) -> list[FieldError]:
    errors = []
    limits = resources.get("limits") or {}
    for kind in ("limits", "requests"):
        for name, value in sorted((resources.get(kind) or {}).items()):
            amount = quantity(value)
            if amount is not None and amount < 0:
                detail = "must be greater than or equal to 0"
                errors.append(FieldError.invalid(f"{field}.{kind}[{name}]", str(value), detail))
    for name, value in sorted((resources.get("requests") or {}).items()):
        request, limit = quantity(value), quantity(limits.get(name))
        if request is not None and limit is not None and request > limit:
            detail = f"must be less than or equal to {name} limit of {limits[name]}"
            errors.append(FieldError.invalid(f"{field}.requests", str(value), detail))
    return errors


def _check_probe(probe: JSONObject, field: str) -> list[FieldError]:
    handlers = [key for key in ("exec", "httpGet", "tcpSocket", "grpc") if probe.get(key) is not None]
    errors = [
        FieldError.forbidden(f"{field}.{extra}", "may not specify more than 1 handler type") for extra in handlers[1:]
    ]
    if not handlers:
        errors.append(FieldError.required(field, "must specify a handler type"))
    for key in ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"):
        errors += not_negative(probe.get(key), f"{field}.{key}")
    if not field.endswith("readinessProbe") and probe.get("successThreshold", 1) != 1:
        errors.append(FieldError.invalid(f"{field}.successThreshold", probe["successThreshold"], "must be 1"))
    return errors


def _check_tolerations(tolerations: list[JSONObject], field: str) -> list[FieldError]:
    errors = []
    for index, toleration in enumerate(tolerations):
        at = f"{field}[{index}]"
        operator, key = toleration.get("operator") or "Equal", toleration.get("key") or ""
        if not key and operator != "Exists":
            detail = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
            errors.append(FieldError.invalid(f"{at}.operator", toleration.get("operator") or "", detail))
        if operator == "Exists" and toleration.get("value"):
            detail = "value must be empty when `operator` is 'Exists'"
            errors.append(FieldError.invalid(f"{at}.operator", toleration, detail))
        effects = ("NoSchedule", "PreferNoSchedule", "NoExecute")
        if effect := toleration.get("effect"):
            errors += one_of(effect, effects, f"{at}.effect")
    return errors
