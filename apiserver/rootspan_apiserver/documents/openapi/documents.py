"""The index and the documents of `/openapi/v3`, made when asked for and kept until the registry changes.

The index names each document with a hash of what it says, so that a client may keep one for as long as its hash stands there. The hash of
a document without custom resources follows from the tables of facts alone, so the index costs next to nothing.

Upstream: k8s.io/kube-openapi/pkg/handler3/handler.go
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha512
from importlib.resources import files

import orjson

from rootspan_apiserver.documents.openapi.components import components
from rootspan_apiserver.documents.openapi.document_protobuf import encode_document
from rootspan_apiserver.documents.openapi.endpoints import VERSION_INFO, VERSION_SCHEMA, endpoint_paths
from rootspan_apiserver.documents.openapi.paths import paths_of
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.release import MAJOR, MINOR
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.per_revision import once_per_revision
from rootspan_apiserver.resources.resource import Resource

FORM = "2"
PROTOBUF_V3 = "application/com.github.proto-openapi.spec.v3.v1.0+protobuf"
SECURITY: Mapping[str, JSONObject] = {
    "BearerToken": {
        "type": "apiKey",
        "description": "Bearer Token authentication",
        "name": "authorization",
        "in": "header",
    }
}


@dataclass(frozen=True, slots=True)
class OpenAPIDocument:
    """A document and its hash (SHA-512 in upper-case hexadecimal), which is its entity tag and its `hash` in the index.

    `modified` is when it was made, in seconds since 1970.
    """

    body: bytes
    hash: str
    modified: float = field(default_factory=time.time)


@once_per_revision
def index(registry: Registry) -> bytes:
    """Return the answer to `/openapi/v3`."""
    urls = {path: f"/openapi/v3/{path}?hash={found}" for path, found in _hashes(registry).items()}
    return orjson.dumps({"paths": {path: {"serverRelativeURL": urls[path]} for path in sorted(urls)}})


def document(registry: Registry, path: str, *, protobuf: bool = False) -> OpenAPIDocument | None:
    """Return the answer to `/openapi/v3/PATH`, e.g. `api/v1` or `apis/GROUP/VERSION`; None if there is none.

    Args:
        protobuf: Whether it is in the protocol buffers of gnostic (media type `PROTOBUF_V3`) instead of JSON.
    """
    return _document(registry, path, protobuf) if path in _hashes(registry) else None


@once_per_revision
def _document(registry: Registry, path: str, protobuf: bool) -> OpenAPIDocument:
    content = _content(registry, path)
    return OpenAPIDocument(encode_document(content) if protobuf else orjson.dumps(content), _hashes(registry)[path])


@once_per_revision
def _hashes(registry: Registry) -> Mapping[str, str]:
    """Return the hash of each document by its path."""
    return {path: _hash(registry, path) for path in endpoint_paths(registry)}


def _resources(registry: Registry, path: str) -> Sequence[Resource]:
    """Return the resources in a document; those about a single path have none."""
    match path.split("/"):
        case ["api", version]:
            return registry.in_version("", version)
        case ["apis", group, version]:
            return registry.in_version(group, version)
    return ()


def _hash(registry: Registry, path: str) -> str:
    if any(resource.custom for resource in _resources(registry, path)):
        hashed = orjson.dumps(_content(registry, path))
    else:
        hashed = f"{FORM} {_facts_hash()} {path}".encode()
    return sha512(hashed).hexdigest().upper()


@cache
def _facts_hash() -> str:
    return sha512(files("rootspan_apiserver.types").joinpath("table.txt").read_bytes()).hexdigest()


def tagged(body: bytes) -> OpenAPIDocument:
    """A document whose hash is that of its bytes."""
    return OpenAPIDocument(body, sha512(body).hexdigest().upper())


def _content(registry: Registry, path: str) -> JSONObject:
    resources = _resources(registry, path)
    paths = endpoint_paths(registry)[path]
    for resource in resources:
        paths |= paths_of(resource)
    named = named_in(paths)
    schemas = components(resources, named - {VERSION_INFO}) if named - {VERSION_INFO} else {}
    if VERSION_INFO in named:
        schemas[VERSION_INFO] = VERSION_SCHEMA
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": f"{MAJOR}.{MINOR}"},
        "paths": dict(sorted(paths.items())),
        "components": {**({"schemas": schemas} if schemas else {}), "securitySchemes": dict(SECURITY)},
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
