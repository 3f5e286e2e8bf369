"""Patterns of CustomResourceDefinitions: what Go's regexp (1.26) answered for the same pattern and the same value."""

import pytest

from rootspan_apiserver.kube.patterns import Pattern


@pytest.mark.parametrize(
    ("pattern", "found", "not_found"),
    [
        (r"b", ["abc"], ["a"]),
        (r"^\d+$", ["5"], ["5\n", "٣", "٣٤"]),
        (r"^\w+$", ["a_1"], ["é", "a\n"]),
        (r"\s", [" ", "\t", "\n"], ["\u00a0", "\u2003", "\v"]),
        (r"a$", ["a", "ba"], ["a\n"]),
        (r"(?m)a$", ["a\nb"], ["ab"]),
        (r"^.$", ["é", "\U0001f600", "\r"], ["\n", "ab"]),
        (r"(?s)^.$", ["\n"], [""]),
        (r"^(?i)abc$", ["ABC", "abc"], ["xyz"]),
        (r"(?i)^k$", ["K", "\u212a"], ["x"]),
        (r"^\p{L}+$", ["é", "中"], ["1", ""]),
        (r"^\pN$", ["1", "٣", "Ⅳ"], ["a"]),
        (r"^\p{Greek}$", ["ω"], ["w"]),
        (r"^\p{greek}$", ["ω"], ["w"]),
        (r"^\p{Letter}$", ["é"], ["1"]),
        (r"^[\p{decimal number}x]$", ["٣", "x"], ["Ⅳ"]),
        (r"^\p{^UPPERCASE-letter}$", ["a"], ["A"]),
        (r"\Qa.b\E", ["a.b"], ["axb"]),
        (r"^\\p{2}$", [r"\pp"], ["é"]),
        (r"^[[:alpha:]]\z", ["a"], ["é", "a\n"]),
        (r"^a{,2}$", ["a{,2}"], ["", "a"]),
        (r"^a{2}$", ["aa"], ["aaa"]),
        (r"(?P<n>a)", ["a"], ["b"]),
        (r"(?<n>a)", ["a"], ["b"]),
        (r"\bx\b", ["é x", "éx"], ["ax"]),
        (r"^\p{L}{253}$", ["é" * 253], ["é" * 252]),
    ],
)
def test_pattern_means_what_it_means_to_go(pattern: str, found: list[str], not_found: list[str]) -> None:
    """A pattern is searched for; `$` is the end of the text alone, `\\d`, `\\w` and `\\s` are ASCII, `\\p{…}` is Unicode."""
    compiled = Pattern(pattern)
    assert [value for value in [*found, *not_found] if compiled.found_in(value)] == found


@pytest.mark.parametrize(
    ("pattern", "refusal"),
    [
        ("(", "missing closing ): `(`"),
        ("[", "missing closing ]: `[`"),
        ("a)b", "unexpected ): `a)b`"),
        ("*a", "missing argument to repetition operator: `*`"),
        ("a**", "invalid nested repetition operator: `**`"),
        ("a++", "invalid nested repetition operator: `++`"),
        ("a{1001}", "invalid repeat count: `{1001}`"),
        ("(a{100}){11}", "invalid repeat count: `{11}`"),
        ("a{2,1}", "invalid repeat count: `{2,1}`"),
        ("a{9999999999}", "invalid repeat count: `{9999999999}`"),
        ("[z-a]", "invalid character class range: `z-a`"),
        ("[[:foo:]]", "invalid character class range: `[:foo:]`"),
        (r"\p{Foo}", r"invalid character class range: `\p{Foo}`"),
        (r"\pX", r"invalid character class range: `\pX`"),
        (r"\C", r"invalid escape sequence: `\C`"),
        (r"[\C]", r"invalid escape sequence: `\C`"),
        (r"\1", r"invalid escape sequence: `\1`"),
        (r"\Z", r"invalid escape sequence: `\Z`"),
        (r"\x{110000}", r"invalid escape sequence: `\x{110000`"),
        ("\\", "trailing backslash at end of expression: ``"),
        ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
        ("(?!a)", "invalid or unsupported Perl syntax: `(?!`"),
        ("x(?<=a)b>c", "invalid named capture: `(?<=a)b>`"),
        ("(?<!a)b", "invalid named capture: `(?<!a)b`"),
        ("(?P=n)", "invalid or unsupported Perl syntax: `(?P`"),
        ("(?P<é>a)", "invalid named capture: `(?P<é>`"),
        ("(?x)a", "invalid or unsupported Perl syntax: `(?x`"),
    ],
)
def test_wrong_pattern_is_refused_in_the_words_of_go(pattern: str, refusal: str) -> None:
    """Whatever Go cannot compile is an error, with the piece at fault, and never a pattern that lets everything pass."""
    with pytest.raises(ValueError, match="error parsing regexp") as refused:
        Pattern(pattern).found_in("a")
    assert str(refused.value) == f"error parsing regexp: {refusal}"


def test_pattern_that_backtracks_elsewhere_is_answered_at_once() -> None:
    """The time is linear in the value: an engine that backtracks would need 2^40 steps here."""
    assert not Pattern("^(a+)+$").found_in("a" * 40 + "!")
