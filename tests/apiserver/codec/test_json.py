"""JSON bodies of built-in kinds."""

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootspan_apiserver.codec import FieldValidation, decode, json_body
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.json_syntax import explain
from rootspan_apiserver.kube.meta import GroupVersionKind
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.types.normal_form import written

CONFIG_MAP = GroupVersionKind("", "v1", "ConfigMap")
POD = GroupVersionKind("", "v1", "Pod")
DEPLOYMENT = GroupVersionKind("apps", "v1", "Deployment")
JSON = "application/json"


def refusal(
    body: bytes, kind: GroupVersionKind = CONFIG_MAP, *, field_validation: FieldValidation = "Strict"
) -> StatusError:
    with pytest.raises(StatusError) as caught:
        decode(body, JSON, kind, field_validation=field_validation)
    return caught.value


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"{", "unexpected end of JSON input ({)"),
        (b"", "unexpected end of JSON input (<empty>)"),
        (b'{"a":1,}', "invalid character '}' looking for beginning of object key string ({\"a\":1,})"),
        (b'{"a" 1}', "invalid character '1' after object key ({\"a\" 1})"),
        (b'{"a":1 "b"}', 'invalid character \'"\' after object key:value pair ({"a":1 "b"})'),
        (b'{"a":[1 2]}', "invalid character '2' after array element ({\"a\":[1 2]})"),
        (b"{} x", "invalid character 'x' after top-level value ({} x)"),
        (b"hello", "invalid character 'h' looking for beginning of value (68656c6c6f)"),
        (b"[1,]", "invalid character ']' looking for beginning of value (5b312c5d)"),
        (b'{"a":tru}', "invalid character '}' in literal true (expecting 'e') ({\"a\":tru})"),
        (b'{"a":NaN}', "invalid character 'N' looking for beginning of value ({\"a\":NaN})"),
        (b'{"a":01}', "invalid character '1' after object key:value pair ({\"a\":01})"),
        (b'{"a":-x}', "invalid character 'x' in numeric literal ({\"a\":-x})"),
        (b'{"a":1.}', "invalid character '}' after decimal point in numeric literal ({\"a\":1.})"),
        (b'{"a":1e+}', "invalid character '}' in exponent of numeric literal ({\"a\":1e+})"),
        (b'{"a":"\\x"}', 'invalid character \'x\' in string escape code ({"a":"\\x"})'),
        (b'{"a":"\\u12g4"}', 'invalid character \'g\' in \\u hexadecimal character escape ({"a":"\\u12g4"})'),
        (b'{"a":"\n"}', 'invalid character \'\\n\' in string literal ({"a":"\n"})'),
        (b'{"a":"b', 'unexpected end of JSON input ({"a":"b)'),
        (b'{"a":\xff}', "invalid character 'ÿ' looking for beginning of value ({\"a\":\ufffd})"),
        (b"\x1f\x8b", "invalid character '\\x1f' looking for beginning of value (1f8b)"),
        (b'{"a":1e999}', 'number out of range ({"a":1e999})'),
    ],
)
def test_invalid_json_has_error_of_go(body: bytes, why: str) -> None:
    """A body that is not JSON is a 400 with the decoder's reason and the beginning of the body."""
    error = refusal(body)
    prefix = (
        "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: "
    )
    assert (error.code, error.message) == (400, prefix + why)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (rb"\ud800", "\ufffd"),
        (rb"\udc00\ud800", "\ufffd\ufffd"),
        (rb"\uD83D\uDE00 \uDE00", "\N{GRINNING FACE} \ufffd"),
        (rb"\\ud800", r"\ud800"),
        (b"\xff\xc3(", "\ufffd\ufffd("),
        (b"\xed\xa0\x80", "\ufffd\ufffd\ufffd"),
        ("ü".encode() + b"\xff", "ü\ufffd"),
    ],
)
def test_what_is_no_character_is_replaced(text: bytes, read: str) -> None:
    """Halves of surrogate pairs and bytes that are not UTF-8 are U+FFFD in strings and in keys, one for each, as in Go."""
    assert json_body.load(b'{"' + text + b'":["' + text + b'"]}', duplicates=True) == {read: [read]}


def test_unknown_and_duplicate_fields_refuse_warn_or_pass() -> None:
    """Strict refuses with every problem and its path, Warn lists them as warnings, Ignore says nothing; all drop the fields."""
    body = (
        b'{"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":"d","name":"d"},'
        b'"spec":{"foo":1,"template":{"spec":{"containers":[{"name":"c","bar":true}]}}}}'
    )
    problems = [
        'duplicate field "metadata.name"',
        'unknown field "spec.foo"',
        'unknown field "spec.template.spec.containers[0].bar"',
    ]
    expected = 'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: ' + ", ".join(
        problems
    )
    assert refusal(body, DEPLOYMENT).message == expected
    warned = decode(body, JSON, DEPLOYMENT, field_validation="Warn")
    assert warned.warnings == problems
    ignored = decode(body, JSON, DEPLOYMENT, field_validation="Ignore")
    assert ignored.warnings == []
    assert ignored.object == warned.object
    assert warned.object["spec"]["template"]["spec"]["containers"] == [{"name": "c", "resources": {}}]


