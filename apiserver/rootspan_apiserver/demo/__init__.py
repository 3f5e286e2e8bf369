"""`rootspan demo`: a short story about a stranger and an API server, told by the spans a collector received."""
