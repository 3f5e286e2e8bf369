"""The server's own HTTP clients: the loopback client, the paths of its requests, and the errors of calls in Go's words."""
