"""The official Python client against the server as a process over each kind of store."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client, config, watch
from kubernetes.client.exceptions import ApiException

from tests.apiserver.end_to_end.processes import Server


@pytest.fixture
def api(server: Server) -> Iterator[Any]:
    connection: Any = config.new_client_from_config(str(server.kubeconfig))  # type: ignore[no-untyped-call]  # no types
    with connection as api:
        yield api


@pytest.fixture
def core(api: Any) -> Any:
    return client.CoreV1Api(api)


def config_map(name: str, **data: str) -> Any:
    return client.V1ConfigMap(metadata=client.V1ObjectMeta(name=name), data=data)


def watcher() -> Any:
    return watch.Watch()  # type: ignore[no-untyped-call]  # the one part of the client that has no types


def template() -> Any:
    return client.V1PodTemplateSpec(
        metadata=client.V1ObjectMeta(labels={"app": "web"}),
        spec=client.V1PodSpec(containers=[client.V1Container(name="c", image="busybox")]),
    )


def test_config_maps_are_created_read_replaced_patched_listed_and_deleted(core: Any, namespace: str) -> None:
    """Each verb answers the object, and the last write is what is read."""
    made = core.create_namespaced_config_map(namespace, config_map("c", a="1"))
    assert (made.metadata.name, made.metadata.uid is not None) == ("c", True)
    made.data["a"] = "2"
    replaced = core.replace_namespaced_config_map("c", namespace, made)
    assert replaced.metadata.resource_version != made.metadata.resource_version
    with pytest.raises(ApiException) as conflict:
        core.replace_namespaced_config_map("c", namespace, made)
    assert (conflict.value.status, conflict.value.reason) == (409, "Conflict")
    core.patch_namespaced_config_map("c", namespace, {"data": {"b": "3"}})
    assert core.read_namespaced_config_map("c", namespace).data == {"a": "2", "b": "3"}
    core.create_namespaced_config_map(namespace, config_map("d"))
    mine = {"field_selector": "metadata.name!=kube-root-ca.crt"}
    first = core.list_namespaced_config_map(namespace, **mine, limit=1)
    rest = core.list_namespaced_config_map(namespace, **mine, limit=5, _continue=first.metadata._continue)
    assert [[item.metadata.name for item in page.items] for page in (first, rest)] == [["c"], ["d"]]
    core.delete_collection_namespaced_config_map(namespace, **mine)
    assert core.list_namespaced_config_map(namespace, **mine).items == []


def test_watch_tells_what_happens_in_order(core: Any, namespace: str) -> None:
    """From the list's resource version on, each change comes once and in order."""
    begin = {
        "field_selector": "metadata.name=c",
        "resource_version": core.list_namespaced_config_map(namespace).metadata.resource_version,
    }

    def change() -> None:
        core.create_namespaced_config_map(namespace, config_map("c", a="1"))
        core.patch_namespaced_config_map("c", namespace, {"data": {"a": "2"}})
        core.delete_namespaced_config_map("c", namespace)

    writer = threading.Thread(target=change)
    writer.start()
    seen = []
    watching = watcher()
    for event in watching.stream(core.list_namespaced_config_map, namespace, **begin, timeout_seconds=20):
        seen.append((event["type"], event["object"].metadata.name, event["object"].data))
        if event["type"] == "DELETED":
            watching.stop()
    writer.join()
    assert seen == [("ADDED", "c", {"a": "1"}), ("MODIFIED", "c", {"a": "2"}), ("DELETED", "c", {"a": "2"})]


def test_workloads_are_created_scaled_and_deleted(api: Any, namespace: str) -> None:
    """Deployments, stateful sets, daemon sets, jobs and cron jobs, with the defaults a cluster gives them."""
    apps: Any = client.AppsV1Api(api)
    batch: Any = client.BatchV1Api(api)
    named = client.V1ObjectMeta(name="w")
    selector = client.V1LabelSelector(match_labels={"app": "web"})
    deployment = apps.create_namespaced_deployment(
        namespace,
        client.V1Deployment(metadata=named, spec=client.V1DeploymentSpec(selector=selector, template=template())),
    )
    assert (deployment.spec.replicas, deployment.spec.strategy.type) == (1, "RollingUpdate")
    scale = apps.patch_namespaced_deployment_scale("w", namespace, {"spec": {"replicas": 4}})
    assert (scale.spec.replicas, apps.read_namespaced_deployment("w", namespace).spec.replicas) == (4, 4)
    stateful = client.V1StatefulSetSpec(selector=selector, template=template(), service_name="w")
    apps.create_namespaced_stateful_set(namespace, client.V1StatefulSet(metadata=named, spec=stateful))
    daemons = client.V1DaemonSetSpec(selector=selector, template=template())
    apps.create_namespaced_daemon_set(namespace, client.V1DaemonSet(metadata=named, spec=daemons))
    job: Any = client.V1JobSpec(template=template())
    job.template.spec.restart_policy = "Never"
    batch.create_namespaced_job(namespace, client.V1Job(metadata=named, spec=job))
    cron = client.V1CronJobSpec(schedule="* * * * *", job_template=client.V1JobTemplateSpec(spec=job))
    assert (
        batch.create_namespaced_cron_job(namespace, client.V1CronJob(metadata=named, spec=cron)).spec.suspend is False
    )
    apps.delete_namespaced_deployment("w", namespace)
    assert apps.list_namespaced_deployment(namespace).items == []


