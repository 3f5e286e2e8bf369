"""Serving an ASGI application over HTTPS: sockets, TLS, HTTP/1.1, certificates, kubeconfig files."""
