"""The rules for names, each with its error messages, and the names that the server generates.

A rule takes a value and returns the reasons why it is invalid, none if it is valid. Lengths are counted in bytes of UTF-8, whatever
the message calls them.

Upstream: staging/src/k8s.io/apimachinery/pkg/util/validation/validation.go and pkg/api/validate/content,
staging/src/k8s.io/apiserver/pkg/storage/names/generate.go
"""

import re
import secrets
from collections.abc import Callable

Rule = Callable[[str], list[str]]

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_UNDERSCORED_LABEL = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_UNDERSCORED = rf"{_UNDERSCORED_LABEL}(\.{_UNDERSCORED_LABEL})*"
_LABEL_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?"
_QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE = f"({_QUALIFIED})?"
_CONFIG_KEY = r"[-._a-zA-Z0-9]+"
SUFFIX_LENGTH = 5
SUFFIX_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""No vowels and no digits that look like one: a suffix is never a word."""
LONGEST_GENERATED_BASE = 63 - SUFFIX_LENGTH


def random_suffix() -> str:
    """Return five random letters and digits, as generated names end with."""
    return "".join(secrets.choice(SUFFIX_ALPHABET) for _ in range(SUFFIX_LENGTH))


def generate_name(base: str) -> str:
    """Return a random name that begins with `base`, which is cut so that the name fits into a DNS label."""
    return base[:LONGEST_GENERATED_BASE] + random_suffix()


def _too_long(limit: int, unit: str = "characters") -> str:
    return f"must be no more than {limit} {unit}"


def _regex(message: str, pattern: str, *examples: str) -> str:
    shown = " or ".join(f"'{example}', " for example in examples)
    return f"{message} (e.g. {shown}regex used for validation is '{pattern}')"


def dns_label(value: str) -> list[str]:
    """RFC 1123 label: namespaces, containers, ports."""
    errors = [_too_long(63)] if len(value.encode()) > 63 else []
    if not re.fullmatch(_LABEL, value):
        if re.fullmatch(_SUBDOMAIN, value):
            return [*errors, "must not contain dots"]
        message = (
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-',"
            " and must start and end with an alphanumeric character"
        )
        errors.append(_regex(message, _LABEL, "my-name", "123-abc"))
    return errors


def dns_subdomain(value: str) -> list[str]:
    """RFC 1123 subdomain: most names."""
    return _dns_subdomain(value, "characters")


def _dns_subdomain(value: str, unit: str) -> list[str]:
    """Upstream says "bytes" in the names that labels are made of, and "characters" elsewhere; it counts bytes in both."""
    errors = [_too_long(253, unit)] if len(value.encode()) > 253 else []
    if not re.fullmatch(_SUBDOMAIN, value):
        message = (
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.',"
            " and must start and end with an alphanumeric character"
        )
        errors.append(_regex(message, _SUBDOMAIN, "example.com"))
    return errors


def dns_subdomain_with_underscore(value: str) -> list[str]:
    """RFC 1123 subdomain whose labels may have underscores: search domains of DNS."""
    errors = [_too_long(253)] if len(value.encode()) > 253 else []
    if not re.fullmatch(_UNDERSCORED, value):
        message = (
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.',"
            " and must start and end with an alphanumeric character"
        )
        errors.append(_regex(message, _UNDERSCORED, "example.com"))
    return errors


def wildcard_dns_subdomain(value: str) -> list[str]:
    """A subdomain whose first label is `*`: hosts of ingresses."""
    errors = [_too_long(253)] if len(value.encode()) > 253 else []
    if not re.fullmatch(rf"\*\.{_SUBDOMAIN}", value):
        message = (
            "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case"
            " alphanumeric characters, '-' or '.' and end with an alphanumeric character"
        )
        errors.append(_regex(message, rf"\*\.{_SUBDOMAIN}", "*.example.com"))
    return errors


def dns_1035_label(value: str) -> list[str]:
    """RFC 1035 label: services."""
    errors = [_too_long(63)] if len(value.encode()) > 63 else []
    if not re.fullmatch(_LABEL_1035, value):
        message = (
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-',"
            " start with an alphabetic character, and end with an alphanumeric character"
        )
        errors.append(_regex(message, _LABEL_1035, "my-name", "abc-123"))
    return errors


def path_segment(value: str) -> list[str]:
    """Anything that can stand in a path: RBAC names."""
    if value in (".", ".."):
        return [f"may not be '{value}'"]
    return [f"may not contain '{part}'" for part in "/%" if part in value]


def qualified_name(value: str) -> list[str]:
    """The key of a label or annotation: `[prefix/]name`."""
    parts = value.split("/")
    errors: list[str] = []
    part = (
        "name part must consist of alphanumeric characters, '-', '_' or '.',"
        " and must start and end with an alphanumeric character"
    )
    if len(parts) > 2:
        text = part.removeprefix("name part")
        regex = _regex(f"a valid label key{text}", _QUALIFIED, "MyName", "my.name", "123-abc")
        return [f"{regex} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"]
    if len(parts) == 2:
        if not parts[0]:
            errors.append("prefix part must be non-empty")
        else:
            errors += [f"prefix part {reason}" for reason in _dns_subdomain(parts[0], "bytes")]
    name = parts[-1]
    if not name:
        errors.append("name part must be non-empty")
    elif len(name.encode()) > 63:
        errors.append("name part " + _too_long(63, "bytes"))
    if not re.fullmatch(_QUALIFIED, name):
        errors.append(_regex(part, _QUALIFIED, "MyName", "my.name", "123-abc"))
    return errors


def label_value(value: str) -> list[str]:
    """Return why a text is no label value."""
    errors = [_too_long(63, "bytes")] if len(value.encode()) > 63 else []
    if not re.fullmatch(_VALUE, value):
        message = (
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.',"
            " and must start and end with an alphanumeric character"
        )
        errors.append(_regex(message, _VALUE, "MyValue", "my_value", "12345"))
    return errors


def config_key(value: str) -> list[str]:
    """A key of a ConfigMap's or Secret's data."""
    errors = [_too_long(253)] if len(value.encode()) > 253 else []
    if not re.fullmatch(_CONFIG_KEY, value):
        message = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
        errors.append(_regex(message, _CONFIG_KEY, "key.name", "KEY_NAME", "key-name"))
    if value == ".":
        errors.append("must not be '.'")
    elif value == "..":
        errors.append("must not be '..'")
    elif value.startswith(".."):
        errors.append("must not start with '..'")
    return errors


def environment_name(value: str) -> list[str]:
    """The name of a variable of a container: printable ASCII without `=`."""
    if not value:
        return ["environment variable name must be non-empty"]
    if all(" " <= letter <= "~" and letter != "=" for letter in value):
        return []
    return ["a valid environment variable name must consist only of printable ASCII characters other than '='"]


def port_name(value: str) -> list[str]:
    """An IANA service name."""
    errors = []
    if len(value) > 15:
        errors.append(_too_long(15))
    if not re.fullmatch("[-a-z0-9]+", value):
        errors.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not re.search("[a-z]", value):
        errors.append("must contain at least one letter (a-z)")
    if "--" in value:
        errors.append("must not contain consecutive hyphens")
    if value[:1] == "-" or value[-1:] == "-":
        errors.append("must not begin or end with a hyphen")
    return errors


def port_number(value: int) -> list[str]:
    """Return why a number is no port."""
    return [] if 1 <= value <= 65535 else ["must be between 1 and 65535, inclusive"]


def percent(value: str) -> list[str]:
    """A percentage without fraction: `25%`."""
    if re.fullmatch("[0-9]+%", value):
        return []
    message = "a valid percent string must be a numeric string followed by an ending '%'"
    return [_regex(message, "[0-9]+%", "1%", "93%")]