def test_refused_object_is_refused_with_every_cause(core: Any, namespace: str) -> None:
    """422 names each field that is wrong, and nothing is stored."""
    nothing = client.V1Pod(metadata=client.V1ObjectMeta(name="Wrong_name"), spec=client.V1PodSpec(containers=[]))
    with pytest.raises(ApiException) as refused:
        core.create_namespaced_pod(namespace, nothing)
    assert refused.value.status == 422
    causes = json.loads(str(refused.value.body))["details"]["causes"]
    assert {"metadata.name", "spec.containers"} <= {cause["field"] for cause in causes}
    assert core.list_namespaced_pod(namespace).items == []


def test_namespace_ends_with_all_that_is_in_it(core: Any, server: Server) -> None:
    """Deleting it is seen by a watch until it is gone; its contents are gone then, and it takes no more before."""
    core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name="brief")))
    kept = client.V1ConfigMap(metadata=client.V1ObjectMeta(name="held", finalizers=["example.com/hold"]))
    core.create_namespaced_config_map("brief", kept)
    core.create_namespaced_secret("brief", client.V1Secret(metadata=client.V1ObjectMeta(name="s")))
    core.delete_namespace("brief")
    ending = core.read_namespace("brief")
    assert ending.status.phase == "Terminating"
    with pytest.raises(ApiException) as refused:
        core.create_namespaced_config_map("brief", config_map("late"))
    assert refused.value.status == 403
    assert "being terminated" in str(refused.value.body)
    core.patch_namespaced_config_map("held", "brief", {"metadata": {"finalizers": None}})
    watching = watcher()
    begin = {"field_selector": "metadata.name=brief", "resource_version": ending.metadata.resource_version}
    for event in watching.stream(core.list_namespace, **begin, timeout_seconds=20):
        if event["type"] == "DELETED":
            watching.stop()
    assert "brief" not in [item.metadata.name for item in core.list_namespace().items]
    assert core.list_namespaced_secret("brief").items == []


def test_token_of_a_deleted_service_account_is_refused(api: Any, core: Any, namespace: str) -> None:
    """From the answer to the deletion on, over every store; the one of another account of that name is good."""
    account = client.V1ServiceAccount(metadata=client.V1ObjectMeta(name="robot"))
    asked = client.AuthenticationV1TokenRequest(spec=client.V1TokenRequestSpec(audiences=[]))
    reviews = client.AuthenticationV1Api(api)

    def reviewed(token: str) -> Any:
        spec = client.V1TokenReviewSpec(token=token)
        return reviews.create_token_review(client.V1TokenReview(spec=spec)).status

    tokens = []
    for _ in range(3):
        core.create_namespaced_service_account(namespace, account)
        tokens.append(core.create_namespaced_service_account_token("robot", namespace, asked).status.token)
        assert reviewed(tokens[-1]).user.username == f"system:serviceaccount:{namespace}:robot"
        assert [bool(reviewed(token).authenticated) for token in tokens[:-1]] == [False] * (len(tokens) - 1)
        core.delete_namespaced_service_account("robot", namespace)
        assert reviewed(tokens[-1]).error == '[invalid bearer token, serviceaccounts "robot" not found]'
    configuration = client.Configuration()
    configuration.host, configuration.ssl_ca_cert = api.configuration.host, api.configuration.ssl_ca_cert
    configuration.api_key = {"authorization": f"Bearer {tokens[-1]}"}
    with client.ApiClient(configuration) as stranger, pytest.raises(ApiException) as refused:
        client.CoreV1Api(stranger).list_namespaced_config_map(namespace)
    assert refused.value.status == 401
