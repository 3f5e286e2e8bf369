"""Serving an application to the world: sockets, certificates, kubeconfig."""
