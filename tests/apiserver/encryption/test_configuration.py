"""The file of the encryption configuration: what it says, and why it is refused, in kube-apiserver's words."""

import base64
from pathlib import Path

import pytest

from rootspan import ConfigurationError
from rootspan.testing import recording_provider
from rootspan_apiserver.encryption.loading import LoadedConfiguration
from rootspan_apiserver.encryption.overrides import StoragePaths
from rootspan_apiserver.resources.catalogue import builtin_registry
from rootspan_apiserver.telemetry.encryption_metrics import EncryptionMetrics
from rootspan_apiserver.telemetry.tracing import Tracing
from tests.apiserver.encryption.servers import KEYS, configure

pytestmark = pytest.mark.anyio
IDENTITY = "providers: [{identity: {}}]"
AT = "resources[0].providers"
NONE = '{"AESGCM":null,"AESCBC":null,"Secretbox":null,"Identity":null,"KMS":null}'
EXPECTED = "provider does not contain any of the expected providers: KMS, AESGCM, AESCBC, Secretbox, Identity"
SHORT = base64.b64encode(b"abc").decode()


async def loaded(path: Path, *, reload: bool = False) -> LoadedConfiguration:
    tracing = Tracing(recording_provider()[0])
    return await LoadedConfiguration.read(
        str(path), builtin_registry().resources(), EncryptionMetrics(), tracing, reload=reload
    )


def test_objects_are_found_by_their_place() -> None:
    """Events are those of the core group, nodes are kept as minions, and custom resources below their group."""
    paths = StoragePaths(builtin_registry().resources())
    assert paths.resource_of("/secrets/default/a") == ("secrets", "")
    assert paths.resource_of("/minions/a") == ("nodes", "")
    assert paths.resource_of("/events/default/a") == ("events", "")
    assert paths.resource_of("/deployments/default/a") == ("deployments", "apps")
    assert paths.resource_of("/services/specs/default/a") == ("services", "")
    assert paths.resource_of("/ex.io/foos/default/a") == ("foos", "ex.io")
    assert paths.resource_of("/ranges/serviceips") is None


async def test_most_specific_rule_holds(tmp_path: Path) -> None:
    """A resource by its name, else its group, else all."""
    rules = [("secrets", 0), ('"*."', 1), ('"*.apps"', 2), ('"*.*"', 3)]
    lines = [
        f"- {{resources: [{name}], providers: [{{aesgcm: {{keys: [{{name: k{index}, secret: {KEYS[index]}}}]}}}}]}}"
        for name, index in rules
    ]
    transformers = (await loaded(configure(tmp_path, "\n".join(lines)))).transformers
    for path, key in (
        ("/secrets/default/a", b"k0"),
        ("/configmaps/default/a", b"k1"),
        ("/deployments/default/a", b"k2"),
        ("/leases/default/a", b"k3"),
        ("/ex.io/foos/default/a", b"k3"),
    ):
        value = await transformers.for_key(path).to_storage(b"{}", b"x")
        assert value.startswith(b"k8s:enc:aesgcm:v1:" + key + b":")
    assert await transformers.for_key("/compact_rev_key").to_storage(b"1", b"x") == b"1"


