"""What a SubjectAccessReview asks, selectors included, and how a webhook is asked."""

from typing import Any

import pytest

from rootspan_apiserver.authz.authorizer import AuthorizationAttributes
from rootspan_apiserver.authz.subject_access_review import attributes_of, evaluation_error, review_spec
from rootspan_apiserver.kube.request_info import resolve
from rootspan_apiserver.kube.users import User

BOB = User("bob", "u2", ("dev",), {"scopes": ("b", "a"), "dn": ("x",)})
PARTIALLY = "spec.resourceAttributes.{} partially ignored due to parse error"
IGNORED = "spec.resourceAttributes.{} ignored due to parse error"


def test_review_spec_of_list_has_its_selectors() -> None:
    """Fields have the operators In and NotIn, labels all but comparisons, which are left out; the user's extra is sorted."""
    query = b"fieldSelector=spec.nodeName%3Dn1,status.phase!%3DFailed&labelSelector=app+in+(b,a),!old,n>3,tier%3Dfront"
    info = resolve("GET", "/api/v1/namespaces/team/pods", query)
    assert review_spec(AuthorizationAttributes.of_request(BOB, info)) == {
        "resourceAttributes": {
            "namespace": "team",
            "verb": "list",
            "version": "v1",
            "resource": "pods",
            "fieldSelector": {
                "requirements": [
                    {"key": "spec.nodeName", "operator": "In", "values": ["n1"]},
                    {"key": "status.phase", "operator": "NotIn", "values": ["Failed"]},
                ]
            },
            "labelSelector": {
                "requirements": [
                    {"key": "app", "operator": "In", "values": ["a", "b"]},
                    {"key": "old", "operator": "DoesNotExist"},
                    {"key": "tier", "operator": "In", "values": ["front"]},
                ]
            },
        },
        "user": "bob",
        "groups": ["dev"],
        "extra": {"dn": ["x"], "scopes": ["b", "a"]},
        "uid": "u2",
    }


def test_review_spec_of_path_has_no_empty_fields() -> None:
    """A path is asked about by `nonResourceAttributes`; v1beta1 calls the groups `group`."""
    info = resolve("GET", "/metrics")
    asked = AuthorizationAttributes.of_request(User("ann", groups=("ops",)), info)
    assert review_spec(asked, "group") == {
        "nonResourceAttributes": {"path": "/metrics", "verb": "get"},
        "user": "ann",
        "group": ["ops"],
    }


def test_selectors_of_get_are_not_part_of_the_question() -> None:
    """Only a list, a watch and a deletecollection select."""
    query = b"fieldSelector=spec.nodeName%3Dn1&labelSelector=a"
    asked = AuthorizationAttributes.of_request(BOB, resolve("GET", "/api/v1/namespaces/team/pods/p", query))
    assert not asked.field_selector
    assert not asked.label_selector


@pytest.mark.parametrize(
    ("attributes", "terms", "labels", "error"),
    [
        ({"fieldSelector": {"rawSelector": "spec.nodeName=n1"}}, [("spec.nodeName", True, "n1")], [], ""),
        ({"fieldSelector": {"rawSelector": "=,"}}, [("", True, "")], [], ""),
        ({"fieldSelector": {"rawSelector": "spec"}}, [], [], IGNORED.format("fieldSelector")),
        ({"labelSelector": {"rawSelector": "a in (x"}}, [], [], IGNORED.format("labelSelector")),
        ({"labelSelector": {"rawSelector": "b,a=x"}}, [], ["a=x", "b"], ""),
        (
            {
                "fieldSelector": {
                    "requirements": [
                        {"key": "a", "operator": "In", "values": ["1"]},
                        {"key": "b", "operator": "NotIn", "values": ["2"]},
                        {"key": "c", "operator": "In", "values": ["1", "2"]},
                        {"key": "d", "operator": "Exists"},
                        {"key": "e", "operator": "Near", "values": ["x"]},
                    ]
                }
            },
            [("a", True, "1"), ("b", False, "2")],
            [],
            PARTIALLY.format("fieldSelector"),
        ),
        (
            {
                "labelSelector": {
                    "requirements": [
                        {"key": "z", "operator": "NotIn", "values": ["1", "2"]},
                        {"key": "a", "operator": "Exists"},
                        {"key": "b", "operator": "In"},
                    ]
                },
                "fieldSelector": {"requirements": [{"key": "a", "operator": "Exists"}]},
            },
            [],
            ["z notin (1,2)", "a"],
            f"{IGNORED.format('fieldSelector')}; {PARTIALLY.format('labelSelector')}",
        ),
    ],
)
def test_selectors_of_review_are_read_as_far_as_possible(
    attributes: dict[str, Any], terms: list[tuple[str, bool, str]], labels: list[str], error: str
) -> None:
    """What cannot be read is ignored, which asks for more, and the review says so."""
    asked = attributes_of(BOB, {"verb": "list", "resource": "pods", **attributes}, None)
    assert (list(asked.field_selector.terms), list(map(str, asked.label_selector))) == (terms, labels)
    assert evaluation_error(asked, "") == error
    assert asked.version == "*"


def test_evaluation_error_begins_with_that_of_the_authorizer() -> None:
    """The errors are joined by semicolons."""
    asked = attributes_of(BOB, {"fieldSelector": {"rawSelector": "x"}}, None)
    assert evaluation_error(asked, "it broke") == f"it broke; {IGNORED.format('fieldSelector')}"
