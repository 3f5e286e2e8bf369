"""`--feature-gates`, at each version that changed a gate."""

import pytest

from rootspan_apiserver.options.feature_gates import API_SERVER_TRACING, FeatureGateError, FeatureGates, known_gates


@pytest.mark.parametrize(
    ("version", "text", "enabled"),
    [
        ("1.22", "", False),
        ("1.22", "APIServerTracing=true", True),
        ("1.22", "APIServerTracing=false", False),
        ("1.22", "AllAlpha=true", True),
        ("1.22", "AllBeta=true", False),
        ("1.22", "AllAlpha=true,APIServerTracing=false", False),
        ("1.26", "", False),
        ("1.27", "", True),
        ("1.27", "APIServerTracing=false", False),
        ("1.27", "AllBeta=false", False),
        ("1.33", " APIServerTracing = F ,", False),
        ("1.34", "", True),
        ("1.36", "APIServerTracing=true", True),
        ("1.36", "kube:APIServerTracing=1", True),
        ("1.36", "AllAlpha=false,AllBeta=false", True),
    ],
)
def test_gate_is_on_by_version_and_by_setting(version: str, text: str, enabled: bool) -> None:
    """Alpha is off, beta is on, general availability is on for good; a setting and a group change the first two."""
    assert FeatureGates.parse(text, version).enabled(API_SERVER_TRACING) is enabled


@pytest.mark.parametrize(
    ("version", "text", "message"),
    [
        ("1.36", "Nonsense=true", "unrecognized feature gate: Nonsense"),
        ("1.36", "APIServerTracing", "missing bool value for APIServerTracing"),
        (
            "1.36",
            "APIServerTracing=maybe",
            'invalid value of APIServerTracing=maybe, err: strconv.ParseBool: parsing "maybe": invalid syntax',
        ),
        (
            "1.34",
            "APIServerTracing=false",
            "cannot set feature gate APIServerTracing to false, feature is locked to true",
        ),
        (
            "1.36",
            "DRAAdminAccess=false,Nonsense=true,WatchList",
            (
                "missing bool value for WatchList\n"
                "cannot set feature gate DRAAdminAccess to false, feature is locked to true\nunrecognized feature gate: Nonsense"
            ),
        ),
        (
            "1.36",
            "GangScheduling=true",
            "GangScheduling is enabled, but depends on features that are disabled: [GenericWorkload]",
        ),
        ("1.36", "wardle:GangScheduling=true", "component not registered: wardle"),
        (
            "1.36",
            "kube:WatchList=true,AllBeta=true",
            "set kube feature gates with default empty prefix or kube: prefix consistently, do not mix use",
        ),
        (
            "1.22",
            "GangScheduling=true",
            (
                "cannot set feature gate GangScheduling to true, "
                "feature is PreAlpha at emulated version 1.22, min compatibility version 1.21"
            ),
        ),
    ],
)
def test_setting_that_cannot_be_is_refused_in_kubernetes_words(version: str, text: str, message: str) -> None:
    """The message is that of k8s.io/component-base."""
    with pytest.raises(FeatureGateError) as refusal:
        FeatureGates.parse(text, version)
    assert str(refusal.value) == message


def test_gate_there_is_not_cannot_be_asked_for() -> None:
    """A typing error in the code is not taken for a gate that is off."""
    with pytest.raises(KeyError):
        FeatureGates("1.36").enabled("Nonsense")


@pytest.mark.parametrize("name", sorted(known_gates()))
def test_every_gate_has_its_default_unless_it_is_set(name: str) -> None:
    """Each gate of the table can be set to its default, and to the opposite unless it is locked."""
    default = FeatureGates("1.36").enabled(name)
    assert FeatureGates.parse(f"{name}={default}", "1.36").enabled(name) is default
    gates = FeatureGates("1.36", {name: not default})
    assert gates.enabled(name) is not default or "locked to" in "".join(gates._faults())
