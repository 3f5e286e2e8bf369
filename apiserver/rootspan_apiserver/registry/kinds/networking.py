"""Ingress, IngressClass, NetworkPolicy, Endpoints and EndpointSlice."""

from typing import Any

from rootspan_apiserver.registry.kinds.checks import label_selector, one_of, optional_name, unchanged
from rootspan_apiserver.registry.names import dns_subdomain
from rootspan_apiserver.registry.strategy import BuiltinStrategy
from rootspan_apiserver.status import FieldError

JSONObject = dict[str, Any]
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
    return errors


class IngressClassStrategy(BuiltinStrategy):
    counts_generation = True

    def set_defaults(self, obj: JSONObject) -> None:
        if (parameters := (obj.get("spec") or {}).get("parameters")) is not None:
            parameters.setdefault("scope", "Cluster")

    def validate(self, obj: JSONObject) -> list[FieldError]:
        if not (obj.get("spec") or {}).get("controller"):
            return [FieldError.required("spec.controller")]
        return []

    def validate_changes(self, obj: JSONObject, old: JSONObject) -> list[FieldError]:
        new, before = obj["spec"].get("controller"), old["spec"].get("controller")
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
        for kind in spec.get("policyTypes") or []:
            errors += one_of(kind, ("Egress", "Ingress"), "spec.policyTypes")
        return errors


class EndpointSliceStrategy(BuiltinStrategy):
    counts_generation = True

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
