"""NamespaceExists: nothing is written or deleted in a namespace that does not exist.

Upstream: plugin/pkg/admission/namespace/exists/admission.go
"""

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.namespace_getter import NamespaceGetter


class NamespaceExists:
    """Looks the namespace up."""

    def __init__(self, namespaces: NamespaceGetter) -> None:
        self._namespaces = namespaces

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Check the namespace of an object.

        Raises:
            StatusError: 404, it does not exist; 500, it could not be read.
        """
        if attributes.namespace and not attributes.is_namespace:
            await self._namespaces.get(attributes.namespace)
