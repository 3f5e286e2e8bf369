"""The page in a Chromium: what a person sees and does, on the server's page and on the page that is one file."""

import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from rootspan.spans import Span
from rootspan_apiserver.collector.received_spans import ReceivedSpans
from rootspan_apiserver.trace_page.live import serving_trace_page
from rootspan_apiserver.trace_page.written import write_html
from tests.apiserver.trace_page.spans import MILLISECOND, OTHER, START, request_trace

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium: apt-get install chromium"),
]
SECONDS = 60
"""How long the browser has for each step."""
expect.set_options(timeout=SECONDS * 1000)
TRACES = 10_000
SPANS = 5_000
QUERIES = {
    "status=error": [2],
    "status=201": [3, 1],
    "name=update": [3],
    "service=etcd duration>7ms": [3, 2, 1],
    "duration>1s": [],
    "audit-id=audit-1": [1],
    "create": [2, 1],
    f"{2:032x}": [2],
    "": [3, 2, 1],
    '"HTTP POST" spans=4 update': [3],
}
"""Queries of which no two after another find the same number of traces, and the traces that each finds, the latest first."""
SCRIPT = "<script>document.title = 'changed'</script>"


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        await found.close()


@contextlib.asynccontextmanager
async def opened(browser: Browser, url: str, *, width: int = 1280) -> AsyncIterator[Page]:
    """Open a page; it must not have written an error to the console in the end."""
    page = await browser.new_page(viewport={"width": width, "height": 800})
    page.set_default_timeout(SECONDS * 1000)
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type in ("error", "warning") else None)
    page.on("response", lambda answer: faults.append(answer.url) if answer.status >= 400 else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    await page.goto(url)
    yield page
    await page.close()
    assert faults == []


@contextlib.asynccontextmanager
async def live(browser: Browser, spans: ReceivedSpans, path: str = "") -> AsyncIterator[Page]:
    async with serving_trace_page(spans, "127.0.0.1:0") as address, opened(browser, f"{address.url}/{path}") as page:
        yield page


def received(*traces: list[Span]) -> ReceivedSpans:
    spans = ReceivedSpans(200_000)
    for trace in traces:
        spans.add(trace)
    return spans


async def test_traces_appear_as_they_arrive(browser: Browser) -> None:
    """Without a reload, the latest first; and the trace that is open gets its late spans."""
    spans = received(request_trace(1)[1:])
    async with live(browser, spans) as page:
        await expect(page.locator(".trace")).to_have_count(1)
        await expect(page.locator("#state")).to_have_text("live")
        await page.click(".trace")
        await expect(page.locator(".line.span")).to_have_count(3)
        spans.add(request_trace(1)[:1])
        await expect(page.locator(".line.span")).to_have_count(4)
        spans.add(request_trace(2, name="Update"))
        await expect(page.locator(".trace")).to_have_count(2)
        await expect(page.locator(".trace").first).to_have_attribute("href", f"#/trace/{2:032x}")


async def test_waterfall_shows_nesting_times_and_errors(browser: Browser) -> None:
    """Each span below its parent, its bar where it was, what failed in another colour, events as marks."""
    async with live(browser, received(request_trace(1, failed=True)), f"#/trace/{1:032x}") as page:
        rows = page.locator(".line.span")
        await expect(rows).to_have_count(4)
        names = ["POST /api/v1/namespaces/{:namespace}/configmaps", "Create", "HTTP POST", "etcdserverpb.KV/Txn"]
        await expect(rows.locator(".name")).to_have_text(names)
        depths = [
            await row.locator(".label").evaluate("e => e.style.getPropertyValue('--depth')") for row in await rows.all()
        ]
        assert depths == ["0", "1", "2", "2"]
        await expect(rows.nth(2).locator(".bar")).to_have_attribute("style", "left: 25%; width: max(2px, 25%);")
        await expect(page.locator(".line.error .name")).to_have_text("HTTP POST")
        await expect(page.locator(".event")).to_have_attribute("title", "About to store")
        await expect(rows.nth(1).locator(".time")).to_have_text("6 ms")


async def test_address_of_a_span_opens_it(browser: Browser) -> None:
    """With its attributes, status, links and events."""
    async with live(browser, received(request_trace(1, failed=True)), f"#/trace/{1:032x}/{3:016x}") as page:
        panel = page.locator(".details")
        await expect(panel.locator("h2")).to_have_text("HTTP POST")
        await expect(panel).to_contain_text("ERROR: connection refused")
        await expect(panel).to_contain_text("otelhttp 0.65.0")
        await page.click(f"[data-span='{4:016x}']")
        await expect(panel).to_contain_text(OTHER)
        assert page.url.endswith(f"#/trace/{1:032x}/{4:016x}")


async def test_trace_of_an_old_address_is_said_to_be_lost(browser: Browser, tmp_path: Path) -> None:
    """A deep link outlives what the collector keeps."""
    write_html(tmp_path / "page.html", request_trace(1))
    async with opened(browser, f"file://{tmp_path}/page.html#/trace/abc") as page:
        await expect(page.locator("#view")).to_have_text("This trace is not kept.")


async def test_keys_do_what_the_mouse_does(browser: Browser) -> None:
    """Search, choose, open, fold, zoom, and back."""
    async with live(browser, received(request_trace(1), request_trace(2, name="Update"))) as page:
        await expect(page.locator(".trace")).to_have_count(2)
        await page.keyboard.press("/")
        await page.keyboard.type("Update")
        await expect(page.locator(".trace")).to_have_count(1)
        await page.keyboard.press("Enter")
        await page.keyboard.press("Enter")
        await expect(page.locator(".line.span")).to_have_count(4)
        for key in ("j", "j", "ArrowLeft"):
            await page.keyboard.press(key)
        await expect(page.locator(".line.span")).to_have_count(2)
        await expect(page.locator(".line.selected")).to_contain_text("Update")
        await page.keyboard.press("ArrowRight")
        await page.keyboard.press("+")
        await expect(page.locator(".tick").first).not_to_have_text("0 ns")
        await page.keyboard.press("0")
        await expect(page.locator(".tick").first).to_have_text("0 ns")
        for _ in range(2):
            await page.keyboard.press("Escape")
        await expect(page.locator("#view")).to_have_text("Choose a trace.")
        await page.keyboard.press("?")
        await expect(page.locator("dialog")).to_be_visible()


@pytest.mark.parametrize("kind", ["live", "file"])
async def test_search_finds_traces(browser: Browser, kind: str, tmp_path: Path) -> None:
    """By words, name, service, status, duration and attribute, alike on both pages."""
    spans = received(request_trace(1), request_trace(2, failed=True), request_trace(3, name="Update"))
    write_html(tmp_path / "page.html", spans.snapshot())
    async with live(browser, spans) if kind == "live" else opened(browser, f"file://{tmp_path}/page.html") as page:
        await expect(page.locator(".trace")).to_have_count(3)
        for query, numbers in QUERIES.items():
            await page.fill("#search", query)
            await expect(page.locator(".count").first).to_have_text(
                f"{len(numbers)} of 3 traces" if query else "3 traces"
            )
            found = [await each.get_attribute("href") for each in await page.locator(".trace").all()]
            assert found == [f"#/trace/{number:032x}" for number in numbers], query


async def test_two_traces_are_compared(browser: Browser) -> None:
    """The spans of one only, and what differs in those of both."""
    left, right = request_trace(1)[:3], request_trace(2, failed=True)
    async with live(browser, received(left, right), f"#/compare/{1:032x}/{2:032x}") as page:
        await expect(page.locator(".comparison .count")).to_have_text(
            "4 spans: 1 in one trace only, 2 with differences"
        )
        await expect(page.locator(".right-only .name")).to_have_text("etcdserverpb.KV/Txn")
        await page.locator(".differs").first.click()
        await expect(page.locator(".differences tr")).to_have_text(
            ["audit-idaudit-1audit-2", "http.response.status_code201500"]
        )


async def test_texts_of_spans_are_text(browser: Browser, tmp_path: Path) -> None:
    """Markup in names and values of a span is shown, not obeyed, also in the page that is one file."""
    hostile = [
        Span(
            name=SCRIPT, service=SCRIPT, trace_id="a", span_id="b", attributes={SCRIPT: f"</script>{SCRIPT}<!--"}, end=1
        )
    ]
    write_html(tmp_path / "page.html", hostile)
    for place in (
        live(browser, received(hostile), "#/trace/a/b"),
        opened(browser, f"file://{tmp_path}/page.html#/trace/a/b"),
    ):
        async with place as page:
            await expect(page.locator(".details h2")).to_have_text(SCRIPT)
            await expect(page.locator(".details td").first).to_have_text(f"</script>{SCRIPT}<!--")
            assert await page.title() == f"{SCRIPT} · Traces"


async def test_many_traces_and_many_spans_are_drawn_in_part(browser: Browser, tmp_path: Path) -> None:
    """Of 10,000 traces, and of 5,000 spans in one trace, only the rows that can be seen are in the document."""
    trace = [
        Span(
            name=f"span {number}",
            trace_id="big",
            span_id=str(number),
            parent_id=str((number - 1) // 3) if number else None,
            start=START + number * MILLISECOND,
            end=START + (number + 2) * MILLISECOND,
        )
        for number in range(SPANS)
    ]
    small = [
        Span(name="small", trace_id=str(number), span_id="1", start=number, end=number + 1)
        for number in range(TRACES - 1)
    ]
    async with live(browser, received(trace, small)) as page:
        await expect(page.locator(".count").first).to_have_text(f"{TRACES} traces")
        assert 0 < await page.locator(".trace").count() < 40
        await page.click(".trace")
        await expect(page.locator(".line.span").first).to_be_visible()
        await page.keyboard.press("End")
        await expect(page.locator(".line.selected")).to_be_visible()
        assert await page.locator(".line.span").count() < 60


@pytest.mark.parametrize("width", [400, 2000])
async def test_page_fits_its_window(browser: Browser, width: int, tmp_path: Path) -> None:
    """Nothing is wider than the window; on a narrow one the list and the trace take turns."""
    write_html(tmp_path / "page.html", [*request_trace(1), *request_trace(2)])
    async with opened(browser, f"file://{tmp_path}/page.html", width=width) as page:
        await page.click(".trace")
        await page.click(".line.span")
        await expect(page.locator(".details")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        await expect(page.locator("#list")).to_be_visible(visible=width > 760)
