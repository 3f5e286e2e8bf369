"""Servers of two workers, over a real etcd and over the embedded one."""

from collections.abc import Iterator

import pytest

from tests.apiserver.etcd.processes import etcd
from tests.apiserver.workers.group import Group, group

POLICY = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n"


@pytest.fixture(scope="session", params=["real etcd", "embedded"])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Group]:
    """Two workers, for all tests."""
    folder = tmp_path_factory.mktemp("workers")
    policy = folder / "policy.yaml"
    policy.write_text(POLICY)
    flags = (
        "--service-cluster-ip-range=10.0.0.0/26",
        f"--audit-policy-file={policy}",
        f"--audit-log-path={folder / 'audit.log'}",
    )
    if request.param == "embedded":
        with group(folder, *flags, f"--data-dir={folder / 'data'}") as found:
            yield found
        return
    with etcd(folder) as member, group(folder, *flags, f"--etcd-servers={member.url}") as found:
        yield found
