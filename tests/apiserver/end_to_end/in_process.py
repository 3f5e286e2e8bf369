"""A server in the event loop of the test, and a client of it."""

import ssl

import httpx

from rootspan_apiserver.options.options import Options
from rootspan_apiserver.serving.running import Running


def options(*flags: str) -> Options:
    """Return the options of a server on a free port."""
    return Options.parse(["--secure-port=0", *flags])


def client(running: Running) -> httpx.AsyncClient:
    """Return a client with the administrator's token."""
    return httpx.AsyncClient(
        base_url=running.address.url,
        headers={"authorization": f"Bearer {running.token}"},
        verify=ssl.create_default_context(cadata=running.ca_bundle.decode()),
        trust_env=False,
    )
