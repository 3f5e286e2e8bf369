"""The rule for ports, for the kinds that have no definition yet."""

from rootspan_apiserver.kube.names import port_name, port_number
from rootspan_apiserver.kube.status import FieldError


def check_port(port: object, field: str) -> list[FieldError]:
    """A port's number or name."""
    if isinstance(port, str):
        return [FieldError.invalid(field, port, reason) for reason in port_name(port)]
    number = port if isinstance(port, int) else 0
    return [FieldError.invalid(field, number, reason) for reason in port_number(number)]
