"""The formats of strings in OpenAPI schemas; those that are not here are not checked.

Upstream: k8s.io/kube-openapi/pkg/validation/strfmt, staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/validation/formats.go
"""

import re
from collections.abc import Mapping
from datetime import date
from ipaddress import IPv4Address, IPv6Address
from types import MappingProxyType

_DATE_TIME = r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_BYTE = r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"
_DURATION = r"[+-]?(?:0|(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+)"
_WORDED_DURATION = r"[\t\n\f\r ]*(?:[0-9]{1,18}[\t\n\f\r ]*[A-Za-zµ]+[\t\n\f\r ]*)+"
_UNITS = r"[A-Za-zµ]+"
_UNIT = "ns|nano.*|us|µs|micro.*|ms|milli.*|s|sec.*|m|min.*|h|hr|hour.*|d|day.*|w|wk|week.*"
_HEX = "[0-9a-fA-F]"
_UUIDS = {
    form: f"{_HEX}{{8}}-?{_HEX}{{4}}-?{third}-?{fourth}-?{_HEX}{{12}}"
    for form, third, fourth in (
        ("uuid", f"{_HEX}{{4}}", f"{_HEX}{{4}}"),
        ("uuid3", f"3{_HEX}{{3}}", f"{_HEX}{{4}}"),
        ("uuid4", f"4{_HEX}{{3}}", f"[89abAB]{_HEX}{{3}}"),
        ("uuid5", f"5{_HEX}{{3}}", f"[89abAB]{_HEX}{{3}}"),
    )
}


RECOGNIZED = frozenset(
    {
        *("bsonobjectid", "uri", "email", "hostname", "ipv4", "ipv6", "cidr", "mac", "uuid", "uuid3", "uuid4", "uuid5"),
        *("isbn", "isbn10", "isbn13", "creditcard", "ssn", "hexcolor", "rgbcolor", "byte", "password"),
        *("date", "duration", "datetime", "k8sshortname", "k8slongname"),
    }
)
"""The formats of strings, without the dashes in their names."""
_OF_NUMBERS: Mapping[str, frozenset[str]] = MappingProxyType(
    {"integer": frozenset({"int32", "int64"}), "number": frozenset({"float", "double"})}
)


def is_recognized(form: str, kind: str) -> bool:
    """Return whether values of the type `kind` ("" for any) can have the format `form`; others are ignored."""
    if kind in ("", "string"):
        return form.replace("-", "") in RECOGNIZED
    return form in _OF_NUMBERS.get(kind, ())


def has_format(value: str, form: str) -> bool:
    """Return whether `value` has the format `form` of OpenAPI."""
    match form:
        case "date-time":
            found = re.fullmatch(_DATE_TIME, value)
            return found is not None and _is_date(found[1])
        case "date":
            return _is_date(value)
        case "ipv4":
            return _is_address(value) and "." in value
        case "ipv6":
            return _is_address(value) and ":" in value
        case "byte":
            return bool(value) and re.fullmatch(_BYTE, value) is not None
        case "duration":
            return _is_duration(value)
    return form not in _UUIDS or re.fullmatch(_UUIDS[form], value) is not None


def _is_date(value: str) -> bool:
    if not re.fullmatch(_DATE, value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return value.startswith("0000-") and _is_date(f"2000{value[4:]}")
    return True


def _is_address(value: str) -> bool:
    address = IPv6Address if ":" in value else IPv4Address
    try:
        address(value)
    except ValueError:
        return False
    return "%" not in value


def _is_duration(value: str) -> bool:
    """Either Go's notation or whole numbers with a unit in words; one known unit is enough there, as it is for the real server."""
    if re.fullmatch(_DURATION, value):
        return True
    worded = re.fullmatch(_WORDED_DURATION, value)
    return worded is not None and any(re.fullmatch(_UNIT, unit, re.IGNORECASE) for unit in re.findall(_UNITS, value))
