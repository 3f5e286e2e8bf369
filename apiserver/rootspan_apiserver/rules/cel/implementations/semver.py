"""Semantic versions.

Upstream: staging/src/k8s.io/apiserver/pkg/cel/library/semverlib.go, github.com/blang/semver/v4/semver.go
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rootspan_apiserver.kube.go_numbers import parse_uint
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.rules.cel.errors import CELEvaluationError
from rootspan_apiserver.rules.cel.values import OpaqueValue

_ALPHANUMERIC = re.compile("[0-9A-Za-z-]*")
_NUMERIC = re.compile("[0-9]*")


@dataclass(frozen=True, slots=True, eq=False)
class SemverValue(OpaqueValue):
    """A version; what is built (`+…`) does not count when versions are compared."""

    type_name = "kubernetes.Semver"
    numbers: tuple[int, int, int]
    prerelease: tuple[int | str, ...] = ()
    build: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SemverValue) and compare_versions(self, other) == 0

    def __hash__(self) -> int:
        return hash((self.numbers, self.prerelease))

    def text(self) -> str:
        """Return the version as it is written."""
        text = ".".join(map(str, self.numbers))
        text += f"-{'.'.join(map(str, self.prerelease))}" if self.prerelease else ""
        return text + (f"+{'.'.join(self.build)}" if self.build else "")


def compare_versions(left: SemverValue, right: SemverValue) -> int:
    """Return -1, 0 or 1."""
    if left.numbers != right.numbers:
        return 1 if left.numbers > right.numbers else -1
    if not left.prerelease or not right.prerelease:
        return int(bool(right.prerelease)) - int(bool(left.prerelease))
    first, second = ([_order(part) for part in version.prerelease] for version in (left, right))
    return int(first > second) - int(first < second)


def _order(part: int | str) -> tuple[bool, int, str]:
    """Numbers come before words."""
    return (False, part, "") if isinstance(part, int) else (True, 0, part)


def parse_version(text: str) -> SemverValue:
    """
    Raises:
        ValueError: the text is no version; the message is upstream's.
    """
    if not text:
        raise ValueError("Version string empty")
    parts = text.split(".", 2)
    if len(parts) != 3:
        raise ValueError("No Major.Minor.Patch elements found")
    major, minor = _number(parts[0], "Major"), _number(parts[1], "Minor")
    rest, plus, built = parts[2].partition("+")
    patch, dash, prerelease = rest.partition("-")
    numbers = (major, minor, _number(patch, "Patch"))
    before = tuple(map(_prerelease, prerelease.split("."))) if dash else ()
    return SemverValue(numbers, before, tuple(map(_build, built.split("."))) if plus else ())


def _number(text: str, name: str) -> int:
    if not _NUMERIC.fullmatch(text):
        raise ValueError(f"Invalid character(s) found in {name.lower()} number {quote(text)}")
    if len(text) > 1 and text[0] == "0":
        raise ValueError(f"{name} number must not contain leading zeroes {quote(text)}")
    return parse_uint(text)


def _prerelease(text: str) -> int | str:
    if not text:
        raise ValueError("Prerelease is empty")
    if _NUMERIC.fullmatch(text):
        if len(text) > 1 and text[0] == "0":
            raise ValueError(f"Numeric PreRelease version must not contain leading zeroes {quote(text)}")
        return parse_uint(text)
    if not _ALPHANUMERIC.fullmatch(text):
        raise ValueError(f"Invalid character(s) found in prerelease {quote(text)}")
    return text


def _build(text: str) -> str:
    if not text:
        raise ValueError("Build meta data is empty")
    if not _ALPHANUMERIC.fullmatch(text):
        raise ValueError(f"Invalid character(s) found in build meta data {quote(text)}")
    return text


def _normalized(text: str) -> str:
    """Return a version without `v`, leading zeros and omissions."""
    parts = [_without_zeros(part) for part in text.removeprefix("v").split(".", 2)]
    if len(parts) < 3:
        if "+" in parts[-1] or "-" in parts[-1]:
            raise ValueError("short version cannot contain PreRelease/Build meta data")
        parts += ["0"] * (3 - len(parts))
    return ".".join(parts)


def _without_zeros(part: str) -> str:
    if len(part) <= 1:
        return part
    rest = part.lstrip("0")
    return rest if rest[:1] in tuple("0123456789") else f"0{rest}"


def _semver(text: str, normalize: bool = False) -> SemverValue:
    try:
        return parse_version(_normalized(text) if normalize else text)
    except ValueError as error:
        raise CELEvaluationError(str(error)) from None


def _is_semver(text: str, normalize: bool = False) -> bool:
    try:
        _semver(text, normalize)
    except CELEvaluationError:
        return False
    return True


IMPLEMENTATIONS: Mapping[str, Callable[..., Any]] = {
    "string_to_semver": _semver,
    "string_bool_to_semver": _semver,
    "is_semver_string": _is_semver,
    "is_semver_string_bool": _is_semver,
    "semver_is_greater_than": lambda left, right: compare_versions(left, right) > 0,
    "semver_is_less_than": lambda left, right: compare_versions(left, right) < 0,
    "semver_compare_to": compare_versions,
    "semver_major": lambda value: value.numbers[0],
    "semver_minor": lambda value: value.numbers[1],
    "semver_patch": lambda value: value.numbers[2],
}
