"""`--feature-gates`: the features of kube-apiserver, and which of them are enabled in the emulated version.

A gate is alpha (off by default), then beta (mostly on), then generally available (on, and locked after a while), or deprecated. The table
`feature_gates.txt` has every gate of the newest emulated version; `HONOURED` names those that change what this server does.

Upstream: staging/src/k8s.io/component-base/featuregate/feature_gate.go, staging/src/k8s.io/component-base/compatibility/registry.go
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Self

from rootspan_apiserver.kube.go_numbers import format_bool, parse_bool

API_SERVER_TRACING = "APIServerTracing"
COMPONENT_FLAGZ = "ComponentFlagz"
COMPONENT_STATUSZ = "ComponentStatusz"
UID_OF_CERTIFICATES = "AllowParsingUserUIDFromCertAuth"
HONOURED = frozenset({UID_OF_CERTIFICATES, API_SERVER_TRACING, COMPONENT_FLAGZ, COMPONENT_STATUSZ})
LACKING = frozenset(
    {
        "AuthorizePodWebsocketUpgradeCreatePermission",
        "ExtendWebSocketsToKubelet",
        "ExternalServiceAccountTokenSigner",
        "PortForwardWebsockets",
        "PreventStaticPodAPIReferences",
        "TranslateStreamCloseWebsocketRequests",
        "UnknownVersionInteroperabilityProxy",
    }
)
"""Features of kube-apiserver's own that are enabled by default in 1.36, and missing here."""
_GROUPS: Mapping[str, str] = {"AllAlpha": "ALPHA", "AllBeta": "BETA"}


class FeatureGateError(ValueError):
    """`--feature-gates` has unknown gates, malformed values, or sets locked gates. `faults` are all errors."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class _Stage:
    since: tuple[int, int]
    name: str
    default: bool
    locked: bool = False


_PRE_ALPHA = _Stage((0, 0), "", default=False)


@dataclass(frozen=True, slots=True)
class _Gate:
    stages: tuple[_Stage, ...]
    needs: tuple[str, ...]


@cache
def known_gates() -> Mapping[str, _Gate]:
    """Return every gate by its name."""
    text = (files(__package__) / "feature_gates.txt").read_text(encoding="utf-8")
    return dict(map(_gate, (line for line in text.splitlines() if not line.startswith("#"))))


def _gate(line: str) -> tuple[str, _Gate]:
    head, _, needs = line.partition(" needs ")
    name, *stages = head.split()
    return name, _Gate(tuple(map(_stage, stages)), tuple(filter(None, needs.split(","))))


def _stage(text: str) -> _Stage:
    version, _, rest = text.partition(":")
    name, _, default = rest.partition("=")
    return _Stage(_numbers(version), name, default.startswith("true"), default.endswith("!"))


def _numbers(version: str) -> tuple[int, int]:
    major, minor = version.split(".")
    return int(major), int(minor)


@dataclass(frozen=True, slots=True)
class FeatureGates:
    """The state of every gate in one version (`major.minor`), with the settings of the operator."""

    version: str
    settings: Mapping[str, bool] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str, version: str) -> Self:
        """Read `Name=true,Other=false`; a name may have the prefix `kube:` of its component. Raises `FeatureGateError`."""
        settings, faults = _settings(text)
        gates = cls(version, settings)
        if faults := [*faults, *gates._faults()]:
            raise FeatureGateError(faults)
        return gates

    def enabled(self, name: str) -> bool:
        """Return whether a gate is enabled. Raises `KeyError` for an unknown gate."""
        stage = self._stage(name)
        if stage.locked:
            return stage.default
        of_group = next((self.settings.get(group) for group, of in _GROUPS.items() if of == stage.name), None)
        return self.settings.get(name, stage.default if of_group is None else of_group)

    def effective(self) -> Mapping[tuple[str, ...], float]:
        """Return by the name and the stage of each gate whether this server has the feature: 1 or 0, for the metrics."""
        found: dict[tuple[str, ...], float] = {
            (group, stage): float(self.settings.get(group, False)) for group, stage in _GROUPS.items()
        }
        for name in known_gates():
            stage = self._stage(name)
            if stage is not _PRE_ALPHA:
                on = self.enabled(name) if name in HONOURED else stage.default and name not in LACKING
                found[name, "" if stage.name == "GA" else stage.name] = float(on)
        return found

    def idle(self) -> list[str]:
        """Return the settings, as `Name=true`, that ask for what is not here: a change of a default, or a missing feature."""
        return [f"{name}={format_bool(value)}" for name, value in self.settings.items() if self._is_idle(name, value)]

    def _is_idle(self, name: str, value: bool) -> bool:
        if name in _GROUPS:
            return self._moves(name)
        return name not in HONOURED and (value != self._stage(name).default or (value and name in LACKING))

    def _moves(self, group: str) -> bool:
        """Return whether a group sets a gate that is not honoured to something else than its default."""
        value, stage = self.settings[group], _GROUPS[group]
        return any(
            found.name == stage and found.default != value and not found.locked and name not in HONOURED
            for name, found in ((name, self._stage(name)) for name in known_gates())
            if name not in self.settings
        )

    def _faults(self) -> Iterator[str]:
        settled = True
        for name, enabled in self.settings.items():
            if fault := self._fault(name, enabled):
                settled = False
                yield fault
        if not settled or not self.settings:
            return
        for name, gate in known_gates().items():
            disabled = [need for need in gate.needs if self._stage(need) is not _PRE_ALPHA and not self.enabled(need)]
            if disabled and self.enabled(name):
                yield f"{name} is enabled, but depends on features that are disabled: [{' '.join(disabled)}]"

    def _fault(self, name: str, enabled: bool) -> str:
        """Return what is wrong with a setting, "" where nothing is."""
        if name in _GROUPS:
            return ""
        if name not in known_gates():
            return f"unrecognized feature gate: {name}"
        stage = self._stage(name)
        refused = f"cannot set feature gate {name} to {format_bool(enabled)}, feature is"
        if stage.locked and enabled != stage.default:
            return f"{refused} locked to {format_bool(stage.default)}"
        if stage is _PRE_ALPHA:
            major, minor = _numbers(self.version)
            return (
                f"{refused} PreAlpha at emulated version {self.version}, min compatibility version {major}.{minor - 1}"
            )
        return ""

    def _stage(self, name: str) -> _Stage:
        reached = [stage for stage in known_gates()[name].stages if stage.since <= _numbers(self.version)]
        return reached[-1] if reached else _PRE_ALPHA


def _settings(text: str) -> tuple[dict[str, bool], list[str]]:
    """Return the settings in `Name=true,Other=false`, and the errors."""
    settings: dict[str, bool] = {}
    faults: list[str] = []
    components = set()
    for item in filter(None, text.split(",")):
        name, equals, value = (part.strip() for part in item.partition("="))
        component, _, gate = name.rpartition(":")
        components.add(component)
        if component not in ("", "kube"):
            faults.append(f"component not registered: {component}")
        elif not equals:
            faults.append(f"missing bool value for {gate}")
        else:
            try:
                settings[gate] = parse_bool(value)
            except ValueError as error:
                faults.append(f"invalid value of {gate}={value}, err: {error}")
    if components >= {"", "kube"}:
        faults.append("set kube feature gates with default empty prefix or kube: prefix consistently, do not mix use")
    return settings, faults
