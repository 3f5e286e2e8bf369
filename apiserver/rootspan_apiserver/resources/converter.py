"""What converts the objects of a custom resource between its versions.

The storage reads and writes objects in the served version: every version has a view of its own of what is stored, as in kube-apiserver.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/conversion/converter.go
"""

from collections.abc import Sequence
from typing import Protocol

from rootspan_apiserver.kube.meta import JSONObject


class Converter(Protocol):
    """Converts objects from any version of one CustomResourceDefinition to any other."""

    @property
    def stored(self) -> str:
        """The group-version in which objects are stored."""
        ...

    async def convert(self, objects: Sequence[JSONObject], api_version: str) -> list[JSONObject]:
        """Return the objects in a group-version, in their order; those that are in it are returned as they are.

        Raises:
            StatusError: 500, they cannot be converted.
        """
        ...
