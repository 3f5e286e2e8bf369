"""The server's own HTTP clients: the loopback client, and the spans of every outgoing call."""
