"""The server inside a test's own process."""

import asyncio
import ssl
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from kubernetes import client, config

from rootspan.testing import tree
from rootspan_apiserver import Environment
from rootspan_apiserver.options.options import OptionsError
from tests.apiserver.end_to_end.outside import CONFIG_MAPS, config_map, webhooks

NAMES = "POST /api/v1/namespaces/{:namespace}/configmaps"


def core_api(env: Environment) -> client.CoreV1Api:
    api: client.ApiClient = config.new_client_from_config_dict(env.kubeconfig)  # type: ignore[no-untyped-call] # the client has no annotation there
    return client.CoreV1Api(api)


def namespaces(api: client.CoreV1Api) -> set[str | None]:
    return {each.metadata.name for each in api.list_namespace().items if each.metadata is not None}


def test_blocking_client_works_inside_the_block() -> None:
    """`with Environment()` gives a URL, a CA and a token that the official client can use, and the spans of what it did."""
    with Environment() as env:
        core = core_api(env)
        body = client.V1ConfigMap(metadata=client.V1ObjectMeta(name="one"), data={"a": "1"})
        core.create_namespaced_config_map("default", body)
        assert core.read_namespaced_config_map("one", "default").data == {"a": "1"}
        roots = [span for span in env.spans if span.parent_id is None]
        assert NAMES in [span.name for span in roots]
        core.api_client.close()


def test_its_spans_are_those_that_its_user_caused() -> None:
    """None at entry, none after a second without a request, then the one trace of an object that is made."""
    with Environment() as env:
        core = core_api(env)
        assert env.spans == []
        with pytest.raises(TimeoutError):
            env.wait_for_spans(1, timeout=1.0)
        core.create_namespaced_config_map("default", client.V1ConfigMap(metadata=client.V1ObjectMeta(name="one")))
        env.wait_for_spans(5)
        assert len({span.trace_id for span in env.spans}) == 1
        core.api_client.close()


def test_its_spans_show_what_controllers_do_because_of_its_user() -> None:
    """A namespace that is made is given a service account and a config map, each in a trace of its own; nothing else is there."""
    with Environment() as env:
        core = core_api(env)
        core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name="mine")))
        made = {"POST /api/v1/namespaces", NAMES, NAMES.replace("configmaps", "serviceaccounts")}
        names: list[str] = []
        while not made <= set(names):
            spans = env.wait_for_spans(len(env.spans) + 1)
            names = [span.name for span in spans if span.parent_id is None]
        assert sorted(names) == sorted(made)
        core.api_client.close()


def test_environment_that_is_entered_again_begins_without_spans(tmp_path: Path) -> None:
    """Another block on the same data makes nothing, and what was traced in the first one is the user's to forget."""
    env = Environment(f"--data-dir={tmp_path}")
    for _ in range(2):
        with env:
            assert env.spans == []
            api = core_api(env)
            assert namespaces(api) == {"default", "kube-node-lease", "kube-public", "kube-system"}
            api.api_client.close()
            env.wait_for_spans(5)
        env.clear_spans()


@pytest.mark.anyio
async def test_async_with_serves_in_the_event_loop_that_is_there() -> None:
    """`async with Environment()` works with an asynchronous client, and leaves no task or socket behind."""
    async with Environment() as env:
        trusting = ssl.create_default_context(cadata=env.ca_bundle.decode())
        headers = {"authorization": f"Bearer {env.token}"}
        async with httpx.AsyncClient(base_url=env.url, verify=trusting, headers=headers) as http:
            answer = await http.get("/api/v1/namespaces/default")
        assert answer.json()["metadata"]["name"] == "default"
        served = next(span for span in env.spans if span.attributes.get("audit-id") == answer.headers["audit-id"])
        assert "Get INTERNAL apiserver" in tree(span for span in env.spans if span.trace_id == served.trace_id)


