"""The metadata of any object: on its own, and as an update changes it.

Upstream: staging/src/k8s.io/apimachinery/pkg/api/validation/objectmeta.go, pkg/apis/core/validation/validation.go (ValidateObjectMeta)
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_label, dns_subdomain, qualified_name
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules.functions import function
from rootspan_apiserver.rules.label_selectors import labels
from rootspan_apiserver.rules.paths import Path
from rootspan_apiserver.rules.rule import ABSENT, Line, Rule, RuleContext
from rootspan_apiserver.rules.structures import struct
from rootspan_apiserver.types.tables import go_types

NameRule = Callable[[str], list[str]]
ANNOTATIONS_LIMIT = 256 * 1024
MANAGER_LIMIT = 128
SUBRESOURCE_LIMIT = 256
STANDARD_FINALIZERS = ("orphan", "foregroundDeletion", "kubernetes")
IMMUTABLE = ("name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds")


@function("ValidateAnnotations")
def annotations(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Keys are qualified names in any case, and all together are at most 256 kB; the errors are at the map."""
    size = 0
    for key in sorted(value):
        for reason in qualified_name(key.lower()):
            yield FieldError.invalid(path, key, reason)
        size += len(key.encode()) + len((value[key] or "").encode())
    if size > ANNOTATIONS_LIMIT:
        yield FieldError.too_long(path, ANNOTATIONS_LIMIT)


