"""Warnings of the finalizers of custom resources, which may have names that are not qualified.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/registry/customresource/validator.go (validateKubeFinalizerName)
"""

from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import qualified_name
from rootspan_apiserver.rules.metadata import STANDARD_FINALIZERS


def finalizer_warnings(obj: JSONObject, old: JSONObject | None) -> list[str]:
    """Return a warning for each finalizer that is new and has no good name."""
    before = (old["metadata"].get("finalizers") or ()) if old is not None else ()
    added = set(obj["metadata"].get("finalizers") or ()).difference(before)
    return [f"metadata.finalizers: {quote(name)}: {why}" for name in sorted(added) for why in _faults(name)]


def _faults(name: str) -> list[str]:
    faults = qualified_name(name)
    if "/" not in name and name not in STANDARD_FINALIZERS:
        path = " including a path (/)" if "." in name else ""
        why = (
            f"prefer a domain-qualified finalizer name{path} to avoid accidental conflicts with other finalizer writers"
        )
        faults.append(why)
    return faults
