"""The values of the labels of field selectors, read from stored objects.

Upstream: pkg/registry/*/*/strategy.go (ToSelectableFields)
"""

from collections.abc import Callable, Mapping
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject

Values = Mapping[str, Callable[[JSONObject], str]]


def text(value: object) -> str:
    """Return a value as Go prints it into a field set."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def at(path: str, default: str = "") -> Callable[[JSONObject], str]:
    """Return a function that reads the value at a dotted path, `default` where it is absent."""
    keys = path.split(".")

    def read(obj: JSONObject) -> str:
        found: Any = obj
        for key in keys:
            found = found.get(key) if isinstance(found, dict) else None
        return default if found is None else text(found)

    return read


def paths(*names: str) -> Values:
    """Return labels that are named by the paths of their values."""
    return {name: at(name) for name in names}
