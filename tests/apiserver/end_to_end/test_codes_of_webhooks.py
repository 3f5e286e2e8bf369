"""The status code that a webhook names with its refusal, and what becomes of it on the way to the caller."""

import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from rootspan_apiserver.app import apiserver
from tests.apiserver.end_to_end.in_process import client, options
from tests.apiserver.end_to_end.outside import CONFIG_MAPS, config_map, webhooks

pytestmark = pytest.mark.anyio

PANIC = "This request caused apiserver to panic. Look in the logs for details.\n"


@pytest.fixture
async def denied() -> AsyncIterator[Any]:
    """A function that gives the answer to a creation that a webhook denies with the status it is given."""
    async with webhooks() as hooks, apiserver(options()) as running, client(running) as http:
        await hooks.register(http)

        async def deny(status: dict[str, Any]) -> httpx.Response:
            hooks.application.replies["/validating"] = lambda request: {
                "uid": request["uid"],
                "allowed": False,
                "status": status,
            }
            return await http.post(CONFIG_MAPS, json=config_map("c"))

        yield deny


async def test_code_of_three_digits_reaches_the_caller(denied: Any) -> None:
    """Also one that HTTP does not know, with the message; what is no error's is told as 400."""
    for code, told in (
        (403, 403),
        (451, 451),
        (599, 599),
        (600, 600),
        (742, 742),
        (999, 999),
        (0, 400),
        (-7, 400),
        (302, 400),
    ):
        answer = await denied({"code": code, "message": "not today"})
        assert (answer.status_code, answer.json()["code"]) == (told, told)
        assert answer.json()["message"] == 'admission webhook "validating.example.com" denied the request: not today'


@pytest.mark.parametrize("code", [1000, 65536, (1 << 31) - 1])
async def test_code_that_http_cannot_carry_is_a_panic(denied: Any, code: int, caplog: pytest.LogCaptureFixture) -> None:
    """The caller is told 500, as by Go's server, and the connection goes on."""
    with caplog.at_level(logging.ERROR):
        answer = await denied({"code": code})
        assert (answer.status_code, answer.text) == (500, PANIC)
        assert (await denied({"code": 409})).status_code == 409
    assert f"invalid WriteHeader code {code}" in caplog.text


@pytest.mark.parametrize(
    ("status", "kind", "field"),
    [
        ({"code": 1 << 31}, "number 2147483648", "Status.response.status.code of type int32"),
        ({"code": 400.5}, "number 400.5", "Status.response.status.code of type int32"),
        ({"code": "400"}, "string", "Status.response.status.code of type int32"),
        ({"code": True}, "bool", "Status.response.status.code of type int32"),
        (
            {"details": {"retryAfterSeconds": "1\r\nX: y"}},
            "string",
            "StatusDetails.response.status.details.retryAfterSeconds of type int32",
        ),
        ({"details": {"name": 1}}, "number", "StatusDetails.response.status.details.name of type string"),
    ],
)
async def test_status_that_go_cannot_decode_is_a_failed_call(
    denied: Any, status: dict[str, Any], kind: str, field: str
) -> None:
    """The caller is told which field of the webhook's answer is wrong."""
    answer = await denied(status)
    assert answer.status_code == 500
    assert f"json: cannot unmarshal {kind} into Go struct field {field}" in answer.json()["message"]


async def test_retry_after_is_a_positive_number(denied: Any) -> None:
    """A refusal with seconds to wait carries them in its header, too; less than one is none."""
    for seconds, header in ((7, "7"), (0, None), (-5, None)):
        answer = await denied({"code": 429, "details": {"retryAfterSeconds": seconds}})
        assert (answer.status_code, answer.headers.get("retry-after")) == (429, header)
