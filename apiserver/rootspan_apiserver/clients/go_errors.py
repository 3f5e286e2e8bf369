"""The messages of Go's net/http for calls that failed, which kube-apiserver passes on to its users.

Upstream: Go's src/net/net.go, src/net/http/transport.go, src/crypto/x509/verify.go
"""

import errno
import os
import re
import socket
import ssl
from collections.abc import Iterator

import httpx

from rootspan_apiserver.dialects.http_client import CallError

_TRIED = re.compile(r"\('([0-9a-f.:]+)', [0-9]+")
"""The address that a name was resolved to, in the message of asyncio."""
_UNKNOWN_AUTHORITY = frozenset({18, 19, 20, 21})
_EXPIRED = frozenset({9, 10})
_HOSTNAME_MISMATCH = frozenset({62, 64})
"""Verification errors of OpenSSL (`X509_V_ERR_…`)."""


def deadline_exceeded() -> CallError:
    """Return the error of a call that took too long."""
    return CallError("context deadline exceeded", "context.deadlineExceededError")


def call_error(error: Exception, host: str, port: int, name: str) -> CallError:
    """Return the error of a call to `host`:`port`, whose certificate had to name `name`, in Go's words."""
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return deadline_exceeded()
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            text = f"tls: failed to verify certificate: x509: {_verification(cause, name)}"
            return CallError(text, "*tls.CertificateVerificationError")
        if isinstance(cause, ssl.SSLError):
            return CallError(_handshake(cause), "tls.RecordHeaderError")
        if isinstance(cause, socket.gaierror):
            return CallError(f"dial tcp: lookup {host}: no such host", "*net.OpError")
    connecting = isinstance(error, httpx.ConnectError)
    for cause in _causes(error):
        if isinstance(cause, OSError) and cause.errno:
            reason = os.strerror(cause.errno).lower()
            if connecting and (tried := _TRIED.search(str(cause))):
                address = f"[{tried[1]}]:{port}" if ":" in tried[1] else f"{tried[1]}:{port}"
            text = f"dial tcp {address}: connect: {reason}" if connecting else f"read tcp {address}: read: {reason}"
            return CallError(text, "*net.OpError")
    if connecting:
        refused = os.strerror(errno.ECONNREFUSED).lower()
        return CallError(f"dial tcp {address}: connect: {refused}", "*net.OpError")
    if isinstance(error, httpx.RemoteProtocolError) and "without sending" not in str(error):
        return CallError(f"net/http: HTTP/1.x transport connection broken: {error}")
    return CallError("EOF")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for each in error.exceptions:
                yield from _causes(each)
        error = error.__cause__ or error.__context__


def _verification(error: ssl.SSLCertVerificationError, name: str) -> str:
    if error.verify_code in _HOSTNAME_MISMATCH:
        return f"certificate is not valid for any names, but wanted to match {name}"
    if error.verify_code in _EXPIRED:
        return "certificate has expired or is not yet valid"
    if error.verify_code in _UNKNOWN_AUTHORITY:
        return "certificate signed by unknown authority"
    return error.verify_message


def _handshake(error: ssl.SSLError) -> str:
    if error.reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"):
        return "http: server gave HTTP response to HTTPS client"
    return f"remote error: tls: {(error.reason or 'handshake failure').replace('_', ' ').lower()}"
