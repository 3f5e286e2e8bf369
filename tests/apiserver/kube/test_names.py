"""The rules for names and their messages, as k8s.io/apimachinery v0.36.2 has them."""

import re

import pytest

from rootspan_apiserver.kube import names

NOT_A_LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and "
    "end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
NOT_A_SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
    "start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
NOT_A_1035_LABEL = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
    "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for "
    "validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
)
NOT_A_NAME_PART = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
NOT_A_QUALIFIED_NAME = (
    "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with "
    "an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. "
    "'example.com/MyName')"
)
NOT_A_LABEL_VALUE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must "
    "start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for"
    " validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
NOT_A_CONFIG_KEY = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or "
    "'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)
NOT_AN_ENVIRONMENT_NAME = (
    "a valid environment variable name must consist only of printable ASCII characters other than '='"
)
NOT_LETTERS_AND_DIGITS = "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"
NOT_A_PERCENTAGE = (
    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex "
    "used for validation is '[0-9]+%')"
)


@pytest.mark.parametrize(
    ("rule", "value", "reasons"),
    [
        (names.dns_label, "a-1", []),
        (names.dns_label, "A", [NOT_A_LABEL]),
        (names.dns_label, "-a", [NOT_A_LABEL]),
        (names.dns_label, "a.b", ["must not contain dots"]),
        (names.dns_label, "", [NOT_A_LABEL]),
        (names.dns_label, "a" * 64, ["must be no more than 63 characters"]),
        (names.dns_subdomain, "a.b", []),
        (names.dns_subdomain, "A", [NOT_A_SUBDOMAIN]),
        (names.dns_subdomain, "a..b", [NOT_A_SUBDOMAIN]),
        (names.dns_subdomain, "", [NOT_A_SUBDOMAIN]),
        (names.dns_subdomain, "a" * 254, ["must be no more than 253 characters"]),
        (names.dns_1035_label, "a-1", []),
        (names.dns_1035_label, "1a", [NOT_A_1035_LABEL]),
        (names.dns_1035_label, "a" * 64, ["must be no more than 63 characters"]),
        (names.qualified_name, "a/B_c", []),
        (names.qualified_name, "", ["name part must be non-empty", NOT_A_NAME_PART]),
        (names.qualified_name, "a/b/c", [NOT_A_QUALIFIED_NAME]),
        (names.qualified_name, "/b", ["prefix part must be non-empty"]),
        (names.qualified_name, "a/", ["name part must be non-empty", NOT_A_NAME_PART]),
        (names.qualified_name, "A/b", [f"prefix part {NOT_A_SUBDOMAIN}"]),
        (names.qualified_name, "-", [NOT_A_NAME_PART]),
        (
            names.qualified_name,
            "éééééééééééééééééééééééééééééééé",
            ["name part must be no more than 63 bytes", NOT_A_NAME_PART],
        ),
        (names.qualified_name, "x" * 254 + "/a", ["prefix part must be no more than 253 bytes"]),
        (names.label_value, "", []),
        (names.label_value, "a.B", []),
        (names.label_value, "-", [NOT_A_LABEL_VALUE]),
        (names.label_value, "a b", [NOT_A_LABEL_VALUE]),
        (names.label_value, "b" * 64, ["must be no more than 63 bytes"]),
        (names.config_key, "a.B_", []),
        (names.config_key, "..", ["must not be '..'"]),
        (names.config_key, "..a", ["must not start with '..'"]),
        (names.config_key, ".", ["must not be '.'"]),
        (names.config_key, "a/b", [NOT_A_CONFIG_KEY]),
        (names.config_key, "", [NOT_A_CONFIG_KEY]),
        (names.config_key, "c" * 254, ["must be no more than 253 characters"]),
        (names.environment_name, "a b", []),
        (names.environment_name, "", ["environment variable name must be non-empty"]),
        (names.environment_name, "a=b", [NOT_AN_ENVIRONMENT_NAME]),
        (names.environment_name, "é", [NOT_AN_ENVIRONMENT_NAME]),
        (names.port_name, "http", []),
        (names.port_name, "", [NOT_LETTERS_AND_DIGITS, "must contain at least one letter (a-z)"]),
        (names.port_name, "UP", [NOT_LETTERS_AND_DIGITS, "must contain at least one letter (a-z)"]),
        (names.port_name, "1", ["must contain at least one letter (a-z)"]),
        (names.port_name, "a--b", ["must not contain consecutive hyphens"]),
        (names.port_name, "-a", ["must not begin or end with a hyphen"]),
        (names.port_name, "aaaaaaaaaaaaaaaa", ["must be no more than 15 characters"]),
        (names.percent, "50%", []),
        (names.percent, "5 %", [NOT_A_PERCENTAGE]),
        (names.percent, "", [NOT_A_PERCENTAGE]),
        (names.path_segment, "a:b", []),
        (names.path_segment, "..", ["may not be '..'"]),
        (names.path_segment, "a/b%", ["may not contain '/'", "may not contain '%'"]),
    ],
)
def test_name_is_checked(rule: names.Rule, value: str, reasons: list[str]) -> None:
    """A rule has valid names, and every reason against an invalid one, in upstream's order."""
    assert rule(value) == reasons


@pytest.mark.parametrize(("number", "reasons"), [(1, []), (65535, []), (0, ["must be between 1 and 65535, inclusive"])])
def test_port_number_is_checked(number: int, reasons: list[str]) -> None:
    """16 bits without 0."""
    assert names.port_number(number) == reasons


def test_generated_name_fits_into_a_label() -> None:
    """A long base is cut; the suffix is five letters and digits and differs each time."""
    first, second = names.generate_name("b" * 70), names.generate_name("b" * 70)
    assert re.fullmatch(f"b{{58}}[{names.SUFFIX_ALPHABET}]{{5}}", first)
    assert first != second
    assert not names.dns_label(first)
