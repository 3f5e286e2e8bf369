"""Quantities, semantic versions and named formats.

Upstream: staging/src/k8s.io/apiserver/pkg/cel/library/quantity.go, semverlib.go, format.go, cost.go
"""

from rootspan_apiserver.rules.cel.costs import REGULAR_EXPRESSION_FACTOR, TRAVERSAL_FACTOR
from rootspan_apiserver.rules.cel.functions import CallEstimate, CELLibrary, function, member, overload
from rootspan_apiserver.rules.cel.libraries.estimates import Operands, fixed, traversal

_NOMINAL = fixed(1)
_LONGEST_PATTERN = 128
_FORMATS = (
    *(
        "dns1123Label",
        "dns1123Subdomain",
        "dns1035Label",
        "qualifiedName",
        "dns1123LabelPrefix",
        "dns1123SubdomainPrefix",
    ),
    *("dns1035LabelPrefix", "labelValue", "uri", "uuid", "byte", "date", "datetime"),
)


def _validate(operands: Operands) -> CallEstimate:
    return CallEstimate(operands[1].size.scaled(TRAVERSAL_FACTOR).scaled(_LONGEST_PATTERN * REGULAR_EXPRESSION_FACTOR))


QUANTITY_LIBRARY = CELLibrary(
    "kubernetes.quantity",
    (
        function("quantity", overload("string_to_quantity", "string -> Quantity", traversal())),
        function("isQuantity", overload("is_quantity_string", "string -> bool", traversal())),
        function("sign", overload("quantity_sign", "Quantity -> int", _NOMINAL)),
        function("isGreaterThan", member("quantity_is_greater_than", "Quantity, Quantity -> bool", _NOMINAL)),
        function("isLessThan", member("quantity_is_less_than", "Quantity, Quantity -> bool", _NOMINAL)),
        function("compareTo", member("quantity_compare_to", "Quantity, Quantity -> int", _NOMINAL)),
        function("asApproximateFloat", member("quantity_get_float", "Quantity -> double", _NOMINAL)),
        function("asInteger", member("quantity_get_int", "Quantity -> int", _NOMINAL)),
        function("isInteger", member("quantity_is_integer", "Quantity -> bool", _NOMINAL)),
        function(
            "add",
            member("quantity_add", "Quantity, Quantity -> Quantity", _NOMINAL),
            member("quantity_add_int", "Quantity, int -> Quantity", _NOMINAL),
        ),
        function(
            "sub",
            member("quantity_sub", "Quantity, Quantity -> Quantity", _NOMINAL),
            member("quantity_sub_int", "Quantity, int -> Quantity", _NOMINAL),
        ),
    ),
)
SEMVER_LIBRARY = CELLibrary(
    "kubernetes.Semver",
    (
        function(
            "semver",
            overload("string_to_semver", "string -> Semver", traversal()),
            overload("string_bool_to_semver", "string, bool -> Semver", traversal()),
        ),
        function(
            "isSemver",
            overload("is_semver_string", "string -> bool", traversal()),
            overload("is_semver_string_bool", "string, bool -> bool", traversal()),
        ),
        function("isGreaterThan", member("semver_is_greater_than", "Semver, Semver -> bool", _NOMINAL)),
        function("isLessThan", member("semver_is_less_than", "Semver, Semver -> bool", _NOMINAL)),
        function("compareTo", member("semver_compare_to", "Semver, Semver -> int", _NOMINAL)),
        function("major", member("semver_major", "Semver -> int", _NOMINAL)),
        function("minor", member("semver_minor", "Semver -> int", _NOMINAL)),
        function("patch", member("semver_patch", "Semver -> int", _NOMINAL)),
    ),
)
FORMAT_LIBRARY = CELLibrary(
    "kubernetes.format",
    (
        function("validate", member("format-validate", "NamedFormat, string -> optional(list(string))", _validate)),
        function("format.named", overload("format-named", "string -> optional(NamedFormat)", _NOMINAL)),
        *(function(f"format.{name}", overload(f"format.{name}", "-> NamedFormat")) for name in _FORMATS),
    ),
)
