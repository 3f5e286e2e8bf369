"""An OTLP collector small enough to run inside a demo or a test: it receives spans, keeps them and prints them."""

from rootspan_apiserver.collector.command import run_collector
from rootspan_apiserver.collector.received import ReceivedSpans
from rootspan_apiserver.collector.receiver import Collector, CollectorError
from rootspan_apiserver.collector.trees import render_trace, traces

__all__ = ["Collector", "CollectorError", "ReceivedSpans", "render_trace", "run_collector", "traces"]
