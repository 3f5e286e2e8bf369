"""The index and the documents of `/openapi/v3`, made when asked for and kept until the registry changes.

The index names each document with a hash of what it says, so that a client may keep one for as long as its hash stands there. The hash of
a document without custom resources follows from the tables of facts alone, so the index costs next to nothing.

Upstream: k8s.io/kube-openapi/pkg/handler3/handler.go
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha512
from importlib.resources import files

import orjson

from rootspan_apiserver.documents.openapi.components import components
from rootspan_apiserver.documents.openapi.paths import paths_of
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.per_revision import once_per_revision

FORM = "1"


@dataclass(frozen=True, slots=True)
class OpenAPIDocument:
    """A document and its hash (SHA-512 in upper-case hexadecimal), which is its entity tag and its `hash` in the index."""

    body: bytes
    hash: str


@once_per_revision
def index(registry: Registry) -> bytes:
    """Return the answer to `/openapi/v3`."""
    urls = {path: f"/openapi/v3/{path}?hash={found}" for path, found in _hashes(registry).items()}
    return orjson.dumps({"paths": {path: {"serverRelativeURL": urls[path]} for path in sorted(urls)}})


def document(registry: Registry, path: str) -> OpenAPIDocument | None:
    """Return the answer to `/openapi/v3/PATH`, where `path` is `api/v1` or `apis/GROUP/VERSION`; None if there is none."""
    return _document(registry, path) if path in _hashes(registry) else None


@once_per_revision
def _document(registry: Registry, path: str) -> OpenAPIDocument:
    group, version = _group_version(path)
    return OpenAPIDocument(orjson.dumps(_content(registry, group, version)), _hashes(registry)[path])


@once_per_revision
def _hashes(registry: Registry) -> Mapping[str, str]:
    """Return the hash of each document by its path."""
    return {
        f"apis/{group.name}/{version}" if group.name else f"api/{version}": _hash(registry, group.name, version)
        for group in registry.groups()
        for version in group.versions
    }


def _group_version(path: str) -> tuple[str, str]:
    _, _, rest = path.partition("/")
    group, _, version = rest.rpartition("/")
    return group, version


def _hash(registry: Registry, group: str, version: str) -> str:
    if any(resource.custom for resource in registry.in_version(group, version)):
        hashed = orjson.dumps(_content(registry, group, version))
    else:
        hashed = f"{FORM} {_facts_hash()} {group}/{version}".encode()
    return sha512(hashed).hexdigest().upper()


@cache
def _facts_hash() -> str:
    return sha512(files("rootspan_apiserver.types").joinpath("table.txt").read_bytes()).hexdigest()


def tagged(body: bytes) -> OpenAPIDocument:
    """A document whose hash is that of its bytes."""
    return OpenAPIDocument(body, sha512(body).hexdigest().upper())


def _content(registry: Registry, group: str, version: str) -> JSONObject:
    resources = registry.in_version(group, version)
    paths: JSONObject = {}
    for resource in resources:
        paths |= paths_of(resource)
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "unversioned"},
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": components(resources, named_in(paths)),
            "securitySchemes": {"BearerToken": {"in": "header", "name": "authorization", "type": "apiKey"}},
        },
    }


def named_in(value: object) -> set[str]:
    """Return the schemas that `value` refers to."""
    found: set[str] = set()
    if isinstance(value, dict):
        target = value.get("$ref")
        if isinstance(target, str):
            found.add(target.rpartition("/")[2])
        for child in value.values():
            found |= named_in(child)
    elif isinstance(value, list):
        for child in value:
            found |= named_in(child)
    return found
