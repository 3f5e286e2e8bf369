"""CustomResourceDefinition: what it defines must make sense before it is served."""

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_1035_label, dns_subdomain
from rootspan_apiserver.kube.patterns import Pattern
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.definition import NO_CONTEXT, WriteContext
from rootspan_apiserver.resources.kinds.builtin_strategy import BuiltinStrategy
from rootspan_apiserver.resources.kinds.checks import duplicates, named, one_of, unchanged
from rootspan_apiserver.rules import Path
from rootspan_apiserver.rules.webhook_clients import check_client
from rootspan_apiserver.types.schema import JUNCTORS


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

    def prepare_for_update(
        self, obj: JSONObject, old: JSONObject, subresource: str, context: WriteContext = NO_CONTEXT
    ) -> None:
        super().prepare_for_update(obj, old, subresource)
        if not subresource:
            stored = obj["status"].get("storedVersions") or []
            new = [version["name"] for version in obj["spec"].get("versions") or [] if version.get("storage")]
            obj["status"]["storedVersions"] = [*stored, *(name for name in new if name not in stored)]

    def is_slow_to_validate(self, obj: JSONObject) -> bool:
        """Compiling one pattern may take a tenth of a second."""
        return True

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
        schemas = [(version.get("schema") or {}).get("openAPIV3Schema") for version in versions]
        for index, version in enumerate(versions):
            errors += named(version.get("name"), dns_1035_label, f"spec.versions[{index}].name")
            if schemas[index] is None:
                where = f"spec.versions[{index}].schema.openAPIV3Schema"
                errors.append(FieldError.required(where, "schemas are required"))
        if sum(bool(version.get("storage")) for version in versions) != 1:
            detail = "must have exactly one version marked as storage version"
            errors.append(FieldError.invalid("spec.versions", versions, detail))
        names = [(f"spec.versions[{index}].name", version.get("name")) for index, version in enumerate(versions)]
        return errors + duplicates(names) + _check_schemas(schemas)

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
            errors += check_client(client, Path(client_field))
        return errors

    def validate_changes(self, obj: JSONObject, old: JSONObject) -> list[FieldError]:
        new, before = obj["spec"], old["spec"]
        errors = [
            error for key in ("group", "scope") for error in unchanged(new.get(key), before.get(key), f"spec.{key}")
        ]
        names, known = new["names"], before["names"]
        for key in ("plural", "kind"):
            errors += unchanged(names.get(key), known.get(key), f"spec.names.{key}")
        return errors


def _check_schemas(schemas: list[JSONObject | None]) -> list[FieldError]:
    """One schema that all versions share is checked once, in the place that it had before versions had schemas."""
    shared = all(schema == schemas[0] for schema in schemas)
    errors = []
    for index, schema in enumerate(schemas[:1] if shared else schemas):
        if schema is not None:
            holder = "spec.validation" if shared else f"spec.versions[{index}].schema"
            errors += sorted(_check_root(schema, f"{holder}.openAPIV3Schema"), key=str)
    return errors


def _check_root(schema: JSONObject, field: str) -> list[FieldError]:
    if not schema.get("type"):
        return [FieldError.required(f"{field}.type", "must not be empty at the root")]
    if schema["type"] != "object":
        return [FieldError.invalid(f"{field}.type", schema["type"], "must be object at the root")]
    return _check_structural(schema, field)


def _check_structural(schema: JSONObject, field: str) -> list[FieldError]:
    """That the type of each field is told (a structural schema), and that its value validations can be used."""
    errors = _check_values(schema, field)
    children = _children(schema, field)
    if schema.get("type") == "array" and not isinstance(schema.get("items"), dict):
        errors.append(FieldError.required(f"{field}.items", "must be specified"))
    for at, child in children:
        anything = child.get("x-kubernetes-int-or-string") or child.get("x-kubernetes-preserve-unknown-fields")
        if not child.get("type") and not anything:
            kind = "array items" if at.endswith(".items") else "object fields"
            errors.append(FieldError.required(f"{at}.type", f"must not be empty for specified {kind}"))
        errors += _check_structural(child, at)
    return errors


def _children(schema: JSONObject, field: str) -> list[tuple[str, JSONObject]]:
    """The schemas of fields, items and values of maps, each with its place."""
    fields = [(f"{field}.properties[{key}]", child) for key, child in (schema.get("properties") or {}).items()]
    others = [(f"{field}.{key}", schema.get(key)) for key in ("items", "additionalProperties")]
    return fields + [(at, child) for at, child in others if isinstance(child, dict)]


def _check_values(schema: JSONObject, field: str) -> list[FieldError]:
    """The value validations of a schema, and those in its junctors, in which nothing else may stand."""
    errors = []
    if pattern := schema.get("pattern"):
        try:
            Pattern(pattern).steps()
        except ValueError as error:
            detail = f"must be a valid regular expression, but isn't: {error}"
            errors.append(FieldError.invalid(f"{field}.pattern", pattern, detail))
    nested = [(f"{field}.{key}[{n}]", each) for key in JUNCTORS for n, each in enumerate(schema.get(key) or ())]
    if isinstance(schema.get("not"), dict):
        nested.append((f"{field}.not", schema["not"]))
    for at, each in nested:
        errors += _check_nested(each, at)
    return errors


def _check_nested(schema: JSONObject, field: str) -> list[FieldError]:
    errors = _check_values(schema, field)
    for at, child in _children(schema, field):
        errors += _check_nested(child, at)
    return errors
