"""An operator that answers admission reviews: kopf writes the webhook configurations itself and serves the webhooks."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme
from kubernetes_asyncio import client, config, watch
from kubernetes_asyncio.client.exceptions import ApiException

from rootspan_apiserver import Environment
from tests.apiserver.real_clients.objects import manifest
from tests.apiserver.real_clients.painter import WIDGET

pytestmark = pytest.mark.anyio

WITHIN = 30.0


@asynccontextmanager
async def painting(env: Environment, namespace: str, webhooks: str, directory: Path) -> AsyncIterator[None]:
    """The operator as a process of its own, for one namespace."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(str(directory / "ca.pem"))
    certificate.private_key_pem.write_to_path(str(directory / "key.pem"))
    certificate.cert_chain_pems[0].write_to_path(str(directory / "cert.pem"))
    operator = Path(__file__).with_name("painter.py")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "kopf", "run", "--standalone", "--namespace", namespace, str(operator)),
        env={
            **os.environ,
            "KUBECONFIG": str(env.kubeconfig_path),
            "PAINTER_WEBHOOKS": webhooks,
            "PAINTER_CERTIFICATES": str(directory),
        },
    )
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)
        try:
            assert await asyncio.wait_for(process.wait(), WITHIN) == 0
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def configured(list_function: Any, name: str) -> None:
    """Wait until the operator has written where its webhooks are."""
    async with asyncio.timeout(WITHIN), watch.Watch() as watching:
        async for event in watching.stream(list_function, field_selector=f"metadata.name={name}"):
            if event["object"].webhooks:
                return


async def test_operator_has_a_say_in_what_is_stored(
    kube_apiserver: Environment, namespace: str, widgets: None, tmp_path: Path
) -> None:
    """Its webhooks take effect as soon as they are configured: one paints a widget, the other refuses it in its own words."""
    name = f"{namespace}.example.com"
    async with await config.new_client_from_config_dict(kube_apiserver.kubeconfig) as api:
        custom: Any = client.CustomObjectsApi(api)
        webhooks: Any = client.AdmissionregistrationV1Api(api)

        async def create(widget: str, size: int) -> Any:
            body = manifest("Widget", widget, "example.com/v1", spec={"size": size})
            return await custom.create_namespaced_custom_object(namespace=namespace, body=body, **WIDGET)

        async with painting(kube_apiserver, namespace, name, tmp_path):
            await configured(webhooks.list_mutating_webhook_configuration, name)
            await configured(webhooks.list_validating_webhook_configuration, name)
            assert (await create("small", 2))["spec"] == {"size": 2, "colour": "blue"}
            with pytest.raises(ApiException) as refused:
                await create("large", 11)
            assert refused.value.status == 422
            message = json.loads(refused.value.body or "{}")["message"]
            assert message == f'admission webhook "fits.{name}" denied the request: a blue widget of 11 does not fit'
            change = [{"op": "replace", "path": "/spec/size", "value": 12}]
            with pytest.raises(ApiException, match="a blue widget of 12 does not fit"):
                await custom.patch_namespaced_custom_object(namespace=namespace, name="small", body=change, **WIDGET)
        await webhooks.delete_mutating_webhook_configuration(name)
        await webhooks.delete_validating_webhook_configuration(name)
