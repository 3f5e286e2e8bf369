"""The class that objects get which name none: the newest of those that an annotation makes a default.

Upstream: pkg/volume/util/storageclass.go, plugin/pkg/admission/network/defaultingressclass/admission.go
"""

from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage.object_cache import ObjectCache


async def default_class(cache: ObjectCache, classes: Resource, *annotations: str) -> str:
    """Return the name of the newest default class, the first by name where several are as new, "" if there is none.

    Args:
        cache: has the classes.
        classes: the resource of the classes.
        annotations: any of these, `true`, makes a class a default.
    """
    found = [stored.decode()["metadata"] for stored in await cache.cached(classes)]
    defaults = [
        each for each in found if any((each.get("annotations") or {}).get(name) == "true" for name in annotations)
    ]
    defaults.sort(key=lambda metadata: metadata["name"])
    newest = max(defaults, key=lambda metadata: metadata["creationTimestamp"], default={"name": ""})
    name: str = newest["name"]
    return name
