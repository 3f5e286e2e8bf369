"""Plugins that are off by default: what they change and refuse once they are enabled."""

from typing import Any

import pytest

from rootspan import ConfigurationError
from rootspan_apiserver.admission.namespace_getter import NamespaceGetter
from rootspan_apiserver.admission.plugins.event_rate_limit import EventRateLimit
from rootspan_apiserver.admission.plugins.pod_node_selector import ANNOTATION
from rootspan_apiserver.admission.plugins.pod_toleration_restriction import (
    ALLOWED,
    DEFAULTS,
    PodTolerationRestriction,
)
from rootspan_apiserver.authz.authorizer import AuthorizationAttributes, AuthorizationDecision
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.kube.users import User
from tests.apiserver.admission.objects_of_nodes import TOLERATED, account, mutated, pod, refusal
from tests.apiserver.admission.parts import Parts, admission, config_map

pytestmark = pytest.mark.anyio


def annotated(parts: Parts, **annotations: str) -> None:
    """Put the namespace `default` with annotations."""
    metadata = {"name": "default", "annotations": annotations}
    parts.put("namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})


async def test_always_deny_refuses_every_write() -> None:
    """In both phases."""
    async with admission(enable=["AlwaysDeny", "AlwaysAdmit"]) as parts:
        for phase in ("mutate", "validate"):
            words = "admission control is denying all modifications"
            assert await refusal(parts, config_map(), "configmaps", phase=phase) == words


async def test_images_are_always_pulled() -> None:
    """Those of containers and of volumes; an update without a new image is left alone, a webhook cannot undo it."""
    async with admission(enable=["AlwaysPullImages"]) as parts:
        volumes = [{"name": "v", "image": {"reference": "r", "pullPolicy": "Never"}}]
        initial = [{"name": "i", "image": "a", "imagePullPolicy": "Never"}]
        made = (await mutated(parts, pod(initContainers=initial, volumes=volumes)))["spec"]
        assert [made["containers"][0]["imagePullPolicy"], made["initContainers"][0]["imagePullPolicy"]] == [
            "Always"
        ] * 2
        assert made["volumes"][0]["image"]["pullPolicy"] == "Always"
        never = pod(containers=[{"name": "c", "image": "a", "imagePullPolicy": "Never"}])
        words = 'spec.containers[0].imagePullPolicy: Unsupported value: "Never": supported values: "Always"'
        assert await refusal(parts, never, phase="validate") == words
        assert await refusal(parts, never, phase="validate", operation="UPDATE", old=never) == ""


async def test_new_external_addresses_are_denied() -> None:
    """Those that a service has already may stay."""
    async with admission(enable=["DenyServiceExternalIPs"]) as parts:

        def service(*addresses: str) -> JSONObject:
            return {"metadata": {"name": "s", "namespace": "default"}, "spec": {"externalIPs": list(addresses)}}

        words = "Use of external IPs is denied by admission control"
        assert await refusal(parts, service("1.2.3.4"), "services", phase="validate") == words
        update: dict[str, Any] = {"phase": "validate", "operation": "UPDATE", "old": service("1.2.3.4", "1.2.3.5")}
        assert await refusal(parts, service("1.2.3.4"), "services", **update) == ""
        assert await refusal(parts, service("1.2.3.4", "1.2.3.6"), "services", **update) == words


async def test_required_anti_affinity_is_limited_to_hosts() -> None:
    """Preferred anti-affinity is not."""
    async with admission(enable=["LimitPodHardAntiAffinityTopology"]) as parts:
        account(parts)

        def apart(key: str, when: str = "requiredDuringSchedulingIgnoredDuringExecution") -> JSONObject:
            return pod(affinity={"podAntiAffinity": {when: [{"topologyKey": key}]}})

        words = "affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey zone but only key kubernetes.io/hostname is allowed"
        assert await refusal(parts, apart("zone"), phase="validate") == words
        assert await refusal(parts, apart("kubernetes.io/hostname"), phase="validate") == ""
        preferred = apart("zone", "preferredDuringSchedulingIgnoredDuringExecution")
        assert await refusal(parts, preferred, phase="validate") == ""


async def test_extended_resources_are_tolerated() -> None:
    """Once each, in the order of their names."""
    async with admission(enable=["ExtendedResourceToleration"]) as parts:
        requests = {"example.com/gpu": "1", "amd.com/x": "2", "cpu": "1"}
        containers = [{"name": "c", "image": "i", "resources": {"requests": requests}}]
        made = await mutated(parts, pod(containers=containers, initContainers=containers))
        added = [{"key": key, "operator": "Exists", "effect": "NoSchedule"} for key in ("amd.com/x", "example.com/gpu")]
        assert made["spec"]["tolerations"] == [*TOLERATED, *added]


SELECTORS = {
    "PodNodeSelector": {
        "podNodeSelectorPluginConfig": {"clusterDefaultNodeSelector": "env=prod", "default": "env=prod,a=b"}
    }
}


async def test_node_selector_of_namespace_is_merged() -> None:
    """The annotation of the namespace, or else the default of the cluster; what the configuration does not list is refused."""
    async with admission(enable=["PodNodeSelector"], configuration=SELECTORS) as parts:
        assert (await mutated(parts, pod(nodeSelector={"a": "b"})))["spec"]["nodeSelector"] == {"env": "prod", "a": "b"}
        beyond = "pod node label selector labels conflict with its namespace whitelist"
        assert await refusal(parts, pod(nodeSelector={"x": "y"})) == beyond
        against = "pod node label selector conflicts with its namespace node label selector"
        assert await refusal(parts, pod(nodeSelector={"env": "test"})) == against
        annotated(parts, **{ANNOTATION: " a = b "})
        assert (await mutated(parts, pod()))["spec"]["nodeSelector"] == {"a": "b"}
        annotated(parts, **{ANNOTATION: "a=b=c"})
        assert await refusal(parts, pod()) == "invalid selector: [a b c]"


async def test_default_tolerations_are_added_and_checked() -> None:
    """Those of the namespace before those of the configuration; a pod with requests tolerates memory pressure."""
    configuration = {"PodTolerationRestriction": {"default": [{"key": "d", "operator": "Exists"}]}}
    async with admission(enable=["PodTolerationRestriction"], configuration=configuration) as parts:
        assert (await mutated(parts, pod()))["spec"]["tolerations"] == [*TOLERATED, {"key": "d", "operator": "Exists"}]
        requesting = [{"name": "c", "image": "i", "resources": {"requests": {"cpu": "1"}}}]
        pressure = {"key": "node.kubernetes.io/memory-pressure", "operator": "Exists", "effect": "NoSchedule"}
        annotated(parts, **{DEFAULTS: ""})
        assert (await mutated(parts, pod(containers=requesting)))["spec"]["tolerations"] == [*TOLERATED, pressure]
        annotated(parts, **{DEFAULTS: '[{"key": "n"}]', ALLOWED: '[{"operator": "Exists", "effect": "NoExecute"}]'})
        words = (
            "pod tolerations (possibly merged with namespace default tolerations) conflict with its namespace whitelist"
        )
        assert await refusal(parts, pod()) == words
        annotated(parts, **{DEFAULTS: '{"key": 1}'})
        assert "cannot unmarshal object into Go value of type []v1.Toleration" in await refusal(parts, pod())


async def test_invalid_tolerations_of_configuration_are_refused() -> None:
    """The place is named as kube-apiserver names it."""
    async with admission() as parts:
        namespaces = NamespaceGetter(parts.cache, parts.resource("namespaces"), parts.loopback)
        with pytest.raises(
            ConfigurationError, match=r"invalid config: \[podtolerationrestriction\.default\[0\]\.operator: Invalid"
        ):
            PodTolerationRestriction(namespaces, {"default": [{"value": "v"}]})


async def test_missing_namespace_is_provisioned_or_refused() -> None:
    """NamespaceExists also refuses deletions; a dry run provisions nothing."""
    async with admission(enable=["NamespaceExists"]) as parts:
        with pytest.raises(StatusError, match="the server is not listening yet"):
            await parts.admission.validate(
                parts.attributes(None, operation="DELETE", old=config_map(namespace="nowhere"))
            )
        await parts.admission.validate(parts.attributes(None, operation="DELETE", old=config_map()))
    async with admission(enable=["NamespaceAutoProvision"]) as parts:
        created = parts.attributes(config_map(namespace="nowhere"))
        with pytest.raises(StatusError, match='configmaps "c1" is forbidden: the server is not listening yet'):
            await parts.admission.mutate(created)


def event(namespace: str = "default", name: str = "p") -> JSONObject:
    involved = {"kind": "Pod", "namespace": namespace, "name": name}
    return {"kind": "Event", "metadata": {"name": "e", "namespace": namespace}, "involvedObject": involved}


async def test_events_are_limited_by_buckets() -> None:
    """Each key has a bucket of its own, which fills with time; dry runs are free; old buckets are dropped."""
    now = [0.0]
    limits = [
        {"type": "Namespace", "qps": 1, "burst": 2},
        {"type": "SourceAndObject", "qps": 1, "burst": 1, "cacheSize": 1},
    ]
    async with admission() as parts:
        plugin = EventRateLimit(limits, lambda: now[0])

        async def sent(made: JSONObject, **fields: Any) -> str:
            try:
                await plugin.validate(parts.attributes(made, path="events", **fields))
            except StatusError as error:
                return f"{error.code} {error.reason} {error.message}"
            return ""

        assert await sent(event()) == ""
        object_limit = "limit reached on type SourceAndObject for key Poddefaultp"
        assert await sent(event()) == f"429 TooManyRequests Too many requests: {object_limit}"
        assert await sent(event(), dry_run=True) == ""
        both = "[limit reached on type Namespace for key default, limit reached on type SourceAndObject for key Poddefaultp]"
        assert await sent(event()) == f"429 TooManyRequests Too many requests: {both}"
        assert await sent(event("other")) == ""
        now[0] = 1.0
        assert await sent(event()) == ""


def test_invalid_limits_are_refused() -> None:
    """A limit has a type, and a rate and a burst that are positive."""
    words = 'couldn\'t init admission plugin "EventRateLimit": '
    with pytest.raises(ConfigurationError) as none:
        EventRateLimit([])
    assert str(none.value) == words + "limits: Invalid value: null: must not be empty"
    with pytest.raises(ConfigurationError) as wrong:
        EventRateLimit([{"type": "Odd", "qps": 0, "burst": -1, "cacheSize": -1}])
    kinds = '"Namespace", "Server", "SourceAndObject", "User"'
    assert str(wrong.value) == words + (
        f'[limits[0].type: Unsupported value: "Odd": supported values: {kinds}, limits[0].burst: Invalid value: -1: must be positive, '
        "limits[0].qps: Invalid value: 0: must be positive, limits[0].cacheSize: Invalid value: -1: must not be negative]"
    )


class Some:
    """Allows what it is given, as `verb resource/subresource name`."""

    def __init__(self, *allowed: str) -> None:
        self._allowed = allowed

    async def authorize(self, attributes: AuthorizationAttributes) -> AuthorizationDecision:
        resource = "/".join(filter(None, (attributes.resource, attributes.subresource)))
        allowed = f"{attributes.verb} {resource} {attributes.name}" in self._allowed
        return AuthorizationDecision("allow") if allowed else AuthorizationDecision("no opinion", "no rule")


async def test_owner_references_need_permissions() -> None:
    """To delete the object for a change of owners, to finalize the owner for blocking its deletion."""
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "r", "uid": "u"}
    blocking = {**owner, "blockOwnerDeletion": True}
    bob: dict[str, Any] = {"phase": "validate", "user": User("bob")}

    def owned(*owners: JSONObject) -> JSONObject:
        return config_map(ownerReferences=list(owners))

    async with admission(enable=["OwnerReferencesPermissionEnforcement"], authorizer=Some()) as parts:
        assert await refusal(parts, owned(owner), "configmaps", **bob) == ""
        finalize = "cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: no rule, <nil>"
        assert await refusal(parts, owned(blocking), "configmaps", **bob) == finalize
        unknown = owned({**blocking, "kind": "Odd"})
        mapping = "cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion apps/v1 Kind Odd: "
        assert (
            await refusal(parts, unknown, "configmaps", **bob)
            == mapping + 'no matches for kind "Odd" in version "apps/v1"'
        )
        update: dict[str, Any] = {"operation": "UPDATE", "old": owned(), **bob}
        delete = "cannot set an ownerRef on a resource you can't delete: no rule, <nil>"
        assert await refusal(parts, owned(owner), "configmaps", **update) == delete
        assert await refusal(parts, owned(), "configmaps", **update) == ""
    allowed = Some("delete configmaps c1", "update replicasets/finalizers r")
    async with admission(enable=["OwnerReferencesPermissionEnforcement"], authorizer=allowed) as parts:
        assert await refusal(parts, owned(blocking), "configmaps", **{**update, "old": owned(owner)}) == ""
