"""The difference of two structs, which kube-apiserver shows where a struct may not change.

Upstream: staging/src/k8s.io/apimachinery/pkg/util/diff/diff.go
"""

import json
from difflib import unified_diff
from itertools import islice
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.types.internal_form import internal_form
from rootspan_apiserver.types.tables import go_types

_HEADER_LINES = 2
"""The names of two files, which are not there."""
_ESCAPED = "<>&\u2028\u2029"
"""What Go's JSON escapes beside quotes and control characters."""


def struct_diff(old: JSONObject, new: JSONObject, struct: str) -> str:
    """Return the unified diff of two structs, written as JSON in their internal form.

    Args:
        struct: their type, such as "core/v1.PersistentVolumeClaimSpec".
    """
    before, after = (_pretty(internal_form(value, go_types().struct(struct))) for value in (old, new))
    return "".join(islice(unified_diff(before, after), _HEADER_LINES, None))


def _pretty(value: Any) -> list[str]:
    text = json.dumps(value, indent=1, ensure_ascii=False)
    for character in _ESCAPED:
        text = text.replace(character, f"\\u{ord(character):04x}")
    return [f"{line}\n" for line in text.split("\n")]
