"""What the server tells about itself: spans, metrics, audit events, text traces, log lines."""
