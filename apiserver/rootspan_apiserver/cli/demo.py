"""`rootspan demo`: run the demo, print the traces that the collector received, and check the claims about them."""

import asyncio
import contextlib
import ssl
import sys
import tempfile
import time
from pathlib import Path

import httpx

from rootspan.spans import Span
from rootspan_apiserver.cli.command_options import DemoOptions
from rootspan_apiserver.collector.trees import is_whole, render_trace
from rootspan_apiserver.demo.evidence import Finding, examine, trace_of
from rootspan_apiserver.demo.stage import DemoParts, stage
from rootspan_apiserver.demo.story import USER_AGENT, StoryStep, run_story, wait_for_webhooks
from rootspan_apiserver.dialects.versions import DEFAULT
from rootspan_apiserver.processes.event_loop import new_event_loop
from rootspan_apiserver.processes.interruption import run
from rootspan_apiserver.sample_webhooks.review_responses import DENIED_DATA
from rootspan_apiserver.sample_webhooks.service import SERVICE_NAME
from rootspan_apiserver.serving import kubeconfig
from rootspan_apiserver.serving.http import Address
from rootspan_apiserver.serving.kubeconfig import KubeconfigError
from rootspan_apiserver.serving.until_stopped import stop_signal
from rootspan_apiserver.trace_page.live import serving_trace_page
from rootspan_apiserver.trace_page.written import write_html

ATTEMPTS, ATTEMPT_SECONDS = 20, 0.25
"""A span that ends after a flush is exported by the next one, so flushing is repeated, for five seconds in all."""


def run_demo(options: DemoOptions) -> int:
    """Run the demo. Return the exit status: 0 if all claims hold."""
    with tempfile.TemporaryDirectory(prefix="rootspan-") as folder:
        try:
            return run(lambda: _demo(Path(folder), options), loop_factory=new_event_loop)
        except BrokenPipeError:
            raise
        except OSError as error:
            print(f"Error: {error}", file=sys.stderr)
            return 1


def run_demo_against(path: Path, server: str) -> int:
    """Send the requests of the demo to the server in the kubeconfig at `path`, at the address `server` if one is given.

    Return the exit status: 0 if the client got the expected answers.
    """
    try:
        access = kubeconfig.wait_for(path, lambda text: print(text, flush=True))
        return run(lambda: _story(access, server or access.server), loop_factory=new_event_loop)
    except (httpx.HTTPError, KubeconfigError) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1


async def _story(access: kubeconfig.Access, server: str) -> int:
    async with httpx.AsyncClient(
        base_url=server,
        verify=ssl.create_default_context(cadata=access.ca_bundle.decode()),
        headers={"authorization": f"Bearer {access.token}", "user-agent": USER_AGENT},
        trust_env=False,
    ) as client:
        await wait_for_webhooks(client)
        steps = [step async for step in run_story(client, DENIED_DATA)]
    for number, step in enumerate(steps, 1):
        print(f"{number}. The client {step.title}{'' if step.expected else '  (NOT what should happen)'}")
        print(f"   {step.outcome}\n   sent  00-{step.forgery.trace_id}-{step.forgery.span_id}-01", flush=True)
    return 0 if all(step.expected for step in steps) else 1


async def _demo(folder: Path, options: DemoOptions) -> int:
    begun = time.monotonic()
    async with stage(folder) as on:
        print(f"API server  {on.server.address.url}  (embedded etcd)")
        print(f"webhooks    {on.webhooks}  one mutating, one validating")
        print(f"collector   {on.collector}  OTLP over gRPC\n")
        print("A client sends a forged traceparent (sampled), tracestate and baggage with every request.")
        steps = [step async for step in run_story(on.client, DENIED_DATA)]
        spans = await _received(on, steps)
        for number, step in enumerate(steps, 1):
            _print_step(number, step, spans)
        held = _print_findings(steps, spans)
        print(f"\n{'All claims hold' if held else 'Not all claims hold'}, in {time.monotonic() - begun:.1f} s.")
        if options.html:
            write_html(Path(options.html), _of_the_story(spans))
            print(f"The traces are in {options.html}; a browser opens it.")
        if options.keep:
            stop = stop_signal()
            async with serving_trace_page(on.spans, options.web) as page:
                _print_how_to_continue(on, folder, page)
                await stop.wait()
    return 0 if held else 1


async def _received(on: DemoParts, steps: list[StoryStep]) -> tuple[Span, ...]:
    """Wait until the trace of every step is complete, at most ATTEMPTS times ATTEMPT_SECONDS, and return all spans."""

    def arrived(spans: tuple[Span, ...]) -> bool:
        traces = [trace_of(step, spans) for step in steps]
        return None not in traces and all(
            is_whole([span for span in spans if span.trace_id == trace]) for trace in traces
        )

    for _ in range(ATTEMPTS):
        await asyncio.to_thread(on.flush)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(on.spans.until(arrived), ATTEMPT_SECONDS)
            break
    return on.spans.snapshot()


def _of_the_story(spans: tuple[Span, ...]) -> list[Span]:
    """Return the spans of the traces that the client and the webhooks began, without those of the server's controllers."""
    agent = DEFAULT.server_span.user_agent_key
    told = {
        span.trace_id
        for span in spans
        if not span.parent_id and span.attributes.get(agent) in (USER_AGENT, SERVICE_NAME)
    }
    return [span for span in spans if span.trace_id in told]


def _print_step(number: int, step: StoryStep, spans: tuple[Span, ...]) -> None:
    print(f"\n{number}. The client {step.title}{'' if step.expected else '  (NOT what should happen)'}")
    print(f"   {step.outcome}")
    print(f"   sent  00-{step.forgery.trace_id}-{step.forgery.span_id}-01")
    trace = trace_of(step, spans)
    if trace is None:
        print("   its trace was not received")
        return
    print(f"   trace {trace}")
    print(_indented(render_trace([span for span in spans if span.trace_id == trace])))
    for span in spans:
        if span.parent_id is None and span.trace_id != trace and _called_back(span, trace, spans):
            print(f"   and of the webhook's callback, trace {span.trace_id}")
            print(_indented(render_trace([each for each in spans if each.trace_id == span.trace_id])))


def _called_back(root: Span, trace: str, spans: tuple[Span, ...]) -> bool:
    """Return whether `root` is the span of a call that a webhook made while it served a request of `trace`."""
    if root.attributes.get(DEFAULT.server_span.user_agent_key) != SERVICE_NAME:
        return False
    return any(
        span.trace_id == trace
        and span.service == SERVICE_NAME
        and span.kind == "CLIENT"
        and span.start <= root.start <= root.end <= span.end
        for span in spans
    )


def _print_findings(steps: list[StoryStep], spans: tuple[Span, ...]) -> bool:
    print("\nWhat the spans prove")
    findings = [
        Finding("the client got the expected answers", all(step.expected for step in steps), len(steps)),
        *examine(steps, spans, SERVICE_NAME),
    ]
    for finding in findings:
        print(f"  {'yes' if finding.holds else 'NO '}  {finding.claim} ({finding.counted} checked)")
    return all(finding.holds for finding in findings)


def _print_how_to_continue(on: DemoParts, folder: Path, page: Address) -> None:
    print(f"\nEverything is still running, and its traces are on {page.url}. In another terminal:\n")
    print(f"  export KUBECONFIG={folder / 'kubeconfig'}")
    print("  kubectl get configmaps --all-namespaces\n  kubectl create configmap mine --from-literal=a=1")
    print("\nCtrl-C ends it.", flush=True)


def _indented(text: str) -> str:
    return "\n".join(f"     {line}" for line in text.splitlines())
