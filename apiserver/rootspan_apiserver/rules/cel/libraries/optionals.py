"""Optional values.

Upstream: github.com/google/cel-go/cel/library.go (optionalLib)
"""

from rootspan_apiserver.rules.cel.functions import CELLibrary, function, member, overload
from rootspan_apiserver.rules.cel.types import DYN, optional

OPTIONAL_LIBRARY = CELLibrary(
    "cel.lib.optional",
    (
        function("optional.of", overload("optional_of", "V -> optional(V)")),
        function("optional.ofNonZeroValue", overload("optional_ofNonZeroValue", "V -> optional(V)")),
        function("optional.none", overload("optional_none", "-> optional(V)")),
        function("value", member("optional_value", "optional(V) -> V")),
        function("hasValue", member("optional_hasValue", "optional(V) -> bool")),
        function("or", member("optional_or_optional", "optional(V), optional(V) -> optional(V)")),
        function("orValue", member("optional_orValue_value", "optional(V), V -> V")),
        function("_?._", overload("select_optional_field", "dyn, string -> optional(V)")),
        function(
            "_[?_]",
            overload("list_optindex_optional_int", "list(V), int -> optional(V)"),
            overload("optional_list_optindex_optional_int", "optional(list(V)), int -> optional(V)"),
            overload("map_optindex_optional_value", "map(K, V), K -> optional(V)"),
            overload("optional_map_optindex_optional_value", "optional(map(K, V)), K -> optional(V)"),
        ),
        function(
            "_[_]",
            overload("optional_list_index_int", "optional(list(V)), int -> optional(V)"),
            overload("optional_map_index_value", "optional(map(K, V)), K -> optional(V)"),
        ),
        function("last", member("list_last", "list(V) -> optional(V)")),
        function("first", member("list_first", "list(V) -> optional(V)")),
        function("optional.unwrap", overload("optional_unwrap", "list(optional(V)) -> list(V)")),
        function("unwrapOpt", member("optional_unwrapOpt", "list(optional(V)) -> list(V)")),
    ),
    types=(optional(DYN),),
)
