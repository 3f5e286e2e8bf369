"""`--service-address`: where a Service can be reached, as there is no cluster network."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServiceAddress:
    """The address of a Service: `namespace/name` can be reached at `host:port`."""

    name: str
    namespace: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.name}.{self.namespace}={host}:{self.port}"


def read_service_address(value: str) -> ServiceAddress:
    """Parse `NAME.NAMESPACE=HOST:PORT`. Raises ValueError."""
    match = re.fullmatch(r"([^.=]+)\.([^.=]+)=(.+):([0-9]+)", value)
    if match is None or not 0 < int(match[4]) < 65536:
        raise ValueError("must be NAME.NAMESPACE=HOST:PORT")
    return ServiceAddress(match[1], match[2], match[3].removeprefix("[").removesuffix("]"), int(match[4]))
