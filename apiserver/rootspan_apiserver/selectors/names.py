"""What a label may look like, and how the API says that one does not (`util/validation` of k8s.io/apimachinery)."""

from __future__ import annotations

import re

_NAME = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE = r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?"
_SUBDOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_name, _value, _subdomain, _label = (re.compile(pattern) for pattern in (_NAME, _VALUE, _SUBDOMAIN, _LABEL))

_NAME_FORM = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
)
_NAME_HINT = f"(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{_NAME}')"
_VALUE_FORM = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    f"alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '{_VALUE}')"
)
_SUBDOMAIN_FORM = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an "
    f"alphanumeric character (e.g. 'example.com', regex used for validation is '{_SUBDOMAIN}')"
)
_LABEL_FORM = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric "
    f"character (e.g. 'my-name',  or '123-abc', regex used for validation is '{_LABEL}')"
)


def qualified_name_problems(text: str) -> list[str]:
    """Why `text` is no qualified name (`example.com/MyName`): the key of a label or an annotation, a finalizer."""
    prefix, slash, name = text.rpartition("/")
    if text.count("/") > 1:
        subdomain = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        return [f"a qualified name {_NAME_FORM} {_NAME_HINT} {subdomain}"]
    problems = []
    if slash and not prefix:
        problems.append("prefix part must be non-empty")
    elif slash:
        problems += [f"prefix part {problem}" for problem in subdomain_problems(prefix)]
    if not name:
        problems.append("name part must be non-empty")
    elif len(name) > 63:
        problems.append("name part must be no more than 63 bytes")
    if not _name.fullmatch(name):
        problems.append(f"name part {_NAME_FORM} {_NAME_HINT}")
    return problems


def label_value_problems(text: str) -> list[str]:
    problems = ["must be no more than 63 bytes"] if len(text.encode()) > 63 else []
    return problems if _value.fullmatch(text) else [*problems, _VALUE_FORM]


def subdomain_problems(text: str) -> list[str]:
    problems = ["must be no more than 253 bytes"] if len(text.encode()) > 253 else []
    return problems if _subdomain.fullmatch(text) else [*problems, _SUBDOMAIN_FORM]


def label_problems(text: str) -> list[str]:
    problems = ["must be no more than 63 bytes"] if len(text.encode()) > 63 else []
    return problems if _label.fullmatch(text) else [*problems, _LABEL_FORM]
