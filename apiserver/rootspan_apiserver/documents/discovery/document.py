"""A discovery document as it goes out, kept until the registry changes."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from hashlib import sha512
from typing import Any, Concatenate, ParamSpec
from weakref import WeakKeyDictionary

import orjson

from rootspan_apiserver.resources.catalogue import Registry

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Document:
    """`etag` is the entity tag without its quotes: the body's SHA-512 in upper-case hexadecimal, as kube-apiserver makes it."""

    body: bytes
    etag: str

    @classmethod
    def of(cls, content: dict[str, Any]) -> "Document":
        text = orjson.dumps(content)
        return cls(text + b"\n", sha512(text).hexdigest().upper())


def kept(make: Callable[Concatenate[Registry, P], Document]) -> Callable[Concatenate[Registry, P], Document]:
    """Make a document once for each state of a registry."""
    made: WeakKeyDictionary[Registry, tuple[int, dict[object, Document]]] = WeakKeyDictionary()

    @wraps(make)
    def get(registry: Registry, /, *args: P.args, **kwargs: P.kwargs) -> Document:
        revision, documents = made.get(registry, (-1, {}))
        if revision != registry.revision:
            documents = {}
            made[registry] = registry.revision, documents
        key = (args, tuple(sorted(kwargs.items())))
        document = documents.get(key)
        if document is None:
            document = documents[key] = make(registry, *args, **kwargs)
        return document

    return get
