"""A small OTLP collector for demos and tests: receives spans, keeps them, and renders traces as trees."""

from rootspan_apiserver.collector.otlp_receiver import Collector, CollectorError
from rootspan_apiserver.collector.received_spans import ReceivedSpans
from rootspan_apiserver.collector.trees import render_trace, traces

__all__ = ["Collector", "CollectorError", "ReceivedSpans", "render_trace", "traces"]