def test_colon_in_a_string_is_no_key() -> None:
    """Text that looks like keys (an annotation that holds JSON) is not mistaken for a duplicate."""
    body = orjson.dumps({"metadata": {"annotations": {"last": '{"a":1,"a":2}'}}})
    assert decode(body, JSON, CONFIG_MAP, field_validation="Strict").warnings == []


def test_value_of_the_wrong_type_is_a_bad_request() -> None:
    """The refusal says what the body is, what it should be, and what Go's decoder says of the value."""
    body = orjson.dumps({"kind": "Deployment", "apiVersion": "apps/v1", "spec": {"replicas": "2"}})
    why = "cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32"
    assert (
        refusal(body, DEPLOYMENT).message
        == f'Deployment in version "v1" cannot be handled as a Deployment: json: {why}'
    )
    limits = orjson.dumps({"spec": {"containers": [{"resources": {"limits": {"cpu": "1KK"}}}]}})
    assert refusal(limits, POD).message == (
        'Pod in version "v1" cannot be handled as a Pod: unable to parse quantity\'s suffix'
    )


def test_values_take_their_canonical_form() -> None:
    """Quantities, times and whole floats come back as the real server writes them; zero omitempty fields and nulls disappear."""
    body = orjson.dumps(
        {
            "metadata": {
                "name": "p",
                "namespace": "",
                "labels": {},
                "creationTimestamp": None,
                "deletionTimestamp": "2026-01-01T01:00:00+01:00",
            },
            "spec": {
                "terminationGracePeriodSeconds": 0,
                "nodeName": "",
                "containers": [{"name": "c", "resources": {"limits": {"cpu": 0.5, "memory": "1024Mi"}}}],
            },
        }
    )
    decoded = decode(body, JSON, POD, field_validation="Strict")
    assert decoded.object == {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {"name": "p", "labels": {}, "deletionTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {
            "terminationGracePeriodSeconds": 0,
            "containers": [{"name": "c", "resources": {"limits": {"cpu": "500m", "memory": "1Gi"}}}],
        },
        "status": {},
    }


def test_another_kind_or_an_unknown_one_is_refused() -> None:
    """A body that says it is something else is a 400 that names both."""
    pod = refusal(b'{"kind":"Pod","apiVersion":"v1"}').message
    assert (
        pod
        == 'Pod in version "v1" cannot be handled as a ConfigMap: converting (v1.Pod) to (core.ConfigMap): unknown conversion'
    )
    unknown = refusal(b'{"kind":"Foo","apiVersion":"v1"}').message
    assert unknown.startswith(
        'Foo in version "v1" cannot be handled as a ConfigMap: no kind "Foo" is registered for version "v1"'
    )


def test_nesting_beyond_reason_is_refused() -> None:
    """A body nested thousands deep, or hundreds deep, is a 400, not a crash."""
    for depth in (300, 100_000):
        body = b'{"metadata":{"annotations":{"a":' + b"[" * depth + b"]" * depth + b"}}}"
        assert "exceeded max depth" in refusal(body).message


def test_unknown_content_type_is_unsupported() -> None:
    """A format that is not read is a 415 that lists those that are."""
    with pytest.raises(StatusError) as caught:
        decode(b"<a/>", "application/xml", CONFIG_MAP)
    assert (caught.value.code, caught.value.reason) == (415, "UnsupportedMediaType")
    assert caught.value.message.endswith("application/json, application/yaml, application/vnd.kubernetes.protobuf")


@given(st.text(alphabet='{}[]:,"\\ \n0129.-+eEutrufalsn', max_size=12))
def test_scanner_agrees_with_the_parser(text: str) -> None:
    """A text has a reason not to be JSON just when the parser refuses it."""
    try:
        json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} was generated"))
        parsed = True
    except json.JSONDecodeError:
        parsed = False
    assert (explain(text) == "") is parsed


def test_kind_within_a_kind_keeps_its_name() -> None:
    """The claims in a stateful set are kinds themselves: theirs may be told, is kept and comes first; that of a pod template may not."""
    kind = GroupVersionKind("apps", "v1", "StatefulSet")
    claim = {"metadata": {"name": "data"}, "kind": "PersistentVolumeClaim", "apiVersion": "v1"}
    body = json.dumps({"spec": {"volumeClaimTemplates": [claim]}}).encode()
    decoded = decode(body, JSON, kind, field_validation="Strict")
    template = written(decoded.object, kind)["spec"]["volumeClaimTemplates"][0]
    assert list(template) == ["kind", "apiVersion", "metadata", "spec", "status"]
    pod = json.dumps({"spec": {"template": {"kind": "Pod"}}}).encode()
    assert refusal(pod, kind).message.endswith('strict decoding error: unknown field "spec.template.kind"')


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("plain é 日本", '"plain é 日本"'),
        ('say "hi" \\', r'"say \"hi\" \\"'),
        ("\a\b\f\n\r\t\v", r'"\a\b\f\n\r\t\v"'),
        ("\x00\x1b\x7f", r'"\x00\x1b\x7f"'),
        ("\x85\u00a0\u200b\ufeff", r'"\u0085\u00a0\u200b\ufeff"'),
        ("\U000e0001", r'"\U000e0001"'),
        (b"\xff\xc3".decode("utf-8", "surrogateescape"), r'"\xff\xc3"'),
    ],
)
def test_quoting_of_texts(text: str, quoted: str) -> None:
    """As `strconv.Quote` of Go: escapes for what cannot be printed, in the shortest form there is."""
    assert quote(text) == quoted
