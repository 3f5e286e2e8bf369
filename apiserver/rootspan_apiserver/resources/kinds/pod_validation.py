"""The rules for a pod's spec, in a pod and in every template of one."""

from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_label, dns_subdomain, port_name, port_number
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.kinds.checks import duplicates, ip, named, not_negative, one_of, optional_name
from rootspan_apiserver.resources.kinds.pod_environment import check_variables
from rootspan_apiserver.resources.kinds.pod_handlers import check_handlers, without_handlers
from rootspan_apiserver.resources.kinds.pod_resources import check_resources
from rootspan_apiserver.resources.kinds.pod_scheduling import check_scheduling
from rootspan_apiserver.resources.kinds.pod_security import check_security
from rootspan_apiserver.resources.metadata import check_annotations, check_labels

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
            if kind == "initContainers" and container.get("restartPolicy") != "Always":
                errors += without_handlers(container, at)
            every.append((f"{at}.name", container.get("name") or ""))
    errors += duplicates([(at, name) for at, name in every if name])
    errors += one_of(spec.get("restartPolicy"), RESTART_POLICIES, f"{field}.restartPolicy")
    errors += one_of(spec.get("dnsPolicy"), DNS_POLICIES, f"{field}.dnsPolicy")
    errors += not_negative(spec.get("terminationGracePeriodSeconds"), f"{field}.terminationGracePeriodSeconds")
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None and not 1 <= deadline <= INT32_MAX:
        detail = f"must be between 1 and {INT32_MAX}, inclusive"
        errors.append(FieldError.invalid(f"{field}.activeDeadlineSeconds", deadline, detail))
    errors += optional_name(spec.get("serviceAccountName"), dns_subdomain, f"{field}.serviceAccountName")
    errors += optional_name(spec.get("nodeName"), dns_subdomain, f"{field}.nodeName")
    errors += optional_name(spec.get("hostname"), dns_label, f"{field}.hostname")
    errors += optional_name(spec.get("subdomain"), dns_label, f"{field}.subdomain")
    errors += optional_name(spec.get("priorityClassName"), dns_subdomain, f"{field}.priorityClassName")
    errors += optional_name(spec.get("runtimeClassName"), dns_subdomain, f"{field}.runtimeClassName")
    errors += check_security(spec.get("securityContext") or {}, f"{field}.securityContext")
    errors += _check_network(spec, field)
    return errors + check_scheduling(spec, field)


def _check_network(spec: JSONObject, field: str) -> list[FieldError]:
    errors = []
    for index, alias in enumerate(spec.get("hostAliases") or []):
        at = f"{field}.hostAliases[{index}]"
        errors += ip(alias.get("ip") or "", f"{at}.ip")
        for number, name in enumerate(alias.get("hostnames") or []):
            errors += named(name, dns_subdomain, f"{at}.hostnames[{number}]")
    config = spec.get("dnsConfig")
    servers = (config or {}).get("nameservers") or []
    if spec.get("dnsPolicy") == "None":
        if config is None:
            detail = "must provide `dnsConfig` when `dnsPolicy` is None"
            errors.append(FieldError.required(f"{field}.dnsConfig", detail))
        elif not servers:
            detail = "must provide at least one DNS nameserver when `dnsPolicy` is None"
            errors.append(FieldError.required(f"{field}.dnsConfig.nameservers", detail))
    if len(servers) > 3:
        detail = "must not have more than 3 nameservers"
        errors.append(FieldError.invalid(f"{field}.dnsConfig.nameservers", servers, detail))
    for index, server in enumerate(servers):
        errors += ip(server, f"{field}.dnsConfig.nameservers[{index}]")
    return errors + _check_host_ports(spec, field)


def _check_host_ports(spec: JSONObject, field: str) -> list[FieldError]:
    errors = []
    taken = []
    for index, container in enumerate(spec.get("containers") or []):
        for number, port in enumerate(container.get("ports") or []):
            at = f"{field}.containers[{index}].ports[{number}]"
            host, inside = port.get("hostPort"), port.get("containerPort")
            if spec.get("hostNetwork") and host and host != inside:
                detail = "must match `containerPort` when `hostNetwork` is true"
                errors.append(FieldError.invalid(f"{at}.hostPort", host, detail))
            if host:
                taken.append((f"{at}.hostPort", f"{port.get('protocol')}/{port.get('hostIP', '')}/{host}"))
    return errors + duplicates(taken)


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
    errors += check_variables(container.get("env") or [], f"{field}.env")
    errors += _check_mounts(container.get("volumeMounts") or [], volumes, f"{field}.volumeMounts")
    errors += check_resources(container.get("resources") or {}, f"{field}.resources")
    errors += check_security(container.get("securityContext") or {}, f"{field}.securityContext")
    return errors + check_handlers(container, field)


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
