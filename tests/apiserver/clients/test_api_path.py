"""Paths that the server asks itself for: a part that could lead elsewhere is refused, every other one is escaped."""

from typing import Any

import pytest

from rootspan_apiserver.clients.api_path import APIPath
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.resources.catalogue import builtin_registry
from rootspan_apiserver.resources.resource import Resource


def resource(plural: str, group: str = "") -> Resource:
    found = builtin_registry().lookup(group, "v1", plural)
    assert found is not None
    return found


def refusal(make: Any, *arguments: Any) -> StatusError:
    with pytest.raises(StatusError) as refused:
        make(*arguments)
    return refused.value


HOSTILE = {
    "..": "may not be '..'",
    ".": "may not be '.'",
    "a/b": "may not contain '/'",
    "../../kube-system/secrets/x": "may not contain '/'",
    "a%2fb": "may not contain '%'",
    "%2e%2e/x": "may not contain '/' may not contain '%'",
}


@pytest.mark.parametrize("text", HOSTILE)
def test_path_traversal_has_error_of_client_go(text: str) -> None:
    """As a namespace, a name, a subresource or any segment; the error is told as one that is none of the API's."""
    config_maps = resource("configmaps")
    reasons = f"[{HOSTILE[text]}]"
    refused = refusal(APIPath.of_object, config_maps, "default", text)
    assert refused.message == f'invalid resource name "{text}": {reasons}'
    assert (refused.code, refused.reason, refused.details) == (500, "", None)
    assert refusal(APIPath.of_object, config_maps, text, "c1").message == f'invalid namespace "{text}": {reasons}'
    assert refusal(APIPath.of_collection, config_maps, text).message == f'invalid namespace "{text}": {reasons}'
    assert refusal(APIPath.of_collection(config_maps).subresource, text).message.endswith(f'"{text}": {reasons}')
    assert refusal(APIPath, ("api", text)).message.endswith(f'"{text}": {reasons}')


def test_object_needs_a_name_and_its_namespace() -> None:
    """Without them the path would be that of a whole collection, which a DELETE empties."""
    assert refusal(APIPath.of_object, resource("configmaps"), "default", "").message == "resource name may not be empty"
    assert refusal(APIPath.of_object, resource("namespaces"), "", "").message == "resource name may not be empty"
    nowhere = refusal(APIPath.of_object, resource("configmaps"), "", "c1")
    assert nowhere.message == "an empty namespace may not be set when a resource name is provided"
    assert refusal(APIPath, ("api", "", "namespaces")).message == "path segment may not be empty"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (APIPath.of_collection(resource("configmaps")), "/api/v1/configmaps"),
        (APIPath.of_collection(resource("configmaps"), "a?b"), "/api/v1/namespaces/a%3Fb/configmaps"),
        (APIPath.of_object(resource("namespaces"), "", "a#b\0\n"), "/api/v1/namespaces/a%23b%00%0A"),
        (
            APIPath.of_object(resource("deployments", "apps"), "default", "d 1").subresource("status"),
            "/apis/apps/v1/namespaces/default/deployments/d%201/status",
        ),
    ],
)
def test_every_segment_is_escaped_by_itself(path: APIPath, text: str) -> None:
    """As Go's URLs are, so that no part begins a query or a fragment."""
    assert str(path) == text
