"""Ports of containers that hardly are what is meant.

Upstream: pkg/api/pod/warnings.go
"""

from collections.abc import Iterable, Iterator

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.rules import Path

_FIELDS = (("Name", ""), ("HostPort", 0), ("ContainerPort", 0), ("Protocol", ""), ("HostIP", ""))


def port_warnings(containers: Iterable[tuple[JSONObject, Path]]) -> Iterator[str]:
    """Yield the ports of containers, each with its place, that say too little or the same as others."""
    seen: dict[tuple[int, str], list[tuple[JSONObject, Path]]] = {}
    for container, place in containers:
        for index, port in enumerate(container.get("ports") or []):
            at = place / "ports" / index
            if port.get("hostIP") and not port.get("hostPort"):
                yield f"{at}: hostIP set without hostPort: {{{_shown(port)}}}"
            others = seen.setdefault((port.get("containerPort") or 0, port.get("protocol") or ""), [])
            for other, there in others:
                if kind := _relation(port, other):
                    yield f"{at}: {kind} port definition with {there}"
            others.append((port, at))


def _relation(port: JSONObject, other: JSONObject) -> str:
    """Return what a port is to another with the same number and protocol, "" if nothing is wrong."""
    (ip, number), (other_ip, other_number) = (
        (each.get("hostIP") or "", each.get("hostPort") or 0) for each in (port, other)
    )
    if (ip, number) == (other_ip, other_number):
        return "duplicate"
    if not number or not other_number:
        return "overlapping"
    return "dangerously ambiguous" if number == other_number and bool(ip) != bool(other_ip) else ""


def _shown(port: JSONObject) -> str:
    """Return a port as Go prints a struct with `%+v`."""
    return " ".join(f"{name}:{port.get(name[0].lower() + name[1:], zero)}" for name, zero in _FIELDS)
