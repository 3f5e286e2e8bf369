"""What users of kubectl do every day, with a version that writes JSON and with one that writes protobuf."""

import json

import pytest

from tests.apiserver.real_clients.kubectl import Kubectl
from tests.apiserver.real_clients.objects import DEPLOYMENT, POD, WIDGETS, manifest


def cells(table: str) -> list[list[str]]:
    """The rows of a printed table without its last column, which is an age."""
    return [row.split()[:-1] for row in table.splitlines()]


ROLES = "Warning: rootspan: roles and their bindings are stored but not enforced: RBAC is not one of the authorization modes\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("configmap", "c", "--from-literal=a=1"), "configmap/c created"),
        (("secret", "generic", "s", "--from-literal=a=1"), "secret/s created"),
        (("serviceaccount", "robot"), "serviceaccount/robot created"),
        (("deployment", "web", "--image=nginx"), "deployment.apps/web created"),
        (("job", "once", "--image=busybox", "--", "date"), "job.batch/once created"),
        (("service", "clusterip", "web", "--tcp=80:8080"), "service/web created"),
        (("service", "externalname", "away", "--external-name=example.com"), "service/away created"),
        (("ingress", "way", "--rule=example.com/a=web:80"), "ingress.networking.k8s.io/way created"),
        (("role", "reader", "--verb=get", "--resource=pods"), f"{ROLES}role.rbac.authorization.k8s.io/reader created"),
        (("rolebinding", "b", "--role=reader", "--user=u"), f"{ROLES}rolebinding.rbac.authorization.k8s.io/b created"),
        (("quota", "q", "--hard=pods=1"), "resourcequota/q created"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_create_makes_one_of_each_kind(kubectl: Kubectl, arguments: tuple[str, ...], said: str) -> None:
    """`kubectl create KIND` makes it once, and says of the second that it is there. What is not enforced is shown as a warning."""
    assert kubectl("create", *arguments) == f"{said}\n"
    made = said.split()[-2]
    assert kubectl("get", made, "-o", "name") == f"{made}\n"
    assert "already exists" in kubectl("create", *arguments, status=1)


def test_apply_merges_by_what_was_applied_before(kubectl: Kubectl) -> None:
    """What a manifest no longer names goes, what others set stays; nothing is written where nothing changes."""
    wanted = manifest("Deployment", "web", "apps/v1", spec={**DEPLOYMENT, "replicas": 2, "paused": True})
    assert kubectl("apply", "-f", "-", stdin=wanted) == "deployment.apps/web created\n"
    assert kubectl("apply", "-f", "-", stdin=wanted) == "deployment.apps/web unchanged\n"
    kubectl("label", "deployment", "web", "tier=front")
    less = manifest("Deployment", "web", "apps/v1", spec={**DEPLOYMENT, "replicas": 3})
    difference = kubectl("diff", "-f", "-", stdin=less, status=1)
    assert {"-  paused: true", "-  replicas: 2", "+  replicas: 3"} <= set(difference.splitlines())
    assert kubectl("apply", "-f", "-", stdin=less) == "deployment.apps/web configured\n"
    found = kubectl.get("deployment", "web")
    assert ("paused" in found["spec"], found["spec"]["replicas"]) == (False, 3)
    assert found["metadata"]["labels"] == {"tier": "front"}


def test_server_side_apply_knows_whose_fields_are_whose(kubectl: Kubectl) -> None:
    """A field of another manager is refused, and taken by force."""
    kubectl("create", "configmap", "c", "--from-literal=a=1")
    mine = manifest("ConfigMap", "c", data={"a": "2"})
    refused = kubectl("apply", "--server-side", "-f", "-", stdin=mine, status=1)
    assert 'conflict with "kubectl-create" using v1: .data.a' in refused
    assert kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=mine).endswith(
        "configmap/c serverside-applied\n"
    )
    assert kubectl.value(".data.a", "configmap", "c") == "2"


