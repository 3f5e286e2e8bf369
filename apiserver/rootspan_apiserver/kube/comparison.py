"""Whether two JSON values are the same object to Go.

Go compares with `equality.Semantic.DeepEqual`: a nil list or map equals an empty one. In JSON the first is null or absent, the second
`[]` or `{}`. A pointer is another matter: a text that is "" and a struct that is `{}` differ from one that is absent.

Upstream: staging/src/k8s.io/apimachinery/pkg/api/equality/semantic.go
"""

from typing import Any


class EmptyMap(dict[str, Any]):
    """A map that was read as `{}`, which JSON alone does not tell from an empty struct. It may have got entries since."""


def same(new: Any, old: Any) -> bool:
    """Return whether the values differ in nothing but null, absent and empty lists and maps."""
    if new == old:
        return True
    if isinstance(new, dict) and isinstance(old, dict):
        return all(same(new.get(key), old.get(key)) for key in new.keys() | old.keys())
    if isinstance(new, list) and isinstance(old, list):
        return len(new) == len(old) and all(map(same, new, old))
    return _is_nil(new) and _is_nil(old)


def identical(new: Any, old: Any) -> bool:
    """Return whether the values differ in nothing but null and absent: nil and empty lists are two to Go's `reflect.DeepEqual`."""
    if isinstance(new, dict) and isinstance(old, dict):
        return all(identical(new.get(key), old.get(key)) for key in new.keys() | old.keys())
    if isinstance(new, list) and isinstance(old, list):
        return len(new) == len(old) and all(map(identical, new, old))
    return bool(new == old)


def _is_nil(value: Any) -> bool:
    return value is None or (not value and isinstance(value, list | EmptyMap))
