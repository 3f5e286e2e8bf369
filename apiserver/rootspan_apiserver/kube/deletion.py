"""What happens to the dependents of an object that is deleted.

Upstream: staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/types.go (DeletionPropagation)
"""

from typing import Literal, get_args

PropagationPolicy = Literal["Foreground", "Background", "Orphan"]
PROPAGATION_POLICIES: tuple[PropagationPolicy, ...] = get_args(PropagationPolicy)
"""In the order of the error message."""
ORPHAN_FINALIZER = "orphan"
FOREGROUND_FINALIZER = "foregroundDeletion"
