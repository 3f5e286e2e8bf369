"""Command line flags with Go's pflag syntax, types and messages, declared as fields of a frozen dataclass.

The field `secure_port` is the flag `--secure-port` with the field's default; parser and help are in its metadata. `--name=value` and
`--name value` are equivalent; a boolean flag is true without a value and takes one only after `=`; a list flag may be repeated, and its
values are separated by commas.

Upstream: https://github.com/spf13/pflag
"""

import dataclasses
import ipaddress
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rootspan_apiserver.kube.go_quote import quote

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Parser = Callable[[str], Any]

_SECONDS: Mapping[str, float] = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_NUMBER = r"([0-9]+\.?[0-9]*|\.[0-9]+)"
_TERM = re.compile(_NUMBER + "(h|ms|m|s|us|µs|ns)")


class FlagError(ValueError):
    """The command line has an unknown flag, or a value of the wrong type."""


class HelpRequested(Exception):  # noqa: N818 (not an error)
    """`--help` was given."""


class VersionRequested(Exception):  # noqa: N818 (not an error)
    """`--version` was given."""


def flag(default: Any, parser: Parser, description: str, *, short: str = "") -> Any:
    """Return a dataclass field that is a flag; a list flag if the default is a tuple."""
    return dataclasses.field(default=default, metadata={"parser": parser, "description": description, "short": short})


def text(value: str) -> str:
    """Parse a string."""
    return value


def integer(value: str) -> int:
    """Parse a decimal integer. Raises ValueError."""
    if not re.fullmatch(r"[+-]?[0-9]+", value):
        raise ValueError(f"strconv.ParseInt: parsing {quote(value)}: invalid syntax")
    return int(value)


def boolean(value: str) -> bool:
    """Parse a boolean as Go's strconv.ParseBool. Raises ValueError."""
    if value in ("1", "t", "T", "TRUE", "true", "True"):
        return True
    if value in ("0", "f", "F", "FALSE", "false", "False"):
        return False
    raise ValueError(f"strconv.ParseBool: parsing {quote(value)}: invalid syntax")


def seconds(value: str) -> float:
    """Parse a Go duration (`1m30s`, `500ms`, `0`) into seconds. Raises ValueError."""
    sign, digits = (-1, value[1:]) if value.startswith("-") else (1, value.removeprefix("+"))
    if digits == "0":
        return 0.0
    terms = _TERM.findall(digits)
    if not terms or "".join(number + unit for number, unit in terms) != digits:
        missing_unit = re.fullmatch(_NUMBER, digits)
        raise ValueError(f"time: {'missing unit in' if missing_unit else 'invalid'} duration {quote(value)}")
    return float(sign * sum(float(number) * _SECONDS[unit] for number, unit in terms))


def ip_address(value: str) -> str:
    """Parse an IPv4 or IPv6 address. Raises ValueError."""
    try:
        return str(ipaddress.ip_address(value.strip()))
    except ValueError as error:
        raise ValueError(f"failed to parse IP: {quote(value)}") from error


def parse_flags(options: "type[DataclassInstance]", arguments: Sequence[str]) -> dict[str, Any]:
    """Return the values of the flags in `arguments`, by field of `options`. Raises FlagError, HelpRequested, VersionRequested."""
    fields = {field.name.replace("_", "-"): field for field in dataclasses.fields(options)}
    fields = {name: field for name, field in fields.items() if "parser" in field.metadata}
    by_short = {field.metadata["short"]: name for name, field in fields.items() if field.metadata["short"]}
    given: dict[str, Any] = {}
    remaining = iter(arguments)
    for argument in remaining:
        if argument in ("--help", "-h"):
            raise HelpRequested
        if argument == "--version":
            raise VersionRequested
        name, equals, value = _split(argument, by_short)
        if name not in fields:
            raise FlagError(f"unknown flag: --{name}")
        field = fields[name]
        if not equals:
            following = "true" if field.metadata["parser"] is boolean else next(remaining, None)
            if following is None:
                raise FlagError(f"flag needs an argument: {argument}")
            value = following
        given[field.name] = _value(field, value, given.get(field.name, ()), f"--{name}")
    return given


def describe_flags(options: "type[DataclassInstance]") -> str:
    """Return the help text of all flags."""
    lines = []
    for field in dataclasses.fields(options):
        if "parser" not in field.metadata:
            continue
        short = f"-{field.metadata['short']}, " if field.metadata["short"] else "    "
        default = ",".join(field.default) if isinstance(field.default, tuple) else field.default
        if isinstance(default, bool):
            default = str(default).lower()
        suffix = f" (default {default})" if default not in (None, "") else ""
        lines += [
            f"  {short}--{field.name.replace('_', '-')}",
            textwrap.fill(
                field.metadata["description"] + suffix, 100, initial_indent=" " * 10, subsequent_indent=" " * 10
            ),
        ]
    return "\n".join(lines)


def _split(argument: str, by_short: dict[str, str]) -> tuple[str, str, str]:
    if argument.startswith("--") and len(argument) > 2:
        name, equals, value = argument[2:].partition("=")
        if not name or name.startswith("-"):
            raise FlagError(f"bad flag syntax: {argument}")
        return name, equals, value
    if argument.startswith("-") and argument not in ("-", "--"):
        if argument[1] not in by_short:
            raise FlagError(f"unknown shorthand flag: {quote(argument[1])[1:-1]!r} in {argument}")
        value = argument[2:].removeprefix("=")
        return by_short[argument[1]], value and "=", value
    raise FlagError(f"unknown command {quote(argument)}")


def _value(field: "dataclasses.Field[Any]", value: str, before: tuple[Any, ...], name: str) -> Any:
    parser: Parser = field.metadata["parser"]
    try:
        if isinstance(field.default, tuple):
            return (*before, *(parser(item) for item in value.split(",") if item))
        return parser(value)
    except ValueError as error:
        raise FlagError(f"invalid argument {quote(value)} for {quote(name)} flag: {error}") from error
