"""The engine that runs the definition of a kind: defaults, preparation, validation; the same for built-in and custom resources.

What is not said by a definition follows from its facts: the status is split off where there is a status subresource, the generation
counts what its policy counts.

Upstream: staging/src/k8s.io/apiserver/pkg/registry/rest/{create,update}.go, pkg/registry/*/*/strategy.go
"""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.definition import Definition, ServedVersion
from rootspan_apiserver.resources.hooks import NO_CONTEXT, WriteContext
from rootspan_apiserver.resources.selectable import Values, paths
from rootspan_apiserver.resources.subresource_definition import ALL_METADATA, SubresourceDefinition
from rootspan_apiserver.rules import ABSENT, ROOT, RuleContext
from rootspan_apiserver.types.structs import StructType

SYSTEM_METADATA = ("managedFields", "resourceVersion")
"""What a write through any subresource brings itself."""


class Strategy:
    """Runs a definition.

    Args:
        struct: the Go type of a built-in kind; None for a custom resource, which has no normal form.
        version: the served version, where that is not the stored one.
    """

    def __init__(
        self,
        definition: Definition,
        struct: StructType | None = None,
        *,
        version: ServedVersion | None = None,
    ) -> None:
        self.definition = definition
        self._struct = struct
        self._version = version
        selectable = version.selectable if version is not None else None
        names = ("metadata.name", "metadata.namespace") if definition.namespaced else ("metadata.name",)
        self.selectable: Values = {
            **paths(*names),
            **(definition.selectable if selectable is None else selectable),
        }

    def default(self, obj: JSONObject) -> None:
        """Bring `obj` to its normal form and fill in defaults, in place."""
        if self._struct is not None:
            self._struct.normalise(obj)
        for default in self.definition.defaults:
            default(obj)

    def prepare_for_create(self, obj: JSONObject, context: WriteContext = NO_CONTEXT) -> None:
        """Set what clients may not: the first generation, no status where there is a status subresource."""
        definition = self.definition
        if definition.has_status and not definition.keeps_status_on_create:
            obj.pop("status", None)
            if self._struct is not None and (empty := self._struct.unset("status")) is not None:
                obj["status"] = empty
        metadata = obj["metadata"]
        metadata.pop("generation", None)
        if definition.generation is not None and definition.generation.first:
            metadata["generation"] = definition.generation.first
        if definition.prepare_create is not None:
            definition.prepare_create(obj, context)

    def prepare_for_update(
        self, obj: JSONObject, old: JSONObject, subresource: str, context: WriteContext = NO_CONTEXT
    ) -> None:
        """Keep what this update may not change, and count the generation."""
        definition = self.definition
        part = definition.parts.get(subresource)
        if part is not None and part.writes is not None:
            keep(obj, old, except_for=part.writes)
            _keep_metadata(obj, old, part)
        elif not subresource and definition.has_status:
            if "status" in old:
                obj["status"] = deepcopy(old["status"])
            else:
                obj.pop("status", None)
        hook = definition.prepare_update if part is None else part.prepare_update
        if hook is not None:
            hook(obj, old, context)
        self._count(obj, old, counts=part is None or part.counts_generation)

    def _count(self, obj: JSONObject, old: JSONObject, *, counts: bool) -> None:
        policy = self.definition.generation
        generation = old["metadata"].get("generation", 0)
        if policy is not None:
            generation = (generation or policy.first) + (counts and policy.changed(obj, old))
        if generation:
            obj["metadata"]["generation"] = generation
        else:
            obj["metadata"].pop("generation", None)

    def validate_create(self, obj: JSONObject) -> list[FieldError]:
        """Return why `obj` cannot be created."""
        context = RuleContext(update=False, root=obj)
        own = self._version.rules if self._version is not None else None
        return list((own or self.definition.rules_on_create).check(obj, ABSENT, ROOT, context))

    def validate_update(
        self, obj: JSONObject, old: JSONObject, subresource: str, write: WriteContext = NO_CONTEXT
    ) -> list[FieldError]:
        """Return why `old` cannot become `obj`."""
        context = RuleContext(update=True, root=obj, old_root=old, subresource=subresource, warn=write.warn)
        own = self._version.update_rules if self._version is not None and not subresource else None
        return list((own or self.definition.rules_through(subresource)).check(obj, old, ROOT, context))

    def is_slow_to_validate(self, obj: JSONObject) -> bool:
        """Return whether validating `obj` may take so long that the event loop must not wait for it."""
        hook = self.definition.is_slow_to_validate
        return hook is not None and hook(obj)

    def warnings(self, obj: JSONObject, old: JSONObject | None, subresource: str = "") -> list[str]:
        """Return the texts of `Warning: 299` headers for a create or an update."""
        if subresource:
            part = self.definition.parts.get(subresource)
            return part.warnings(obj) if part is not None and part.warnings is not None else []
        hook = self.definition.warnings
        return hook(obj, old) if hook is not None else []

    def selectable_fields(self, obj: JSONObject) -> Mapping[str, str]:
        """Return the values of the labels of field selectors."""
        return {label: read(obj) for label, read in self.selectable.items()}


def keep(obj: JSONObject, old: JSONObject, *, except_for: Iterable[str]) -> None:
    """Undo every change of `obj` but those of its metadata and of the fields named."""
    free = {"apiVersion", "kind", "metadata", *except_for}
    for key in [key for key in obj if key not in free and key not in old]:
        del obj[key]
    for key, value in old.items():
        if key not in free:
            obj[key] = deepcopy(value)


def _keep_metadata(obj: JSONObject, old: JSONObject, part: SubresourceDefinition) -> None:
    metadata: dict[str, Any] = obj["metadata"]
    if part.keeps_metadata == ALL_METADATA:
        brought = {key: metadata[key] for key in SYSTEM_METADATA if key in metadata}
        kept = {key: deepcopy(value) for key, value in old["metadata"].items() if key not in SYSTEM_METADATA}
        obj["metadata"] = {**kept, **brought}
        return
    for key in part.keeps_metadata:
        metadata.pop(key, None)
        if key in old["metadata"]:
            metadata[key] = deepcopy(old["metadata"][key])
