"""YAML bodies."""

import re

import pytest

from rootspan_apiserver.codec import decode, decode_applied
from rootspan_apiserver.codec.yaml_body import CONVERTING, load
from rootspan_apiserver.kube.meta import GroupVersionKind
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.types.problems import NotDecodableError

CONFIG_MAP = GroupVersionKind("", "v1", "ConfigMap")
YAML = "application/yaml"


def test_yaml_reads_as_the_json_it_stands_for() -> None:
    """Comments, anchors and multi-line text work; dates stay text, keys become text."""
    body = b"""
# a comment
kind: ConfigMap
apiVersion: v1
metadata: {name: c}
data: &data
  date: 2001-01-01
  1: "one"
  text: |
    two
    lines
"""
    found = decode(body, YAML, CONFIG_MAP, field_validation="Strict").object
    assert found["data"] == {"date": "2001-01-01", "1": "one", "text": "two\nlines\n"}


def test_single_letters_are_booleans_as_in_yaml_1_1() -> None:
    """`y` and `n` alone, in values and in keys, unless they are quoted."""
    body = b"y: [y, N, yes, 'y', yy]"
    assert load(body) == ({"true": [True, False, True, "y", "yy"]}, [])


@pytest.mark.parametrize(("text", "written"), [(".inf", "+Inf"), ("-.Inf", "-Inf"), (".NaN", "NaN")])
def test_number_that_json_has_not_is_refused(text: str, written: str) -> None:
    """In the words of Go's encoder, after the caller's beginning: an apply has one, a create has none."""
    for beginning in (CONVERTING, ""):
        with pytest.raises(NotDecodableError, match=rf"^{beginning}json: unsupported value: {re.escape(written)}$"):
            load(f"a: {text}".encode(), beginning=beginning)


def test_keys_given_twice_are_told_with_their_line() -> None:
    """Strict refuses a repeated key, Warn warns, and the last value counts."""
    body = b"kind: ConfigMap\napiVersion: v1\ndata:\n  a: x\n  a: z\n"
    told = 'yaml: unmarshal errors:\n  line 5: key "a" already set in map'
    warned = decode(body, YAML, CONFIG_MAP, field_validation="Warn")
    assert (warned.object["data"], warned.warnings) == ({"a": "z"}, [told])
    with pytest.raises(StatusError) as caught:
        decode(body, YAML, CONFIG_MAP, field_validation="Strict")
    assert (
        caught.value.message
        == f'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: {told}'
    )
    applied, warnings = decode_applied(body, "Warn")
    assert (applied["data"], warnings) == ({"a": "z"}, [told])
    with pytest.raises(StatusError, match=r"^error strict decoding patch: yaml: unmarshal errors"):
        decode_applied(body, "Strict")


@pytest.mark.parametrize(
    ("number", "read"),
    [
        ("9223372036854775807", 9223372036854775807),
        ("-9223372036854775808", -9223372036854775808),
        ("1" * 30, float("1" * 30)),
        ("1.0", 1),
        ("1e3", 1000),
        ("-1.5e-1", -0.15),
        (".5", 0.5),
        ("0x1F", 31),
        ("010", 8),
        ("0o17", 15),
        ("0b11", 3),
        ("1_000", 1000),
        ("08", 8),
        ("0", 0),
        ("22:22", "22:22"),
        ("1.2.3", "1.2.3"),
        ("1e", "1e"),
        ("2001-01-01T00:00:00Z", "2001-01-01T00:00:00Z"),
    ],
)
def test_numbers_are_read_as_go_reads_them(number: str, read: object) -> None:
    """Other bases and exponents count, base sixty and dates do not; beyond 64 bits is a float, a float without fraction an integer."""
    assert decode_applied(f"a: {number}".encode(), "Ignore")[0] == {"a": read}


