"""Custom resources without a conversion webhook (`strategy: None`): their versions differ in the apiVersion alone.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/conversion/nop_converter.go
"""

from collections.abc import Sequence

from rootspan_apiserver.kube.meta import JSONObject


class NoneConverter:
    """Sets the apiVersion. `stored` is the group-version in which objects are stored."""

    def __init__(self, stored: str) -> None:
        self._stored = stored

    @property
    def stored(self) -> str:
        """The group-version in which objects are stored."""
        return self._stored

    async def convert(self, objects: Sequence[JSONObject], api_version: str) -> list[JSONObject]:
        """Return the objects in a group-version; those that are in it already as they are."""
        return [
            each if each.get("apiVersion") == api_version else {**each, "apiVersion": api_version} for each in objects
        ]
