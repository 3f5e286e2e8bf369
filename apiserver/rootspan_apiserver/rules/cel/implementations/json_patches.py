"""`jsonpatch.escapeKey`.

Upstream: staging/src/k8s.io/apiserver/pkg/cel/library/jsonpatch.go
"""

from collections.abc import Callable, Mapping
from typing import Any

_ESCAPES = str.maketrans({"/": "~1", "~": "~0"})

IMPLEMENTATIONS: Mapping[str, Callable[..., Any]] = {
    "string_jsonpatch_escapeKey_string": lambda key: key.translate(_ESCAPES),
}
