"""The formats of strings in OpenAPI schemas; those that are not here are not checked.

Upstream: k8s.io/kube-openapi/pkg/validation/strfmt, k8s.io/kube-openapi/pkg/internal/third_party/govalidator,
staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/validation/formats.go
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType

from rootspan_apiserver.kube.addresses import parse_cidr, parse_ip
from rootspan_apiserver.kube.check_digits import is_credit_card, is_isbn10, is_isbn13
from rootspan_apiserver.kube.go_durations import parse_duration
from rootspan_apiserver.kube.go_url import is_request_uri
from rootspan_apiserver.kube.mail_addresses import is_mail_address
from rootspan_apiserver.kube.patterns import Pattern

Check = Callable[[str], bool]

_DATE_TIME = r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_QUANTITY_OF_TIME = re.compile(r"([0-9]+)[\t\n\f\r ]*([A-Za-zµ]+)")
_NANOSECONDS = tuple(
    (re.compile(pattern, re.IGNORECASE), nanoseconds)
    for pattern, nanoseconds in (
        ("ns|nano.*", 1),
        ("us|µs|micro.*", 10**3),
        ("ms|milli.*", 10**6),
        ("s|sec.*", 10**9),
        ("m|min.*", 60 * 10**9),
        ("h|hr|hour.*", 3600 * 10**9),
        ("d|day.*", 24 * 3600 * 10**9),
        ("w|wk|week.*", 7 * 24 * 3600 * 10**9),
    )
)
"""The units of durations in words."""
_LAST_INT64 = 2**63 - 1
_HEX = "[0-9a-fA-F]"
_UP_TO_255 = r"(?:0|[1-9][0-9]?|1[0-9][0-9]?|2[0-4][0-9]|25[0-5])"
_SPACE = r"[\t\n\f\r ]*"
_NAME = "[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_HOSTNAME = Pattern(
    r"^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)"
    r"|([a-zA-Z0-9\p{S}\p{L}](([a-zA-Z0-9-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z\p{L}]){2,63})$"
)


def _matches(pattern: str, *, length: range = range(1 << 31)) -> Check:
    """Return a check that a text is one of `pattern`, and that its bytes are as many as `length` allows."""
    compiled = re.compile(pattern)
    return lambda value: compiled.fullmatch(value) is not None and len(value.encode()) in length


def _is_date(value: str) -> bool:
    if not re.fullmatch(_DATE, value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return value.startswith("0000-") and _is_date(f"2000{value[4:]}")
    return True


def _is_date_time(value: str) -> bool:
    found = re.match(_DATE_TIME, value)
    return found is not None and value[found.end() :][:1] in ("", "t", "T") and _is_date(found[1])


def _is_duration(value: str) -> bool:
    """Either Go's notation or whole numbers with a unit in words; one known unit is enough there, as it is for the real server."""
    try:
        parse_schema_duration(value)
    except ValueError:
        return False
    return True


def _is_hostname(value: str) -> bool:
    within = len(value.encode()) <= 255 and all(len(part.encode()) <= 63 for part in value.split("."))
    return within and _HOSTNAME.found_in(value)


def _is_mac(value: str) -> bool:
    return any(pattern.fullmatch(value) for pattern in _MACS)


_MACS = tuple(
    re.compile(f"{group}(?:{separator}{group}){{{count - 1}}}")
    for octets in (6, 8, 20)
    for group, separator, count in (
        (f"{_HEX}{{2}}", ":", octets),
        (f"{_HEX}{{2}}", "-", octets),
        (f"{_HEX}{{4}}", r"\.", octets // 2),
    )
)


def _uuid(third: str, fourth: str) -> Check:
    return _matches(f"{_HEX}{{8}}-?{_HEX}{{4}}-?{third}-?{fourth}-?{_HEX}{{12}}")


_CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "bsonobjectid": _matches(f"{_HEX}{{24}}"),
        "byte": _matches(
            r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})", length=range(1, 1 << 31)
        ),
        "cidr": lambda value: parse_cidr(value) is not None,
        "creditcard": is_credit_card,
        "date": _is_date,
        "datetime": _is_date_time,
        "duration": _is_duration,
        "email": is_mail_address,
        "hexcolor": _matches(f"#?(?:{_HEX}{{3}}|{_HEX}{{6}})"),
        "hostname": _is_hostname,
        "ipv4": lambda value: "." in value and parse_ip(value) is not None,
        "ipv6": lambda value: ":" in value and parse_ip(value) is not None,
        "isbn": lambda value: is_isbn10(value) or is_isbn13(value),
        "isbn10": is_isbn10,
        "isbn13": is_isbn13,
        "k8slongname": _matches(rf"{_NAME}(?:\.{_NAME})*", length=range(254)),
        "k8sshortname": _matches(_NAME, length=range(64)),
        "mac": _is_mac,
        "password": lambda value: True,
        "rgbcolor": _matches(rf"rgb\({_SPACE}{f'{_SPACE},{_SPACE}'.join([_UP_TO_255] * 3)}{_SPACE}\)"),
        "ssn": _matches("[0-9]{3}[- ][0-9]{2}[- ][0-9]{4}"),
        "uri": is_request_uri,
        "uuid": _uuid(f"{_HEX}{{4}}", f"{_HEX}{{4}}"),
        "uuid3": _uuid(f"3{_HEX}{{3}}", f"{_HEX}{{4}}"),
        "uuid4": _uuid(f"4{_HEX}{{3}}", f"[89abAB]{_HEX}{{3}}"),
        "uuid5": _uuid(f"5{_HEX}{{3}}", f"[89abAB]{_HEX}{{3}}"),
    }
)
"""The formats of strings, without the dashes in their names."""
_OF_NUMBERS: Mapping[str, frozenset[str]] = MappingProxyType(
    {"integer": frozenset({"int32", "int64"}), "number": frozenset({"float", "double"})}
)


def parse_schema_duration(value: str) -> int:
    """Return the nanoseconds of a text with the format `duration`. Raises ValueError if it is none."""
    try:
        return parse_duration(value)
    except ValueError:
        total, is_known = 0, False
        for number, unit in _QUANTITY_OF_TIME.findall(value):
            if int(number) > _LAST_INT64:
                raise
            for pattern, nanoseconds in _NANOSECONDS:
                if pattern.fullmatch(unit):
                    total, is_known = total + int(number) * nanoseconds, True
        if not is_known:
            raise ValueError(f"unable to parse {value} as duration") from None
        return (total + _LAST_INT64 + 1) % (2 * (_LAST_INT64 + 1)) - _LAST_INT64 - 1


def is_recognized(form: str, kind: str) -> bool:
    """Return whether values of the type `kind` ("" for any) can have the format `form`; others are ignored."""
    if kind in ("", "string"):
        return form.replace("-", "") in _CHECKS
    return form in _OF_NUMBERS.get(kind, ())


def has_format(value: str, form: str) -> bool:
    """Return whether `value` has the format `form` of OpenAPI."""
    check = _CHECKS.get(form.replace("-", ""))
    return check is None or check(value)
