"""Thousands of requests made from a seed: whatever a client sends, the server answers, and only with errors that the real one has too.

`--seed` is another seed; `python3 dev.py chaos` goes on for as long as `--chaos-seconds` says, with a new server for each seed in turn. A
failure prints the requests, as bytes, that were not answered as they should be; state that earlier requests left behind may matter, and is
there again with the same seed.
"""

import asyncio
import logging
import re
import ssl
from dataclasses import replace
from itertools import islice
from typing import Any

import orjson
import pytest

from rootspan_apiserver.app import apiserver
from rootspan_apiserver.codec import yaml_body
from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.options.options import Options
from rootspan_apiserver.resources.catalogue import builtin_registry
from rootspan_apiserver.resources.custom.definitions import resources_of
from rootspan_apiserver.serving.running import Running
from rootspan_apiserver.types.protobuf import decode
from tests.apiserver.campaign import Campaign
from tests.apiserver.fuzz.client import Answer, Connection
from tests.apiserver.fuzz.objects import DEFINITION, GOOD
from tests.apiserver.fuzz.request import Request
from tests.apiserver.fuzz.requests import requests
from tests.apiserver.fuzz.values import NAMES

pytestmark = pytest.mark.anyio

COUNT = 20_000
"""Requests to one server."""
SHOWN = 20
EXPECTED: tuple[tuple[int, str], ...] = (
    # structured-merge-diff refuses what does not fit the schema, and the handler of apply passes that on as it is.
    (500, r"^failed to create typed patch object \("),
    (500, r"^failed to convert new object \("),
    # So does the strategic merge patch with what it cannot merge (interpretStrategicMergePatchError knows six other errors).
    (500, r"^expected a (\[\]interface \{\}|map\[string\]interface \{\}), but received a "),
    (500, r"^unknown patch type: "),
    (500, "^unable to find api field in struct "),
    (500, "^map: map.* does not contain declared merge key: "),
    (500, "^list element types are not identical: "),
    # Storage reads resourceVersion with strconv, and minds one in an object to be created.
    (500, "^strconv.ParseUint: parsing "),
    (500, "^resourceVersion should not be set on objects to be created$"),
    # Storage refuses a key that would lead elsewhere, and client-go a segment of a path (the look-up of a namespace or RuntimeClass).
    (500, '^invalid key: "/'),
    (500, r'invalid (resource name|namespace) ".*": \[may not '),
    # The role that a binding names is looked up before its kind is checked, for a user who may not bind everything.
    (500, "^unsupported role reference kind: "),
    (500, "^resourceVersion: Invalid value: .*: strconv.ParseUint: parsing "),
    # An object that is not a list was asked for as a PartialObjectMetadataList.
    (500, "^content is not a list$"),
    # A binding whose fields are wrong is an error of no kind (BindingREST returns the aggregate of the field errors).
    (500, r"^\[?(target|metadata)\.\w+: "),
    # A revision that is still to come, here in a token for the rest of a list.
    (504, "^Timeout: Too large resource version: "),
    # No kubelet and no pod can be reached.
    (500, r"^no preferred addresses found; known addresses: \[\]$"),
    (503, "^no endpoints available for service "),
    (503, "^node .* has no kubelet to connect to$"),
)
"""The errors of the server's side that the real server has too, by status and message, each with its reason."""


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """The event loop that the server has outside of tests too: it is faster."""
    return "asyncio", {"use_uvloop": True}


def is_expected(answer: Answer) -> bool:
    """Whether the answer is none of the server's own errors, or one that the real server gives."""
    if 0 < answer.status < 500:
        return True
    message = message_of(answer)
    return any(answer.status == status and re.search(pattern, message) for status, pattern in EXPECTED)


def message_of(answer: Answer) -> str:
    """The message of a `Status` in any format; the body itself where it is none."""
    found: Any = None
    if answer.content_type == b"application/json":
        found = orjson.loads(answer.body)
    elif answer.content_type == b"application/vnd.kubernetes.protobuf":
        found, _ = decode(answer.body, GroupVersionKind("", "v1", "Status"))
    elif answer.content_type == b"application/yaml":
        found, _ = yaml_body.load(answer.body)
    return str(found["message"]) if isinstance(found, dict) else answer.body.decode("utf-8", "replace")


async def prepare(connection: Connection, token: str) -> None:
    """A namespace and a definition for the requests, and a good object of each kind and name."""

    async def create(path: str, obj: JSONObject) -> None:
        made = Request("POST", path, (("Content-Type", "application/json"),), orjson.dumps(obj))
        answer = await connection.send(made.to_bytes(token), head=False, whole=True)
        assert answer.status == 201, answer

    await create("/api/v1/namespaces", {"metadata": {"name": "fuzz"}})
    await create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", DEFINITION)
    for resource in {
        resource.storage_path: resource for resource in reversed([*builtin_registry().resources()])
    }.values():
        if resource.plural in GOOD and resource.plural != "customresourcedefinitions":
            place = "/namespaces/fuzz" if resource.namespaced else ""
            path = f"{'/apis/' if resource.kind.group else '/api/'}{resource.kind.api_version}{place}/{resource.plural}"
            for name in NAMES:
                await create(path, {"metadata": {"name": name}, **GOOD[resource.plural]})


async def faults(running: Running, seed: int, count: int) -> list[str]:
    """The requests whose answers are not expected, with them."""
    found = []
    tls = ssl.create_default_context(cadata=running.ca_bundle.decode())
    builtin = builtin_registry().resources()
    common = [resource for resource in builtin if resource.plural in GOOD]
    resources = [*builtin, *common * 4, *resources_of(DEFINITION) * 20]
    async with Connection(running.address.host, running.address.port, tls) as connection:
        await prepare(connection, running.token)
        for number, request in enumerate(islice(requests(seed, resources), count)):
            sent = request.to_bytes(running.token)
            answer = await connection.send(sent, head=request.method == "HEAD", whole=not request.watches)
            if request.method == "HEAD" and answer.status >= 500:  # what its message is, GET says
                sent = replace(request, method="GET").to_bytes(running.token)
                answer = await connection.send(sent, head=False, whole=not request.watches)
            if not is_expected(answer):
                shown = sent.replace(running.token.encode(), b"TOKEN")
                found.append(f"seed {seed}, request {number}: {shown!r}\n  {answer.status} {answer.body[:1000]!r}")
    return found


async def test_no_request_makes_an_error_of_our_own(caplog: pytest.LogCaptureFixture, campaign: Campaign) -> None:
    """No 5xx but those that the real server has too, no connection closed without an answer, no traceback in the log."""
    caplog.set_level(logging.WARNING)
    loop = asyncio.get_running_loop()
    seed, end = campaign.seed, loop.time() + campaign.seconds
    while True:
        async with apiserver(Options.parse(["--secure-port=0"])) as running:
            found = await faults(running, seed, COUNT)
        tracebacks = [record.exc_text or record.getMessage() for record in caplog.records if record.exc_info]
        report = "\n".join([f"{len(found)} of {COUNT} requests", *found[:SHOWN], *tracebacks[:SHOWN]])
        assert not found, report
        assert not tracebacks, report
        if not campaign.is_long or loop.time() >= end:
            return
        seed += 1
