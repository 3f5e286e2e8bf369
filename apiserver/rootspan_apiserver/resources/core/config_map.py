"""ConfigMap (v1): texts and bytes by name.

Upstream: pkg/apis/core/validation/validation.go (ValidateConfigMap), pkg/registry/core/configmap/strategy.go,
pkg/printers/internalversion/printers.go
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import config_key
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.columns import AGE, NAME, Column, count
from rootspan_apiserver.resources.core.frozen_data import frozen_when_immutable
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.rules import Path, RuleContext, entries, function, named, struct

SIZE_LIMIT = 1024 * 1024


@function("ValidateConfigMap")
def _keys_of_data(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A key of data is a config key, and no key of binaryData."""
    binary = value.get("binaryData") or {}
    for key in sorted(value.get("data") or {}):
        at = (path / "data").key(key)
        yield from (FieldError.invalid(at, key, reason) for reason in config_key(key))
        if key in binary:
            yield FieldError.invalid(at, key, "duplicate of key present in binaryData")


@function("ValidateConfigMap")
def _size(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """All values together have at most 1 MiB."""
    size = sum(len((text or "").encode()) for text in (value.get("data") or {}).values())
    size += sum(len(encoded or "") * 3 // 4 for encoded in (value.get("binaryData") or {}).values())
    if size > SIZE_LIMIT:
        yield FieldError.too_long(path, SIZE_LIMIT)


definition = Definition(
    "v1",
    "ConfigMap",
    "configmaps",
    short_names=("cm",),
    rules=_keys_of_data & struct(binaryData=entries(keys=named(config_key))) & _size,
    changes=frozen_when_immutable("data", "binaryData"),
    columns=(
        NAME,
        Column("Data", count("data", "binaryData"), description="The number of its keys."),
        AGE,
    ),
)
