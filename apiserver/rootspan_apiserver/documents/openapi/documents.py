"""The index and the documents of `/openapi/v3`, made when asked for and kept until the registry changes.

The index names each document with a hash of what it says, so that a client may keep one for as long as its hash stands there. The hash of
a document without custom resources follows from the tables of facts alone, so the index costs next to nothing.
"""

from dataclasses import dataclass
from functools import cache
from hashlib import sha512
from importlib.resources import files
from weakref import WeakKeyDictionary

import orjson

from rootspan_apiserver.documents.openapi.components import components
from rootspan_apiserver.documents.openapi.paths import paths_of
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.catalogue import Registry

FORM = "1"


@dataclass(frozen=True, slots=True)
class OpenAPIDocument:
    """A document and its hash (SHA-512 in upper-case hexadecimal), which is its entity tag and its `hash` in the index."""

    body: bytes
    hash: str


@dataclass(slots=True)
class _Made:
    revision: int
    index: bytes
    hashes: dict[str, str]
    documents: dict[str, OpenAPIDocument]


_made: WeakKeyDictionary[Registry, _Made] = WeakKeyDictionary()


def index(registry: Registry) -> bytes:
    """The answer to `/openapi/v3`."""
    return _current(registry).index


def document(registry: Registry, path: str) -> OpenAPIDocument | None:
    """The answer to `/openapi/v3/PATH`, where `path` is `api/v1` or `apis/GROUP/VERSION`; None if there is none."""
    made = _current(registry)
    if path not in made.hashes:
        return None
    found = made.documents.get(path)
    if found is None:
        group, version = _group_version(path)
        body = orjson.dumps(_content(registry, group, version))
        found = made.documents[path] = OpenAPIDocument(body, made.hashes[path])
    return found


def _current(registry: Registry) -> _Made:
    made = _made.get(registry)
    if made is None or made.revision != registry.revision:
        hashes = {}
        for group in registry.groups():
            for version in group.versions:
                path = f"apis/{group.name}/{version}" if group.name else f"api/{version}"
                hashes[path] = _hash(registry, group.name, version)
        paths = {path: {"serverRelativeURL": f"/openapi/v3/{path}?hash={hash_}"} for path, hash_ in hashes.items()}
        body = orjson.dumps({"paths": dict(sorted(paths.items()))})
        made = _made[registry] = _Made(registry.revision, body, hashes, {})
    return made


def _group_version(path: str) -> tuple[str, str]:
    _, _, rest = path.partition("/")
    group, _, version = rest.rpartition("/")
    return group, version


def _hash(registry: Registry, group: str, version: str) -> str:
    if any(resource.custom for resource in registry.in_version(group, version)):
        told = orjson.dumps(_content(registry, group, version))
    else:
        told = f"{FORM} {_facts_hash()} {group}/{version}".encode()
    return sha512(told).hexdigest().upper()


@cache
def _facts_hash() -> str:
    tables = (("rootspan_apiserver.types", "table.txt"), ("rootspan_apiserver.resources", "facts/resources.txt"))
    content = (files(package).joinpath(name).read_bytes() for package, name in tables)
    return sha512(b"".join(content)).hexdigest()


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
    """The schemas that `value` refers to."""
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
