"""Options of lists and watches that cannot be."""

import pytest

from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.registry.options import ListOptions
from rootspan_apiserver.registry.store import Store
from tests.apiserver.registry.parts import CONFIG_MAPS, PODS, refusal

pytestmark = pytest.mark.anyio

INVALID = 'ListOptions.meta.k8s.io "" is invalid: '
SUPPORTED = 'supported values: "Exact", "NotOlderThan", ""'


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (
            ListOptions(resource_version_match="Exact"),
            422,
            INVALID
            + "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided",
        ),
        (
            ListOptions(resource_version="0", resource_version_match="Exact"),
            422,
            INVALID
            + 'resourceVersionMatch: Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
        ),
        (
            ListOptions(resource_version="1", resource_version_match="Near"),
            422,
            INVALID + 'resourceVersionMatch: Unsupported value: "Near": ' + SUPPORTED,
        ),
        (
            ListOptions(send_initial_events=True),
            422,
            INVALID + "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list",
        ),
        (
            ListOptions(resource_version="1", continue_token="x"),
            400,
            "specifying resource version is not allowed when using continue",
        ),
        (ListOptions(label_selector="a=b=c"), 400, "found '=', expected: ',' or 'end of string'"),
        (
            ListOptions(field_selector="spec.x=1"),
            400,
            '"spec.x" is not a known field selector: only "metadata.name", "metadata.namespace"',
        ),
    ],
)
async def test_list_with_invalid_options_is_refused(
    store: Store, options: ListOptions, code: int, message: str
) -> None:
    """Each is refused with the API's message."""
    error = await refusal(store.list(CONFIG_MAPS, "default", options))
    assert (error.code, error.message) == (code, message)


async def test_list_by_unsupported_field_returns_400(store: Store) -> None:
    """Pods select by fields of their own, but not by any."""
    assert (await store.list(PODS, "", ListOptions(field_selector="spec.nodeName=n1"))).items == []
    error = await refusal(store.list(PODS, "", ListOptions(field_selector="spec.x=1")))
    assert error.message == "field label not supported: spec.x"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ListOptions(send_initial_events=True),
            "resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
        ),
        (
            ListOptions(resource_version_match="NotOlderThan"),
            "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
        ),
        (
            ListOptions(send_initial_events=True, resource_version_match="Exact"),
            (
                "[resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan,"
                ' resourceVersionMatch: Unsupported value: "Exact": supported values: "NotOlderThan"]'
            ),
        ),
    ],
)
async def test_watch_with_invalid_options_is_refused(store: Store, options: ListOptions, message: str) -> None:
    """Each is refused before the watch begins."""
    with pytest.raises(StatusError) as refused:
        store.watch(CONFIG_MAPS, "default", options)
    assert (refused.value.code, refused.value.message) == (422, INVALID + message)
