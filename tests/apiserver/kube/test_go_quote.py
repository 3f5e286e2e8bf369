"""Text in quotes, as Go prints it."""

import pytest

from rootspan_apiserver.kube.go_quote import quote, quote_ascii, quote_character


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", '"plain"'),
        ('say "a\\b"', '"say \\"a\\\\b\\""'),
        ("\x07\x08\x0c\n\r\t\x0b", '"\\a\\b\\f\\n\\r\\t\\v"'),
        ("a\x00b\x1f\x7f", '"a\\x00b\\x1f\\x7f"'),
        ("über", '"über"'),
        ("\xa0\ufeff", '"\\u00a0\\ufeff"'),
        ("\U000e0001", '"\\U000e0001"'),
        ("it's", '"it\'s"'),
        ("<&>", '"<&>"'),
    ],
)
def test_text_is_quoted(text: str, shown: str) -> None:
    """Printable characters stay, seven control characters have names, all others are numbers of two, four or eight digits."""
    assert quote(text) == shown


def test_bytes_that_are_no_text_are_quoted() -> None:
    """Each such byte is two hexadecimal digits."""
    assert quote(b"a\xffb".decode("utf-8", "surrogateescape")) == r'"a\xffb"'


@pytest.mark.parametrize(
    ("character", "shown"),
    [
        ("a", "'a'"),
        ("'", "'\\''"),
        ('"', "'\"'"),
        ("\n", "'\\n'"),
        ("\x07", "'\\a'"),
        ("\x01", "'\\x01'"),
        ("\x7f", "'\\x7f'"),
        ("é", "'é'"),
        ("\xa0", "'\\u00a0'"),
        ("\U000e0001", "'\\U000e0001'"),
        ("\\", "'\\\\'"),
    ],
)
def test_character_is_quoted(character: str, shown: str) -> None:
    """Single quotes are escaped, double quotes are not."""
    assert quote_character(character) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [("5 s", '"5 s"'), ('a"\\', r'"a\"\\"'), ("µ\n", r'"\xc2\xb5\x0a"'), ("\x7f", '"\x7f"')],
)
def test_text_is_quoted_byte_by_byte(text: str, shown: str) -> None:
    """The time package escapes each byte beyond ASCII, and control characters but DEL."""
    assert quote_ascii(text) == shown
