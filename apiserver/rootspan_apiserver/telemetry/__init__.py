"""Observability of the server: internal spans, metrics, audit events, text traces, log lines, and the tracer provider."""
