"""As whom and with what rights containers run."""

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.kinds.checks import one_of

HIGHEST_ID = 2**31 - 1
SECCOMP = ("Localhost", "RuntimeDefault", "Unconfined")


def check_security(context: JSONObject, field: str) -> list[FieldError]:
    """The rules for the security context of a pod or of a container."""
    errors = []
    for key in ("fsGroup", "runAsUser", "runAsGroup"):
        errors += _check_id(context.get(key), f"{field}.{key}")
    for index, group in enumerate(context.get("supplementalGroups") or []):
        errors += _check_id(group, f"{field}.supplementalGroups[{index}]")
    if (profile := context.get("seccompProfile")) is not None:
        errors += _check_seccomp(profile, f"{field}.seccompProfile")
    if context.get("allowPrivilegeEscalation") is False:
        if context.get("privileged"):
            detail = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"
            errors.append(FieldError.invalid(field, context, detail))
        if "CAP_SYS_ADMIN" in ((context.get("capabilities") or {}).get("add") or []):
            detail = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"
            errors.append(FieldError.invalid(field, context, detail))
    return errors


def _check_id(number: int | None, field: str) -> list[FieldError]:
    if number is None or 0 <= number <= HIGHEST_ID:
        return []
    return [FieldError.invalid(field, number, f"must be between 0 and {HIGHEST_ID}, inclusive")]


def _check_seccomp(profile: JSONObject, field: str) -> list[FieldError]:
    kind, file, at = profile.get("type"), profile.get("localhostProfile"), f"{field}.localhostProfile"
    if not kind:
        return [FieldError.required(f"{field}.type", "type is required when seccompProfile is set")]
    errors = one_of(kind, SECCOMP, f"{field}.type")
    if kind == "Localhost" and not file:
        errors.append(FieldError.required(at, "must be set when seccomp type is Localhost"))
    elif kind != "Localhost" and file is not None:
        errors.append(FieldError.invalid(at, profile, "can only be set when seccomp type is Localhost"))
    return errors
