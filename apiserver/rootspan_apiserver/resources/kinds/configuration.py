"""Secret."""

from base64 import b64encode

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import config_key
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.kinds.builtin_strategy import BuiltinStrategy

SIZE_LIMIT = 1024 * 1024
WHEN_IMMUTABLE = "field is immutable when `immutable` is set"
ACCOUNT_NAME = "kubernetes.io/service-account.name"
REQUIRED_DATA = {
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}


def _check_frozen(obj: JSONObject, old: JSONObject, fields: tuple[str, ...]) -> list[FieldError]:
    if not old.get("immutable"):
        return []
    errors = []
    if not obj.get("immutable"):
        errors.append(FieldError.forbidden("immutable", WHEN_IMMUTABLE))
    errors += [
        FieldError.forbidden(key, WHEN_IMMUTABLE) for key in fields if (obj.get(key) or {}) != (old.get(key) or {})
    ]
    return errors


class SecretStrategy(BuiltinStrategy):
    def set_defaults(self, obj: JSONObject) -> None:
        obj.setdefault("type", "Opaque")
        if texts := obj.pop("stringData", None):
            data = obj.setdefault("data", {})
            for key, value in texts.items():
                data[key] = b64encode((value or "").encode()).decode()

    def validate(self, obj: JSONObject) -> list[FieldError]:
        data = obj.get("data") or {}
        errors = []
        size = 0
        for key, value in sorted(data.items()):
            errors += [FieldError.invalid(f"data[{key}]", key, reason) for reason in config_key(key)]
            size += len(value or "") * 3 // 4
        if size > SIZE_LIMIT:
            errors.append(FieldError.too_long("data", SIZE_LIMIT))
        kind = obj.get("type") or ""
        errors += [FieldError.required(f"data[{key}]") for key in REQUIRED_DATA.get(kind, ()) if key not in data]
        if kind == "kubernetes.io/basic-auth" and not {"username", "password"} & data.keys():
            errors += [FieldError.required(f"data[{key}]") for key in ("username", "password")]
        if kind == "kubernetes.io/service-account-token" and not (obj["metadata"].get("annotations") or {}).get(
            ACCOUNT_NAME
        ):
            errors.append(FieldError.required(f"metadata.annotations[{ACCOUNT_NAME}]"))
        return errors

    def validate_changes(self, obj: JSONObject, old: JSONObject) -> list[FieldError]:
        errors = []
        if obj.get("type") != old.get("type"):
            errors.append(FieldError.invalid("type", obj.get("type"), "field is immutable"))
        return errors + _check_frozen(obj, old, ("data",))
