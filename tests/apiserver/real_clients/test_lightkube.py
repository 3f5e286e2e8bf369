"""lightkube: typed and generic resources, server-side apply, subresources, watches."""

import threading
from collections.abc import Iterator

import pytest
from lightkube import ApiError, Client, KubeConfig
from lightkube.generic_resource import create_namespaced_resource
from lightkube.models.apps_v1 import DeploymentSpec
from lightkube.models.autoscaling_v1 import ScaleSpec
from lightkube.models.core_v1 import Container, PodSpec, PodTemplateSpec
from lightkube.models.meta_v1 import LabelSelector, ObjectMeta
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.core_v1 import ConfigMap
from lightkube.types import PatchType

from rootspan_apiserver import Environment


@pytest.fixture
def client(kube_apiserver: Environment, namespace: str) -> Iterator[Client]:
    config = KubeConfig.from_dict(kube_apiserver.kubeconfig)
    client = Client(config=config, namespace=namespace, field_manager="tester", trust_env=False)
    yield client
    client.close()


def config_map(name: str, **data: str) -> ConfigMap:
    return ConfigMap(apiVersion="v1", kind="ConfigMap", metadata=ObjectMeta(name=name), data=data)


def deployment() -> Deployment:
    pod = PodSpec(containers=[Container(name="c", image="busybox")])
    template = PodTemplateSpec(metadata=ObjectMeta(labels={"app": "web"}), spec=pod)
    spec = DeploymentSpec(selector=LabelSelector(matchLabels={"app": "web"}), template=template)
    return Deployment(apiVersion="apps/v1", kind="Deployment", metadata=ObjectMeta(name="web"), spec=spec)


def test_fields_are_owned_by_who_applies_them(client: Client) -> None:
    """An apply owns what it names; another manager is refused what is owned, and gets it by force; what is applied no more goes."""
    made = client.apply(config_map("c", a="1", b="2"))
    assert made.data == {"a": "1", "b": "2"}
    assert [entry.manager for entry in (made.metadata and made.metadata.managedFields) or []] == ["tester"]
    with pytest.raises(ApiError) as conflict:
        client.apply(config_map("c", a="9"), field_manager="other")
    assert conflict.value.status.code == 409
    assert client.apply(config_map("c", a="9"), field_manager="other", force=True).data == {"a": "9", "b": "2"}
    assert client.apply(config_map("c")).data == {"a": "9"}


def test_deployment_is_patched_and_scaled(client: Client) -> None:
    """Strategic merge patches find a container by its name; scale and status are written on their own."""
    client.create(deployment())
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "nginx"}]}}}}
    patched = client.patch(Deployment, "web", patch)
    assert patched.spec is not None
    assert patched.spec.template.spec is not None
    assert [each.image for each in patched.spec.template.spec.containers] == ["nginx"]
    scale = client.get(Deployment.Scale, "web")
    scale.spec = ScaleSpec(replicas=3)
    assert client.replace(scale, "web").spec == ScaleSpec(replicas=3)
    done = client.patch(Deployment.Status, "web", {"status": {"replicas": 3}}, patch_type=PatchType.MERGE)
    assert (done.status and done.status.replicas, done.spec and done.spec.replicas) == (3, 3)


def test_lists_come_in_pieces(client: Client) -> None:
    """The client asks for two objects at a time and gets all of them, those with the label only if it names one."""
    for number in range(5):
        client.create(config_map(f"c{number}"))
    client.set(ConfigMap, "c3", labels={"chosen": "yes"})
    listed = client.list(ConfigMap, chunk_size=2)
    names = [each.metadata.name for each in listed if each.metadata]
    assert [name for name in names if name != "kube-root-ca.crt"] == [f"c{number}" for number in range(5)]
    chosen = client.list(ConfigMap, labels={"chosen": "yes"})
    assert [each.metadata.name for each in chosen if each.metadata] == ["c3"]


def test_watch_of_a_custom_resource(client: Client, widgets: None) -> None:
    """A generic resource is created with its defaults, watched, and gone."""
    widget = create_namespaced_resource("example.com", "v1", "Widget", "widgets")
    listed = client.list(widget)
    assert list(listed) == []

    def change() -> None:
        client.create(widget(metadata=ObjectMeta(name="w"), spec={"colour": "red"}))
        client.delete(widget, "w")

    changing = threading.Thread(target=change)
    changing.start()
    seen = []
    for kind, item in client.watch(widget, resource_version=listed.resourceVersion, server_timeout=20):
        seen.append((kind, item["spec"]))
        if kind == "DELETED":
            break
    changing.join()
    assert seen == [("ADDED", {"colour": "red", "size": 1}), ("DELETED", {"colour": "red", "size": 1})]
