"""Who may read what the server writes."""

import os
import ssl
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from rootspan_apiserver import Environment
from rootspan_apiserver.processes.private_files import make_folder


@pytest.fixture(params=[0, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    """The permissions of all that is in the folder."""
    return {str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")}


@pytest.mark.usefixtures("umask")
def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    """Data, certificates and the audit log are made 0600, also in a folder that everybody may read; folders are made 0700."""
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o755)
    with Environment(
        f"--data-dir={shared}", f"--audit-log-path={shared}/audit.log", f"--cert-dir={shared}/deep/er"
    ) as env:
        trusting = ssl.create_default_context(cadata=env.ca_bundle.decode())
        headers = {"authorization": f"Bearer {env.token}"}
        assert httpx.get(f"{env.url}/version", headers=headers, verify=trusting, trust_env=False).status_code == 200
        found = modes(shared)
    files = (
        "etcd.journal",
        "audit.log",
        "administrator.token",
        "service-account.key",
        *(f"deep/er/{n}" for n in ("apiserver.crt", "apiserver.key", "ca.crt")),
    )
    assert found == dict.fromkeys(files, 0o600) | {"deep": 0o700, "deep/er": 0o700}
    assert stat.S_IMODE(shared.stat().st_mode) == 0o755


@pytest.mark.usefixtures("umask")
def test_folder_of_the_data_is_for_its_owner_alone(tmp_path: Path) -> None:
    """A data directory that is missing is made, with those above it."""
    with Environment(f"--data-dir={tmp_path}/all/data"):
        found = modes(tmp_path)
    assert found.pop("all") == found.pop("all/data") == 0o700
    assert set(found.values()) == {0o600}


@pytest.mark.usefixtures("umask")
def test_files_of_ours_are_made_private_again(tmp_path: Path) -> None:
    """What was copied or restored with other modes: the data, the keys, and the kubeconfig; also a draft that was left behind."""
    config = tmp_path / "kubeconfig"
    with Environment(f"--data-dir={tmp_path}/data", f"--write-kubeconfig={config}"):
        pass
    draft = tmp_path / f".{config.name}.{os.getpid()}"
    draft.touch()
    for path in (draft, config, *(tmp_path / "data").iterdir()):
        path.chmod(0o644)
    with Environment(f"--data-dir={tmp_path}/data", f"--write-kubeconfig={config}"):
        found = modes(tmp_path)
    assert found.pop("data") == 0o700
    assert set(found.values()) == {0o600}
    assert config.name in found


def test_existing_file_keeps_its_mode(tmp_path: Path) -> None:
    """A folder and a log that the operator has opened to others stay open: they were not made here."""
    log = tmp_path / "audit.log"
    log.touch()
    log.chmod(0o644)
    tmp_path.chmod(0o750)
    with Environment(f"--data-dir={tmp_path}", f"--audit-log-path={log}"):
        pass
    make_folder(tmp_path)
    assert stat.S_IMODE(log.stat().st_mode) == 0o644
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o750
