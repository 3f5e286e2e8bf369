"""Ingress, IngressClass, NetworkPolicy, Endpoints and EndpointSlice."""

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_subdomain
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.kinds.builtin_strategy import BuiltinStrategy
from rootspan_apiserver.resources.kinds.checks import cidr, ip, label_selector, one_of, optional_name, unchanged
from rootspan_apiserver.resources.kinds.pod_handlers import check_port
from rootspan_apiserver.resources.kinds.pod_validation import PROTOCOLS

PATH_TYPES = ("Exact", "ImplementationSpecific", "Prefix")


class IngressStrategy(BuiltinStrategy):
    counts_generation = True

    def validate(self, obj: JSONObject) -> list[FieldError]:
        spec = obj["spec"]
        errors = []
        if not spec.get("rules") and spec.get("defaultBackend") is None:
            errors.append(FieldError.invalid("spec", spec, "either `defaultBackend` or `rules` must be specified"))
        for index, rule in enumerate(spec.get("rules") or []):
            at = f"spec.rules[{index}]"
            host = (rule.get("host") or "").removeprefix("*.")
            errors += optional_name(host, dns_subdomain, f"{at}.host")
            if host and not ip(host, ""):
                detail = "must be a DNS name, not an IP address"
                errors.append(FieldError.invalid(f"{at}.host", host, detail))
            if (http := rule.get("http")) is not None:
                if not http.get("paths"):
                    errors.append(FieldError.required(f"{at}.http.paths"))
                for number, path in enumerate(http.get("paths") or []):
                    errors += _check_path(path, f"{at}.http.paths[{number}]")
        if (backend := spec.get("defaultBackend")) is not None:
            errors += _check_backend(backend, "spec.defaultBackend")
        return errors


def _check_path(path: JSONObject, field: str) -> list[FieldError]:
    errors = []
    kind = path.get("pathType")
    if kind is None:
        errors.append(FieldError.required(f"{field}.pathType", "pathType must be specified"))
    else:
        errors += one_of(kind, PATH_TYPES, f"{field}.pathType")
        text = path.get("path") or ""
        if kind in ("Exact", "Prefix") and not text.startswith("/"):
            errors.append(FieldError.invalid(f"{field}.path", text, "must be an absolute path"))
    return errors + _check_backend(path.get("backend") or {}, f"{field}.backend")


def _check_backend(backend: JSONObject, field: str) -> list[FieldError]:
    service, resource = backend.get("service"), backend.get("resource")
    if service is not None and resource is not None:
        return [FieldError.invalid(field, "", "cannot set both resource and service backends")]
    if resource is not None:
        return []
    if service is None:
        return [FieldError.required(field, "resource or service backend is required")]
    errors = []
    if not service.get("name"):
        errors.append(FieldError.required(f"{field}.service.name"))
    port = service.get("port") or {}
    if not port.get("name") and not port.get("number"):
        errors.append(FieldError.required(field, "port name or number is required"))
    elif port.get("name") and port.get("number"):
        errors.append(FieldError.invalid(field, "", "cannot set both port name & port number"))
    elif port.get("number"):
        errors += check_port(port["number"], f"{field}.service.port.number")
    return errors


class IngressClassStrategy(BuiltinStrategy):
    counts_generation = True

    def set_defaults(self, obj: JSONObject) -> None:
        if (parameters := (obj.get("spec") or {}).get("parameters")) is not None:
            parameters.setdefault("scope", "Cluster")

    def validate(self, obj: JSONObject) -> list[FieldError]:
        if not (obj.get("spec") or {}).get("controller"):
            return [FieldError.required("spec.controller")]
        if not all(obj["spec"]["controller"].partition("/")):
            detail = 'must be a domain-prefixed path (such as "acme.io/foo")'
            return [FieldError.invalid("spec.controller", obj["spec"]["controller"], detail)]
        return []

    def validate_changes(self, obj: JSONObject, old: JSONObject) -> list[FieldError]:
        new, before = obj["spec"].get("controller") or "", old["spec"].get("controller") or ""
        return unchanged(new, before, "spec.controller")


