"""The flags of kube-apiserver: those without a meaning here are known, checked, shown, and change nothing.

The table `kube_flags.txt` has every flag of the newest emulated version.

Upstream: cmd/kube-apiserver/app/options/options.go
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from rootspan_apiserver.kube.go_durations import format_duration, parse_duration
from rootspan_apiserver.kube.go_numbers import atoi, format_bool, format_float
from rootspan_apiserver.kube.quantity import canonical
from rootspan_apiserver.options.flags import Flag, boolean, integer, ip_address, number, text

_HIGHEST_PORT = 65535
_BRACKETED = ("list", "pairs")


def _number(value: str) -> str:
    return format_float(number(value))


def _pair(value: str) -> str:
    if "=" not in value:
        raise ValueError("malformed pair, expect string=string")
    return value


def _ports(value: str) -> str:
    """Check `LOW-HIGH`, `LOW+COUNT` or one port."""
    begin, separator, rest = value.partition("-" if "-" in value else "+")
    low = atoi(begin)
    high = low + atoi(rest) if separator == "+" else atoi(rest) if separator else low
    if high < low:
        raise ValueError(f"end port cannot be less than start port: {value}")
    if low < 0 or high > _HIGHEST_PORT:
        raise ValueError(f"the port range cannot be greater than {_HIGHEST_PORT}: {value}")
    return value


_TYPES: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "duration": lambda value: format_duration(parse_duration(value)),
        "float": _number,
        "int": lambda value: str(integer(value)),
        "ip": ip_address,
        "list": text,
        "map": _pair,
        "pairs": _pair,
        "ports": _ports,
        "quantity": canonical,
        "string": text,
    }
)
"""For each type the parser, which returns the value as it is shown."""


@dataclass(frozen=True, slots=True)
class KubeFlag:
    """A flag of kube-apiserver."""

    name: str
    type: str
    default: str

    @property
    def parsed(self) -> Flag:
        """What the parser of a command line needs."""
        parser = boolean if self.type == "bool" else _TYPES[self.type]
        return Flag(key=self.name, parser=parser, repeated=self.type in ("list", "map", "pairs"))

    def shown(self, value: object = None) -> str:
        """Return a value of the parser, or the default, as `/flagz` shows it."""
        if value is None:
            return f"[{self.default}]" if self.type in _BRACKETED else self.default
        if isinstance(value, tuple):
            joined = ",".join(value)
            return f"[{joined}]" if self.type in _BRACKETED else joined
        return format_bool(value) if isinstance(value, bool) else str(value)


@cache
def kube_flags() -> Mapping[str, KubeFlag]:
    """Return every flag by its name."""
    lines = (files(__package__) / "kube_flags.txt").read_text(encoding="utf-8").splitlines()
    flags = (KubeFlag(*f"{line}  ".split(" ")[:3]) for line in lines if not line.startswith("#"))
    return {flag.name: flag for flag in flags}


def idle_flags(own: Collection[str]) -> Mapping[str, KubeFlag]:
    """Return the flags that are not among `own`, the names of those with a meaning here."""
    return {name: flag for name, flag in kube_flags().items() if name not in own}
