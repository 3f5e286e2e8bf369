"""Text as Go's `%q` shows it."""

import pytest

from rootspan_apiserver.kube.go_quote import quote


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", '"plain"'),
        ('say "a\\b"', r'"say \"a\\b\""'),
        ("\a\b\f\n\r\t\v", r'"\a\b\f\n\r\t\v"'),
        ("a\0b\x1f\x7f", r'"a\x00b\x1f\x7f"'),
        ("über", '"über"'),
        ("\u00a0\ufeff", r'"\u00a0\ufeff"'),
        ("\U000e0001", r'"\U000e0001"'),
        (b"a\xffb".decode("utf-8", "surrogateescape"), r'"a\xffb"'),
    ],
)
def test_text_is_quoted_as_go_quotes_it(text: str, shown: str) -> None:
    """Printable characters stay, seven control characters have names, all others are numbers of two, four or eight digits."""
    assert quote(text) == shown
