"""Requests for custom resources with rules in CEL."""

import asyncio
from time import monotonic
from typing import Any

import httpx
import pytest

from rootspan_apiserver.resources.custom.definitions import resources_of
from tests.apiserver.handlers.conftest import Server
from tests.apiserver.resources.definitions import a_definition, a_widget

pytestmark = pytest.mark.anyio

WIDGETS = "/apis/example.com/v1/namespaces/default/widgets"
ONE = f"{WIDGETS}/w"
MERGE = {"content-type": "application/merge-patch+json"}
EVEN = {"type": "integer", "x-kubernetes-validations": [{"rule": "self % 2 == 0", "message": "must be even"}]}
COUNT = {"rule": "self == oldSelf", "message": "must not change"}
NUMBERS = {
    "type": "array",
    "items": {"type": "integer"},
    "x-kubernetes-validations": [{"rule": "self.all(x, self.all(y, x + y >= 0))"}],
}
SPEC = {
    "size": EVEN,
    "other": EVEN,
    "count": {"type": "integer", "x-kubernetes-validations": [COUNT]},
    "numbers": NUMBERS,
}


@pytest.fixture
def widgets(server: Server) -> httpx.AsyncClient:
    """Return a client of a server with widgets, whose rules come into being after their first object."""
    status = {"type": "object", "properties": {"ready": EVEN}}
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": SPEC}, "status": status}}
    for resource in resources_of(a_definition(schema, subresources={"status": {}})):
        server.registry.add(resource)
    return server.client


def causes(answer: httpx.Response) -> list[tuple[str, str]]:
    """Return the field and the message of each cause of a refusal."""
    assert answer.status_code == 422, answer.text
    return [(cause["field"], cause["message"]) for cause in answer.json()["details"]["causes"]]


async def test_object_that_breaks_rules_is_refused(widgets: httpx.AsyncClient) -> None:
    """A create and an update are refused with the message of each rule that does not hold."""
    even = "must be even"
    refused = await widgets.post(WIDGETS, json=a_widget(spec={"size": 1, "other": 3}))
    assert causes(refused) == [("spec.other", f"Invalid value: 3: {even}"), ("spec.size", f"Invalid value: 1: {even}")]
    assert (await widgets.post(WIDGETS, json=a_widget(spec={"size": 2, "count": 1}))).status_code == 201
    refused = await widgets.patch(ONE, json={"spec": {"size": 3, "count": 2}}, headers=MERGE)
    assert causes(refused) == [
        ("spec.count", "Invalid value: 2: must not change"),
        ("spec.size", f"Invalid value: 3: {even}"),
    ]


async def test_rules_of_status_are_evaluated_on_status(widgets: httpx.AsyncClient) -> None:
    """A status that breaks a rule is refused."""
    assert (await widgets.post(WIDGETS, json=a_widget(spec={"size": 2}))).status_code == 201
    refused = await widgets.patch(f"{ONE}/status", json={"status": {"ready": 1}}, headers=MERGE)
    assert causes(refused) == [("status.ready", "Invalid value: 1: must be even")]
    accepted = await widgets.patch(f"{ONE}/status", json={"status": {"ready": 2}}, headers=MERGE)
    assert accepted.json()["status"] == {"ready": 2}


async def test_unchanged_part_that_breaks_rule_is_warned_of(server: Server) -> None:
    """What was stored before there was a rule may stay, with a warning, until it changes."""
    without = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    for resource in resources_of(a_definition(without)):
        server.registry.add(resource)
    assert (await server.client.post(WIDGETS, json=a_widget(spec={"size": 1, "other": 2}))).status_code == 201
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": SPEC}}}
    for resource in resources_of(a_definition(schema)):
        server.registry.add(resource)
    changed = await server.client.patch(ONE, json={"spec": {"other": 4}}, headers=MERGE)
    assert changed.status_code == 200
    assert changed.headers.get_list("warning") == ['299 - "spec.size: Invalid value: 1: must be even"']
    refused = await server.client.patch(ONE, json={"spec": {"size": 5}}, headers=MERGE)
    assert causes(refused) == [("spec.size", "Invalid value: 5: must be even")]


async def test_long_evaluation_does_not_delay_other_requests(widgets: httpx.AsyncClient) -> None:
    """An object whose rules go on to the limit of cost is refused by a thread, while other requests are answered."""
    numbers: list[Any] = [1] * 2000
    slow = asyncio.create_task(widgets.post(WIDGETS, json=a_widget(spec={"numbers": numbers})))
    waits = []
    while not slow.done():
        begin = monotonic()
        assert (await widgets.get(WIDGETS)).status_code == 200
        waits.append(monotonic() - begin)
    ((field, message),) = causes(await slow)
    assert field == "spec.numbers"
    assert "actual cost limit exceeded" in message
    assert len(waits) > 2
