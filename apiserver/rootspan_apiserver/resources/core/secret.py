"""Secret (v1): confidential bytes by name.

Upstream: pkg/apis/core/validation/validation.go (ValidateSecret), pkg/apis/core/v1/conversion.go (Convert_v1_Secret_To_core_Secret),
pkg/registry/core/secret/strategy.go, pkg/printers/internalversion/printers.go
"""

from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import orjson

from rootspan_apiserver.kube.json_syntax import explain
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import config_key
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.columns import AGE, NAME, Column, count, value
from rootspan_apiserver.resources.core.frozen_data import frozen_when_immutable
from rootspan_apiserver.resources.core.tls_pairs import pair_fault
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.selectable import paths
from rootspan_apiserver.rules import Path, RuleContext, entries, function, immutable, named, struct

SIZE_LIMIT = 1024 * 1024
ACCOUNT_NAME = "kubernetes.io/service-account.name"
_PREFIX = "kubernetes.io/"
_JSON_KEYS: Mapping[str, str] = MappingProxyType(
    {f"{_PREFIX}dockercfg": ".dockercfg", f"{_PREFIX}dockerconfigjson": ".dockerconfigjson"}
)
"""The types of credentials for registries, and the key of their JSON."""
_NOT_AN_OBJECT = {list: "array", str: "string", bool: "bool", int: "number", float: "number"}


@function("ValidateSecret")
def _size(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """All values together have at most 1 MiB."""
    if sum(len(encoded or "") * 3 // 4 for encoded in value.values()) > SIZE_LIMIT:
        yield FieldError.too_long(path, SIZE_LIMIT)


@function("ValidateSecret")
def _of_type(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The data have what the type of the secret promises."""
    data, at = value.get("data") or {}, path / "data"
    kind = value.get("type") or ""
    if not kind.startswith(_PREFIX):
        return
    match kind.removeprefix(_PREFIX):
        case "service-account-token":
            if not (value["metadata"].get("annotations") or {}).get(ACCOUNT_NAME):
                yield FieldError.required((path / "metadata" / "annotations").key(ACCOUNT_NAME))
        case "dockercfg" | "dockerconfigjson":
            yield from _credentials(data, _JSON_KEYS[kind], at)
        case "basic-auth":
            if data.keys().isdisjoint(("username", "password")):
                yield from (FieldError.required(at.key(key)) for key in ("username", "password"))
        case "ssh-auth":
            if not data.get("ssh-privatekey"):
                yield FieldError.required(at.key("ssh-privatekey"))
        case "tls":
            yield from (FieldError.required(at.key(key)) for key in ("tls.crt", "tls.key") if key not in data)


def _credentials(data: JSONObject, key: str, at: Path) -> Iterator[FieldError]:
    if key not in data:
        yield FieldError.required(at.key(key))
    elif reason := _not_json(b64decode(data[key] or "")):
        yield FieldError.invalid(at.key(key), "<secret contents redacted>", reason)


def _not_json(content: bytes) -> str:
    """Return why Go reads no map from JSON, "" if it does."""
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError:
        return explain(content.decode(errors="replace"))
    kind = _NOT_AN_OBJECT.get(type(found))
    return f"json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}" if kind else ""


def _default(secret: JSONObject) -> None:
    """What `stringData` says goes into `data`, and is not kept."""
    secret.setdefault("type", "Opaque")
    if texts := secret.pop("stringData", None):
        data = secret.setdefault("data", {})
        for key, text in texts.items():
            data[key] = b64encode((text or "").encode()).decode()


def _warnings(secret: JSONObject, old: JSONObject | None) -> list[str]:
    """Warn of a certificate and a key that are no pair."""
    if secret.get("type") != f"{_PREFIX}tls":
        return []
    data = secret.get("data") or {}
    fault = pair_fault(*(b64decode(data.get(key) or "") for key in ("tls.crt", "tls.key")))
    return [fault] if fault else []


definition = Definition(
    "v1",
    "Secret",
    "secrets",
    defaults=(_default,),
    warnings=_warnings,
    rules=struct(data=entries(keys=named(config_key)) & _size) & _of_type,
    changes=struct(type=immutable) & frozen_when_immutable("data"),
    selectable=paths("type"),
    columns=(
        NAME,
        Column("Type", value("type"), description="What is in it."),
        Column("Data", count("data"), description="The number of its keys."),
        AGE,
    ),
)
