"""The file of --admission-control-config-file: what is read, what is refused and in which words."""

from pathlib import Path

import pytest

from rootspan import ConfigurationError
from rootspan_apiserver.admission.configuration import AdmissionConfiguration
from rootspan_apiserver.admission.plugins.pod_security.pod_security_configuration import PodSecurityConfiguration
from rootspan_apiserver.options.options import Options, OptionsError

HEAD = "apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\n"
POD_SECURITY = "apiVersion: pod-security.admission.config.k8s.io/v1, kind: PodSecurityConfiguration"


def written(folder: Path, text: str) -> str:
    path = folder / "admission.yaml"
    path.write_text(text)
    return str(path)


def test_configuration_of_plugins_is_embedded_or_a_relative_path(tmp_path: Path) -> None:
    """YAML or JSON; the first of two entries of a plugin counts."""
    (tmp_path / "quota.json").write_text(
        '{"apiVersion": "apiserver.config.k8s.io/v1", "kind": "ResourceQuotaConfiguration",'
        ' "limitedResources": [{"resource": "pods", "matchContains": ["cpu"]}]}'
    )
    text = f"""{HEAD}
plugins:
- name: PodSecurity
  configuration: {{{POD_SECURITY}, defaults: {{enforce: baseline}}, exemptions: {{usernames: [a]}}}}
- name: ResourceQuota
  path: quota.json
- name: PodNodeSelector
  configuration: {{podNodeSelectorPluginConfig: {{team: zone=a}}}}
- name: PodSecurity
  path: nothing.yaml
"""
    found = AdmissionConfiguration.read(written(tmp_path, text))
    assert found.of("PodSecurity") == {"defaults": {"enforce": "baseline"}, "exemptions": {"usernames": ["a"]}}
    assert found.of("ResourceQuota") == {"limitedResources": [{"resource": "pods", "matchContains": ["cpu"]}]}
    assert found.of("PodNodeSelector") == {"podNodeSelectorPluginConfig": {"team": "zone=a"}}
    assert found.of("EventRateLimit") == {}


def plugin(configuration: str, name: str = "PodSecurity") -> str:
    return f"{HEAD}plugins: [{{name: {name}, configuration: {{{configuration}}}}}]"


READ = "failed to read plugin config: "
INIT = 'couldn\'t init admission plugin "PodSecurity": '
KINDS = " or ".join(
    f"PodSecurityConfiguration of pod-security.admission.config.k8s.io/{version}"
    for version in ("v1", "v1beta1", "v1alpha1")
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            f"{HEAD}plugins: [{{name: PodSecurity, file: x}}]",
            READ + 'strict decoding error: unknown field "plugins[0].file"',
        ),
        (
            f"{HEAD}plugins: []\nplugins: []",
            READ + 'strict decoding error: yaml: unmarshal errors:\n  line 4: key "plugins" already set in map',
        ),
        (
            f"{HEAD}plugins: [{{name: 3}}]",
            READ
            + "json: cannot unmarshal number into Go struct field AdmissionPluginConfiguration.plugins.name of type string",
        ),
        (
            "kind: AdmissionConfiguration",
            READ
            + "Object 'apiVersion' is missing: must be AdmissionConfiguration of apiserver.config.k8s.io/v1 or AdmissionConfiguration of apiserver.k8s.io/v1alpha1",
        ),
        (
            plugin("", "Priority"),
            READ
            + 'plugin "Priority" takes no configuration; these do: EventRateLimit, PodNodeSelector, PodSecurity, PodTolerationRestriction, ResourceQuota',
        ),
        (plugin(f"{POD_SECURITY}, default: {{}}"), INIT + 'strict decoding error: unknown field "default"'),
        (plugin("kind: Odd, apiVersion: v1"), INIT + f'no kind "Odd" is registered for version "v1": must be {KINDS}'),
        (plugin("a: b"), INIT + f"Object 'Kind' is missing: must be {KINDS}"),
        (
            f"{HEAD}plugins: [{{name: PodSecurity, path: /none/p.yaml}}]",
            INIT + "open /none/p.yaml: no such file or directory",
        ),
    ],
)
def test_configuration_that_cannot_be_read_is_a_fault_of_the_command_line(
    tmp_path: Path, text: str, words: str
) -> None:
    """Unknown fields, plugins and kinds are refused before anything starts."""
    with pytest.raises(OptionsError) as refused:
        Options.parse([f"--admission-control-config-file={written(tmp_path, text)}"])
    assert str(refused.value) == words


def test_missing_file_is_a_fault_of_the_command_line() -> None:
    """The message names the file."""
    with pytest.raises(OptionsError) as refused:
        Options.parse(["--admission-control-config-file=/none/a.yaml"])
    assert str(refused.value) == (
        READ
        + 'unable to read admission control configuration from "/none/a.yaml" [open /none/a.yaml: no such file or directory]'
    )


def test_pod_security_configuration_is_validated() -> None:
    """Levels, versions, names, and names that are given twice."""
    with pytest.raises(ConfigurationError) as refused:
        PodSecurityConfiguration.of(
            {
                "defaults": {"enforce": "none", "warn-version": "1.2"},
                "exemptions": {"namespaces": ["a", "a"], "runtimeClasses": ["A"], "usernames": ["", "b", "b"]},
            }
        )
    text = str(refused.value)
    assert text.startswith(
        INIT + '[defaults.enforce: Invalid value: "none": must be one of privileged, baseline, restricted, '
    )
    for words in (
        'defaults.warn-version: Invalid value: "1.2": must be "latest" or "v1.x"',
        'exemptions.namespaces[1]: Duplicate value: "a"',
        'exemptions.runtimeClasses[0]: Invalid value: "A": a lowercase RFC 1123 subdomain',
        'exemptions.usernames[0]: Invalid value: "": username must not be empty',
        'exemptions.usernames[2]: Duplicate value: "b"',
    ):
        assert words in text
