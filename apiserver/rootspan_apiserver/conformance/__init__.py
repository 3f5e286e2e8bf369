"""`rootspan conformance`: record the traces of a server, and compare recordings."""
