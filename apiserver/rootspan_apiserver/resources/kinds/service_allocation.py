"""What is given to one service at a time: the addresses of a range, and the ports that every node opens.

Which are taken is read off the services there are, shown before each write. What was given since is remembered too, for services that
are on their way to the store.
"""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.release import DEFAULT_SERVICE_RANGE
from rootspan_apiserver.kube.status import FieldError

NODE_PORTS = range(30000, 32768)


class ServiceAllocation:
    """Gives out the addresses of `service_range`, the first and the last excepted, and the ports in `NODE_PORTS`."""

    def __init__(self, service_range: str = DEFAULT_SERVICE_RANGE) -> None:
        self._network: IPv4Network | IPv6Network = ip_network(service_range, strict=False)
        self._given: set[int] = set()
        self._owners: Mapping[str | int, str] = {}

    @property
    def family(self) -> str:
        """The family of the range, which services have that do not say."""
        return f"IPv{self._network.version}"

    def look(self, services: Iterable[JSONObject]) -> None:
        """Learn from all services there are what is taken."""
        self._owners = {claim: _path(service) for service in services for claim in _claims(service)}

    def address(self, uid: str) -> str:
        """A free address; any, when none is left."""
        count = max(self._network.num_addresses - 3, 1)
        if len(self._given) >= count:
            self._given.clear()
        number = _chosen(count, uid)
        for _ in range(count):
            if number not in self._given and self._at(number) not in self._owners:
                break
            number = (number + 1) % count
        self._given.add(number)
        return self._at(number)

    def port(self, uid: str, port: JSONObject, taken: Iterable[int]) -> int:
        """A free port for one port of a service whose other ports have `taken`."""
        taken = set(taken)
        number = _chosen(len(NODE_PORTS), uid, str(port.get("port")), str(port.get("protocol")))
        for _ in NODE_PORTS:
            if NODE_PORTS[number] not in taken and NODE_PORTS[number] not in self._owners:
                break
            number = (number + 1) % len(NODE_PORTS)
        return NODE_PORTS[number]

    def refusals(self, obj: JSONObject, old: JSONObject | None = None) -> list[FieldError]:
        """Why it may not have what it asks for, save what it has already."""
        has = set(_claims(old)) if old is not None else set()
        wanted = [claim for claim in _claims(obj) if claim not in has]
        errors = [self._no_address(claim, obj) for claim in wanted if isinstance(claim, str)]
        for index, port in enumerate(obj["spec"].get("ports") or []):
            number = port.get("nodePort")
            if number in wanted:
                errors.append(self._no_port(number, f"spec.ports[{index}].nodePort", obj))
        return [error for error in errors if error is not None]

    def _at(self, number: int) -> str:
        return str(self._network.network_address + 2 + number)

    def _no_address(self, address: str, obj: JSONObject) -> FieldError | None:
        try:
            inside = ip_address(address) in self._network
        except ValueError:
            return None
        if not inside:
            why = "the provided network does not match the current range"
        elif self._owners.get(address, _path(obj)) != _path(obj):
            why = "provided IP is already allocated"
        else:
            return None
        return FieldError.invalid("spec.clusterIPs", [address], f"failed to allocate IP {address}: {why}")

    def _no_port(self, number: int, at: str, obj: JSONObject) -> FieldError | None:
        if number not in NODE_PORTS:
            valid = f"{NODE_PORTS.start}-{NODE_PORTS.stop - 1}"
            why = f"provided port is not in the valid range. The range of valid ports is {valid}"
        elif self._owners.get(number, _path(obj)) != _path(obj):
            why = "provided port is already allocated"
        else:
            return None
        return FieldError.invalid(at, number, why)


def _chosen(count: int, *words: str) -> int:
    """A number below `count` that depends on the words alone."""
    return int.from_bytes(sha256("\0".join(words).encode()).digest()[:8], "big") % count


def _claims(service: JSONObject) -> Iterable[str | int]:
    spec = service["spec"]
    if spec.get("type") != "ExternalName" and spec.get("clusterIP") not in (None, "", "None"):
        yield spec["clusterIP"]
    for port in spec.get("ports") or []:
        if port.get("nodePort"):
            yield port["nodePort"]
    if spec.get("healthCheckNodePort"):
        yield spec["healthCheckNodePort"]


def _path(service: JSONObject) -> str:
    return f"{service['metadata'].get('namespace')}/{service['metadata'].get('name')}"
