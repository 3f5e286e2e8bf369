"""The file of the audit policy: what it says, and why it is refused, in kube-apiserver's words."""

import logging
from pathlib import Path

import pytest

from rootspan import ConfigurationError
from rootspan_apiserver.audit.level import Level, Stage
from rootspan_apiserver.audit.policy_file import read_policy
from rootspan_apiserver.kube.request_info import RequestInfo

HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\n"
INFO = RequestInfo(is_resource_request=True, path="/", verb="list", resource="pods")
STAGES = "allowed stages are RequestReceived,ResponseStarted,ResponseComplete,Panic"
MIXED = "rules cannot apply to both regular resources and non-resource URLs"
SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "policy.yaml"


def test_settings_of_a_rule_are_joined_with_those_of_the_policy(file: Path) -> None:
    """Omitted stages are those of both; managed fields are omitted as the rule says, else as the policy says."""
    file.write_text(
        HEAD + "omitStages: [RequestReceived]\nomitManagedFields: true\nrules:\n"
        "- {level: Request, omitStages: [Panic], verbs: [list]}\n"
    )
    found = read_policy(str(file)).config_for(None, INFO)
    assert found.level is Level.REQUEST
    assert found.omit_stages == {Stage.REQUEST_RECEIVED, Stage.PANIC}
    assert found.omit_managed_fields
    file.write_text(HEAD + "omitManagedFields: true\nrules: [{level: None, omitManagedFields: false}]\n")
    assert not read_policy(str(file)).config_for(None, INFO).omit_managed_fields


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("rules: []", "loaded illegal policy with 0 rules"),
        ("rules: [{level: Foo}]", ('rules[0].level: Unsupported value: "Foo": supported values: '
         '"None", "Metadata", "Request", "RequestResponse"')),
        ("rules: [{}]", "rules[0].level: Required value"),
        ("omitStages: [X]\nrules: [{level: None}]", f'omitStages[0]: Invalid value: "X": {STAGES}'),
        ("rules: [{level: None, omitStages: [Panic, X]}]", f'rules[0].omitStages[1]: Invalid value: "X": {STAGES}'),
        ("rules: [{level: None, nonResourceURLs: [a]}]",
         'rules[0].nonResourceURLs[0]: Invalid value: "a": non-resource URL rules must begin with a \'/\' character'),
        ("rules: [{level: None, nonResourceURLs: ['*', '/a*b']}]",
         ('rules[0].nonResourceURLs[1]: Invalid value: "/a*b": non-resource URL wildcards \'*\' must be the final '
         "character of the rule")),
        ("rules: [{level: None, nonResourceURLs: [/a], namespaces: [x]}]",
         f'rules[0].nonResourceURLs: Invalid value: ["/a"]: {MIXED}'),
        ("rules: [{level: None, resources: [{group: Foo/v1}]}]",
         f'rules[0].resources.group: Invalid value: "Foo/v1": {SUBDOMAIN}'),
        ("rules: [{level: None, resources: [{resourceNames: [a]}]}]",
         'rules[0].resources.resourceNames: Invalid value: ["a"]: using resourceNames requires at least one resource'),
        ("rules: [{level: 3}]",
         "failed decoding: json: cannot unmarshal number into Go struct field PolicyRule.rules.level of type v1.Level"),
    ],
)  # fmt: skip
def test_policy_that_is_not_valid_is_refused(text: str, why: str, file: Path) -> None:
    """The message names the field and the file."""
    file.write_text(HEAD + text)
    with pytest.raises(ConfigurationError) as caught:
        read_policy(str(file))
    assert str(caught.value) == f"loading audit policy file: {why}: from file {file}"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("apiVersion: audit.k8s.io/v1beta1\nkind: Policy\n", ('failed decoding: no kind "Policy" is registered for '
         'version "audit.k8s.io/v1beta1" in scheme "k8s.io/apiserver/pkg/audit/scheme.go:30"')),
        ("apiVersion: audit.k8s.io/v1\nkind: Event\n",
         "failed decoding: converting (v1.Event) to (audit.Policy): unknown conversion"),
        ("rules: [{level: None}]", "unknown group version field audit.k8s.io/__internal, Kind=Policy in policy"),
        ("{{{", ("failed decoding: couldn't get version/kind; json parse error: invalid character '{' looking for "
         "beginning of object key string")),
    ],
)  # fmt: skip
def test_file_that_is_no_policy_is_refused(text: str, why: str, file: Path) -> None:
    """Another kind, another version, no kind, and no document at all."""
    file.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        read_policy(str(file))
    assert str(caught.value) == f"loading audit policy file: {why}: from file {file}"


def test_missing_file_is_refused(file: Path) -> None:
    """The message is that of opening it."""
    words = f'failed to read file path "{file}": open {file}: no such file or directory'
    with pytest.raises(ConfigurationError) as caught:
        read_policy(str(file))
    assert str(caught.value) == f"loading audit policy file: {words}"


def test_unknown_field_is_logged_and_ignored(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    """kube-apiserver starts with such a file, and so does this server."""
    file.write_text(HEAD + "rules: [{level: Metadata, bogus: 1}]")
    with caplog.at_level(logging.WARNING):
        assert read_policy(str(file)).config_for(None, INFO).level is Level.METADATA
    assert 'strict decoding error: unknown field "rules[0].bogus"' in caplog.text