def test_kubectl_works_with_the_kubeconfig_file(tmp_path: Path) -> None:
    """The file that `kubeconfig_path` names is good for kubectl, and gone after the block."""
    kubectl = Path(sys.executable).with_name("kubectl")
    with Environment(f"--data-dir={tmp_path}") as env:
        path = env.kubeconfig_path
        command = [str(kubectl), f"--kubeconfig={path}", "get", "namespaces", "-o", "name"]
        listed = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout.split()
    assert "namespace/default" in listed
    assert not path.exists()


def test_environments_do_not_know_of_each_other() -> None:
    """Two at a time have ports, objects and spans of their own."""
    with Environment() as one, Environment() as other:
        assert one.url != other.url
        api, there = core_api(one), core_api(other)
        api.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name="only-here")))
        assert "only-here" in namespaces(api)
        assert "only-here" not in namespaces(there)
        api.api_client.close()
        there.api_client.close()


def test_wrong_flags_are_refused_before_anything_starts() -> None:
    """A flag that kube-apiserver has not is an OptionsError."""
    with pytest.raises(OptionsError, match="unknown flag: --nonsense"):
        Environment("--nonsense")


def test_outside_the_block_there_is_nothing_to_ask_for() -> None:
    """Before and after, asking for the URL says why there is none."""
    env = Environment()
    with pytest.raises(RuntimeError, match="inside its with block"):
        _ = env.url


@pytest.mark.anyio
async def test_hung_request_does_not_hold_an_environment() -> None:
    """An in-process server gives up soon what hangs, though a request may take a minute: the end of a test is not to wait for it."""
    asked, ended = asyncio.Event(), asyncio.Event()

    async def hangs(request: dict[str, Any]) -> dict[str, Any]:
        asked.set()
        await ended.wait()
        return {"uid": request["uid"], "allowed": True}

    async with webhooks() as hooks:
        async with Environment() as env:
            trusting = ssl.create_default_context(cadata=env.ca_bundle.decode())
            headers = {"authorization": f"Bearer {env.token}"}
            client = httpx.AsyncClient(base_url=env.url, verify=trusting, headers=headers, timeout=60)
            await hooks.register(client)
            hooks.application.replies["/validating"] = hangs
            creating = asyncio.create_task(client.post(CONFIG_MAPS, json=config_map("c")))
            await asyncio.wait_for(asked.wait(), 20)
            begun = time.monotonic()
        assert time.monotonic() - begun < 10
        ended.set()
        (error,) = await asyncio.gather(creating, return_exceptions=True)
        assert isinstance(error, httpx.TransportError)
        await client.aclose()


def test_fixture_is_there_for_everybody(pytester: pytest.Pytester) -> None:
    """A test in another project gets a running server by naming `kube_apiserver`."""
    pytester.makepyfile(
        """
        import urllib.request, ssl

        def test_it(kube_apiserver):
            context = ssl.create_default_context(cadata=kube_apiserver.ca_bundle.decode())
            headers = {"authorization": f"Bearer {kube_apiserver.token}"}
            request = urllib.request.Request(kube_apiserver.url + "/healthz", headers=headers)
            with urllib.request.urlopen(request, context=context) as answer:
                assert answer.read() == b"ok"
        """
    )
    pytester.runpytest_subprocess("-q").assert_outcomes(passed=1)


def test_failing_test_shows_no_access_log(pytester: pytest.Pytester) -> None:
    """The report of a test that fails has the user's own log lines and none of the server's, whatever the level."""
    pytester.makepyfile(
        """
        import logging, ssl, urllib.request

        def test_it(kube_apiserver):
            context = ssl.create_default_context(cadata=kube_apiserver.ca_bundle.decode())
            headers = {"authorization": f"Bearer {kube_apiserver.token}"}
            request = urllib.request.Request(kube_apiserver.url + "/version", headers=headers)
            for _ in range(3):
                urllib.request.urlopen(request, context=context).read()
            logging.getLogger("mine").info("my line")
            assert not context
        """
    )
    report = pytester.runpytest_subprocess("--log-level=DEBUG", "-p", "no:cacheprovider")
    report.assert_outcomes(failed=1)
    report.stdout.fnmatch_lines(["*my line*"])
    report.stdout.no_fnmatch_line("*GET /version*")
    report.stdout.no_fnmatch_line("*uvicorn*")
