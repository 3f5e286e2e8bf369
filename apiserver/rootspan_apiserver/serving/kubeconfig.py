"""Kubeconfig files: the address of the server, its CA, and the credentials of a user.

Upstream: staging/src/k8s.io/client-go/tools/clientcmd/api/v1/types.go
"""

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from rootspan_apiserver.processes.private_files import make_folder, replace_file

PAUSE = 0.5


class KubeconfigError(ValueError):
    """The current context of a kubeconfig has no server, CA or token."""


@dataclass(frozen=True, slots=True)
class Access:
    """The server's URL, its CA bundle (PEM), and a bearer token or a client certificate with its key (PEM)."""

    server: str
    ca_bundle: bytes
    token: str
    client_certificate: bytes = b""
    client_key: bytes = b""


def render(server: str, ca_bundle: bytes, token: str, *, namespace: str = "default") -> str:
    """Return a kubeconfig (v1) with one cluster, one user with a bearer token, and one context."""
    name = "rootspan"
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": name,
                "cluster": {
                    "server": server,
                    "certificate-authority-data": base64.b64encode(ca_bundle).decode(),
                },
            }
        ],
        "users": [{"name": "admin", "user": {"token": token}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": "admin", "namespace": namespace}}],
        "current-context": name,
    }
    return yaml.safe_dump(document, sort_keys=False)


def write(path: Path, content: str) -> None:
    """Write the file atomically with mode 0600, creating missing parent folders. Raises OSError."""
    make_folder(path.parent)
    replace_file(path, content.encode())


def read(document: str, *, by_certificate: bool = False) -> Access:
    """Read the current context of a kubeconfig: its token, or with `by_certificate` its certificate. Raises KubeconfigError."""
    try:
        config = yaml.safe_load(document)
        context = _named(config["contexts"], config["current-context"])["context"]
        cluster = _named(config["clusters"], context["cluster"])["cluster"]
        user = _named(config["users"], context["user"])["user"]
        ca_bundle = base64.b64decode(cluster["certificate-authority-data"])
        if by_certificate and "client-certificate-data" in user:
            pair = [base64.b64decode(user[key]) for key in ("client-certificate-data", "client-key-data")]
            return Access(cluster["server"], ca_bundle, user.get("token", ""), *pair)
        return Access(cluster["server"], ca_bundle, user["token"])
    except (yaml.YAMLError, LookupError, TypeError, ValueError) as exc:
        raise KubeconfigError(f"not a kubeconfig with a server, a CA and a token: {exc}") from exc


def wait_for(path: Path, say: Callable[[str], None]) -> Access:
    """Wait until the file exists, then read it. `say` is called once if the file does not exist yet. Raises KubeconfigError."""
    if not path.exists():
        say(f"Waiting for {path}")
        while not path.exists():
            time.sleep(PAUSE)
    return read(path.read_text())


def _named(items: list[dict[str, Any]], name: str) -> dict[str, Any]:
    for item in items:
        if item["name"] == name:
            return item
    raise LookupError(name)