def test_get_shows_tables_and_every_other_form(kubectl: Kubectl) -> None:
    """Columns come from the server; selectors, labels, names, templates and sorting work on them."""
    for name, app in (("b", "one"), ("a", "two")):
        body = manifest("Deployment", name, "apps/v1", spec=DEPLOYMENT)
        body["metadata"]["labels"] = {"app": app}
        kubectl("create", "-f", "-", stdin=body)
    assert cells(kubectl("get", "deployments")) == [
        ["NAME", "READY", "UP-TO-DATE", "AVAILABLE"],
        ["a", "0/1", "0", "0"],
        ["b", "0/1", "0", "0"],
    ]
    wide = kubectl("get", "deploy", "-o", "wide", "--no-headers", "-l", "app=one").split()
    assert [wide[0], *wide[-3:]] == ["b", "c", "busybox", "app=web"]
    assert kubectl("get", "deploy", "--show-labels", "--no-headers", "a").split()[-1] == "app=two"
    assert kubectl("get", "deploy", "-L", "app", "--no-headers", "a").split()[-1] == "two"
    assert kubectl("get", "deploy", "-o", "name", "--field-selector=metadata.name=a") == "deployment.apps/a\n"
    columns = "custom-columns=N:.metadata.name,A:.metadata.labels.app"
    assert kubectl("get", "deploy", "-o", columns, "--sort-by=.metadata.labels.app").split() == [
        *("N", "A"),
        *("b", "one"),
        *("a", "two"),
    ]
    template = "go-template={{range .items}}{{.metadata.name}},{{end}}"
    assert kubectl("get", "deploy", "-o", template) == "a,b,"
    assert "deployment.apps/a" in kubectl("get", "all")
    assert kubectl("get", "pods") == f"No resources found in {kubectl.namespace} namespace.\n"


def test_objects_are_changed_in_place(kubectl: Kubectl) -> None:
    """label, annotate, the three patches, scale, set, rollout, expose and autoscale each do what they say."""
    kubectl("create", "-f", "-", stdin=manifest("Deployment", "web", "apps/v1", spec=DEPLOYMENT))
    assert kubectl("label", "deployment", "web", "a=b") == "deployment.apps/web labeled\n"
    assert "already has a value" in kubectl("label", "deployment", "web", "a=c", status=1)
    assert kubectl("annotate", "deployment", "web", "a=b").startswith("deployment.apps/web annotate")
    container = '{"spec":{"template":{"spec":{"containers":[{"name":"c","image":"nginx"}]}}}}'
    assert kubectl("patch", "deployment", "web", "-p", container) == "deployment.apps/web patched\n"
    kubectl("patch", "deployment", "web", "--type=merge", "-p", '{"metadata":{"annotations":{"a":null}}}')
    kubectl("patch", "deployment", "web", "--type=json", "-p", '[{"op":"remove","path":"/metadata/labels/a"}]')
    assert kubectl("scale", "deployment", "web", "--replicas=3") == "deployment.apps/web scaled\n"
    assert kubectl("set", "env", "deployment/web", "COLOUR=red") == "deployment.apps/web env updated\n"
    assert kubectl("set", "image", "deployment/web", "c=nginx:2") == "deployment.apps/web image updated\n"
    assert kubectl("rollout", "restart", "deployment/web") == "deployment.apps/web restarted\n"
    assert kubectl("rollout", "pause", "deployment/web") == "deployment.apps/web paused\n"
    assert kubectl("expose", "deployment", "web", "--port=80") == "service/web exposed\n"
    assert "autoscaled" in kubectl("autoscale", "deployment", "web", "--max=5")
    found = kubectl.get("deployment", "web")
    metadata, spec = found["metadata"], found["spec"]
    assert (metadata.get("labels"), metadata.get("annotations")) == (None, None)
    (container_,) = spec["template"]["spec"]["containers"]
    assert (container_["image"], container_["env"]) == ("nginx:2", [{"name": "COLOUR", "value": "red"}])
    assert (spec["replicas"], spec["paused"]) == (3, True)
    assert "kubectl.kubernetes.io/restartedAt" in spec["template"]["metadata"]["annotations"]
    assert metadata["generation"] == 9  # Annotations of a deployment count too.


def test_editor_changes_an_object(kubectl: Kubectl) -> None:
    """`kubectl edit` sends the difference that the editor made."""
    kubectl("create", "configmap", "c", "--from-literal=colour=red")
    said = kubectl("edit", "configmap", "c", env={"EDITOR": "sed -i s/red/green/"})
    assert said == "configmap/c edited\n"
    assert kubectl.value(".data.colour", "configmap", "c") == "green"


