"""YAML as kube-apiserver writes it."""

import pytest
import yaml

from rootspan_apiserver.kube.go_yaml import GoLoader
from rootspan_apiserver.kube.go_yaml_emitter import emit, sorted_keys


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain", "plain"),
        ("2031-05-06T07:08:09Z", '"2031-05-06T07:08:09Z"'),
        ("2031-5-6", '"2031-5-6"'),
        ("2031-13-06", "2031-13-06"),
        ("2031-02-30", "2031-02-30"),
        ("", '""'),
        ("~", '"~"'),
        ("y", '"y"'),
        ("Off", '"Off"'),
        ("oFF", "oFF"),
        ("NULL", '"NULL"'),
        ("17", '"17"'),
        ("017", '"017"'),
        ("018", '"018"'),
        ("0b12", "0b12"),
        ("0x", "0x"),
        ("0xFf", '"0xFf"'),
        ("1_000", '"1_000"'),
        ("1e3", '"1e3"'),
        ("99999999999999999999", '"99999999999999999999"'),
        (".5", '".5"'),
        (".", "."),
        ("-", "'-'"),
        ("12:30", '"12:30"'),
        ("12:75", "12:75"),
        ("100m", "100m"),
        ("*", "'*'"),
        ("- a", "'- a'"),
        ("-a", "-a"),
        ("a: b", "'a: b'"),
        ("a:b", "a:b"),
        ("a:", "'a:'"),
        ("a #b", "'a #b'"),
        ("a#b", "a#b"),
        ("it's", "it's"),
        ("'it", "'''it'"),
        ('{"a": 1}', "'{\"a\": 1}'"),
        ("a,b[c]", "a,b[c]"),
        (" a", "' a'"),
        ("a\tb", '"a\\tb"'),
        ("\N{GRINNING FACE}", '"\\U0001F600"'),
        ("h\u00e9", "h\u00e9"),
        ("\ufeff", '"\\uFEFF"'),
        ("a\nb", "|-\n  a\n  b"),
        ("a\n\nb\n", "|\n  a\n\n  b"),
        ("a\n\n", "|+\n  a\n"),
        ("\na", "|2-\n\n  a"),
        ("a \nb", '"a \\nb"'),
        ("a\nb ", '"a\\nb "'),
        ("a\r\nb", '"a\\r\\nb"'),
    ],
)
def test_string_is_quoted_where_it_would_be_read_as_something_else(text: str, written: str) -> None:
    """Double quotes where YAML 1.1 has another type or a character cannot be printed, single quotes where an indicator is in the way."""
    document = emit({"a": text})
    assert document == f"a: {written}\n"
    assert yaml.load(document, GoLoader) == {"a": text}


def test_collections_are_blocks() -> None:
    """A list stands at the column of its key; what is empty stands on the line of its key."""
    value = {"b": [{"c": 1, "d": []}, ["x", ["y"]], {}], "a": {"e": None, "f": True, "g": 0.5, "h": {}}}
    expected = 'a:\n  e: null\n  f: true\n  g: 0.5\n  h: {}\nb:\n- c: 1\n  d: []\n- - x\n  - - "y"\n- {}\n'
    assert emit(value) == expected
    assert yaml.load(expected, GoLoader) == value


@pytest.mark.parametrize(
    "ordered",
    [
        ["item1", "item2", "item10", "item20"],
        [".", "f:a", "f:b", "k:{}"],
        ["a-b", "a.b", "a/b", "ab"],
        ["v1", "v1.2", "v1.10", "v01a", "v2"],
        ["A", "B", "a", "b"],
        ["x1", "x01", "x001", "x10"],
    ],
)
def test_keys_are_in_natural_order(ordered: list[str]) -> None:
    """Numbers are compared by value, and letters come after what is no letter."""
    assert sorted_keys(dict.fromkeys(reversed(ordered))) == ordered


def test_long_text_is_folded_at_spaces_after_column_80() -> None:
    """A line is broken at the first single space beyond its limit; a quoted text may be broken too."""
    value = {"a": "word " * 30 + "end", "b": ["# " + "some  words " * 12 + "end"], "c": "x" * 200}
    document = emit(value)
    assert max(map(len, document.splitlines()[:-1])) < 95
    assert document.splitlines()[1].startswith("  word")
    assert yaml.load(document, GoLoader) == value


def test_long_key_stands_alone() -> None:
    """A key of more than 128 bytes is marked, and its value follows on a line of its own."""
    key = "k" * 129
    assert emit({key: ["a", "b"]}) == f"? {key}\n: - a\n  - b\n"
    assert yaml.load(emit({key: {"a": 1}}), GoLoader) == {key: {"a": 1}}
