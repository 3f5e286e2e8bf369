"""The rules for the metadata of any object (`ValidateObjectMeta` of k8s.io/apimachinery)."""

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import Rule, dns_subdomain, label_value, qualified_name
from rootspan_apiserver.kube.status import FieldError

ANNOTATIONS_LIMIT = 256 * 1024
IMMUTABLE = ("name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds")


def check_labels(labels: JSONObject, field: str) -> list[FieldError]:
    errors = []
    for key, value in sorted(labels.items()):
        errors += [FieldError.invalid(field, key, reason) for reason in qualified_name(key)]
        errors += [FieldError.invalid(field, value, reason) for reason in label_value(value or "")]
    return errors


def check_annotations(annotations: JSONObject, field: str) -> list[FieldError]:
    errors = []
    size = 0
    for key, value in sorted(annotations.items()):
        errors += [FieldError.invalid(field, key, reason) for reason in qualified_name(key.lower())]
        size += len(key.encode()) + len((value or "").encode())
    if size > ANNOTATIONS_LIMIT:
        errors.append(FieldError.too_long(field, ANNOTATIONS_LIMIT))
    return errors


def _check_owners(owners: list[JSONObject], field: str) -> list[FieldError]:
    errors = []
    controllers: list[JSONObject] = []
    for index, owner in enumerate(owners):
        at = f"{field}[{index}]"
        version = owner.get("apiVersion") or ""
        if not version.rpartition("/")[2]:
            errors.append(FieldError.invalid(f"{at}.apiVersion", version, "version must not be empty"))
        errors += [
            FieldError.invalid(f"{at}.{key}", owner.get(key) or "", "must not be empty")
            for key in ("kind", "name", "uid")
            if not owner.get(key)
        ]
        if owner.get("controller"):
            controllers.append(owner)
    if len(controllers) > 1:
        named = [f"{owner.get('kind', '')}/{owner.get('name', '')}" for owner in controllers]
        detail = (
            'Only one reference can have Controller set to true. Found "true" in references for '
            f"{named[0]} and {named[1]}"
        )
        errors.append(FieldError.invalid(field, owners, detail))
    return errors


def _check_finalizers(finalizers: list[str], field: str, *, standard: bool) -> list[FieldError]:
    errors = []
    for index, name in enumerate(finalizers):
        errors += [FieldError.invalid(f"{field}[{index}]", name, reason) for reason in qualified_name(name)]
        if standard and "/" not in name and name not in ("orphan", "foregroundDeletion", "kubernetes"):
            detail = "name is neither a standard finalizer name nor is it fully qualified"
            errors.append(FieldError.invalid(f"{field}[{index}]", name, detail))
    if "orphan" in finalizers and "foregroundDeletion" in finalizers:
        detail = "finalizer orphan and foregroundDeletion cannot be both set"
        errors.append(FieldError.invalid(field, finalizers, detail))
    return errors


def check_metadata(
    metadata: JSONObject,
    *,
    namespaced: bool,
    rule: Rule = dns_subdomain,
    standard_finalizers: bool = False,
    field: str = "metadata",
) -> list[FieldError]:
    """What is wrong with the metadata. With `standard_finalizers`, as for built-in kinds, a finalizer without a domain must be one that
    Kubernetes itself knows."""
    errors = []
    if generate := metadata.get("generateName"):
        prefix = generate.rstrip("-") + "a" * (len(generate) > len(generate.rstrip("-")))
        errors += [FieldError.invalid(f"{field}.generateName", generate, reason) for reason in rule(prefix)]
    if name := metadata.get("name"):
        errors += [FieldError.invalid(f"{field}.name", name, reason) for reason in rule(name)]
    else:
        errors.append(FieldError.required(f"{field}.name", "name or generateName is required"))
    namespace = metadata.get("namespace")
    if namespaced and not namespace:
        errors.append(FieldError.required(f"{field}.namespace"))
    elif namespace and not namespaced:
        errors.append(FieldError.forbidden(f"{field}.namespace", "not allowed on this type"))
    errors += check_labels(metadata.get("labels") or {}, f"{field}.labels")
    errors += check_annotations(metadata.get("annotations") or {}, f"{field}.annotations")
    errors += _check_owners(metadata.get("ownerReferences") or [], f"{field}.ownerReferences")
    finalizers = metadata.get("finalizers") or []
    errors += _check_finalizers(finalizers, f"{field}.finalizers", standard=standard_finalizers)
    return errors


def check_metadata_change(new: JSONObject, old: JSONObject, field: str = "metadata") -> list[FieldError]:
    """What an update may not change."""
    errors = []
    if old.get("deletionTimestamp"):
        had = set(old.get("finalizers") or ())
        if added := [name for name in new.get("finalizers") or () if name not in had]:
            detail = (
                f"no new finalizers can be added if the object is being deleted, found new finalizers {_strings(added)}"
            )
            errors.append(FieldError.forbidden(f"{field}.finalizers", detail))
    if not new.get("resourceVersion"):
        shown = new.get("resourceVersion") or ""
        detail = "must be specified for an update"
        if old.get("resourceVersion"):
            errors.append(FieldError.invalid(f"{field}.resourceVersion", shown, detail))
    errors += [
        FieldError.invalid(f"{field}.{key}", new.get(key), "field is immutable")
        for key in IMMUTABLE
        if (new.get(key) or None) != (old.get(key) or None)
    ]
    return errors


def _strings(names: list[str]) -> str:
    return "[]string{" + ", ".join(f'"{name}"' for name in names) + "}"
