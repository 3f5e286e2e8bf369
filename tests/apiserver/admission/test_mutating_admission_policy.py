"""Mutating admission policies: how they change objects, and what they refuse."""

from typing import Any

import pytest

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError
from tests.apiserver.admission.parts import Parts, Webhook, admission, config_map, served
from tests.apiserver.admission.policies import RULE, applying, mutating, patching, put_binding, put_policy

pytestmark = pytest.mark.anyio
DEPLOYMENTS: dict[str, Any] = {
    "matchConstraints": {"resourceRules": [RULE | {"apiGroups": ["apps"], "resources": ["deployments"]}]}
}


def deployment() -> JSONObject:
    template = {
        "metadata": {"labels": {"a": "b"}},
        "spec": {"containers": [{"name": "c", "image": "i", "args": ["x"]}]},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "c1", "namespace": "default"},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"a": "b"}}, "template": template},
    }


async def changed(parts: Parts, obj: JSONObject, **fields: Any) -> JSONObject:
    """The object as the mutating phase leaves it."""
    found = await parts.admission.mutate(parts.attributes(obj, **fields))
    assert found is not None
    return found


async def refused(parts: Parts, obj: JSONObject, **fields: Any) -> StatusError:
    """The error by which the mutating phase refuses."""
    with pytest.raises(StatusError) as raised:
        await parts.admission.mutate(parts.attributes(obj, **fields))
    return raised.value


@pytest.mark.parametrize(
    ("expression", "data"),
    [
        ("Object{data: {'n': 'v', 'a': object.data.a + '2'}}", {"a": "12", "n": "v"}),
        ("Object{data: Object.data{n: 'v'}}", {"a": "1", "n": "v"}),
        ("Object{}", {"a": "1"}),
        ("has(object.data.b) ? Object{} : Object{data: {'b': request.operation}}", {"a": "1", "b": "CREATE"}),
        ("Object{?data: optional.none()}", {"a": "1"}),
        ("Object{?data: optional.of({'n': namespaceObject.metadata.name})}", {"a": "1", "n": "default"}),
    ],
)
async def test_apply_configuration_is_merged(expression: str, data: JSONObject) -> None:
    """What it names is set, the rest is kept."""
    async with admission() as parts:
        mutating(parts, applying(expression))
        assert (await changed(parts, config_map()))["data"] == data


async def test_items_of_lists_are_merged_by_their_keys() -> None:
    """A container of another name is added, one of the same name is changed."""
    path = "Object.spec.template.spec"
    containers = f"{path}.containers{{name: 'c', image: 'new'}}, {path}.containers{{name: 'side', image: 's'}}"
    spec = f"{path}{{containers: [{containers}]}}"
    configuration = f"Object{{spec: Object.spec{{template: Object.spec.template{{spec: {spec}}}}}}}"
    async with admission() as parts:
        mutating(parts, applying(configuration), **DEPLOYMENTS)
        found = (await changed(parts, deployment(), path="apps/v1/deployments"))["spec"]["template"]["spec"][
            "containers"
        ]
        assert [(each["name"], each["image"], each.get("args")) for each in found] == [
            ("c", "new", ["x"]),
            ("side", "s", None),
        ]
        assert found[1]["imagePullPolicy"] == "Always", "defaults are set"


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            "Object{data: Object.wrong{n: 'v'}}",
            'type mismatch: unexpected type name "Object.wrong", expected "Object.data", which matches field name path from root Object type',
        ),
        (
            "Object{foo: 1}",
            "error applying patch: failed to convert patch object to typed object: .foo: field not declared in schema",
        ),
        (
            "Object{data: {'n': 1}}",
            (
                "error applying patch: failed to convert patch object to typed object: .data.n: expected string, got "
                "&value.valueUnstructured{Value:1}"
            ),
        ),
        (
            "Object{metadata: Object.metadata{ownerReferences: [Object.metadata.ownerReferences{uid: 'u'}]}}",
            (
                "error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: "
                ".metadata.ownerReferences[0]"
            ),
        ),
        (
            "Object{data: {'n': object.data.zz}}",
            "expression 'Object{data: {'n': object.data.zz}}' resulted in error: no such key: zz",
        ),
    ],
)
async def test_apply_configuration_that_does_not_fit_refuses_with_403(expression: str, message: str) -> None:
    """The reason is Invalid, though the code is 403."""
    async with admission() as parts:
        mutating(parts, applying(expression))
        error = await refused(parts, config_map())
        text = f"policy 'p' with binding 'p' denied request: {message}"
        assert (error.code, error.reason, error.message) == (403, "Invalid", text)
        assert error.details == {"name": "c1", "kind": "configmaps", "causes": [{"message": text}]}


