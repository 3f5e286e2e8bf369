"""The objects of a request in the kinds that webhooks and policies expect.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/conversion.go,
staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/generic/webhook.go
"""

from dataclasses import dataclass

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.predicates import RuleMatch
from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.resources.conversion import converted
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.types.normal_form import omitting_empty


@dataclass(slots=True)
class VersionedAttributes:
    """The objects of a request in one kind, as they are written in JSON.

    `changed` is the object as a policy has left it, None while none has changed it.
    """

    attributes: AdmissionAttributes
    kind: GroupVersionKind
    object: JSONObject | None
    old_object: JSONObject | None
    changed: JSONObject | None = None


class VersionedAttributeAccessor:
    """Converts the objects of one request once for each kind."""

    def __init__(self, attributes: AdmissionAttributes) -> None:
        self._attributes = attributes
        self._found: dict[GroupVersionKind, VersionedAttributes] = {}

    async def at(self, match: RuleMatch) -> VersionedAttributes:
        """Return the objects in the kind of a match.

        Raises:
            StatusError: 500, the conversion webhook of a custom resource fails.
        """
        if match.kind not in self._found:
            attributes = self._attributes
            self._found[match.kind] = VersionedAttributes(
                attributes,
                match.kind,
                await _versioned(attributes.resource, attributes.object, match.kind),
                await _versioned(attributes.resource, attributes.old_object, match.kind),
            )
        return self._found[match.kind]


async def _versioned(resource: Resource, obj: JSONObject | None, kind: GroupVersionKind) -> JSONObject | None:
    return None if obj is None else omitting_empty(await converted(resource, obj, kind), kind)
