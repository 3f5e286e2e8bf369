"""Parts of a pod as kube-apiserver prints its internal types: in errors that show a struct, or how two specs differ.

Upstream: pkg/apis/core/types.go
"""

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.rules.diffs import struct_diff
from rootspan_apiserver.types.internal_form import internal_form
from rootspan_apiserver.types.tables import go_types


def shown_as_go(value: JSONObject, struct: str) -> JSONObject:
    """Return a value of a struct of core/v1 with all fields of its internal type, under Go's names."""
    return internal_form(value, go_types().struct(f"core/v1.{struct}"))


def pod_spec_diff(old: JSONObject, new: JSONObject) -> str:
    """Return how two specs of pods differ, as a unified diff of their internal form."""
    return struct_diff(old, new, "core/v1.PodSpec")
