"""What one write of a Service takes out of the ranges of cluster IPs and node ports.

A dry run reserves nothing, and like the real server's it does not look for free values either: it answers with the first address of the
range, and with ports behind the last one.

Upstream: pkg/registry/core/service/ipallocator/ipallocator.go, pkg/registry/core/service/portallocator/operation.go
"""

from ipaddress import IPv4Network, IPv6Network, ip_address

from rootspan_apiserver.kube.status import FieldError, StatusError, internal_error, invalid
from rootspan_apiserver.resources.core.service.pool import Pool

_FULL = "range is full"
_ALLOCATED_PORT = "provided port is already allocated"


class Transaction:
    """Reservations for the Service `name`: of `addresses` as numbers, and of `ports`. `network` is the range that dry runs look at."""

    def __init__(
        self, name: str, network: IPv4Network | IPv6Network, *, addresses: Pool, ports: Pool, dry_run: bool
    ) -> None:
        self._name = name
        self._network = network
        self._addresses = addresses
        self._ports = ports
        self._dry_run = dry_run
        self._taken_addresses: list[int] = []
        self._taken_ports: list[int] = []

    def release(self) -> None:
        """End the reservations."""
        if not self._dry_run:
            for number in self._taken_addresses:
                self._addresses.release(number)
            for number in self._taken_ports:
                self._ports.release(number)

    def refusal(self, *errors: FieldError) -> StatusError:
        """Return the error for what the Service cannot have."""
        return invalid("", "Service", self._name, errors)

    def address(self, requested: str, shown: list[str]) -> str:
        """Take the address that is `requested`, or any if that is "", and return it.

        Args:
            shown: all addresses that the Service asks for, for the error.

        Raises:
            StatusError: 422, the address is allocated or out of range; 500, none is left.
        """
        if not requested:
            return self._any_address()
        number = int(ip_address(requested))
        if number not in self._addresses:
            why = "the provided network does not match the current range"
            if self._dry_run:
                why = f"the provided IP ({requested}) is not in the valid range. The range of valid IPs is {self._network}"
        elif self._dry_run or self._addresses.reserve(number):
            self._taken_addresses.append(number)
            return requested
        else:
            why = "provided IP is already allocated"
        why = f"failed to allocate IP {requested}: {why}"
        raise self.refusal(FieldError.invalid("spec.clusterIPs", shown, why))

    def _any_address(self) -> str:
        if self._dry_run:
            return str(self._network.network_address)
        number = self._addresses.reserve_any()
        if number is None:
            raise internal_error(f"failed to allocate a serviceIP: {_FULL}")
        self._taken_addresses.append(number)
        return str(type(self._network.network_address)(number))

    def node_port(self, number: int, index: int) -> None:
        """Take the node port that the port at `index` asks for.

        Raises:
            StatusError: 422, it is allocated or out of range.
        """
        if why := self._port(number):
            raise self.refusal(FieldError.invalid(f"spec.ports[{index}].nodePort", number, why))

    def any_node_port(self) -> int:
        """Take a free node port and return it.

        Raises:
            StatusError: 500, none is left.
        """
        number = self._any_port()
        if number is None:
            raise internal_error(f"failed to allocate a nodePort: {_FULL}")
        return number

    def health_check_port(self, requested: int) -> int:
        """Take the node port of the health check that is `requested`, or any if that is 0, and return it.

        Raises:
            StatusError: 500, it cannot be had.
        """
        if requested:
            if why := self._port(requested):
                raise internal_error(f"failed to allocate requested HealthCheck NodePort {requested}: {why}")
            return requested
        number = self._any_port()
        if number is None:
            raise internal_error(f"failed to allocate a HealthCheck NodePort 0: {_FULL}")
        return number

    def _port(self, number: int) -> str:
        """Take a port: why that is not possible, "" if it is."""
        if self._dry_run:
            if not self._ports.is_free(number) or number in self._taken_ports:
                return _ALLOCATED_PORT
        elif number not in self._ports:
            valid = f"{self._ports.spans[0].first}-{self._ports.spans[0].last}"
            return f"provided port is not in the valid range. The range of valid ports is {valid}"
        elif not self._ports.reserve(number):
            return _ALLOCATED_PORT
        self._taken_ports.append(number)
        return ""

    def _any_port(self) -> int | None:
        """Take any port: the port, None if none is left."""
        number = self._port_after_the_last() if self._dry_run else self._ports.reserve_any()
        if number is not None:
            self._taken_ports.append(number)
        return number

    def _port_after_the_last(self) -> int:
        return max(self._taken_ports, default=self._ports.spans[0].last + 1) + 1
