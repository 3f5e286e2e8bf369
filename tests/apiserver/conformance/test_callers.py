"""Those who send the operations, with an administrator known by token and one known by certificate."""

import base64
from pathlib import Path

import pytest
import trustme
import yaml

from rootspan_apiserver.app import apiserver
from rootspan_apiserver.conformance.callers import Callers
from rootspan_apiserver.conformance.operation import Caller
from rootspan_apiserver.options.options import Options
from rootspan_apiserver.serving import kubeconfig

pytestmark = pytest.mark.anyio

WHO = {
    Caller.ADMIN: 200,
    Caller.ANONYMOUS: 403,
    Caller.ORDINARY: 403,
    Caller.UNKNOWN: 401,
}
MAPS = "/api/v1/namespaces/default/configmaps"
ACCOUNTS = "/api/v1/namespaces/default/serviceaccounts"


@pytest.mark.parametrize("by_certificate", [False, True])
async def test_each_is_who_it_should_be(tmp_path: Path, by_certificate: bool) -> None:
    """Only the administrator may list, by the token or the certificate of the kubeconfig; nobody else uses that connection."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    flags = ["--secure-port=0", "--authorization-mode=AlwaysDeny", f"--client-ca-file={tmp_path / 'ca.pem'}"]
    async with apiserver(Options.parse(flags)) as server:
        document = yaml.safe_load(server.kubeconfig)
        if by_certificate:
            pair = authority.issue_cert(common_name="root", organization_name="system:masters")
            document["users"][0]["user"] = {
                "client-certificate-data": encoded(pair.cert_chain_pems[0].bytes()),
                "client-key-data": encoded(pair.private_key_pem.bytes()),
            }
        access = kubeconfig.read(yaml.safe_dump(document), by_certificate=True)
        async with Callers(access) as callers:
            account = b'{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"default"}}'
            headers = {"content-type": "application/json"}
            made = await callers.request(Caller.ADMIN, "POST", ACCOUNTS, headers=headers, content=account)
            assert made.status_code in (201, 409)
            for caller, status in WHO.items():
                answer = await callers.request(caller, "GET", MAPS, headers={})
                assert (caller, answer.status_code) == (caller, status)


def encoded(pem: bytes) -> str:
    return base64.b64encode(pem).decode()
