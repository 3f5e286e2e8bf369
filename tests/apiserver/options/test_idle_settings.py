"""Settings that are taken and change nothing are named when the server starts."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from rootspan_apiserver.admission.plugins.order import NOT_IMPLEMENTED
from rootspan_apiserver.app import apiserver
from rootspan_apiserver.options.feature_gates import LACKING, FeatureGates
from rootspan_apiserver.options.idle_settings import idle_settings
from rootspan_apiserver.options.options import Options

DOCUMENT = Path(__file__).parents[3] / "docs" / "apiserver.md"
TRACING = "apiVersion: apiserver.config.k8s.io/v1alpha1\nkind: TracingConfiguration\n"

IDLE = {
    "--disable-admission-plugins=ImagePolicyWebhook,ServiceAccount": [
        "--disable-admission-plugins=ImagePolicyWebhook changes nothing"
    ],
    "--feature-gates=AllBeta=true,AllAlpha=false": ["--feature-gates=AllBeta=true: only APIServerTracing"],
    "--feature-gates=HPAConfigurableTolerance=false --feature-gates=ComponentFlagz=false,GangScheduling=false": [
        "--feature-gates=HPAConfigurableTolerance=false: only "
    ],
    "--feature-gates=ExtendWebSocketsToKubelet=true": ["--feature-gates=ExtendWebSocketsToKubelet=true: only "],
    "--emulated-version=1.22 --feature-gates=AllAlpha=true": ["--feature-gates=AllAlpha=true: only "],
    "--allow-privileged --profiling=false --kubelet-timeout=5000ms --goaway-chance 0.01": [
        "--allow-privileged, --goaway-chance, --profiling: flags of kube-apiserver without an effect here"
    ],
    "--emulated-version=1.22 --tracing-config-file={file}": ["--tracing-config-file changes nothing"],
    "--emulated-version=1.22 --inbound-trace-context=link": ["--inbound-trace-context changes nothing"],
    "--flush-spans-at-shutdown": ["--flush-spans-at-shutdown changes nothing"],
    "--etcd-cafile={file}": ["--etcd-cafile changes nothing"],
    "--etcd-certfile={file} --etcd-keyfile={file}": [
        "--etcd-certfile changes nothing",
        "--etcd-keyfile changes nothing",
    ],
    "--tls-cert-file={file} --tls-private-key-file={file} --cert-dir=/tmp": ["--cert-dir changes nothing"],
}

EFFECTIVE = [
    "",
    "--disable-admission-plugins=ServiceAccount",
    "--enable-admission-plugins=NamespaceLifecycle",
    "--feature-gates=APIServerTracing=true",
    "--emulated-version=1.22 --feature-gates=APIServerTracing=true --tracing-config-file={file}",
    "--feature-gates=WatchList=true,AllAlpha=false,ComponentStatusz=false",
    "--watch-cache --storage-media-type=application/vnd.kubernetes.protobuf --livez-grace-period=0",
    "--emulated-version=1.22 --flush-spans-at-shutdown",
    "--inbound-trace-context=link",
    "--etcd-servers=https://127.0.0.1:1 --etcd-cafile={file} --etcd-certfile={file} --etcd-keyfile={file}",
    "--cert-dir=/tmp",
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file for the flags that name one; as a tracing configuration it is valid."""
    path = tmp_path / "file"
    path.write_text(TRACING)
    return path


def sentences(flags: str, file: Path) -> Sequence[str]:
    return list(idle_settings(Options.parse(flags.format(file=file).split())))


@pytest.mark.parametrize("flags", IDLE)
def test_option_without_effect_is_named(flags: str, file: Path) -> None:
    """Each idle setting has one sentence, which begins with it."""
    said = sentences(flags, file)
    assert len(said) == len(IDLE[flags])
    assert all(sentence.startswith(beginning) for sentence, beginning in zip(said, IDLE[flags], strict=True))


@pytest.mark.parametrize("flags", EFFECTIVE)
def test_option_with_effect_is_not_named(flags: str, file: Path) -> None:
    """The same flags where they have one, and a command line without any, say nothing."""
    assert sentences(flags, file) == []


@pytest.mark.anyio
async def test_server_says_it_at_its_start(caplog: pytest.LogCaptureFixture) -> None:
    """Each sentence is a warning in the log before the server serves."""
    flags = ["--secure-port=0", "--disable-admission-plugins=ImagePolicyWebhook", "--flush-spans-at-shutdown"]
    async with apiserver(Options.parse(flags)):
        warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert [text.partition(" ")[0] for text in warnings] == [
        "--disable-admission-plugins=ImagePolicyWebhook",
        "--flush-spans-at-shutdown",
    ]


def test_documentation_names_the_plugins_that_are_not_there() -> None:
    """docs/apiserver.md lists each admission plugin of kube-apiserver that this server lacks."""
    document = DOCUMENT.read_text()
    assert [name for name in sorted(NOT_IMPLEMENTED) if f"`{name}`" not in document] == []


def test_documentation_names_the_features_that_are_missing() -> None:
    """docs/apiserver.md lists the features that are on by default in kube-apiserver and missing here."""
    document, gates = DOCUMENT.read_text(), FeatureGates("1.36")
    assert [name for name in sorted(LACKING) if f"`{name}`" not in document or not gates.enabled(name)] == []
