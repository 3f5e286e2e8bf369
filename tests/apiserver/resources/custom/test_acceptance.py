"""The names of definitions, the conditions that say whether they are accepted, and what is served then."""

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.catalogue import builtin_registry
from rootspan_apiserver.resources.custom.acceptance import accepted_status
from rootspan_apiserver.resources.custom.serving import ServedDefinitions
from tests.apiserver.resources.definitions import a_definition

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = datetime(2026, 2, 2, tzinfo=UTC)
MINE: JSONObject = {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"}


def conditions(status: JSONObject) -> list[tuple[str, str, str]]:
    return [(each["type"], each["status"], each["reason"]) for each in status["conditions"]]


def renamed(name: str, **names: Any) -> JSONObject:
    """Return a definition of another name, with these names."""
    definition = a_definition()
    definition["metadata"]["name"] = name
    definition["spec"]["names"] = names
    return definition


def test_definition_is_established_with_its_first_names() -> None:
    """No conflict, no wait."""
    status = accepted_status(a_definition(), [], NOW)
    assert conditions(status) == [
        ("NamesAccepted", "True", "NoConflicts"),
        ("Established", "True", "InitialNamesAccepted"),
    ]
    assert status["acceptedNames"] == MINE


def test_names_that_were_looked_at_are_not_looked_at_again() -> None:
    """The status stays to the last time in it."""
    definition = a_definition()
    definition["status"] = accepted_status(definition, [], NOW)
    assert accepted_status(definition, [MINE], LATER) == definition["status"]


@pytest.mark.parametrize(
    ("other", "reason", "message"),
    [
        ({"plural": "widget"}, "SingularConflict", '"widget" is already in use'),
        ({"singular": "widgets"}, "PluralConflict", '"widgets" is already in use'),
        ({"shortNames": ["wd", "wg"]}, "ShortNamesConflict", '["wd" is already in use, "wg" is already in use]'),
        ({"kind": "Widget"}, "KindConflict", '"Widget" is already in use'),
        ({"kind": "WidgetList"}, "ListKindConflict", '"WidgetList" is already in use'),
        ({"listKind": "Widget"}, "KindConflict", '"Widget" is already in use'),
    ],
)
def test_name_of_another_definition_is_not_accepted(other: JSONObject, reason: str, message: str) -> None:
    """The condition names what is in use; the other names are accepted, but nothing is established."""
    definition = a_definition()
    definition["spec"]["names"]["shortNames"] = ["wd", "wg"]
    status = accepted_status(definition, [other], NOW)
    assert conditions(status) == [("NamesAccepted", "False", reason), ("Established", "False", "NotAccepted")]
    assert status["conditions"][0]["message"] == message
    assert len(status["acceptedNames"]) >= len(MINE)


def test_established_definition_keeps_its_names_in_a_conflict() -> None:
    """It stays established, and goes by the name that it had."""
    definition = a_definition()
    definition["status"] = accepted_status(definition, [], NOW)
    definition["spec"]["names"] = {**MINE, "singular": "wanted"}
    status = accepted_status(definition, [{"plural": "wanted"}], LATER)
    assert conditions(status) == [
        ("NamesAccepted", "False", "SingularConflict"),
        ("Established", "True", "InitialNamesAccepted"),
    ]
    assert [each["lastTransitionTime"][:7] for each in status["conditions"]] == ["2026-02", "2026-01"]
    assert status["acceptedNames"]["singular"] == "widget"


@pytest.mark.parametrize(
    ("text", "status", "reason"),
    [
        ("https://example.com/approval", "True", "ApprovedAnnotation"),
        ("unapproved, for a test", "False", "UnapprovedAnnotation"),
    ],
)
def test_definition_in_a_protected_group_says_whether_it_was_approved(text: str, status: str, reason: str) -> None:
    """A condition of its own says so."""
    definition = a_definition()
    definition["spec"]["group"] = "example.k8s.io"
    definition["metadata"]["annotations"] = {"api-approved.kubernetes.io": text}
    found = conditions(accepted_status(definition, [], NOW))
    assert found[0] == ("KubernetesAPIApprovalPolicyConformant", status, reason)


def test_definition_is_served_once_a_name_is_free() -> None:
    """The second definition with a name is served when the first one is deleted, and not before."""
    registry = builtin_registry()
    served = ServedDefinitions(registry)
    served.put(a_definition())
    second = renamed("gadgets.example.com", plural="gadgets", singular="widget", kind="Gadget", listKind="GadgetList")
    second["status"] = served.status_of(deepcopy(second))
    served.put(deepcopy(second))
    assert registry.lookup("example.com", "v1", "gadgets") is None
    assert served.others_in_group("example.com", "widgets.example.com") == ["gadgets.example.com"]
    served.remove("widgets.example.com")
    status = served.status_of(second)
    served.put(second)
    assert conditions(status) == [
        ("NamesAccepted", "True", "NoConflicts"),
        ("Established", "True", "InitialNamesAccepted"),
    ]
    found = registry.lookup("example.com", "v1", "gadgets")
    assert found is not None
    assert found.singular == "widget"
