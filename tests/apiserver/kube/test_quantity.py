"""Quantities in their canonical form, as k8s.io/apimachinery v0.36.2 has it."""

from decimal import Decimal

import pytest

from rootspan_apiserver.kube.quantity import amount, canonical, is_whole


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("0", "0"),
        ("0Gi", "0"),
        ("1", "1"),
        ("-1.5", "-1500m"),
        (".5", "500m"),
        ("100m", "100m"),
        ("1000m", "1"),
        ("1500m", "1500m"),
        ("1000", "1k"),
        ("1500", "1500"),
        ("12e6", "12e6"),
        ("1e4", "10e3"),
        ("1E", "1E"),
        ("10000E", "10000E"),
        ("1024Mi", "1Gi"),
        ("0.5Gi", "512Mi"),
        ("1.5Ki", "1536"),
        ("1000Ki", "1000Ki"),
        ("512", "512"),
        ("0.1Ki", "102400m"),
        ("1n", "1n"),
        ("0.1n", "1n"),
        ("1e-400", "1e-9"),
        ("-1e-10", "-1e-9"),
        ("1.0000000001", "1000000001n"),
        ("1e400", "10e399"),
        ("1e2000000000", "100e1999999998"),
        ("1e-2000000000", "1e-9"),
        ("1" + "0" * 5000, "1" + "0" * 4982 + "E"),
        ("8Ei", "9223372036854775807"),
        ("99999999999999999999Gi", "9223372036854775807"),
        ("-99999999999999999999Gi", "-9223372036854775807"),
        ("7.99Ei", "9211842821808707338240m"),
        ("9223372036854775808", "9223372036854775808"),
        ("-", "0"),
        (".", "0"),
        ("Ki", "0"),
        ("e5", "0"),
    ],
)
def test_quantity_has_one_form(given_text: str, expected: str) -> None:
    """The mantissa is an integer, the suffix as large as that allows, in the family that was written; and that form stays."""
    assert canonical(given_text) == expected
    assert canonical(expected) == expected


@pytest.mark.parametrize("text", ["+1", "5.", "00012", "1E3", "1e0", "1e+3", "1.500", "+5Gi", "012Ki"])
def test_quantity_that_needs_no_other_suffix_keeps_its_spelling(text: str) -> None:
    """The real server gives back what it was given where mantissa and exponent are canonical already."""
    assert canonical(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e30", 10**30), ("1e400", 10**400), ("8Ei", 2**63 - 1), ("1500m", Decimal("1.5")), ("0.1n", Decimal("1e-9"))],
)
def test_quantity_has_an_exact_value(text: str, value: Decimal) -> None:
    """Large values are compared as they are, without an overflow; only what is not an integer is not whole."""
    found = amount(text)
    assert found == value
    assert is_whole(Decimal(value)) is (value >= 10)


@pytest.mark.parametrize("text", ["1" * 300_000 + "x", "0" * 300_000 + "x", "1" * 300_000, "9" * 300_000 + "Gi"])
def test_long_quantity_is_read_quickly(text: str) -> None:
    """The time is about linear in the digits: with one that is quadratic this test would take minutes."""
    assert (amount(text) is None) is text.endswith("x")


@pytest.mark.parametrize(
    ("given_text", "why"),
    [
        ("", "quantities must match"),
        ("٣", "quantities must match"),
        ("1 Gi", "quantities must match"),
        ("1\n", "quantities must match"),
        ("1.2.3", "quantities must match"),
        ("--1", "unable to parse quantity's suffix"),
        ("1Kim", "unable to parse quantity's suffix"),
        ("1e9999999999", "unable to parse numeric part of quantity"),
        ("Ei", "unable to parse numeric part of quantity"),
        ("-Pi", "unable to parse numeric part of quantity"),
        ("e-10", "unable to parse numeric part of quantity"),
    ],
)
def test_invalid_quantity_is_refused(given_text: str, why: str) -> None:
    """The grammar, the number or the suffix is named."""
    with pytest.raises(ValueError, match=why):
        canonical(given_text)
