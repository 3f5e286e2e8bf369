"""What `kubectl get` prints."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rootspan_apiserver.kube.durations import human
from rootspan_apiserver.resources.catalogue import builtin_registry
from rootspan_apiserver.resources.custom.definitions import resources_of
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.tables import partial_object_metadata, table
from rootspan_apiserver.tables.table import cells, columns_of
from tests.apiserver.resources.definitions import a_definition, a_widget

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CREATED = (NOW - timedelta(minutes=5)).isoformat().replace("+00:00", "Z")


def resource(group: str, plural: str, version: str = "v1") -> Resource:
    found = builtin_registry().lookup(group, version, plural)
    assert found is not None
    return found


def row(group: str, plural: str, **fields: Any) -> dict[str, Any]:
    """The cells of an object five minutes old, by column."""
    found = resource(group, plural)
    columns = columns_of(found)
    item = {"kind": found.kind.kind, "metadata": {"name": "n", "creationTimestamp": CREATED}, **fields}
    return dict(zip((column.name for column in columns), cells(found, item, NOW), strict=True))


def test_every_resource_has_a_cell_for_each_column() -> None:
    """However little an object says, its row is complete."""
    for each in builtin_registry().resources():
        if "list" in each.verbs:
            columns = columns_of(each)
            item = {"kind": each.kind.kind, "metadata": {"name": "n"}}
            assert len(cells(each, item, NOW)) == len(columns), each.plural


def test_table_has_definitions_and_rows() -> None:
    """Columns, rows, list metadata, and with each row what the client wants of the object."""
    maps = resource("", "configmaps")
    item = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "c1"}, "data": {"a": "1"}}
    made = table(maps, [item], {"resourceVersion": "209"})
    assert (made["kind"], made["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    assert made["metadata"] == {"resourceVersion": "209"}
    assert [(c["name"], c["type"], c["format"], c["priority"]) for c in made["columnDefinitions"]] == [
        ("Name", "string", "name", 0),
        ("Data", "string", "", 0),
        ("Age", "string", "", 0),
    ]
    (only,) = made["rows"]
    assert only["cells"] == ["c1", 1, "<unknown>"]
    assert only["object"] == partial_object_metadata(item)
    assert table(maps, [item], {}, include="Object")["rows"][0]["object"] == item
    assert table(maps, [item], {}, include="None")["rows"][0]["object"] is None
    assert table(maps, [item], {}, columns=False)["columnDefinitions"] is None
    assert table(maps, [item], {}, version="v1beta1")["apiVersion"] == "meta.k8s.io/v1beta1"


def test_row_of_deployment_counts_replicas() -> None:
    """Ready of wanted, and with -o wide what runs in it."""
    template = {"spec": {"containers": [{"name": "a", "image": "x"}, {"name": "b", "image": "y"}]}}
    spec = {"replicas": 3, "selector": {"matchLabels": {"app": "d"}}, "template": template}
    assert row("apps", "deployments", spec=spec, status={"readyReplicas": 2, "updatedReplicas": 1}) == {
        "Name": "n",
        "Ready": "2/3",
        "Up-to-date": 1,
        "Available": 0,
        "Age": "5m",
        "Containers": "a,b",
        "Images": "x,y",
        "Selector": "app=d",
    }


@pytest.mark.parametrize(("suspend", "shown"), [(True, "True"), (False, "False"), (None, "<unset>")])
def test_cron_job_says_in_words_whether_it_is_suspended(suspend: bool | None, shown: str) -> None:
    """As Go prints the pointer; the column is of the type boolean all the same."""
    fields = {} if suspend is None else {"suspend": suspend}
    assert row("batch", "cronjobs", spec={"schedule": "* * * * *", **fields})["Suspend"] == shown


def test_custom_resources_print_the_columns_of_their_definition() -> None:
    """Values by JSON path; without columns of its own a definition has name and age."""
    columns = [
        {"name": "Size", "type": "integer", "jsonPath": ".spec.size"},
        {"name": "Since", "type": "date", "jsonPath": ".metadata.creationTimestamp", "priority": 1},
    ]
    (widgets,) = resources_of(a_definition(additionalPrinterColumns=columns))
    widget = a_widget(spec={"size": 3})
    widget["metadata"]["creationTimestamp"] = CREATED
    assert cells(widgets, widget, NOW) == ["w", 3, "5m"]
    (plain,) = resources_of(a_definition())
    assert [column.name for column in columns_of(plain)] == ["Name", "Age"]
    assert cells(plain, widget, NOW) == ["w", "5m"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "<invalid>"),
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (150, "2m30s"),
        (600, "10m"),
        (3 * 3600, "3h"),
        (3 * 3600 + 60, "3h1m"),
        (9 * 3600 + 60, "9h"),
        (48 * 3600, "2d"),
        (51 * 3600, "2d3h"),
        (10 * 86400, "10d"),
        (3 * 365 * 86400, "3y"),
        (3 * 365 * 86400 + 86400, "3y1d"),
        (9 * 365 * 86400, "9y"),
    ],
)
def test_durations_have_two_units_at_most(seconds: float, text: str) -> None:
    """The farther back, the coarser."""
    assert human(seconds) == text


def test_table_of_scale_has_its_own_columns() -> None:
    """`kubectl get --subresource=scale` shows what is wanted and what is there, of a custom resource too."""
    scale = {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {"name": "web", "creationTimestamp": CREATED},
        "spec": {"replicas": 3},
        "status": {"replicas": 2},
    }
    shown = table(resource("apps", "deployments"), [scale], {}, scale=True)
    assert [each["name"] for each in shown["columnDefinitions"]] == ["Name", "Desired", "Available", "Age"]
    assert shown["rows"][0]["cells"][:3] == ["web", 3, 2]
    (custom,) = resources_of(a_definition())
    shown = table(custom, [scale], {}, scale=True)
    assert [each["name"] for each in shown["columnDefinitions"]] == ["Name", "Desired", "Available", "Age"]
    assert shown["rows"][0]["cells"][:3] == ["web", 3, 2]