def test_custom_resources_are_kinds_like_others(kubectl: Kubectl) -> None:
    """A definition is established, its objects applied, shown by its columns, checked by its schema, scaled, explained and gone."""
    group = f"v{kubectl.version[1]}.example.org"
    names = {**WIDGETS["spec"]["names"], "shortNames": [], "plural": "gadgets", "singular": "gadget", "kind": "Gadget"}
    definition = {
        **WIDGETS,
        "metadata": {"name": f"gadgets.{group}"},
        "spec": {**WIDGETS["spec"], "group": group, "names": names},
    }
    kubectl("create", "-f", "-", stdin=definition)
    kubectl("wait", f"crd/gadgets.{group}", "--for=condition=Established", "--timeout=10s")
    gadget = manifest("Gadget", "g", f"{group}/v1", spec={"colour": "red"})
    assert kubectl("apply", "-f", "-", stdin=gadget) == f"gadget.{group}/g created\n"
    gadget["spec"] = {"size": 2}
    assert kubectl("apply", "-f", "-", stdin=gadget) == f"gadget.{group}/g configured\n"
    assert kubectl.get("gadget", "g")["spec"] == {"size": 2}
    assert kubectl("get", "gadgets").split() == ["NAME", "SIZE", "g", "2"]
    refused = kubectl("patch", "gadget", "g", "--type=merge", "-p", '{"spec":{"size":0}}', status=1)
    assert "spec.size in body should be greater than or equal to 1" in refused
    assert kubectl("scale", "gadget", "g", "--replicas=4") == f"gadget.{group}/g scaled\n"
    assert kubectl("explain", "gadget.spec").startswith(("KIND:", "GROUP:"))
    assert "deleted" in kubectl("delete", "gadget", "g")
    kubectl("delete", "crd", f"gadgets.{group}", "--timeout=20s")


def test_deletion_is_waited_for(kubectl: Kubectl) -> None:
    """`kubectl delete` comes back when the object is gone."""
    kubectl("create", "-f", "-", stdin=manifest("Pod", "p", spec=POD))
    assert 'pod "p" ' in kubectl("delete", "pod", "p", "--timeout=20s")
    assert "NotFound" in kubectl("get", "pod", "p", status=1)


def test_node_is_emptied(kubectl: Kubectl) -> None:
    """cordon, taint and drain: pods on the node are evicted, and drain waits until they are gone."""
    node = f"node-{kubectl.namespace}"
    kubectl("create", "-f", "-", stdin=manifest("Node", node))
    kubectl("create", "-f", "-", stdin=manifest("Pod", "p", spec={**POD, "nodeName": node}))
    assert kubectl("cordon", node) == f"node/{node} cordoned\n"
    assert kubectl("taint", "node", node, "a=b:NoSchedule") == f"node/{node} tainted\n"
    drained = kubectl("drain", node, "--force", "--grace-period=0", "--timeout=20s")
    assert f"evicting pod {kubectl.namespace}/p" in drained
    assert f"node/{node} " in drained.splitlines()[-1]
    assert kubectl("get", "pods") == f"No resources found in {kubectl.namespace} namespace.\n"
    kubectl("delete", "node", node)


def test_server_is_known(kubectl: Kubectl) -> None:
    """Versions, kinds, fields, and what one may do."""
    assert '"v1.36' in kubectl("version", "-o", "json")
    names = kubectl("api-resources", "-o", "name").split()
    assert {"configmaps", "deployments.apps", "customresourcedefinitions.apiextensions.k8s.io"} <= set(names)
    assert {"v1", "apps/v1", "batch/v1"} <= set(kubectl("api-versions").split())
    assert "<integer>" in kubectl("explain", "deployment.spec.replicas")
    assert kubectl("auth", "can-i", "create", "pods") == "yes\n"
    assert "*.*" in kubectl("auth", "can-i", "--list")
    assert kubectl("get", "--raw", "/healthz") == "ok"


def test_refusals_are_told_in_the_servers_words(kubectl: Kubectl) -> None:
    """What is missing, wrong or unknown is said as kube-apiserver says it, and nothing is stored."""
    assert kubectl("get", "configmap", "c", status=1) == ('Error from server (NotFound): configmaps "c" not found\n')
    nameless = manifest("Pod", "p", spec={"containers": [{"image": "busybox"}]})
    refused = kubectl("create", "-f", "-", "--validate=false", stdin=nameless, status=1)
    assert refused == 'The Pod "p" is invalid: spec.containers[0].name: Required value\n'
    kubectl("create", "configmap", "c")
    refused = kubectl("patch", "configmap", "c", "-p", '{"metadata":{"labels":"none"}}', status=1)
    assert refused.endswith('"map[metadata:map[labels:none]]": cannot restore map from string\n')
    unknown = manifest("ConfigMap", "d", colour="red")
    assert "colour" in kubectl("create", "-f", "-", stdin=json.dumps(unknown), status=1)
    assert kubectl("get", "configmaps", "-o", "name", "--field-selector=metadata.name=d") == ""
