"""The policy of a namespace: its labels over the defaults."""

from rootspan_apiserver.admission.plugins.pod_security.levels import (
    LevelVersion,
    PodSecurityPolicy,
    PolicyVersion,
    policy_of,
)

DEFAULTS = PodSecurityPolicy()


def policy(defaults: PodSecurityPolicy = DEFAULTS, **labels: str) -> tuple[str, str, str, list[str]]:
    """Enforced, audited and warned level, and the errors."""
    prefix = "pod-security.kubernetes.io/"
    found, errors = policy_of({prefix + key.replace("_", "-"): value for key, value in labels.items()}, defaults)
    return str(found.enforce), str(found.audit), str(found.warn), [str(error) for error in errors]


def test_namespace_without_labels_has_the_defaults() -> None:
    """A label replaces the level or the version alone."""
    defaults = PodSecurityPolicy(
        enforce=LevelVersion("baseline", PolicyVersion(20)), warn=LevelVersion("restricted", PolicyVersion(21))
    )
    assert policy(defaults) == ("baseline:v1.20", "privileged:latest", "restricted:v1.21", [])
    assert policy(defaults, enforce="restricted", warn_version="v1.0") == (
        "restricted:v1.20",
        "privileged:latest",
        "restricted:v1.0",
        [],
    )


def test_enforced_level_is_also_warned_of() -> None:
    """A namespace that says nothing of warnings is warned at the enforced level, unless it is warned at a stricter one."""
    assert policy(enforce="baseline", enforce_version="v1.9")[2] == "baseline:v1.9"
    assert policy(enforce="restricted", enforce_version="v1.9", warn_version="v1.8")[2] == "restricted:v1.8"
    assert policy(enforce="restricted", warn="privileged")[2] == "privileged:latest"
    assert policy(PodSecurityPolicy(warn=LevelVersion("restricted")), enforce="baseline")[2] == "restricted:latest"


def test_label_that_cannot_be_parsed_is_an_error_with_a_value() -> None:
    """Enforcement falls back to the strictest level, warnings and audit to none."""
    level, version = "must be one of privileged, baseline, restricted", 'must be "latest" or "v1.x"'
    at = "metadata.labels[pod-security.kubernetes.io/"
    assert policy(enforce="Baseline", audit="", warn="x", warn_version="v1.07", audit_version="1.2") == (
        "restricted:latest",
        "privileged:latest",
        "privileged:latest",
        [
            f'{at}enforce]: Invalid value: "Baseline": {level}',
            f'{at}audit]: Invalid value: "": {level}',
            f'{at}audit-version]: Invalid value: "1.2": {version}',
            f'{at}warn]: Invalid value: "x": {level}',
            f'{at}warn-version]: Invalid value: "v1.07": {version}',
        ],
    )
