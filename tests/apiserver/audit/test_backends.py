"""Batches, limits and modes in front of a backend."""

import asyncio

import pytest

from rootspan_apiserver.audit.backend import IgnoreErrors, PluginErrors, UnionBackend
from rootspan_apiserver.audit.buffered import BatchConfig, Buffered
from rootspan_apiserver.audit.event import event_list
from rootspan_apiserver.audit.level import Level
from rootspan_apiserver.audit.truncate import Truncate
from rootspan_apiserver.telemetry.audit_metrics import AuditMetrics
from tests.apiserver.audit.parts import Taking, audit_event

pytestmark = pytest.mark.anyio


@pytest.fixture
def metrics() -> AuditMetrics:
    return AuditMetrics()


@pytest.fixture
def errors(metrics: AuditMetrics) -> PluginErrors:
    return PluginErrors(metrics)


def lost(metrics: AuditMetrics, plugin: str) -> float:
    return metrics.errors.labels(plugin).value


async def test_full_batch_is_passed_on_at_once(errors: PluginErrors) -> None:
    """Two batches of two; the fifth event waits, and is passed on when the backend is closed."""
    taking = Taking()
    buffered = Buffered(taking, BatchConfig(buffer_size=10, max_size=2, max_wait=60), errors)
    for number in range(5):
        assert buffered.process([audit_event(number)]) is None
    await taking.taken(2)
    assert taking.batches == [[0, 1], [2, 3]]
    await buffered.aclose()
    assert taking.batches == [[0, 1], [2, 3], [4]]
    assert taking.closed


async def test_smaller_batch_is_passed_on_after_a_while(errors: PluginErrors) -> None:
    """The time begins with the batch."""
    taking = Taking()
    buffered = Buffered(taking, BatchConfig(buffer_size=10, max_size=400, max_wait=0.01), errors)
    buffered.process([audit_event(1)])
    await taking.taken(1)
    assert taking.batches == [[1]]
    await buffered.aclose()


async def test_event_that_does_not_fit_into_the_buffer_is_lost_and_counted(
    errors: PluginErrors, metrics: AuditMetrics, caplog: pytest.LogCaptureFixture
) -> None:
    """While a batch is not taken, so many events wait; what is more is logged with what it was about."""
    taking = Taking(at_once=False)
    buffered = Buffered(taking, BatchConfig(buffer_size=2, max_size=1, max_wait=0), errors)
    buffered.process([audit_event(0)])
    await taking.taken(1)
    for number in (1, 2, 3, 4):
        buffered.process([audit_event(number)])
        await asyncio.sleep(0)
    assert lost(metrics, "buffered") > 0
    assert "Error in audit plugin 'buffered' affecting 1 audit events: audit buffer queue blocked" in caplog.text
    assert 'id="4"' in caplog.text
    taking.at_once = True
    taking.outcomes[0].set_result(True)
    await buffered.aclose()


async def test_batches_are_throttled(errors: PluginErrors) -> None:
    """After a burst of two, a batch may be passed on every fiftieth of a second."""
    taking, loop = Taking(), asyncio.get_running_loop()
    buffered = Buffered(taking, BatchConfig(buffer_size=10, max_size=1, max_wait=0, qps=50, burst=2), errors)
    begun = loop.time()
    buffered.process([audit_event(number) for number in range(5)])
    await taking.taken(5)
    assert loop.time() - begun >= 3 / 50 * 0.9
    await buffered.aclose()


async def test_event_after_the_end_is_counted_as_lost(errors: PluginErrors, metrics: AuditMetrics) -> None:
    """Nothing is recorded by a backend that was closed."""
    taking = Taking()
    buffered = Buffered(taking, BatchConfig(buffer_size=2, max_size=1, max_wait=0), errors)
    await buffered.aclose()
    buffered.process([audit_event(0)])
    assert lost(metrics, "buffered") == 1
    assert taking.batches == []


async def test_larger_event_loses_its_objects(errors: PluginErrors, metrics: AuditMetrics) -> None:
    """It is annotated as truncated. What is too large even so, or never had objects, is lost."""
    taking = Taking()
    truncate = Truncate(taking, errors, max_event=600, max_batch=10_000)
    large = audit_event(1, Level.REQUEST, requestObject={"data": "x" * 1000})
    assert b"truncated" not in large.line
    assert b'"annotations":{"audit.k8s.io/truncated":"true"}' in large.truncated().line
    truncate.process([audit_event(0), large, audit_event(2, userAgent="x" * 1000)])
    assert taking.batches == [[0, 1]]
    assert lost(metrics, "truncate") == 1


async def test_larger_batch_is_divided(errors: PluginErrors) -> None:
    """Each part is at most as large as a batch may be."""
    taking = Taking()
    size = len(audit_event(0).line)
    truncate = Truncate(taking, errors, max_event=size, max_batch=2 * size)
    outcome = truncate.process([audit_event(number) for number in range(5)])
    assert taking.batches == [[0, 1], [2, 3], [4]]
    assert outcome is not None
    assert await outcome


async def test_outcome_of_several_backends_is_that_of_all() -> None:
    """One failure is enough; a backend for which nobody waits does not matter; and failures can be ignored."""
    first, second = Taking(), Taking(at_once=False)
    outcome = UnionBackend([first, second]).process([audit_event(0)])
    assert outcome is not None
    second.outcomes[0].set_result(False)
    assert not await outcome
    ignored = IgnoreErrors(second).process([audit_event(1)])
    assert ignored is not None
    second.outcomes[1].set_result(False)
    assert await ignored


def test_event_is_written_as_go_writes_it() -> None:
    """In JSON the characters of HTML are escaped; the items of a list have no kind; the legacy format is one line of text."""
    event = audit_event(1, userAgent="<&>", responseStatus={"metadata": {}, "code": 200}, sourceIPs=["10.0.0.9"])
    assert event.line.startswith(b'{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"1",')
    assert rb'"userAgent":"\u003c\u0026\u003e"' in event.line
    assert event_list([event]).startswith(
        b'{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[{"level":"Metadata",'
    )
    assert event.summary() == (
        '2026-11-27T03:20:15.8845Z AUDIT: id="1" stage="ResponseComplete" ip="10.0.0.9" method="get" user="jane" '
        'groups="\\"a\\",\\"b\\"" as="<self>" asgroups="<lookup>" user-agent="<&>" namespace="<none>" uri="/version" '
        'response="200"'
    )
