"""Label and field selectors, and what the API says of those it cannot read."""

import pytest

from rootspan_apiserver.selectors import FieldSelector, LabelSelector

APP = {"app": "web", "tier": "front", "size": "10"}


@pytest.mark.parametrize(
    ("selector", "matches"),
    [
        ("", True),
        ("app=web", True),
        ("app==web", True),
        ("app = web", True),
        ("app=api", False),
        ("app!=api", True),
        ("nothing!=api", True),
        ("app", True),
        ("!app", False),
        ("!nothing", True),
        ("app in (web,api)", True),
        ("app in(web)", True),
        ("app notin (web)", False),
        ("nothing notin (web)", True),
        ("app in (api, db)", False),
        ("nothing in ()", False),
        ("nothing=", False),
        ("size>9", True),
        ("size<9", False),
        ("app>9", False),
        ("app=web,tier=front", True),
        ("app=web,tier=back", False),
        ("in=x", False),
        ("notin notin (in)", True),
        ("app in (web,),tier", True),
        ("app\t=\nweb", True),
    ],
)
def test_label_selectors(selector: str, matches: bool) -> None:
    """Equality, sets, presence and numbers, each with its way of treating a label that is not there."""
    assert LabelSelector.parse(selector).matches(APP) is matches


NO_INTEGER = "unable to parse requirement: values[0]: Invalid value: \"{}\": for 'Gt', 'Lt' operators, the value must be an integer"
QUALIFIED = (
    "alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or"
    " '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("a,", "found '', expected: identifier after ','"),
        (",a", "found ',', expected: !, identifier, or 'end of string'"),
        ("=a", "found '=', expected: !, identifier, or 'end of string'"),
        ("a=b=c", "found '=', expected: ',' or 'end of string'"),
        ("a>٣", NO_INTEGER.format("٣")),
        (f"a>{2**63}", NO_INTEGER.format(2**63)),
        ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
        ("a in b", "unable to parse requirement: found 'b' expected: '('"),
        ("a in (b", "unable to parse requirement: found '', expected: ',' or ')'"),
        ("a in (=)", "unable to parse requirement: found '=', expected: ',', ')' or identifier"),
        ("!", "unable to parse requirement: found '', expected: identifier"),
        ("a=!", "unable to parse requirement: found '!', expected: identifier"),
        (
            "a>x",
            "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer",
        ),
    ],
)
def test_label_selectors_that_cannot_be_read(selector: str, message: str) -> None:
    """The message is the API's own."""
    with pytest.raises(ValueError, match=r".") as refused:
        LabelSelector.parse(selector)
    assert str(refused.value) == message


def test_labels_that_cannot_be() -> None:
    """Keys and values of selectors obey the rules for labels."""
    with pytest.raises(
        ValueError, match=r'^unable to parse requirement: <nil>: Invalid value: "-a": name part must consist of'
    ):
        LabelSelector.parse("-a=b")
    with pytest.raises(
        ValueError, match=r'^unable to parse requirement: values\[0\]\[a\]: Invalid value: "b_": a valid label must be'
    ):
        LabelSelector.parse("a=b_")


def test_selectors_as_objects() -> None:
    """None selects nothing, {} everything; the rest is the conjunction of both fields."""
    assert not LabelSelector.from_object(None).matches({})
    assert LabelSelector.from_object({}).matches(APP)
    selector = {
        "matchLabels": {"app": "web"},
        "matchExpressions": [
            {"key": "tier", "operator": "In", "values": ["front", "back"]},
            {"key": "old", "operator": "DoesNotExist"},
        ],
    }
    assert LabelSelector.from_object(selector).matches(APP)
    assert not LabelSelector.from_object(selector).matches({**APP, "old": ""})
    assert str(LabelSelector.from_object(selector)) == "app=web,tier in (back,front),!old"
    with pytest.raises(ValueError, match=r'^"Near" is not a valid label selector operator$'):
        LabelSelector.from_object({"matchExpressions": [{"key": "a", "operator": "Near"}]})


@pytest.mark.parametrize(
    ("selector", "matches"),
    [
        ("", True),
        ("status.phase=Running", True),
        ("status.phase==Running", True),
        ("status.phase!=Running", False),
        ("status.phase=Running,metadata.name!=p", False),
        ("missing=", True),
        ("missing=x", False),
        (r"note=a\,b\=c\\d", True),
        (",status.phase=Running,", True),
    ],
)
def test_field_selectors(selector: str, matches: bool) -> None:
    """Terms are a conjunction; a field that is not there is empty; a backslash takes a separator's meaning."""
    fields = {"status.phase": "Running", "metadata.name": "p", "note": r"a,b=c\d"}
    assert FieldSelector.parse(selector).matches(fields) is matches


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("name", "invalid selector: 'name'; can't understand 'name'"),
        (r"a=b\x", r"invalid field selector: invalid escape sequence: \x"),
        ("a=b=c", "invalid field selector: unescaped character in value: b=c"),
    ],
)
def test_field_selectors_that_cannot_be_read(selector: str, message: str) -> None:
    """The message is the API's own."""
    with pytest.raises(ValueError, match=r".") as refused:
        FieldSelector.parse(selector)
    assert str(refused.value) == message


def test_fields_a_resource_does_not_select_by() -> None:
    """The two ways in which the API says it, for resources with fields of their own and for those with none."""
    selector = FieldSelector.parse("spec.x=1")
    with pytest.raises(ValueError, match=r"^field label not supported: spec\.x$"):
        selector.check({"metadata.name", "metadata.namespace", "spec.nodeName"})
    with pytest.raises(
        ValueError, match=r'^"spec\.x" is not a known field selector: only "metadata\.name", "metadata\.namespace"$'
    ):
        selector.check({"metadata.name", "metadata.namespace"})


def test_the_one_value_a_field_must_have() -> None:
    """A name that is required turns a list into a read of one object."""
    assert FieldSelector.parse("metadata.name=a").required("metadata.name") == "a"
    assert FieldSelector.parse("metadata.name!=a").required("metadata.name") is None
