"""Which server this is, to those who read its spans: the resource of kube-apiserver's tracer provider.

The id is derived from the host's name, so it is the same after a restart on the same host.
"""

import base64
import hashlib
import socket
import struct

from opentelemetry.sdk.resources import OTELResourceDetector, Resource


def api_server_id(hostname: str) -> str:
    """`apiserver-` and 26 characters of base32: half a SHA-256 of the host's and the component's name (since v1.27)."""
    hashed = b"".join(struct.pack(">H", len(part)) + part for part in (hostname.encode(), b"kube-apiserver"))
    return "apiserver-" + base64.b32encode(hashlib.sha256(hashed).digest()[:16]).decode().rstrip("=").lower()


def server_resource(emulated_version: str, hostname: str | None = None) -> Resource:
    """The resource of the server's spans, over what `OTEL_RESOURCE_ATTRIBUTES` adds.

    v1.22 has no instance id, but tells the host and the SDK; v1.36 the other way round.
    """
    hostname = socket.gethostname() if hostname is None else hostname
    if emulated_version == "1.22":
        return Resource.create({"host.name": hostname, "service.name": "apiserver", "service.instance.id": ""})
    named = Resource({"service.name": "apiserver", "service.instance.id": api_server_id(hostname)})
    return OTELResourceDetector().detect().merge(named)
