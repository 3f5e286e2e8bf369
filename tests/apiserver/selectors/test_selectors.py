"""Label and field selectors, as k8s.io/apimachinery v0.36.2 reads, writes and refuses them."""

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.selectors import FieldSelector, LabelSelector, shown_selector

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
def test_label_selector_matches(selector: str, matches: bool) -> None:
    """Equality, sets, presence and numbers, each with its way of treating a label that is not there."""
    assert LabelSelector.parse(selector).matches(APP) is matches


QUALIFIED = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
VALUE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must "
    "start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for"
    " validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
INTEGER = "for 'Gt', 'Lt' operators, the value must be an integer"


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("a,", "found '', expected: identifier after ','"),
        (",a", "found ',', expected: !, identifier, or 'end of string'"),
        ("=a", "found '=', expected: !, identifier, or 'end of string'"),
        ("a=b=c", "found '=', expected: ',' or 'end of string'"),
        ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
        ("a in b", "unable to parse requirement: found 'b' expected: '('"),
        ("a in (b", "unable to parse requirement: found '', expected: ',' or ')'"),
        ("a in (=)", "unable to parse requirement: found '=', expected: ',', ')' or identifier"),
        ("!", "unable to parse requirement: found '', expected: identifier"),
        ("a=!", "unable to parse requirement: found '!', expected: identifier"),
        (
            "a>٣",
            f'unable to parse requirement: [values[0]: Invalid value: "٣": {INTEGER}, values[0][a]: Invalid value: "٣": {VALUE}]',
        ),
        (
            "a>9223372036854775808",
            f'unable to parse requirement: values[0]: Invalid value: "9223372036854775808": {INTEGER}',
        ),
        ("-a", f'unable to parse requirement: <nil>: Invalid value: "-a": {QUALIFIED}'),
        ("-a=b", f'unable to parse requirement: <nil>: Invalid value: "-a": {QUALIFIED}'),
        ("a=b_", f'unable to parse requirement: values[0][a]: Invalid value: "b_": {VALUE}'),
        ("-(", f'unable to parse requirement: <nil>: Invalid value: "-": {QUALIFIED}'),
        ("!-", f'unable to parse requirement: <nil>: Invalid value: "-": {QUALIFIED}'),
        (
            "a in (b_,c_)",
            f'unable to parse requirement: [values[0][a]: Invalid value: "b_": {VALUE}, values[1][a]: Invalid value: "c_": {VALUE}]',
        ),
        ('"a\x07=b', f'unable to parse requirement: <nil>: Invalid value: "\\"a\\a": {QUALIFIED}'),
    ],
)
def test_invalid_label_selector_is_refused(selector: str, message: str) -> None:
    """With the message that Go has."""
    with pytest.raises(ValueError, match=r".") as refused:
        LabelSelector.parse(selector)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("b=1,a", "a,b=1"),
        ("x in (c,a,b),w", "w,x in (a,b,c)"),
        ("!z,a!=2", "a!=2,!z"),
        ("size>9,app<3", "app<3,size>9"),
        ("a==1", "a==1"),
        ("a in (),b", "a in (),b"),
        ("notin notin (in,a)", "notin notin (a,in)"),
        ("a in (,)", "a in ()"),
        ("a=,b!=", "a=,b!="),
    ],
)
def test_label_selector_is_written(text: str, written: str) -> None:
    """Requirements are sorted by key, the values of a set by themselves."""
    assert str(LabelSelector.parse(text)) == written


@pytest.mark.parametrize(
    ("selector", "written"),
    [
        ({}, ""),
        ({"matchLabels": {"b": "1", "a": ""}}, "a=,b=1"),
        (
            {
                "matchLabels": {"w": "x"},
                "matchExpressions": [
                    {"key": "x", "operator": "In", "values": ["2", "1"]},
                    {"key": "b", "operator": "DoesNotExist"},
                    {"key": "c", "operator": "Exists"},
                    {"key": "a", "operator": "NotIn", "values": ["z"]},
                ],
            },
            "a notin (z),!b,c,w=x,x in (1,2)",
        ),
    ],
)
def test_label_selector_object_is_written(selector: JSONObject, written: str) -> None:
    """An object is written like text, both of its fields together; without requirements a table has `<none>`."""
    assert str(LabelSelector.from_object(selector)) == written
    assert shown_selector(selector) == (written or "<none>")


