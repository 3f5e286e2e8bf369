"""The simple JSON paths that printer columns and selectable fields use: `.spec.size`, `.status.conditions[?(@.type=="Ready")].status`,
`.spec.hosts[0]`, `.spec.hosts[*].name`, `.metadata.labels['app']`.

Upstream: staging/src/k8s.io/client-go/util/jsonpath/jsonpath.go
"""

import re
from collections.abc import Iterator
from typing import Any

_STEP = re.compile(
    r"""\.?(?P<key>[^.\[\]]+)"""
    r"""|\[\?\(@\.(?P<by>[^=!\s]+)\s*==\s*["'](?P<is>[^"']*)["']\)\]"""
    r"""|\['(?P<quoted>(?:[^'\\]|\\.)*)'\]"""
    r"""|\[(?P<index>-?[0-9]{1,9}|\*)\]""",
    re.VERBOSE,
)


def find(obj: object, path: str) -> list[Any]:
    """Return the values at `path`; none where it leads nowhere or is not such a path."""
    path = path.strip().removeprefix("{").removesuffix("}").replace("\\.", "\0")
    found: list[Any] = [obj]
    position = 0
    while position < len(path):
        match = _STEP.match(path, position)
        if match is None:
            return []
        found = [child for value in found for child in _children(value, match)]
        position = match.end()
    return found


def _children(value: object, step: re.Match[str]) -> Iterator[Any]:
    if (key := step["key"] or step["quoted"]) is not None:
        key = key.replace("\0", ".").replace("\\", "")
        if isinstance(value, dict) and key in value:
            yield value[key]
    elif not isinstance(value, list):
        return
    elif step["by"] is not None:
        yield from (item for item in value if isinstance(item, dict) and str(item.get(step["by"])) == step["is"])
    elif step["index"] == "*":
        yield from value
    elif -len(value) <= int(step["index"]) < len(value):
        yield value[int(step["index"])]