@pytest.mark.parametrize(
    "body",
    [
        b"a: [1, 2",
        b"\xff\xfe\xfa",
        b"a: !!python/object/apply:os.system ['true']",
        b"? [1, 2]\n: x",
        b"a: .nan",
        b"a: " + b"1" * 400,
        b"a: " + b"1" * 6000,
        b"a: 0x" + b"f" * 6000,
        b"0x" + b"f" * 6000 + b": a",
        b"- 1",
        b"[" * 100_000,
        b"- " * 100_000,
        b"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b ["
        + b"*a," * 9
        + b"]\nc: &c ["
        + b"*b," * 9
        + b"]\nd: &d ["
        + b"*c," * 9
        + b"]\ne: &e ["
        + b"*d," * 9
        + b"]\nf: ["
        + b"*e," * 9
        + b"]",
        b"a: &a\n  b: *a",
    ],
    ids=[
        "unclosed",
        "not text",
        "a tag that runs code",
        "a key that is a list",
        "no number",
        "a number beyond floats",
        "a number beyond reason",
        "a hexadecimal number beyond floats",
        "a key beyond floats",
        "a list",
        "deep flow",
        "deep block",
        "bomb",
        "loop",
    ],
)
def test_hostile_yaml_is_a_bad_request(body: bytes) -> None:
    """Broken, dangerous, bottomless and exploding documents are all refused."""
    with pytest.raises(StatusError) as caught:
        decode(body, YAML, CONFIG_MAP)
    assert caught.value.code == 400
    with pytest.raises(StatusError) as caught:
        decode_applied(body, "Ignore")
    assert caught.value.code == 400


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: b: c", "mapping values are not allowed in this context"),
        ("a:\n\tb", "line 2: found character that cannot start any token"),
        ("[", "line 1: did not find expected node content"),
        ("x: 1\ny: {a: b", "line 2: did not find expected ',' or '}'"),
        ("a: *x", "unknown anchor 'x' referenced"),
        ("a: !!binary x", "!!binary value contains invalid base64 data"),
    ],
)
def test_syntax_error_has_the_words_and_lines_of_go(text: str, why: str) -> None:
    """Go counts lines from 0 where a parser fails, from 1 where a scanner does, and leaves out the first."""
    with pytest.raises(NotDecodableError) as refused:
        load(text.encode())
    assert str(refused.value) == f"error converting YAML to JSON: yaml: {why}"


def test_first_document_counts() -> None:
    """What follows it is not looked at, be it YAML or not."""
    assert load(b"a: 1\n---\n{{{")[0] == {"a": 1}
    assert load(b"")[0] is None


@pytest.mark.parametrize(
    ("key", "read"),
    [
        ("y", "true"),
        ("Off", "false"),
        ("yEs", "yEs"),
        ("'n'", "n"),
        ("!!bool N", "false"),
        ("1.0", "1"),
        ("1e3", "1000"),
        ("123456789.125", "1.2345679e+08"),
        (".inf", ".inf"),
        ("3.5e38", ".inf"),
        ("1e400", "1e400"),
        ("!!binary aGk=", "hi"),
        ("=", "="),
    ],
)
def test_key_is_written_as_go_writes_it(key: str, read: str) -> None:
    """Booleans are words, floats have 32 bits, and what is no scalar of YAML 1.1 in Go is text."""
    assert load(f"{key}: 1".encode())[0] == {read: 1}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("y", True),
        ("N", False),
        ("on", True),
        ("tRue", "tRue"),
        ("=", "="),
        ("<<", "<<"),
        ("1e400", "1e400"),
        ("!!binary aGk=", "hi"),
    ],
)
def test_value_is_read_as_go_reads_it(text: str, value: object) -> None:
    """`y` and `n` are booleans too; a float beyond the range is text."""
    assert load(f"a: {text}".encode())[0] == {"a": value}


def test_floats_without_a_fraction_are_integers() -> None:
    """Go writes them as JSON without a fraction, so that they fit into integer fields."""
    value = load(b"[1.0, 1e3, 1.5, 1e21]")[0]
    assert [(each, type(each)) for each in value] == [(1, int), (1000, int), (1.5, float), (1e21, float)]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("~: b", 'unsupported map key of type: %!s(<nil>), key: <nil>, value: "b"'),
        ("12345678901234567890: b", 'unsupported map key of type: uint64, key: 0xab54a98ceb1f0ad2, value: "b"'),
        ("? [1]\n: b", "yaml: invalid map key: []interface {}{1}"),
        ("? {a: 1}\n: b", 'yaml: invalid map key: map[interface {}]interface {}{"a":1}'),
        ("a: .inf", "json: unsupported value: +Inf"),
        ("<<: b", "yaml: map merge requires map or sequence of maps as the value"),
        ("a: !!int b", "yaml: cannot decode !!str `b` as a !!int"),
        ("a: !!bool b", "yaml: cannot decode !!str `b` as a !!bool"),
    ],
)
def test_what_json_cannot_say_is_refused_in_the_words_of_go(text: str, why: str) -> None:
    """The beginning is that of the caller: the body of a create has none."""
    with pytest.raises(NotDecodableError) as refused:
        load(text.encode(), beginning="")
    assert str(refused.value) == why


@pytest.mark.parametrize(
    ("value", "shown"), [("x", '"x"'), ("", "<nil>"), ("7", "7"), ("[true]", "[]interface {}{true}")]
)
def test_null_key_is_refused(value: str, shown: str) -> None:
    """Other keys that are no text become text."""
    body = f"kind: ConfigMap\napiVersion: v1\ndata:\n  ~: {value}\n".encode()
    refusal = f"unsupported map key of type: %!s(<nil>), key: <nil>, value: {shown}"
    with pytest.raises(StatusError) as created:
        decode(body, YAML, CONFIG_MAP, field_validation="Strict")
    assert created.value.message.startswith(
        f"the object provided is unrecognized (must be of type ConfigMap): {refusal} ("
    )
    with pytest.raises(StatusError) as applied:
        decode_applied(body, "Warn")
    assert applied.value.message == f"error decoding YAML: error converting YAML to JSON: {refusal}"