@pytest.mark.parametrize(
    ("expression", "data"),
    [
        ("[JSONPatch{op: 'add', path: '/data/n', value: 'v'}]", {"a": "1", "n": "v"}),
        ("[JSONPatch{op: 'move', from: '/data/a', path: '/data/m'}]", {"m": "1"}),
        ("[JSONPatch{op: 'test', path: '/data/a', value: 'x'}, JSONPatch{op: 'remove', path: '/data/a'}]", {"a": "1"}),
        ("[JSONPatch{op: 'test', path: '/data/a', value: '1'}, JSONPatch{op: 'remove', path: '/data/a'}]", None),
        ("[JSONPatch{op: 'add', path: '/data', value: Object.data{x: 'y'}}]", {"x": "y"}),
        ("[JSONPatch{op: 'add', path: '/data/' + jsonpatch.escapeKey('a/b'), value: 'c'}]", {"a": "1", "a/b": "c"}),
    ],
)
async def test_json_patch_is_applied(expression: str, data: JSONObject | None) -> None:
    """A test that fails leaves the object as it is."""
    async with admission() as parts:
        mutating(parts, patching(expression))
        assert ((await changed(parts, config_map())).get("data") or None) == data


@pytest.mark.parametrize(
    ("expression", "code", "message"),
    [
        (
            "[JSONPatch{op: 'remove', path: '/data/zz'}]",
            403,
            (
                "policy 'p' with binding 'p' denied request: JSON Patch: error in remove for path: '/data/zz': Unable to remove "
                "nonexistent key: zz: missing value"
            ),
        ),
        (
            "[JSONPatch{op: 'increase', path: '/data/a'}]",
            403,
            "policy 'p' with binding 'p' denied request: JSON Patch: Unexpected kind: increase",
        ),
        (
            "[JSONPatch{op: 'add', path: '/more', value: 'v'}]",
            500,
            'Internal error occurred: strict decoding error: unknown field "more"',
        ),
        (
            "[JSONPatch{op: 'add', path: '/data/n', value: 1}]",
            500,
            "Internal error occurred: json: cannot unmarshal number into Go struct field ConfigMap.data of type string",
        ),
    ],
)
async def test_json_patch_that_does_not_apply_refuses(expression: str, code: int, message: str) -> None:
    """With 403 where it does not apply, with 500 where the patched object does not fit its type."""
    async with admission() as parts:
        mutating(parts, patching(expression))
        error = await refused(parts, config_map())
        assert (error.code, error.message) == (code, message)


async def test_whole_doubles_are_integers_in_json_patches() -> None:
    """`3.0` fits an integer, and `3.5` does not."""
    async with admission() as parts:
        mutating(parts, patching("[JSONPatch{op: 'add', path: '/spec/replicas', value: 3.0}]"), **DEPLOYMENTS)
        assert (await changed(parts, deployment(), path="apps/v1/deployments"))["spec"]["replicas"] == 3
        mutating(parts, patching("[JSONPatch{op: 'add', path: '/spec/replicas', value: 3.5}]"), **DEPLOYMENTS)
        assert (await refused(parts, deployment(), path="apps/v1/deployments")).code == 500


async def test_later_mutations_see_changes_of_earlier_ones() -> None:
    """Of the same policy, with variables evaluated anew, and of the next policy."""
    variables = [{"name": "x", "expression": "object.data.a"}]
    more = applying("Object{data: {'a': variables.x + '+'}}")
    async with admission() as parts:
        mutating(parts, more, more, variables=variables)
        mutating(parts, patching("[JSONPatch{op: 'copy', from: '/data/a', path: '/data/b'}]"), name="q")
        assert (await changed(parts, config_map()))["data"] == {"a": "1++", "b": "1++"}


async def test_failed_mutation_is_left_out_where_failures_are_ignored() -> None:
    """The others of the policy are carried out; under Fail all errors are causes of the refusal."""
    broken, works = applying("Object{foo: 1}"), applying("Object{data: {'n': 'v'}}")
    async with admission() as parts:
        mutating(parts, broken, works, failurePolicy="Ignore")
        assert (await changed(parts, config_map()))["data"] == {"a": "1", "n": "v"}
        mutating(parts, broken, works, patching("[JSONPatch{op: 'no', path: ''}]"))
        details = (await refused(parts, config_map())).details
        assert details is not None
        assert len(details["causes"]) == 2


