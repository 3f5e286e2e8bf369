"""Which metadata a write of the status cannot change, by kind: all of it for some, a field for others, none for most.

Upstream: `ResetObjectMetaForStatus` of staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/helpers.go, and the PrepareForUpdate of the
status strategies below pkg/registry
"""

ALL = ("labels", "annotations", "finalizers", "ownerReferences")
KEPT: dict[tuple[str, str], tuple[str, ...]] = {
    ("apps", "Deployment"): ("labels",),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): ALL,
}


def kept_by_status(group: str, kind: str) -> tuple[str, ...]:
    """The fields of the metadata that a write of the kind's status leaves as they are."""
    return KEPT.get((group, kind), ())
