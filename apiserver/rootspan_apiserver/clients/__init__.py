"""HTTP clients: the loopback client, and the spans and errors of every outgoing call."""