class NetworkPolicyStrategy(BuiltinStrategy):
    counts_generation = True

    def set_defaults(self, obj: JSONObject) -> None:
        spec = obj["spec"]
        for rule in [*(spec.get("ingress") or []), *(spec.get("egress") or [])]:
            for port in rule.get("ports") or []:
                port.setdefault("protocol", "TCP")
        if not spec.get("policyTypes"):
            spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]

    def validate(self, obj: JSONObject) -> list[FieldError]:
        spec = obj["spec"]
        errors = label_selector(spec.get("podSelector"), "spec.podSelector")
        for kind, peers in (("ingress", "from"), ("egress", "to")):
            for index, rule in enumerate(spec.get(kind) or []):
                for number, peer in enumerate(rule.get(peers) or []):
                    at = f"spec.{kind}[{index}].{peers}[{number}]"
                    if not any(peer.get(key) is not None for key in ("podSelector", "namespaceSelector", "ipBlock")):
                        errors.append(FieldError.required(at, "must specify a peer"))
                    errors += _check_peer(peer, at)
                for number, port in enumerate(rule.get("ports") or []):
                    errors += _check_policy_port(port, f"spec.{kind}[{index}].ports[{number}]")
        for kind in spec.get("policyTypes") or []:
            errors += one_of(kind, ("Egress", "Ingress"), "spec.policyTypes")
        return errors


def _check_peer(peer: JSONObject, field: str) -> list[FieldError]:
    errors = label_selector(peer.get("podSelector"), f"{field}.podSelector")
    errors += label_selector(peer.get("namespaceSelector"), f"{field}.namespaceSelector")
    if (block := peer.get("ipBlock")) is None:
        return errors
    if "podSelector" in peer or "namespaceSelector" in peer:
        errors.append(FieldError.forbidden(field, "may not specify both ipBlock and another peer"))
    if not block.get("cidr"):
        return [*errors, FieldError.required(f"{field}.ipBlock.cidr")]
    return errors + cidr(block["cidr"], f"{field}.ipBlock.cidr")


def _check_policy_port(port: JSONObject, field: str) -> list[FieldError]:
    errors = one_of(port.get("protocol"), PROTOCOLS, f"{field}.protocol")
    if (number := port.get("port")) is not None:
        errors += check_port(number, f"{field}.port")
    if (end := port.get("endPort")) is not None:
        if not isinstance(number, int):
            detail = "may not be specified when `port` is non-numeric"
            errors.append(FieldError.invalid(f"{field}.endPort", end, detail))
        elif end < number:
            errors.append(FieldError.invalid(f"{field}.endPort", end, "must be greater than or equal to `port`"))
    return errors


class EndpointSliceStrategy(BuiltinStrategy):
    """Its generation counts changes of its labels too."""

    counts_generation = True

    def changed(self, obj: JSONObject, old: JSONObject) -> bool:
        labels, before = obj["metadata"].get("labels") or {}, old["metadata"].get("labels") or {}
        return labels != before or super().changed(obj, old)

    def set_defaults(self, obj: JSONObject) -> None:
        for port in obj.get("ports") or []:
            port.setdefault("name", "")
            port.setdefault("protocol", "TCP")

    def validate(self, obj: JSONObject) -> list[FieldError]:
        kind = obj.get("addressType") or ""
        if not kind:
            return [FieldError.required("addressType")]
        errors = one_of(kind, ("FQDN", "IPv4", "IPv6"), "addressType")
        for index, endpoint in enumerate(obj.get("endpoints") or []):
            if not endpoint.get("addresses"):
                errors.append(FieldError.required(f"endpoints[{index}].addresses", "must contain at least 1 address"))
        return errors

    def validate_changes(self, obj: JSONObject, old: JSONObject) -> list[FieldError]:
        return unchanged(obj.get("addressType"), old.get("addressType"), "addressType")


class EndpointsStrategy(BuiltinStrategy):
    def set_defaults(self, obj: JSONObject) -> None:
        for subset in obj.get("subsets") or []:
            for port in subset.get("ports") or []:
                port.setdefault("protocol", "TCP")

    def validate(self, obj: JSONObject) -> list[FieldError]:
        errors = []
        for index, subset in enumerate(obj.get("subsets") or []):
            at = f"subsets[{index}]"
            if not subset.get("addresses") and not subset.get("notReadyAddresses"):
                errors.append(FieldError.required(at, "must specify `addresses` or `notReadyAddresses`"))
            for kind in ("addresses", "notReadyAddresses"):
                for number, address in enumerate(subset.get(kind) or []):
                    errors += ip(address.get("ip") or "", f"{at}.{kind}[{number}].ip")
            for number, port in enumerate(subset.get("ports") or []):
                errors += check_port(port.get("port"), f"{at}.ports[{number}].port")
                errors += one_of(port.get("protocol"), PROTOCOLS, f"{at}.ports[{number}].protocol")
        return errors