@function("ValidateOwnerReferences")
def owner_references(value: list[JSONObject], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Each has a version, kind, name and uid, and is no event; one of them at most is the controller."""
    controller = ""
    for owner in value:
        # Upstream does not say which of them is meant.
        version = owner.get("apiVersion") or ""
        if not version.rpartition("/")[2]:
            yield FieldError.invalid(path / "apiVersion", version, "version must not be empty")
        for key in ("kind", "name", "uid"):
            if not owner.get(key):
                yield FieldError.invalid(path / key, owner.get(key) or "", "must not be empty")
        if (version, owner.get("kind")) == ("v1", "Event"):
            shown = go_types().struct("meta/v1.OwnerReference").write(owner)
            yield FieldError.invalid(path, shown, "/v1, Kind=Event is disallowed from being an owner")
        if owner.get("controller"):
            name = f"{owner.get('kind', '')}/{owner.get('name', '')}"
            if controller:
                words = "Only one reference can have Controller set to true. Found "
                yield FieldError.invalid(path, value, f'{words}"true" in references for {controller} and {name}')
            else:
                controller = name


def check_finalizers(value: list[str], path: Path) -> Iterator[FieldError]:
    """Yield what is wrong with the names of finalizers, and with two that exclude each other."""
    for name in value:
        for reason in qualified_name(name):
            yield FieldError.invalid(path, name, reason)
    if "orphan" in value and "foregroundDeletion" in value:
        yield FieldError.invalid(path, value, "finalizer orphan and foregroundDeletion cannot be both set")


def check_standard_finalizers(value: list[str], path: Path) -> Iterator[FieldError]:
    """Yield the finalizers without a domain that Kubernetes itself does not know."""
    for index, name in enumerate(value):
        if "/" not in name and name not in STANDARD_FINALIZERS:
            words = "name is neither a standard finalizer name nor is it fully qualified"
            yield FieldError.invalid(path / index, name, words)


def manager_errors(manager: str, at: object) -> Iterator[FieldError]:
    """Yield what is wrong with the name of a field manager; `at` is the field that holds it."""
    if len(manager.encode()) > MANAGER_LIMIT:
        yield FieldError.too_long(at, MANAGER_LIMIT)
    position = 0
    for character in manager:
        if not character.isprintable():
            yield FieldError.invalid(at, manager, f"invalid character U+{ord(character):04X} (at position {position})")
        position += len(character.encode())


def _check_managers(value: list[JSONObject], path: Path) -> Iterator[FieldError]:
    """Yield what is wrong with the names in managed fields; entries that cannot be read are replaced before."""
    for index, entry in enumerate(value):
        yield from manager_errors(entry.get("manager") or "", path / index / "manager")
        if len((entry.get("subresource") or "").encode()) > SUBRESOURCE_LIMIT:
            yield FieldError.too_long(path / index / "subresource", SUBRESOURCE_LIMIT)


_MAPS = struct(labels=labels, annotations=annotations, ownerReferences=owner_references)


_ONLY_OF_OBJECTS = (
    *("name", "generateName", "namespace", "selfLink", "uid", "resourceVersion", "generation", "creationTimestamp"),
    *("deletionTimestamp", "deletionGracePeriodSeconds", "ownerReferences", "finalizers", "managedFields"),
)
_GO_NAMES = {"uid": "uID"}


@function("ValidateTemplateObjectMeta")
def _only_maps(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Objects that are made of a template get its labels and annotations; it has nothing else."""
    for name in _ONLY_OF_OBJECTS:
        if value.get(name):
            yield FieldError.forbidden(path / _GO_NAMES.get(name, name), "cannot be set")


template_metadata = struct(annotations=annotations) & struct(labels=labels) & _only_maps
"""The metadata in a template of claims."""


@dataclass(frozen=True)
class ObjectMetadata(Rule):
    """The metadata of an object, at the path of the metadata."""

    name_rule: NameRule
    namespaced: bool
    standard_finalizers: bool

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        errors: list[FieldError] = []
        if generate := value.get("generateName"):
            # Upstream masks the dash that a prefix may end with.
            masked = generate.rstrip("-") + "a" * (len(generate) > len(generate.rstrip("-")))
            at = path / "generateName"
            errors.extend(FieldError.invalid(at, generate, reason) for reason in self.name_rule(masked))
        if name := value.get("name"):
            errors.extend(FieldError.invalid(path / "name", name, reason) for reason in self.name_rule(name))
        else:
            errors.append(FieldError.required(path / "name", "name or generateName is required"))
        namespace = value.get("namespace")
        if self.namespaced:
            at = path / "namespace"
            if not namespace:
                errors.append(FieldError.required(at))
            else:
                errors.extend(FieldError.invalid(at, namespace, reason) for reason in dns_label(namespace))
        elif namespace:
            errors.append(FieldError.forbidden(path / "namespace", "not allowed on this type"))
        errors.extend(_MAPS.check(value, ABSENT, path, context))
        if finalizers := value.get("finalizers"):
            errors.extend(check_finalizers(finalizers, path / "finalizers"))
            if self.standard_finalizers:
                errors.extend(check_standard_finalizers(finalizers, path / "finalizers"))
        if managed := value.get("managedFields"):
            errors.extend(_check_managers(managed, path / "managedFields"))
        return errors

    def describe(self) -> Iterator[Line]:
        scope = "in a namespace" if self.namespaced else "cluster-scoped"
        yield Line("", f"ValidateObjectMeta(): {scope}, name is a {self.name_rule.__name__.replace('_', ' ')}")


def object_metadata(name_rule: NameRule = dns_subdomain, *, namespaced: bool, standard_finalizers: bool = True) -> Rule:
    """Return the rule for the metadata of an object.

    Args:
        standard_finalizers: whether a finalizer without a domain must be one that Kubernetes knows, as for all but custom resources.
    """
    return ObjectMetadata(name_rule, namespaced, standard_finalizers)


@function("ValidateObjectMetaUpdate")
def metadata_update(value: JSONObject, old: JSONObject, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """What identifies the object stays; no finalizers are added to one that is being deleted."""
    if old.get("deletionTimestamp"):
        had = set(old.get("finalizers") or ())
        if added := sorted({name for name in value.get("finalizers") or () if name not in had}):
            shown = ", ".join(f'"{name}"' for name in added)
            words = "no new finalizers can be added if the object is being deleted, found new finalizers"
            yield FieldError.forbidden(path / "finalizers", f"{words} []string{{{shown}}}")
    if not value.get("resourceVersion") and old.get("resourceVersion"):
        shown = value.get("resourceVersion") or ""
        yield FieldError.invalid(path / "resourceVersion", shown, "must be specified for an update")
    for key in IMMUTABLE:
        if (value.get(key) or None) != (old.get(key) or None):
            yield FieldError.invalid(path / key, value.get(key), "field is immutable")
    yield from _MAPS.check(value, ABSENT, path, context)


@function("validateKubeFinalizerName")
def _standard_finalizers(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Finalizers without a domain are those of Kubernetes."""
    yield from check_standard_finalizers(value.get("finalizers") or [], path / "finalizers")


core_metadata_update = metadata_update & _standard_finalizers
"""`ValidateObjectMetaUpdate` of the core group, which most built-in kinds call rather than that of apimachinery."""
