"""Parts of a pod as kube-apiserver prints its internal types: in errors that show a struct, or how two specs differ.

Upstream: pkg/apis/core/types.go, staging/src/k8s.io/apimachinery/pkg/util/diff/diff.go
"""

import json
from difflib import unified_diff

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.types.internal_form import internal_form
from rootspan_apiserver.types.tables import go_types

CONTEXT = 3
_ESCAPED = "<>&\u2028\u2029"
"""What Go's JSON escapes beside quotes and control characters."""


def shown_as_go(value: JSONObject, struct: str) -> JSONObject:
    """Return a value of a struct of core/v1 with all fields of its internal type, under Go's names."""
    return internal_form(value, go_types().struct(f"core/v1.{struct}"))


def pod_spec_diff(old: JSONObject, new: JSONObject) -> str:
    """Return how two specs of pods differ, as a unified diff of their internal form."""
    before, after = (_lines(shown_as_go(spec, "PodSpec")) for spec in (old, new))
    # The two lines with the names of the files are not there: they have none.
    found = list(unified_diff(before, after, n=CONTEXT))[2:]
    return "".join(found)


def _lines(value: JSONObject) -> list[str]:
    text = json.dumps(value, indent=1, ensure_ascii=False)
    for letter in _ESCAPED:
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return [f"{line}\n" for line in text.split("\n")]
