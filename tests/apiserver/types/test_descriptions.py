"""The sentences that describe types and fields."""

from collections.abc import Iterator

import pytest

from rootspan_apiserver.resources.catalogue import DEFINITIONS
from rootspan_apiserver.types.containers import ListType, MapType
from rootspan_apiserver.types.descriptions import field_description, texts, type_description
from rootspan_apiserver.types.structs import StructType
from rootspan_apiserver.types.tables import go_types

WRITTEN_BY_HAND = [
    "core/v1.Pod",
    "apps/v1.Deployment",
    "core/v1.Service",
    "networking/v1.Ingress",
    "batch/v1.Job",
    "batch/v1.CronJob",
    "core/v1.ConfigMap",
    "core/v1.Secret",
    "core/v1.PersistentVolumeClaim",
    "rbac/v1.Role",
    "rbac/v1.RoleBinding",
    "rbac/v1.ClusterRole",
    "rbac/v1.ClusterRoleBinding",
    "networking/v1.NetworkPolicy",
    "autoscaling/v2.HorizontalPodAutoscaler",
    "apiextensions/v1.CustomResourceDefinition",
]


def structs_below(struct: StructType) -> Iterator[StructType]:
    """Yield a struct and all that its fields lead to."""
    seen: set[str] = set()
    todo = [struct]
    while todo:
        struct = todo.pop()
        if struct.name in seen:
            continue
        seen.add(struct.name)
        yield struct
        for field in struct.fields.values():
            inner = field.type
            while isinstance(inner, ListType | MapType):
                inner = inner.element
            if isinstance(inner, StructType):
                todo.append(inner)


def test_every_served_kind_is_described() -> None:
    """Each built-in kind has a sentence."""
    served = [go_types().builtin(definition.kind).name for definition in DEFINITIONS]
    assert [name for name in served if not type_description(name)] == []


@pytest.mark.parametrize("kind", WRITTEN_BY_HAND)
def test_every_field_of_kinds_that_people_write_is_described(kind: str) -> None:
    """Each type below the kind has a sentence, and so has each of its fields."""
    for struct in structs_below(go_types().struct(kind)):
        assert type_description(struct.name), struct.name
        assert [field for field in struct.fields if not field_description(struct, field)] == [], struct.name


def test_every_description_is_of_a_type_and_field_that_exist() -> None:
    """No sentence describes what is not there."""
    for name, fields in texts().items():
        if "*" not in name:
            assert fields.keys() - {""} <= go_types().struct(name).fields.keys(), name


def test_other_versions_share_descriptions() -> None:
    """A version without sentences of its own has those of another version; lists name their kind."""
    assert type_description("resource/v1beta1.ResourceClaim") == type_description("resource/v1.ResourceClaim") != ""
    assert type_description("core/v1.PodList") == "A list of objects of the kind Pod."


def test_every_table_column_is_described() -> None:
    """Each column of each built-in kind has a sentence."""
    missing = [(d.kind.kind, column.name) for d in DEFINITIONS for column in d.columns if not column.description]
    assert missing == []
