"""The rules for the ports of a Service.

Upstream: pkg/apis/core/validation/validation.go (validateServicePort, ValidateService)
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_label, port_number, qualified_name
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.core.pod.containers import PROTOCOLS
from rootspan_apiserver.resources.core.pod.handlers import port_or_name
from rootspan_apiserver.rules import ABSENT, Path, RuleContext, absent_as, function, named, one_of, required, struct


@function("validateServicePort")
def _names(value: list[JSONObject], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Each has a name if there are several, and no two the same; what else is wrong with one follows its name."""
    seen: set[str] = set()
    for index, port in enumerate(value):
        at, name = path / index, port.get("name") or ""
        if name:
            yield from (FieldError.invalid(at / "name", name, reason) for reason in dns_label(name))
            if name in seen:
                yield FieldError.duplicate(at / "name", name)
            seen.add(name)
        elif len(value) > 1:
            yield FieldError.required(at / "name")
        yield from _PORT.check(port, ABSENT, at, context)


_PORT = struct(
    port=absent_as(0, named(port_number)),
    protocol=required & one_of(*PROTOCOLS),
    targetPort=port_or_name,
    appProtocol=named(qualified_name),
)
PORTS = struct(ports=_names)


@function("ValidateService")
def once_each(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """No protocol has the same port or node port twice; a ClusterIP has no node ports."""
    ports, at = value.get("ports") or [], path / "ports"
    if value.get("type") == "ClusterIP":
        for index, port in enumerate(ports):
            if port.get("nodePort"):
                yield FieldError.forbidden(at / index / "nodePort", "may not be used when `type` is 'ClusterIP'")
    seen: set[tuple[str, str, int]] = set()
    for field in ("nodePort", "port"):
        for index, port in enumerate(ports):
            number = port.get(field) or 0
            key = field, port.get("protocol") or "", number
            if field == "nodePort" and not number:
                continue
            if key in seen and field == "nodePort":
                yield FieldError.duplicate(at / index / "nodePort", number)
            elif key in seen:
                yield FieldError.duplicate(at / index, _as_in_go(key[1], number))
            seen.add(key)


def _as_in_go(protocol: str, port: int) -> JSONObject:
    empty = {"AppProtocol": None, "Port": port, "TargetPort": 0, "NodePort": 0}
    return {"Name": "", "Protocol": protocol, **empty}
