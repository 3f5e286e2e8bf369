"""Strings: cel-go's extension in its version 2, and the regular expressions of Kubernetes.

Upstream: github.com/google/cel-go/ext/strings.go, staging/src/k8s.io/apiserver/pkg/cel/library/regex.go, cost.go, jsonpatch.go
"""

from rootspan_apiserver.rules.cel.costs import GREATEST, TRAVERSAL_FACTOR, CostRange
from rootspan_apiserver.rules.cel.functions import CallEstimate, CELLibrary, function, member, overload
from rootspan_apiserver.rules.cel.libraries.estimates import Operands, list_traversal, replacement, search, traversal

_WHOLE = traversal(keeps_size=True)


def _split(operands: Operands) -> CallEstimate:
    text = operands[0].size
    limit = operands[2].number if len(operands) > 2 else None
    # A negative limit is a great one, as an unsigned number.
    most = text.greatest if limit is None else limit & GREATEST
    return CallEstimate(text.scaled(2 * TRAVERSAL_FACTOR), CostRange(0, most))


def _join(operands: Operands) -> CallEstimate:
    elements = operands[0].size
    size = elements * operands[0].element_size if operands[0].type.parameters else CostRange(0, 0)
    if len(operands) > 1:
        size += operands[1].size * CostRange(max(elements.least - 1, 0), max(elements.greatest - 1, 0))
    return CallEstimate(size.scaled(TRAVERSAL_FACTOR), size)


def _quote(operands: Operands) -> CallEstimate:
    size = operands[0].size
    # cel-go lets the product overflow.
    return CallEstimate(size.scaled(TRAVERSAL_FACTOR), CostRange(size.least + 2, (size.greatest * 2 + 2) & GREATEST))


STRING_LIBRARY = CELLibrary(
    "cel.lib.ext.strings",
    (
        function("charAt", member("string_char_at_int", "string, int -> string")),
        function(
            "indexOf",
            member("string_index_of_string", "string, string -> int", list_traversal),
            member("string_index_of_string_int", "string, string, int -> int", list_traversal),
        ),
        function(
            "lastIndexOf",
            member("string_last_index_of_string", "string, string -> int", list_traversal),
            member("string_last_index_of_string_int", "string, string, int -> int", list_traversal),
        ),
        function("lowerAscii", member("string_lower_ascii", "string -> string", _WHOLE)),
        function(
            "replace",
            member("string_replace_string_string", "string, string, string -> string", replacement),
            member("string_replace_string_string_int", "string, string, string, int -> string", replacement),
        ),
        function(
            "split",
            member("string_split_string", "string, string -> list(string)", _split),
            member("string_split_string_int", "string, string, int -> list(string)", _split),
        ),
        function(
            "substring",
            member("string_substring_int", "string, int -> string", _WHOLE),
            member("string_substring_int_int", "string, int, int -> string", _WHOLE),
        ),
        function("trim", member("string_trim", "string -> string", _WHOLE)),
        function("upperAscii", member("string_upper_ascii", "string -> string", _WHOLE)),
        function("format", member("string_format", "string, list(dyn) -> string", traversal())),
        function("strings.quote", overload("strings_quote", "string -> string", _quote)),
        function(
            "join",
            member("list_join", "list(string) -> string", _join),
            member("list_join_string", "list(string), string -> string", _join),
        ),
    ),
)
REGULAR_EXPRESSION_LIBRARY = CELLibrary(
    "kubernetes.regex",
    (
        function("find", member("string_find_string", "string, string -> string", search)),
        function(
            "findAll",
            member("string_find_all_string", "string, string -> list(string)", search),
            member("string_find_all_string_int", "string, string, int -> list(string)", search),
        ),
    ),
)
JSON_PATCH_LIBRARY = CELLibrary(
    "kubernetes.jsonpatch",
    (function("jsonpatch.escapeKey", overload("string_jsonpatch_escapeKey_string", "string -> string", _WHOLE)),),
)
"""Only expressions of MutatingAdmissionPolicies have it."""
