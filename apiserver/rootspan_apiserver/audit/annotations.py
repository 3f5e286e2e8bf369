"""The annotations of an audit event, which every part of the request path may add to while a request is served.

    request.audit_annotations.add("authorization.k8s.io/decision", "allow")
    attributes.audit_annotations.add("validation.policy.admission.k8s.io/validation_failure", value)
    attributes.audit_annotations.add("patch.webhook.admission.k8s.io/round_0_index_0", patch, level=Level.REQUEST)

Upstream: staging/src/k8s.io/apiserver/pkg/admission/attributes.go (AddAnnotationWithLevel, checkKeyFormat),
staging/src/k8s.io/apiserver/pkg/audit/context.go (addAuditAnnotationLocked)
"""

import logging
from collections.abc import Iterator, Mapping
from functools import lru_cache

from rootspan_apiserver.audit.level import Level
from rootspan_apiserver.kube.names import qualified_name

_log = logging.getLogger(__name__)


@lru_cache(1024)
def _is_prefixed(key: str) -> bool:
    return key.count("/") == 1 and not qualified_name(key)


class AuditAnnotations(Mapping[str, str]):
    """Annotations by key. The first value of a key stays; another one, or a key without a prefix, is logged and left out."""

    __slots__ = ("_levels", "_values")

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._levels: dict[str, Level] = {}

    def add(self, key: str, value: str, *, level: Level = Level.METADATA) -> None:
        """Add an annotation.

        Args:
            key: A prefix, a slash and a name, as keys of labels are.
            level: The lowest level of events that have it.
        """
        if (given := self._values.get(key)) is not None:
            if given != value:
                _log.warning("audit annotation %s is not set to %r: it is %r already", key, value, given)
            return
        if not _is_prefixed(key):
            _log.warning("audit annotation %r is left out: its key must be a DNS subdomain, '/' and a name", key)
            return
        self._values[key] = value
        if level is not Level.METADATA:
            self._levels[key] = level

    def add_all(self, annotations: Mapping[str, str]) -> None:
        """Add several annotations."""
        for key, value in annotations.items():
            self.add(key, value)

    def of(self, level: Level) -> dict[str, str]:
        """Return the annotations of an event at a level."""
        if not self._levels:
            return dict(self._values)
        return {key: value for key, value in self._values.items() if self._levels.get(key, Level.METADATA) <= level}

    def __getitem__(self, key: str) -> str:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)
