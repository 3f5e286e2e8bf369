"""The flags of kube-apiserver: all are known, those without an effect are named, and all are shown."""

from pathlib import Path

import pytest

from rootspan_apiserver.options.flags import flags_of
from rootspan_apiserver.options.kube_flags import idle_flags, kube_flags
from rootspan_apiserver.options.options import Options
from rootspan_apiserver.options.shown_flags import shown_flags

DOCUMENT = Path(__file__).parents[3] / "docs" / "apiserver.md"
SAMPLES = {
    "bool": "true",
    "duration": "90s",
    "float": "0.25",
    "int": "0x10",
    "ip": "127.0.0.1",
    "list": "a,b",
    "map": "a=b",
    "pairs": "a=b",
    "ports": "100-200",
    "quantity": "1024Ki",
    "string": "x",
}
SHOWN = {"duration": "1m30s", "int": "16", "list": "[a,b]", "pairs": "[a=b]", "quantity": "1Mi"}

KUBEADM = """--advertise-address=127.0.0.1 --allow-privileged=true --enable-admission-plugins=NamespaceLifecycle
 --enable-bootstrap-token-auth=true --kubelet-client-certificate=/pki/kubelet.crt --kubelet-client-key=/pki/kubelet.key
 --kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname --secure-port=6443
 --service-account-issuer=https://kubernetes.default.svc.cluster.local --service-account-key-file=/pki/sa.pub
 --service-account-signing-key-file=/pki/sa.key --service-cluster-ip-range=10.96.0.0/12"""
ENVTEST = """--advertise-address=127.0.0.1 --allow-privileged=true --bind-address=127.0.0.1 --cert-dir=/tmp/certs
 --disable-admission-plugins=ServiceAccount --etcd-servers=http://127.0.0.1:2379 --secure-port=0
 --service-account-issuer=https://127.0.0.1/ --service-account-key-file=/tmp/sa.crt
 --service-account-signing-key-file=/tmp/sa.key --service-cluster-ip-range=10.0.0.0/24"""


@pytest.mark.parametrize("name", sorted(idle_flags(flags_of(Options))))
def test_flag_without_effect_is_taken_and_shown(name: str) -> None:
    """A value of its type is accepted, kept in its canonical form, and shown beside all others."""
    kind = kube_flags()[name].type
    options = Options.parse([f"--{name}={SAMPLES[kind]}"])
    shown = SHOWN.get(kind, SAMPLES[kind])
    assert options.idle == ((name, shown),)
    assert shown_flags(options)[name] == shown


@pytest.mark.parametrize("line", [KUBEADM, ENVTEST], ids=["kubeadm", "envtest"])
def test_command_line_of_starters_is_taken(line: str) -> None:
    """The flags of kubeadm's static pod and of envtest are known; what they set without effect is kept to be named."""
    options = Options.parse(line.split())
    assert dict(options.idle)["allow-privileged"] == "true"
    assert options.service_account_issuer[0].startswith("https://")


def test_own_flags_have_the_defaults_of_kube_apiserver() -> None:
    """A flag with a meaning here has the default of kube-apiserver, but for those that a simulation needs otherwise."""
    shown, known = shown_flags(Options()), kube_flags()
    differing = {name for name in flags_of(Options) if name in known and shown[name] != known[name].shown()}
    assert differing == {
        "authorization-mode",
        "bind-address",
        "cert-dir",
        "emulated-version",
        "service-cluster-ip-range",
    }


def test_all_flags_are_shown_in_order() -> None:
    """Every flag has its line, set or not, in alphabetical order."""
    shown = shown_flags(Options.parse(["--request-timeout=90s", "--service-address=a.b=[::1]:1"]))
    assert list(shown) == sorted(shown)
    assert shown.keys() == {*kube_flags(), *flags_of(Options), "help", "version"}
    assert (shown["request-timeout"], shown["service-address"]) == ("1m30s", "[a.b=[::1]:1]")
    assert (shown["anonymous-auth"], shown["etcd-servers"], shown["livez-grace-period"]) == ("true", "[]", "0s")


def test_documentation_names_the_flags_without_effect() -> None:
    """docs/apiserver.md lists each flag of kube-apiserver that changes nothing here."""
    document = DOCUMENT.read_text()
    assert [name for name in idle_flags(flags_of(Options)) if f"`--{name}`" not in document] == []
