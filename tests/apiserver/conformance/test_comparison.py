"""The comparison: what it evens out, and that it finds what differs."""

from dataclasses import replace
from pathlib import Path

import pytest

from rootspan.spans import AttributeValue
from rootspan_apiserver.cli.main import run
from rootspan_apiserver.conformance.normal_form import normal_trace
from rootspan_apiserver.conformance.recording import Recorded, RecordedSpan, read_recording, write_recording
from rootspan_apiserver.conformance.replay import collection_of
from rootspan_apiserver.conformance.trace_comparison import compare
from rootspan_apiserver.dialects.v1_36 import FILTERLATENCY

AUDIT = RecordedSpan("audit", scope=(FILTERLATENCY, ""))
SERVER = RecordedSpan(
    "GET /api/v1/pods/{:name}",
    "SERVER",
    ("otelhttp", "1"),
    {"audit-id": "a1", "server.port": 6443, "http.target": "/api/v1/pods?resourceVersion=7"},
    children=(AUDIT,),
)
GET = Recorded(
    operation="get",
    method="GET",
    path="/api/v1/pods",
    status=200,
    headers={"Date": "now", "Warning": "w"},
    body='{"metadata":{"uid":"1"}}',
    trace=SERVER,
)


def authenticated(*children: RecordedSpan) -> RecordedSpan:
    return RecordedSpan("authentication", scope=(FILTERLATENCY, ""), children=children)


def test_authentication_may_be_anywhere() -> None:
    """Outside the server span, inside it, or in a trace of its own: the normal form is the same."""
    ours = normal_trace(replace(SERVER, children=(authenticated(AUDIT),)))
    masters = normal_trace(authenticated(SERVER))
    ordinary = normal_trace(SERVER)
    assert ours == masters == ordinary
    assert [child.name for child in ours.children] == ["authentication"]


def test_refused_caller_has_no_server_span() -> None:
    """A 401 is answered inside `authentication`, which is all the real server records."""
    written = RecordedSpan("SerializeObject")
    ours = replace(SERVER, children=(authenticated(written),))
    assert normal_trace(ours) == normal_trace(authenticated(written)) == authenticated(written)


def test_volatile_values_are_no_difference() -> None:
    """Ids, ports, revisions, times and sizes are not compared."""
    elsewhere: dict[str, AttributeValue] = {
        "audit-id": "b2",
        "server.port": 1,
        "http.target": "/api/v1/pods?resourceVersion=99",
    }
    other = replace(
        GET,
        headers={"date": "then", "warning": "w"},
        body='{"metadata":{"uid":"2"}}',
        trace=replace(SERVER, attributes=elsewhere),
    )
    comparison = compare([GET], [other])
    assert (comparison.differences, comparison.share, comparison.spans) == ([], 1.0, 3)


@pytest.mark.parametrize(
    ("other", "path"),
    [
        (replace(GET, status=404), "get / answer / status"),
        (replace(GET, headers={}), "get / answer / header warning"),
        (replace(GET, body='{"metadata":{}}'), "get / answer / body.metadata.uid"),
        (replace(GET, trace=None), "get / trace"),
        (replace(GET, trace=replace(SERVER, name="GET")), "get / GET /api/v1/pods/{:name} / name"),
        (replace(GET, trace=replace(SERVER, kind="CLIENT")), "get / GET /api/v1/pods/{:name} / kind"),
        (replace(GET, trace=replace(SERVER, scope=("otelhttp", "2"))), "get / GET /api/v1/pods/{:name} / scope"),
        (replace(GET, trace=replace(SERVER, status="ERROR")), "get / GET /api/v1/pods/{:name} / status"),
        (replace(GET, trace=replace(SERVER, links=(("1", "2"),))), "get / GET /api/v1/pods/{:name} / links"),
        (
            replace(GET, trace=replace(SERVER, attributes={**SERVER.attributes, "server.port": "6443"})),
            "get / GET /api/v1/pods/{:name} / attribute server.port",
        ),
        (
            replace(GET, trace=replace(SERVER, events=(("exception", {}),))),
            "get / GET /api/v1/pods/{:name} / events",
        ),
        (
            replace(GET, trace=replace(SERVER, children=(replace(AUDIT, children=(AUDIT,)),))),
            "get / GET /api/v1/pods/{:name} / authentication / audit / audit",
        ),
        (replace(GET, operation="other"), "get"),
    ],
)
def test_difference_is_told_by_its_path(other: Recorded, path: str) -> None:
    """Whatever is not the same is found, first of all where it is."""
    comparison = compare([GET], [other])
    assert comparison.differences[0].path == path
    assert comparison.share < 1.0 or "answer" in path


def test_siblings_are_found_again_behind_a_missing_one() -> None:
    """A span that only one side has is one difference, and does not shift those after it."""
    spans = tuple(RecordedSpan(name) for name in ("Create etcd3", "cacher.Get", "SerializeObject"))
    whole = replace(GET, trace=RecordedSpan("Create", children=spans))
    less = replace(GET, trace=RecordedSpan("Create", children=(spans[0], spans[2])))
    comparison = compare([whole], [less])
    assert [difference.path for difference in comparison.differences] == ["get / Create / cacher.Get"]
    assert (comparison.identical, comparison.spans) == (3, 4)


def test_recording_is_what_was_written(tmp_path: Path) -> None:
    """Written and read again, a recording is the same."""
    write_recording(tmp_path / "r.json", [GET])
    assert read_recording(tmp_path / "r.json") == [GET]


def test_command_compares_two_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`rootspan conformance --recording --against` prints each difference and the share, and exits 1 where there is one."""
    one, other = str(tmp_path / "one.json"), str(tmp_path / "other.json")
    write_recording(Path(one), [GET])
    write_recording(Path(other), [replace(GET, trace=replace(SERVER, status="ERROR"))])
    assert run(["conformance", f"--recording={one}", f"--against={one}"]) == 0
    assert capsys.readouterr().out == "3 of 3 spans are identical: 100.0%\n"
    assert run(["conformance", f"--recording={other}", f"--against={one}"]) == 1
    assert capsys.readouterr().out == (
        "get / GET /api/v1/pods/{:name} / status: UNSET | ERROR\n2 of 3 spans are identical: 66.7%\n"
    )


@pytest.mark.parametrize("content", ["", "{}", "[1]", '[{"op":"get"}]'])
def test_malformed_recording_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str) -> None:
    """A file that is none is named, and nothing is compared."""
    path = tmp_path / "r.json"
    path.write_text(content)
    if content == "{}":
        assert run(["conformance", f"--recording={path}", f"--against={tmp_path / 'none'}"]) == 1
        return
    assert run(["conformance", f"--recording={path}"]) == 1
    assert f"Error: {path} is not a recording" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("path", "collection"),
    [
        ("/api/v1/namespaces/n/configmaps/c?dryRun=All", "/api/v1/namespaces/n/configmaps"),
        ("/api/v1/namespaces/n/pods/p/eviction", "/api/v1/namespaces/n/pods"),
        ("/api/v1/namespaces/n", "/api/v1/namespaces"),
        ("/api/v1/namespaces/n/finalize", "/api/v1/namespaces"),
        ("/api/v1/nodes", "/api/v1/nodes"),
        ("/apis/apps/v1/namespaces/n/deployments/d/scale", "/apis/apps/v1/namespaces/n/deployments"),
    ],
)
def test_collection_of_what_was_written(path: str, collection: str) -> None:
    """After a write its collection is listed, so that no later operation meets a cache that is behind."""
    assert collection_of(path) == collection
