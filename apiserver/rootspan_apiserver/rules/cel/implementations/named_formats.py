"""`format.dns1123Label().validate(name)` and the other named formats.

Upstream: staging/src/k8s.io/apiserver/pkg/cel/library/format.go
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rootspan_apiserver.kube import names
from rootspan_apiserver.kube.go_url import URLError, check_request_uri
from rootspan_apiserver.kube.string_formats import has_format
from rootspan_apiserver.rules.cel.values import NONE, OpaqueValue, OptionalValue


@dataclass(frozen=True, slots=True)
class NamedFormatValue(OpaqueValue):
    """A format of strings; `pattern_size` is the length of the regular expression that its cost is that of."""

    type_name = "kubernetes.NamedFormat"
    name: str
    validate: Callable[[str], list[str]] = field(compare=False, repr=False)
    pattern_size: int = field(compare=False)

    def text(self) -> str:
        """Return the name."""
        return self.name


def _prefix(rule: Callable[[str], list[str]]) -> Callable[[str], list[str]]:
    """Return the rule for a name to which something will be appended, and which may therefore end with a dash."""
    return lambda text: rule(f"{text[:-2]}a" if len(text) > 1 and text.endswith("-") else text)


def _uri(text: str) -> list[str]:
    try:
        check_request_uri(text)
    except URLError as error:
        return [str(error)]
    return []


def _of_schema(form: str, reason: str) -> Callable[[str], list[str]]:
    return lambda text: [] if has_format(text, form) else [reason]


_FORMATS: Mapping[str, NamedFormatValue] = {
    "dns1123Label": NamedFormatValue("DNS1123Label", names.dns_label, 30),
    "dns1123Subdomain": NamedFormatValue("DNS1123Subdomain", names.dns_subdomain, 60),
    "dns1035Label": NamedFormatValue("DNS1035Label", names.dns_1035_label, 30),
    "qualifiedName": NamedFormatValue("QualifiedName", names.qualified_name, 60),
    "dns1123LabelPrefix": NamedFormatValue("DNS1123LabelPrefix", _prefix(names.dns_label), 30),
    "dns1123SubdomainPrefix": NamedFormatValue("DNS1123SubdomainPrefix", _prefix(names.dns_subdomain), 60),
    "dns1035LabelPrefix": NamedFormatValue("DNS1035LabelPrefix", _prefix(names.dns_1035_label), 30),
    "labelValue": NamedFormatValue("LabelValue", names.label_value, 40),
    "uri": NamedFormatValue("URI", _uri, 1103),
    "uuid": NamedFormatValue("uuid", _of_schema("uuid", "does not match the UUID format"), 70),
    "byte": NamedFormatValue("byte", _of_schema("byte", "invalid base64"), 84),
    "date": NamedFormatValue("date", _of_schema("date", "invalid date"), 71),
    "datetime": NamedFormatValue("datetime", _of_schema("datetime", "invalid datetime"), 71),
}


def _validate(value: NamedFormatValue, text: str) -> OptionalValue:
    reasons = value.validate(text)
    return OptionalValue(reasons) if reasons else NONE


def _named(name: str) -> OptionalValue:
    return OptionalValue(_FORMATS[name]) if name in _FORMATS else NONE


def _constant(value: Any) -> Callable[[], Any]:
    return lambda: value


IMPLEMENTATIONS: Mapping[str, Callable[..., Any]] = {
    **{f"format.{name}": _constant(value) for name, value in _FORMATS.items()},
    "format-named": _named,
    "format-validate": _validate,
}
