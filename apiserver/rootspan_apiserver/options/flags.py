"""Command line flags with Go's pflag syntax, types and messages, declared as fields of a frozen dataclass.

The field `secure_port` is the flag `--secure-port` with the field's default; parser and help are in its metadata. `--name=value` and
`--name value` are equivalent; a boolean flag is true without a value and takes one only after `=`; a list flag may be repeated, and its
values are separated by commas.

Upstream: https://github.com/spf13/pflag
"""

import dataclasses
import ipaddress
import textwrap
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from rootspan_apiserver.kube.go_durations import parse_duration
from rootspan_apiserver.kube.go_numbers import parse_bool, parse_int
from rootspan_apiserver.kube.go_quote import quote, quote_character

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Parser = Callable[[str], Any]


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
    """Return an integer, written as in Go's source (`10`, `0x1F`). Raises ValueError with Go's message."""
    return parse_int(value, literal=True)


def boolean(value: str) -> bool:
    """Return a boolean. Raises ValueError with Go's message."""
    return parse_bool(value)


def seconds(value: str) -> float:
    """Return the seconds of a duration (`1m30s`, `500ms`, `0`). Raises ValueError with Go's message."""
    return parse_duration(value) / 1e9


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
            raise FlagError(f"unknown shorthand flag: {quote_character(argument[1])} in {argument}")
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