@pytest.mark.parametrize(
    ("resources", "why"),
    [
        ("  []", "resources: Required value: at least one resources is required"),
        (
            "- {resources: [], providers: []}",
            (
                "[resources[0].resources: Required value: at least one resources[0].resources is required, "
                "resources[0].providers: Required value: at least one resources[0].providers is required]"
            ),
        ),
        ("- {resources: [secrets], providers: [{}]}", f"{AT}[0]: Invalid value: {NONE}: {EXPECTED}"),
        (
            "- {resources: [secrets], providers: [{aescbc: {keys: []}}]}",
            f"{AT}[0].aescbc.keys: Required value: at least one keys is required",
        ),
        (
            "- {resources: [secrets], providers: [{aesgcm: {keys: [{name: '', secret: ''}]}}]}",
            (
                f"[{AT}[0].aesgcm.keys[0].name: Required value: name is a mandatory field for a key, "
                f"{AT}[0].aesgcm.keys[0].secret: Required value: secret is a mandatory field for a key]"
            ),
        ),
        (
            "- {resources: [secrets], providers: [{aesgcm: {keys: [{name: a, secret: '!!'}]}}]}",
            f'{AT}[0].aesgcm.keys[0].secret: Invalid value: "REDACTED": secrets must be base64 encoded',
        ),
        (
            f"- {{resources: [secrets], providers: [{{secretbox: {{keys: [{{name: a, secret: {SHORT}}}]}}}}]}}",
            (
                f'{AT}[0].secretbox.keys[0].secret: Invalid value: "REDACTED": secret is not of the expected length, got 3, '
                "expected one of [32]"
            ),
        ),
        (
            f"- {{resources: [Secrets], {IDENTITY}}}",
            'resources[0].resources[0]: Invalid value: "Secrets": resource name should not contain capital letters',
        ),
        (
            f"- {{resources: ['foo.*'], {IDENTITY}}}",
            (
                'resources[0].resources[0]: Invalid value: "foo.*": encrypting the same resource across groups is not '
                "supported"
            ),
        ),
        (
            f"- {{resources: [secrets, secrets], {IDENTITY}}}",
            (
                'resources[0].resources: Invalid value: ["secrets","secrets"]: the same resource cannot be specified '
                "multiple times"
            ),
        ),
        (
            f"- {{resources: [secrets, '*.'], {IDENTITY}}}",
            (
                'resources[0].resources: Invalid value: ["secrets","*."]: using overlapping resources such as \'secrets\' '
                "and '*.' in the same resource list is not allowed as they will be masked"
            ),
        ),
        (
            "- {resources: [secrets], providers: [{kms: {apiVersion: v2, name: 'a:b', endpoint: tcp://x, cachesize: 1}}]}",
            (
                f"[{AT}[0].kms.name: Invalid value: \"a:b\": invalid KMS provider name a:b, must not contain ':', "
                f'{AT}[0].kms.endpoint: Invalid value: "tcp://x": unsupported scheme "tcp" for KMS provider, only unix is '
                f"supported, {AT}[0].kms.cachesize: Invalid value: 1: cachesize is not supported in v2]"
            ),
        ),
    ],
)
async def test_configuration_that_is_not_valid_is_refused(resources: str, why: str, tmp_path: Path) -> None:
    """The message names the field, and no key."""
    with pytest.raises(ConfigurationError) as caught:
        await loaded(configure(tmp_path, resources))
    assert str(caught.value) == f"error while parsing file: {why}"


@pytest.mark.parametrize(
    ("resources", "why"),
    [
        (
            f"- {{resources: ['*.'], {IDENTITY}}}\n- {{resources: [secrets], {IDENTITY}}}",
            'resource "secrets" is masked by earlier rule "*."',
        ),
        (
            f"- {{resources: ['*.*'], {IDENTITY}}}\n- {{resources: [deployments.apps], {IDENTITY}}}",
            'resource "deployments.apps" is masked by earlier rule "*.*"',
        ),
        (
            "- {resources: [secrets], providers: [{kms: {name: a, endpoint: 'unix:///x'}}]}",
            (
                "KMSv1 is deprecated and will only receive security updates going forward. Use KMSv2 instead.  Set "
                "--feature-gates=KMSv1=true to use the deprecated KMSv1 feature."
            ),
        ),
    ],
)
async def test_rules_that_cannot_be_used_are_refused(resources: str, why: str, tmp_path: Path) -> None:
    """A rule that an earlier one hides, and plugins of the first version."""
    with pytest.raises(ConfigurationError) as caught:
        await loaded(configure(tmp_path, resources))
    assert str(caught.value) == f"error while building transformers: {why}"


async def test_file_is_read_strictly(tmp_path: Path) -> None:
    """An unknown field, a time-out that is none, and no file at all."""
    path = configure(tmp_path, f"- {{resources: [secrets], {IDENTITY}, foo: 1}}")
    with pytest.raises(ConfigurationError, match=r'strict decoding error: unknown field "resources\[0\].foo"'):
        await loaded(path)
    kms = "{apiVersion: v2, name: a, endpoint: 'unix:///x', timeout: abc}"
    path = configure(tmp_path, f"- {{resources: [secrets], providers: [{{kms: {kms}}}]}}")
    with pytest.raises(ConfigurationError, match='time: invalid duration "abc"'):
        await loaded(path)
    missing = tmp_path / "missing.yaml"
    with pytest.raises(ConfigurationError) as caught:
        await loaded(missing)
    assert str(caught.value) == (
        f'error while parsing file: error while loading file: error reading encryption provider configuration file "{missing}": '
        f"open {missing}: no such file or directory"
    )