async def test_configuration_error_is_forbidden() -> None:
    """Absent parameters refuse with the reason Forbidden."""
    async with admission() as parts:
        kind = {"apiVersion": "v1", "kind": "ConfigMap"}
        put_policy(parts, "Mutating", "p", mutations=[applying("Object{}")], paramKind=kind, reinvocationPolicy="Never")
        put_binding(parts, "Mutating", "p", paramRef={"name": "none", "parameterNotFoundAction": "Deny"})
        error = await refused(parts, config_map())
        assert (error.code, error.reason) == (403, "Forbidden")
        assert error.message.endswith("no params found for policy binding with `Deny` parameterNotFoundAction")


async def test_policy_is_carried_out_for_each_object_of_parameters() -> None:
    """Which do not say their kind where it is built in."""
    async with admission() as parts:
        for name in ("one", "two"):
            parts.put("configmaps", {**config_map(name, labels={"is": "param"}), "data": {"v": name}})
        put_policy(
            parts,
            "Mutating",
            "p",
            mutations=[applying("Object{data: {params.metadata.name: params.data.v + string(has(params.kind))}}")],
            paramKind={"apiVersion": "v1", "kind": "ConfigMap"},
            reinvocationPolicy="Never",
        )
        selected = {"selector": {"matchLabels": {"is": "param"}}, "parameterNotFoundAction": "Deny"}
        put_binding(parts, "Mutating", "p", paramRef=selected)
        assert (await changed(parts, config_map()))["data"] == {"a": "1", "one": "onefalse", "two": "twofalse"}


async def test_policy_is_repeated_if_a_later_one_changes_the_object() -> None:
    """Where its reinvocationPolicy is IfNeeded; the other is not repeated."""
    note = "[JSONPatch{op: 'add', path: '/data/%s', value: has(object.data.q) ? 'q' : 'no q'}]"
    async with admission() as parts:
        mutating(parts, patching(note % "p"), name="p", reinvocationPolicy="IfNeeded")
        mutating(parts, patching(note % "q"), name="q")
        assert (await changed(parts, config_map()))["data"] == {"a": "1", "p": "q", "q": "no q"}


async def test_policy_is_repeated_if_a_webhook_changes_the_object() -> None:
    """Policies come before webhooks, and see their changes only when they are repeated."""
    hook = Webhook()
    patch = "W3sib3AiOiJhZGQiLCJwYXRoIjoiL2RhdGEvaCIsInZhbHVlIjoiaCJ9XQ=="  # adds /data/h
    hook.replies["/"] = lambda request: {
        "uid": request["uid"],
        "allowed": True,
        "patchType": "JSONPatch",
        "patch": patch,
    }
    note = "[JSONPatch{op: 'add', path: '/data/p', value: has(object.data.h) ? 'h' : 'no h'}]"
    async with served(hook) as at, admission() as parts:
        parts.webhook("a.example.com", f"{at.url}/", mutating=True)
        mutating(parts, patching(note))
        assert (await changed(parts, config_map()))["data"] == {"a": "1", "h": "h", "p": "no h"}
        mutating(parts, patching(note), reinvocationPolicy="IfNeeded")
        assert (await changed(parts, config_map()))["data"] == {"a": "1", "h": "h", "p": "h"}


async def test_match_conditions_exclude_requests_from_mutation() -> None:
    """A condition that does not hold leaves the object as it is."""
    async with admission() as parts:
        condition = {"name": "a", "expression": "object.data.a == 'x'"}
        mutating(parts, applying("Object{data: {'n': 'v'}}"), matchConditions=[condition])
        assert (await changed(parts, config_map()))["data"] == {"a": "1"}


async def test_deletions_are_not_mutated() -> None:
    """A rule for all operations does not include them."""
    async with admission() as parts:
        mutating(parts, applying("Object{data: {'n': object.data.zz}}"))
        attributes: AdmissionAttributes = parts.attributes(None, operation="DELETE", old=config_map())
        assert await parts.admission.mutate(attributes) is None


async def test_mutations_are_counted() -> None:
    """By policy, binding and type of error."""
    async with admission() as parts:
        mutating(parts, applying("Object{data: {'n': 'v'}}"))
        await changed(parts, config_map())
        mutating(parts, applying("Object{foo: 1}"), name="q")
        await refused(parts, config_map())
        counted = {sample.labels: sample.value for sample in parts.metrics.policies.families()[2].samples()}
        assert counted[("q", "q", "invalid_error")] == 1.0
        assert counted[("p", "p", "no_error")] >= 2.0
