"""Command line flags with Go's pflag syntax, types and messages, declared as fields of a frozen dataclass.

The field `secure_port` is the flag `--secure-port` with the field's default; parser and help are in its metadata. `--name=value` and
`--name value` are equivalent; a boolean flag is true without a value and takes one only after `=`, and so does a flag that has a `bare`
value; a list flag may be repeated, and its values are separated by commas.

Upstream: https://github.com/spf13/pflag
"""

import dataclasses
import ipaddress
import textwrap
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from rootspan_apiserver.kube.go_durations import parse_duration
from rootspan_apiserver.kube.go_numbers import parse_bool, parse_int
from rootspan_apiserver.kube.go_quote import quote, quote_character

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Parser = Callable[[str], Any]


class FlagError(ValueError):
    """The command line has unknown flags, or values of the wrong type. `faults` are all errors; the message has one per line."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class HelpRequested(Exception):  # noqa: N818 (not an error)
    """`--help` was given."""


class VersionRequested(Exception):  # noqa: N818 (not an error)
    """`--version` was given."""


def flag(
    default: Any, parser: Parser, description: str, *, short: str = "", whole: bool = False, bare: str | None = None
) -> Any:
    """Return a dataclass field that is a flag; a list flag if the default is a tuple.

    The values of a list flag have commas between them, unless each is `whole`. A flag without `=` has the value `bare`, if there is one.
    """
    metadata = {"parser": parser, "description": description, "short": short, "whole": whole, "bare": bare}
    return dataclasses.field(default=default, metadata=metadata)


def text(value: str) -> str:
    """Parse a string."""
    return value


def integer(value: str) -> int:
    """Return an integer, written as in Go's source (`10`, `0x1F`). Raises ValueError with Go's message."""
    return parse_int(value, literal=True)


def number(value: str) -> float:
    """Return a number. Raises ValueError with Go's message."""
    try:
        return float(value)
    except ValueError as error:
        raise ValueError(f'strconv.ParseFloat: parsing "{value}": invalid syntax') from error


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


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """A flag as the parser sees it.

    Attributes:
        key: Names the value in what `parse_flags` returns.
        repeated: Whether the values are collected in a tuple.
        whole: Whether such a value is one, also with commas in it.
        bare: The value without `=`; None if the next argument is the value, unless the flag is a boolean.
    """

    key: str
    parser: Parser
    repeated: bool = False
    whole: bool = False
    short: str = ""
    bare: str | None = None


def flags_of(options: "type[DataclassInstance]") -> dict[str, Flag]:
    """Return the flags among the fields of `options`, by name."""
    return {
        field.name.replace("_", "-"): Flag(
            key=field.name,
            parser=field.metadata["parser"],
            repeated=isinstance(field.default, tuple),
            whole=field.metadata["whole"],
            short=field.metadata["short"],
            bare=field.metadata["bare"],
        )
        for field in dataclasses.fields(options)
        if "parser" in field.metadata
    }


def parse_flags(
    options: "type[DataclassInstance]", arguments: Sequence[str], others: Mapping[str, Flag] = MappingProxyType({})
) -> dict[str, Any]:
    """Return the values of the flags in `arguments`, by field of `options`.

    Args:
        others: More flags that are known, by name.

    Raises:
        FlagError: With all errors of the command line.
        HelpRequested, VersionRequested: Instead of values.
    """
    flags = {**others, **flags_of(options)}
    by_short = {flag.short: name for name, flag in flags.items() if flag.short}
    given: dict[str, Any] = {}
    faults: list[str] = []
    remaining = deque(arguments)
    while remaining:
        argument = remaining.popleft()
        if argument in ("--help", "-h"):
            raise HelpRequested
        if argument == "--version":
            raise VersionRequested
        try:
            _take(argument, remaining, flags, by_short, given)
        except FlagError as error:
            faults += error.faults
    if faults:
        raise FlagError(*faults)
    return given


def _take(
    argument: str, remaining: deque[str], flags: Mapping[str, Flag], by_short: dict[str, str], given: dict[str, Any]
) -> None:
    """Read one flag, and its value from `remaining` where it needs one."""
    name, equals, value = _split(argument, by_short)
    flag = flags.get(name) or flags.get(name := name.replace("_", "-"))
    if flag is None:
        if not equals and remaining and not remaining[0].startswith("-"):
            remaining.popleft()
        raise FlagError(_unknown(name, flags))
    if not equals:
        if flag.parser is boolean:
            value = "true"
        elif flag.bare is not None:
            value = flag.bare
        elif remaining:
            value = remaining.popleft()
        else:
            raise FlagError(f"flag needs an argument: {argument}")
    given[flag.key] = _value(flag, value, given.get(flag.key, ()), f"--{name}")


def _unknown(name: str, flags: Iterable[str]) -> str:
    from difflib import get_close_matches  # a wrong command line only

    nearest = get_close_matches(name, flags, 1, 0.75)
    return f"unknown flag: --{name}" + (f" (did you mean --{nearest[0]}?)" if nearest else "")


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


def _value(flag: Flag, value: str, before: tuple[Any, ...], name: str) -> Any:
    try:
        if flag.whole:
            return (*before, flag.parser(value))
        if flag.repeated:
            return (*before, *(flag.parser(item) for item in value.split(",") if item))
        return flag.parser(value)
    except ValueError as error:
        raise FlagError(f"invalid argument {quote(value)} for {quote(name)} flag: {error}") from error
