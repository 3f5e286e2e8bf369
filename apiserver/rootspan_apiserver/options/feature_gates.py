"""`--feature-gates`: the features that are enabled in the emulated version.

A gate is alpha (off by default), then beta (on by default), then generally available (on and locked).

Upstream: staging/src/k8s.io/component-base/featuregate/feature_gate.go
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from rootspan_apiserver.kube.go_numbers import format_bool, parse_bool

API_SERVER_TRACING = "APIServerTracing"


class FeatureGateError(ValueError):
    """`--feature-gates` has an unknown gate, a malformed value, or sets a locked gate."""


@dataclass(frozen=True, slots=True)
class _Stage:
    since: tuple[int, int]
    name: str
    default: bool
    locked: bool = False


_STAGES: Mapping[str, tuple[_Stage, ...]] = {
    API_SERVER_TRACING: (
        _Stage((1, 22), "ALPHA", default=False),
        _Stage((1, 27), "BETA", default=True),
        _Stage((1, 34), "GA", default=True, locked=True),
    )
}
_GROUPS: Mapping[str, str] = {"AllAlpha": "ALPHA", "AllBeta": "BETA"}


@dataclass(frozen=True, slots=True)
class FeatureGates:
    """The state of every gate in one version (`major.minor`), with the settings of the operator."""

    version: str
    settings: Mapping[str, bool] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str, version: str) -> Self:
        """Read `Name=true,Other=false`; a name may have the prefix `kube:` of its component. Raises `FeatureGateError`."""
        settings: dict[str, bool] = {}
        for item in filter(None, text.split(",")):
            name, equals, value = (part.strip() for part in item.partition("="))
            if not equals:
                raise FeatureGateError(f"missing bool value for {name}")
            try:
                settings[name.removeprefix("kube:")] = parse_bool(value)
            except ValueError as error:
                raise FeatureGateError(f"invalid value of {name}={value}, err: {error}") from error
        gates = cls(version, settings)
        for name, enabled in settings.items():
            gates._check(name, enabled)
        return gates

    def enabled(self, name: str) -> bool:
        """Return whether a gate is enabled. Raises `KeyError` for an unknown gate."""
        stage = self._stage(name)
        if stage.locked:
            return stage.default
        of_group = next((self.settings.get(group) for group, of in _GROUPS.items() if of == stage.name), None)
        return self.settings.get(name, stage.default if of_group is None else of_group)

    def idle_groups(self) -> list[str]:
        """Return the settings of groups without a gate in their stage, as `AllAlpha=true`."""
        stages = {self._stage(name).name for name in _STAGES}
        given = [group for group in _GROUPS if group in self.settings and _GROUPS[group] not in stages]
        return [f"{group}={format_bool(self.settings[group])}" for group in given]

    def _check(self, name: str, enabled: bool) -> None:
        if name in _GROUPS:
            return
        if name not in _STAGES:
            raise FeatureGateError(f"unrecognized feature gate: {name}")
        stage = self._stage(name)
        if stage.locked and enabled != stage.default:
            raise FeatureGateError(
                f"cannot set feature gate {name} to {format_bool(enabled)}, "
                f"feature is locked to {format_bool(stage.default)}"
            )

    def _stage(self, name: str) -> _Stage:
        major, minor = self.version.split(".")
        return max(
            (stage for stage in _STAGES[name] if stage.since <= (int(major), int(minor))), key=lambda stage: stage.since
        )
