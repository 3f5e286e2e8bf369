"""`--feature-gates`: which features are on, by the version that is emulated.

A gate is alpha (off), then beta (on), then generally available: on, and locked to it. The messages are those of
k8s.io/component-base/featuregate.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from rootspan_apiserver.kube.go_numbers import format_bool, parse_bool

API_SERVER_TRACING = "APIServerTracing"


class FeatureGateError(ValueError):
    """`--feature-gates` names a gate there is not, or sets one as it cannot be set."""


@dataclass(frozen=True, slots=True)
class _Stage:
    since: tuple[int, int]
    name: str
    default: bool
    locked: bool = False


_STAGES = {
    API_SERVER_TRACING: (
        _Stage((1, 22), "ALPHA", default=False),
        _Stage((1, 27), "BETA", default=True),
        _Stage((1, 34), "GA", default=True, locked=True),
    )
}
_GROUPS = {"AllAlpha": "ALPHA", "AllBeta": "BETA"}


@dataclass(frozen=True, slots=True)
class FeatureGates:
    """The state of every gate at one version. `version` is `major.minor`; `settings` are the operator's."""

    version: str
    settings: Mapping[str, bool] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str, version: str) -> Self:
        """Read `Name=true,Other=false`, each name perhaps after its component, `kube:`. Raises `FeatureGateError`."""
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
        """Whether the gate `name` is on. Raises `KeyError` for a gate there is not."""
        stage = self._stage(name)
        if stage.locked:
            return stage.default
        of_group = next((self.settings.get(group) for group, of in _GROUPS.items() if of == stage.name), None)
        return self.settings.get(name, stage.default if of_group is None else of_group)

    def idle_groups(self) -> list[str]:
        """The groups that were set, as they were, though no gate is in their stage."""
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
