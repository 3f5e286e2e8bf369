"""The fields of pods whose features are off by default."""

from copy import deepcopy
from typing import Any

import pytest

from rootspan_apiserver.resources.apps.daemon_set import definition as daemon_set
from rootspan_apiserver.resources.apps.deployment import definition as deployment
from rootspan_apiserver.resources.apps.replica_set import definition as replica_set
from rootspan_apiserver.resources.apps.stateful_set import definition as stateful_set
from rootspan_apiserver.resources.batch.cron_job import definition as cron_job
from rootspan_apiserver.resources.batch.job import definition as job
from rootspan_apiserver.resources.columns import at
from rootspan_apiserver.resources.core.pod import definition as pod
from rootspan_apiserver.resources.core.pod_template import definition as pod_template
from rootspan_apiserver.resources.core.replication_controller import definition as replication_controller
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import WriteContext
from tests.apiserver.resources.kind_checks import KindCheck, changed

BUNDLE = {"clusterTrustBundle": {"name": "n", "path": "p"}}
TOKEN = {"serviceAccountToken": {"path": "t"}}
SPEC: dict[str, Any] = {
    "os": {"name": "linux"},
    "schedulingGroup": {"podGroupName": "g"},
    "containers": [
        {"name": "c", "image": "i", "lifecycle": {"stopSignal": "SIGTERM"}},
        {"name": "d", "image": "i", "lifecycle": {"stopSignal": "SIGTERM", "preStop": {"sleep": {"seconds": 1}}}},
    ],
    "volumes": [{"name": "v", "projected": {"sources": [TOKEN, BUNDLE, {"podCertificate": {"keyType": "RSA"}}]}}],
}
TEMPLATE = ("spec", "template", "spec")
KINDS = (
    (pod, ("spec",)),
    (pod_template, ("template", "spec")),
    (deployment, TEMPLATE),
    (replica_set, TEMPLATE),
    (replication_controller, TEMPLATE),
    (daemon_set, TEMPLATE),
    (stateful_set, TEMPLATE),
    (job, TEMPLATE),
    (cron_job, ("spec", "jobTemplate", *TEMPLATE)),
)


def _check(definition: Definition, way: tuple[str, ...]) -> KindCheck:
    obj: Any = SPEC
    for key in reversed(way):
        obj = {key: obj}
    return KindCheck(definition, obj)


def _used(spec: dict[str, Any]) -> list[Any]:
    """The disabled fields that a spec has."""
    sources = at(spec["volumes"][0], "projected", "sources") or []
    return [
        spec.get("schedulingGroup"),
        [sorted(source) for source in sources],
        [sorted(container.get("lifecycle") or ()) for container in spec["containers"]],
    ]


@pytest.mark.parametrize(("definition", "way"), KINDS, ids=[definition.name for definition, _ in KINDS])
def test_disabled_fields_are_dropped(definition: Definition, way: tuple[str, ...]) -> None:
    """When a pod or a template is created, and when it is updated unless it had them before."""
    check = _check(definition, way)
    dropped = [None, [["serviceAccountToken"], [], []], [[], ["preStop"]]]
    created = check.stored()
    assert _used(at(created, *way)) == dropped
    new, old = (changed(check.valid, {"metadata.uid": "u"}) for _ in range(2))
    assert definition.prepare_update is not None
    definition.prepare_update(new, created, WriteContext())
    assert _used(at(new, *way)) == dropped
    definition.prepare_update(old, deepcopy(old), WriteContext())
    assert _used(at(old, *way)) == _used(SPEC)
