"""Spans as the page reads them."""

import math
from typing import Any

import orjson
import pytest

from rootspan.spans import AttributeValue, Span
from rootspan_apiserver.trace_page.documents import has_attribute, shown, summary, trace_document
from tests.apiserver.trace_page.spans import MILLISECOND, request_trace


def test_times_count_from_the_first_span() -> None:
    """In nanoseconds, which the numbers of JavaScript hold; the time of day is text with all its digits."""
    document = trace_document("1", request_trace(0))
    assert document["time"] == "2023-11-14T22:13:20.123456789Z"
    times = {span["name"].partition(" ")[0]: (span["start"], span["duration"]) for span in document["spans"]}
    assert times == {
        "POST": (0, 8 * MILLISECOND),
        "Create": (MILLISECOND, 6 * MILLISECOND),
        "HTTP": (2 * MILLISECOND, 2 * MILLISECOND),
        "etcdserverpb.KV/Txn": (5 * MILLISECOND, MILLISECOND),
    }
    assert document["spans"][1]["events"] == [
        {"name": "About to store", "start": 3 * MILLISECOND, "attributes": {"size": 7}}
    ]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0)])
def test_summary_is_that_of_the_root(order: tuple[int, ...]) -> None:
    """Its name, service and status code, in whatever order the spans arrived."""
    spans = request_trace(1, failed=True)
    found = summary("1", [spans[index] for index in order])
    assert found == {
        "id": "1",
        "name": "POST /api/v1/namespaces/{:namespace}/configmaps",
        "service": "apiserver",
        "services": ["apiserver", "etcd"],
        "names": ["Create", "HTTP POST", "POST /api/v1/namespaces/{:namespace}/configmaps", "etcdserverpb.KV/Txn"],
        "start": 1_700_000_001_123,
        "duration": 8 * MILLISECOND,
        "spans": 4,
        "errors": 1,
        "status": 500,
        "rooted": True,
    }


def test_summary_without_the_root_says_so() -> None:
    """The first span that is there stands for it."""
    found = summary("1", request_trace(1)[1:])
    assert (found["name"], found["rooted"], found["status"]) == ("Create", False, None)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2**53, "9007199254740992"),
        (-(2**63), "-9223372036854775808"),
        (math.inf, "inf"),
        (math.nan, "nan"),
        (0.5, 0.5),
        (True, True),
        (b"\x00\xff", "0x00ff"),
        ((1, "a", None), "1, a, "),
        ({"a": (True, False)}, "a=true, false"),
        (None, ""),
    ],
)
def test_values_survive_json(value: AttributeValue, expected: Any) -> None:
    """A number that JavaScript cannot tell from its neighbours is text, as is what JSON does not have."""
    document = trace_document("1", [Span(name="a", trace_id="1", span_id="1", attributes={"value": value})])
    assert orjson.loads(orjson.dumps(document))["spans"][0]["attributes"] == {"value": expected}


@pytest.mark.parametrize(
    ("key", "value", "found"),
    [
        ("audit-id", "AUDIT-1", True),
        ("audit-id", "audit-2", False),
        ("http.response.status_code", "20", True),
        ("audit", "audit-1", False),
        ("host.name", "edge", True),
    ],
)
def test_traces_are_found_by_attribute(key: str, value: str, found: bool) -> None:
    """By the whole key and a part of the value, of a span or of its resource."""
    spans = [*request_trace(1), Span(name="a", trace_id="1", span_id="9", resource={"host.name": "edge-7"})]
    assert has_attribute(spans, key, value) is found
    assert shown(True) == "true"
