"""The file by which kubectl and every other client finds the server, trusts it and names itself."""

import base64
import os
from pathlib import Path

import yaml


def render(server: str, ca_bundle: bytes, token: str, *, namespace: str = "default") -> str:
    """A kubeconfig (v1) with one cluster, one user with a bearer token, one context."""
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
    """Put the file in place whole, readable by its owner alone, parent folders made. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
        stream.write(content)
    draft.replace(path)
