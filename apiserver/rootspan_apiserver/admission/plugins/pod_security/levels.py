"""Levels, versions, and the policy that the labels of a namespace ask for.

A label that cannot be parsed is an error, and has a value nevertheless: `restricted` for enforcement, `privileged` for warnings and audit
annotations, the latest version.

Upstream: staging/src/k8s.io/pod-security-admission/api/helpers.go, constants.go
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules import ROOT

PRIVILEGED, BASELINE, RESTRICTED = "privileged", "baseline", "restricted"
LEVELS = (PRIVILEGED, BASELINE, RESTRICTED)
"""From the least to the most strict."""
PREFIX = "pod-security.kubernetes.io/"
WRONG_LEVEL = f"must be one of {', '.join(LEVELS)}"
WRONG_VERSION = 'must be "latest" or "v1.x"'
Mode = Literal["enforce", "audit", "warn"]
MODES: tuple[Mode, ...] = get_args(Mode)

_VERSION = re.compile(r"v1\.([0-9]|[1-9][0-9]*)")
_LATEST = 2**63


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """A version of the standards: that of Kubernetes 1.`minor`, or the latest."""

    minor: int = _LATEST

    def __str__(self) -> str:
        return "latest" if self.minor == _LATEST else f"v1.{self.minor}"

    @classmethod
    def parse(cls, text: str) -> "PolicyVersion | None":
        """Return the version of `latest` or `v1.x`, None for another text."""
        if text == "latest":
            return cls()
        match = _VERSION.fullmatch(text)
        return cls(int(match[1])) if match and int(match[1]) < _LATEST else None


@dataclass(frozen=True, slots=True)
class LevelVersion:
    """A level of the standards in one version."""

    level: str = PRIVILEGED
    version: PolicyVersion = field(default_factory=PolicyVersion)

    def __str__(self) -> str:
        return f"{self.level}:{self.version}"

    @property
    def strictness(self) -> int:
        """The place of the level among all levels: the more, the stricter."""
        return LEVELS.index(self.level)

    def is_equivalent(self, other: "LevelVersion") -> bool:
        """Whether both allow the same pods."""
        return self == other or self.level == other.level == PRIVILEGED


@dataclass(frozen=True, slots=True)
class PodSecurityPolicy:
    """What is enforced, audited and warned of."""

    enforce: LevelVersion = field(default_factory=LevelVersion)
    audit: LevelVersion = field(default_factory=LevelVersion)
    warn: LevelVersion = field(default_factory=LevelVersion)

    @property
    def is_privileged(self) -> bool:
        """Whether everything is allowed in silence."""
        return self.enforce.level == self.audit.level == self.warn.level == PRIVILEGED

    def is_equivalent(self, other: "PodSecurityPolicy") -> bool:
        """Whether both have the same effect."""
        return all(getattr(self, mode).is_equivalent(getattr(other, mode)) for mode in MODES)


def policy_of(labels: Mapping[str, str], defaults: PodSecurityPolicy) -> tuple[PodSecurityPolicy, list[FieldError]]:
    """Return the policy of a namespace with these labels, and what is wrong with them. `defaults` hold where there is no label."""
    errors: list[FieldError] = []
    found = {mode: _labelled(labels, mode, getattr(defaults, mode), errors) for mode in MODES}
    enforced = labels.get(f"{PREFIX}enforce")
    stricter = found["enforce"].strictness > found["warn"].strictness
    if f"{PREFIX}warn" not in labels and enforced in LEVELS and stricter:
        version = found["warn"] if f"{PREFIX}warn-version" in labels else found["enforce"]
        found["warn"] = LevelVersion(found["enforce"].level, version.version)
    return PodSecurityPolicy(**found), errors


def _labelled(labels: Mapping[str, str], mode: Mode, default: LevelVersion, errors: list[FieldError]) -> LevelVersion:
    found, label = default, f"{PREFIX}{mode}"
    if (level := labels.get(label)) is not None:
        if level not in LEVELS:
            errors.append(FieldError.invalid((ROOT / "metadata" / "labels").key(label), level, WRONG_LEVEL))
            level = RESTRICTED if mode == "enforce" else PRIVILEGED
        found = replace(found, level=level)
    label += "-version"
    if (text := labels.get(label)) is not None:
        version = PolicyVersion.parse(text)
        if version is None:
            errors.append(FieldError.invalid((ROOT / "metadata" / "labels").key(label), text, WRONG_VERSION))
        found = replace(found, version=version or PolicyVersion())
    return found
