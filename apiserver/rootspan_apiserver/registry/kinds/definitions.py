"""CustomResourceDefinition: what it defines must make sense before it is served."""

from typing import Any

from rootspan_apiserver.registry.kinds.checks import IMMUTABLE, duplicates, named, one_of
from rootspan_apiserver.registry.kinds.webhook_clients import check_client
from rootspan_apiserver.registry.names import dns_1035_label, dns_subdomain
from rootspan_apiserver.registry.strategy import BuiltinStrategy
from rootspan_apiserver.status import FieldError

JSONObject = dict[str, Any]


class CustomResourceDefinitionStrategy(BuiltinStrategy):
    counts_generation = True
    standard_finalizers = False

    def set_defaults(self, obj: JSONObject) -> None:
        spec = obj["spec"]
        names = spec["names"]
        kind = names.get("kind") or ""
        if not names.get("singular"):
            names["singular"] = kind.lower()
        if not names.get("listKind") and kind:
            names["listKind"] = f"{kind}List"
        conversion = spec.setdefault("conversion", {})
        conversion.setdefault("strategy", "None")
        service = ((conversion.get("webhook") or {}).get("clientConfig") or {}).get("service")
        if service is not None:
            service.setdefault("port", 443)

    def reset_status(self, obj: JSONObject) -> None:
        stored = [version["name"] for version in obj["spec"].get("versions") or [] if version.get("storage")]
        obj["status"] = {"conditions": None, "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": stored}

    def prepare_for_update(self, obj: JSONObject, old: JSONObject, subresource: str) -> None:
        super().prepare_for_update(obj, old, subresource)
        if not subresource:
            stored = obj["status"].get("storedVersions") or []
            new = [version["name"] for version in obj["spec"].get("versions") or [] if version.get("storage")]
            obj["status"]["storedVersions"] = [*stored, *(name for name in new if name not in stored)]

    def validate(self, obj: JSONObject) -> list[FieldError]:
        spec = obj["spec"]
        names = spec["names"]
        errors = []
        name = obj["metadata"].get("name") or ""
        if name != f"{names.get('plural', '')}.{spec.get('group', '')}":
            errors.append(FieldError.invalid("metadata.name", name, 'must be spec.names.plural+"."+spec.group'))
        group = spec.get("group") or ""
        errors += named(group, dns_subdomain, "spec.group")
        if group and "." not in group:
            errors.append(FieldError.invalid("spec.group", group, "should be a domain with at least one dot"))
        errors += one_of(spec.get("scope") or "", ("Cluster", "Namespaced"), "spec.scope")
        errors += self._check_versions(spec.get("versions") or [])
        for key in ("plural", "singular", "kind", "listKind"):
            value = names.get(key) or ""
            if not value:
                errors.append(FieldError.required(f"spec.names.{key}"))
            else:
                lowered = value if key in ("plural", "singular") else value.lower()
                at = f"spec.names.{key}"
                errors += [FieldError.invalid(at, value, reason) for reason in dns_1035_label(lowered)]
        if names.get("kind") and names.get("kind") == names.get("listKind"):
            detail = "kind and listKind may not be the same"
            errors.append(FieldError.invalid("spec.names.listKind", names["listKind"], detail))
        return errors + self._check_conversion(spec["conversion"])

    def _check_versions(self, versions: list[JSONObject]) -> list[FieldError]:
        errors = []
        for index, version in enumerate(versions):
            at = f"spec.versions[{index}]"
            errors += named(version.get("name"), dns_1035_label, f"{at}.name")
            schema = (version.get("schema") or {}).get("openAPIV3Schema")
            where = f"{at}.schema.openAPIV3Schema"
            if schema is None:
                errors.append(FieldError.required(where, "schemas are required"))
            elif not schema.get("type"):
                errors.append(FieldError.required(f"{where}.type", "must not be empty at the root"))
            elif schema["type"] != "object":
                errors.append(FieldError.invalid(f"{where}.type", schema["type"], "must be object at the root"))
            else:
                errors += _check_structural(schema, where)
        if sum(bool(version.get("storage")) for version in versions) != 1:
            detail = "must have exactly one version marked as storage version"
            errors.append(FieldError.invalid("spec.versions", versions, detail))
        names = [(f"spec.versions[{index}].name", version.get("name")) for index, version in enumerate(versions)]
        return errors + duplicates(names)

    def _check_conversion(self, conversion: JSONObject) -> list[FieldError]:
        # These fields are named as upstream names them internally, where they stand one level higher.
        client_field, versions_field = (
            f"spec.conversion.{name}" for name in ("webhookClientConfig", "conversionReviewVersions")
        )
        errors = one_of(conversion.get("strategy"), ("None", "Webhook"), "spec.conversion.strategy")
        webhook = conversion.get("webhook") or {}
        client = webhook.get("clientConfig")
        if conversion.get("strategy") != "Webhook":
            detail = "should not be set when strategy is not set to Webhook"
            if client is not None:
                errors.append(FieldError.forbidden(client_field, detail))
            if webhook.get("conversionReviewVersions"):
                errors.append(FieldError.forbidden(versions_field, detail))
        elif client is None:
            errors.append(FieldError.required(client_field, "required when strategy is set to Webhook"))
        else:
            errors += check_client(client, client_field)
        return errors

    def validate_changes(self, obj: JSONObject, old: JSONObject) -> list[FieldError]:
        new, before = obj["spec"], old["spec"]
        errors = [
            FieldError.invalid(f"spec.{key}", new.get(key), IMMUTABLE)
            for key in ("group", "scope")
            if new.get(key) != before.get(key)
        ]
        errors += [
            FieldError.invalid(f"spec.names.{key}", new["names"].get(key), IMMUTABLE)
            for key in ("plural", "kind")
            if new["names"].get(key) != before["names"].get(key)
        ]
        return errors


def _check_structural(schema: JSONObject, field: str) -> list[FieldError]:
    """That the type of each field is told (a structural schema)."""
    errors: list[FieldError] = []
    children = [
        (f"{field}.properties[{key}]", child) for key, child in sorted((schema.get("properties") or {}).items())
    ]
    items, additional = schema.get("items"), schema.get("additionalProperties")
    if isinstance(items, dict):
        children.append((f"{field}.items", items))
    if isinstance(additional, dict):
        children.append((f"{field}.additionalProperties", additional))
    if schema.get("type") == "array" and not isinstance(items, dict):
        errors.append(FieldError.required(f"{field}.items", "must be specified"))
    for at, child in children:
        anything = child.get("x-kubernetes-int-or-string") or child.get("x-kubernetes-preserve-unknown-fields")
        if not child.get("type") and not anything:
            kind = "array items" if at.endswith(".items") else "object fields"
            errors.append(FieldError.required(f"{at}.type", f"must not be empty for specified {kind}"))
        errors += _check_structural(child, at)
    return errors