@pytest.mark.parametrize(
    ("selector", "matches"),
    [
        (None, False),
        ({}, True),
        ({"matchLabels": {"a": "b"}}, True),
        ({"matchLabels": {"a": "c"}}, False),
        ({"matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]}, True),
        ({"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "x", "operator": "Exists"}]}, False),
        ({"matchExpressions": [{"key": "x", "operator": "NotIn", "values": ["b"]}]}, True),
        ({"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["b"]}]}, False),
        ({"matchExpressions": [{"key": "a", "operator": "Exists"}]}, True),
        ({"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]}, False),
    ],
)
def test_label_selector_object_matches(selector: JSONObject | None, matches: bool) -> None:
    """All its labels and expressions must hold; an absent selector matches nothing, an empty one everything."""
    assert LabelSelector.from_object(selector).matches({"a": "b"}) is matches


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ({"matchExpressions": [{"key": "a", "operator": "Near"}]}, '"Near" is not a valid label selector operator'),
        (
            {"matchExpressions": [{"key": "a", "operator": "In", "values": []}]},
            "values: Invalid value: null: for 'in', 'notin' operators, values set can't be empty",
        ),
        (
            {"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["b"]}]},
            'values: Invalid value: ["b"]: values set must be empty for exists and does not exist',
        ),
        (
            {"matchExpressions": [{"key": "a", "operator": "Gt", "values": ["1"]}]},
            '"Gt" is not a valid label selector operator',
        ),
        ({"matchExpressions": [{"key": "a"}]}, '"" is not a valid label selector operator'),
    ],
)
def test_invalid_label_selector_object_is_refused(selector: JSONObject, message: str) -> None:
    """The operator, or the values that do not go with it; a table has `<error>`."""
    with pytest.raises(ValueError, match=r".") as refused:
        LabelSelector.from_object(selector)
    assert str(refused.value) == message
    assert shown_selector(selector) == "<error>"


def test_absent_label_selector_is_written() -> None:
    """In a table, nothing is selected where no selector is given."""
    assert shown_selector(None) == "<none>"


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
def test_field_selector_matches(selector: str, matches: bool) -> None:
    """Terms are a conjunction; a field that is not there is empty; a backslash takes a separator's meaning."""
    fields = {"status.phase": "Running", "metadata.name": "p", "note": r"a,b=c\d"}
    assert FieldSelector.parse(selector).matches(fields) is matches


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("name", "invalid selector: 'name'; can't understand 'name'"),
        ("a=b\\x", "invalid field selector: invalid escape sequence: \\x"),
        ("a=b=c", "invalid field selector: unescaped character in value: 61"),
        ("a=b\\", "invalid field selector: invalid escape sequence: \\"),
        ("b=\\y,a=\\x", "invalid field selector: invalid escape sequence: \\x"),
        ("a,b", "invalid selector: 'a,b'; can't understand 'a'"),
    ],
)
def test_invalid_field_selector_is_refused(selector: str, message: str) -> None:
    """With the message that Go has."""
    with pytest.raises(ValueError, match=r".") as refused:
        FieldSelector.parse(selector)
    assert str(refused.value) == message


def test_unknown_field_is_refused() -> None:
    """The two ways in which the API says it, for resources with fields of their own and for those with none."""
    selector = FieldSelector.parse("spec.x=1")
    with pytest.raises(ValueError, match=r"^field label not supported: spec\.x$"):
        selector.check({"metadata.name", "metadata.namespace", "spec.nodeName"})
    with pytest.raises(
        ValueError, match=r'^"spec\.x" is not a known field selector: only "metadata\.name", "metadata\.namespace"$'
    ):
        selector.check({"metadata.name", "metadata.namespace"})


def test_required_value_of_a_field() -> None:
    """A name that is required turns a list into a read of one object."""
    assert FieldSelector.parse("metadata.name=a").required("metadata.name") == "a"
    assert FieldSelector.parse("metadata.name!=a").required("metadata.name") is None
