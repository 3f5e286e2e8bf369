"""Binding (v1): the node that a pod runs on, which is written into the pod and not stored.

Upstream: pkg/registry/core/pod/storage/storage.go (BindingREST), pkg/apis/core/validation/validation.go (ValidatePodBinding)
"""

from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.rules import NOTHING

definition = Definition(
    "v1",
    "Binding",
    "bindings",
    verbs=frozenset({"create"}),
    stored=False,
    name_rule=None,
    rules=NOTHING,  # What binds checks the target, since its errors are no `Invalid`.
)
