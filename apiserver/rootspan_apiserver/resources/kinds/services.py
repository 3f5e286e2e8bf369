"""Service."""

from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_1035_label, dns_label, dns_subdomain, port_number
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.core.service.families import check_cluster_ips
from rootspan_apiserver.resources.core.service.spec import (
    WITH_NODE_PORTS,
    drop_by_type,
    externally_accessible,
    needs_address,
    needs_health_check,
    needs_node_ports,
)
from rootspan_apiserver.resources.definition import NO_CONTEXT, WriteContext
from rootspan_apiserver.resources.kinds.builtin_strategy import BuiltinStrategy
from rootspan_apiserver.resources.kinds.checks import IMMUTABLE, cidr, duplicates, ip, named, one_of, optional_name
from rootspan_apiserver.resources.kinds.pod_handlers import check_port
from rootspan_apiserver.resources.metadata import check_labels

PROTOCOLS = ("SCTP", "TCP", "UDP")
TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
ONLY_LOAD_BALANCER = "may only be used when `type` is 'LoadBalancer'"


class ServiceStrategy(BuiltinStrategy):
    name_rule = staticmethod(dns_1035_label)

    def set_defaults(self, obj: JSONObject) -> None:
        spec = obj["spec"]
        spec.setdefault("sessionAffinity", "None")
        if spec["sessionAffinity"] == "None":
            spec.pop("sessionAffinityConfig", None)
        elif spec["sessionAffinity"] == "ClientIP":
            config = spec.setdefault("sessionAffinityConfig", {}).setdefault("clientIP", {})
            config.setdefault("timeoutSeconds", 10800)
        kind = spec.setdefault("type", "ClusterIP")
        for port in spec.get("ports") or []:
            port.setdefault("protocol", "TCP")
            if port.get("targetPort") in (None, 0, "") and "port" in port:
                port["targetPort"] = port["port"]
        if externally_accessible(spec):
            spec.setdefault("externalTrafficPolicy", "Cluster")
        if kind in ("ClusterIP", *WITH_NODE_PORTS):
            spec.setdefault("internalTrafficPolicy", "Cluster")
        if kind == "LoadBalancer":
            spec.setdefault("allocateLoadBalancerNodePorts", True)

    def prepare_for_update(
        self, obj: JSONObject, old: JSONObject, subresource: str, context: WriteContext = NO_CONTEXT
    ) -> None:
        super().prepare_for_update(obj, old, subresource)
        if not subresource:
            drop_by_type(obj["spec"], old["spec"])
            if obj["spec"].get("type") != "LoadBalancer":
                obj.setdefault("status", {})["loadBalancer"] = {}

    def validate(self, obj: JSONObject) -> list[FieldError]:
        spec = obj["spec"]
        errors = one_of(spec.get("type"), TYPES, "spec.type")
        ports = spec.get("ports") or []
        headless = spec.get("clusterIP") == "None"
        if not ports and not headless and spec.get("type") != "ExternalName":
            errors.append(FieldError.required("spec.ports"))
        if spec.get("type") == "ExternalName":
            given = {**spec, "clusterIPs": spec.get("clusterIPs") or spec.get("clusterIP")}
            errors += [
                FieldError.forbidden(f"spec.{key}", "may not be set for ExternalName services")
                for key in ("clusterIPs", "ipFamilies", "ipFamilyPolicy")
                if given.get(key)
            ]
            errors += named((spec.get("externalName") or "").rstrip("."), dns_subdomain, "spec.externalName")
        if needs_node_ports(spec) and headless:
            detail = f"may not be set to 'None' for {spec['type']} services"
            errors.append(FieldError.invalid("spec.clusterIPs[0]", "None", detail))
        if needs_address(spec):
            errors += check_cluster_ips(spec)
        if (policy := spec.get("internalTrafficPolicy")) is not None:
            errors += one_of(policy, ("Cluster", "Local"), "spec.internalTrafficPolicy")
        errors += self._check_reach(spec)
        errors += self._check_ports(ports)
        errors += check_labels(spec.get("selector") or {}, "spec.selector")
        return errors + one_of(spec.get("sessionAffinity"), ("ClientIP", "None"), "spec.sessionAffinity")

    def _check_reach(self, spec: JSONObject) -> list[FieldError]:
        errors = []
        for index, address in enumerate(spec.get("externalIPs") or []):
            errors += ip(address, f"spec.externalIPs[{index}]")
        for index, source in enumerate(spec.get("loadBalancerSourceRanges") or []):
            errors += cidr(source.strip(), f"spec.loadBalancerSourceRanges[{index}]")
        policy = spec.get("externalTrafficPolicy")
        if policy and not externally_accessible(spec):
            detail = "may only be set for externally-accessible services"
            errors.append(FieldError.invalid("spec.externalTrafficPolicy", policy, detail))
        elif policy:
            errors += one_of(policy, ("Cluster", "Local"), "spec.externalTrafficPolicy")
        if spec.get("type") == "ClusterIP":
            detail = "may not be used when `type` is 'ClusterIP'"
            for index, port in enumerate(spec.get("ports") or []):
                if port.get("nodePort"):
                    errors.append(FieldError.forbidden(f"spec.ports[{index}].nodePort", detail))
        if spec.get("type") != "LoadBalancer":
            errors += [
                FieldError.forbidden(f"spec.{key}", ONLY_LOAD_BALANCER)
                for key in ("allocateLoadBalancerNodePorts", "loadBalancerClass")
                if spec.get(key) is not None
            ]
        if (number := spec.get("healthCheckNodePort")) and not needs_health_check(spec):
            detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
            errors.append(FieldError.invalid("spec.healthCheckNodePort", number, detail))
        timeout = ((spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}).get("timeoutSeconds")
        if timeout is not None and not 0 < timeout <= 86400:
            at = "spec.sessionAffinityConfig.clientIP.timeoutSeconds"
            errors.append(FieldError.invalid(at, timeout, "must be greater than 0 and less than 86400"))
        return errors

    def _check_ports(self, ports: list[JSONObject]) -> list[FieldError]:
        errors = []
        for index, port in enumerate(ports):
            at = f"spec.ports[{index}]"
            if len(ports) > 1:
                errors += named(port.get("name"), dns_label, f"{at}.name")
            else:
                errors += optional_name(port.get("name"), dns_label, f"{at}.name")
            number = port.get("port") or 0
            errors += [FieldError.invalid(f"{at}.port", number, reason) for reason in port_number(number)]
            errors += one_of(port.get("protocol"), PROTOCOLS, f"{at}.protocol")
            errors += check_port(port.get("targetPort"), f"{at}.targetPort")
        names = [(f"spec.ports[{index}].name", port["name"]) for index, port in enumerate(ports) if port.get("name")]
        errors += duplicates(names)
        seen: set[tuple[Any, Any]] = set()
        for index, port in enumerate(ports):
            key = port.get("protocol"), port.get("port")
            if key in seen:
                errors.append(FieldError.duplicate(f"spec.ports[{index}]", {"port": key[1], "protocol": key[0]}))
            seen.add(key)
        return errors

    def validate_changes(self, obj: JSONObject, old: JSONObject) -> list[FieldError]:
        errors = []
        new, before = obj["spec"], old["spec"]
        if new.get("type") == before.get("type") == "LoadBalancer" and new.get("loadBalancerClass") != before.get(
            "loadBalancerClass"
        ):
            shown = new.get("loadBalancerClass")
            errors.append(FieldError.invalid("spec.loadBalancerClass", shown, "may not change once set"))
        if "ExternalName" in (new.get("type"), before.get("type")) or not before.get("clusterIP"):
            return errors
        for key, at in (("clusterIP", "spec.clusterIPs[0]"), ("ipFamilies", "spec.ipFamilies")):
            if new.get(key) != before.get(key):
                value = [new.get(key)] if key == "clusterIP" else new.get(key)
                detail = "may not change once set" if key == "clusterIP" else IMMUTABLE
                errors.append(FieldError.invalid(at, value, detail))
        return errors
