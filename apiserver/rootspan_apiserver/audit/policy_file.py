"""The file of the audit policy, read and validated.

Unknown and repeated fields are logged, and ignored.

Upstream: staging/src/k8s.io/apiserver/pkg/audit/policy/reader.go, staging/src/k8s.io/apiserver/pkg/apis/audit/validation/validation.go
"""

import logging
import os
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from rootspan import ConfigurationError
from rootspan_apiserver.audit.level import LEVELS, Stage
from rootspan_apiserver.audit.policy import AuditPolicyRule, GroupResources, Policy, RequestAuditConfig
from rootspan_apiserver.codec.configuration_file import load
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_subdomain
from rootspan_apiserver.kube.status import FieldError, listed
from rootspan_apiserver.types.problems import NotDecodableError, Problems, strict_error
from rootspan_apiserver.types.tables import TypeTable

_log = logging.getLogger(__name__)
_VERSION, _KIND = "audit.k8s.io/v1", "Policy"
_OTHER_KINDS = ("Event", "EventList", "PolicyList")
_SCHEME = "k8s.io/apiserver/pkg/audit/scheme.go:30"


def read_policy(path: str) -> Policy:
    """Read the file.

    Raises:
        ConfigurationError: It cannot be read or decoded, or is not valid.
    """
    try:
        text = Path(path).read_bytes()
    except OSError as error:
        why = f"open {path}: {os.strerror(error.errno or 0).lower()}"
        raise ConfigurationError(f"loading audit policy file: failed to read file path {quote(path)}: {why}") from error
    try:
        return _policy(_decoded(text))
    except ConfigurationError as error:
        raise ConfigurationError(f"loading audit policy file: {error}: from file {path}") from error


def _decoded(text: bytes) -> JSONObject:
    """Return the policy as its type reads it. Raises ConfigurationError."""
    try:
        value, found = _loaded(text)
        _check_kind(value)
        problems = Problems(list(found))
        fields = {key: item for key, item in value.items() if key not in ("apiVersion", "kind")}
        policy = _types().struct("audit/v1.Policy").read_object(fields, problems)
    except NotDecodableError as error:
        raise ConfigurationError(f"failed decoding: {error}") from error
    if problems.found:
        _log.warning("Audit policy contains errors, falling back to lenient decoding: %s", strict_error(problems.found))
    return policy


def _loaded(text: bytes) -> tuple[Any, list[str]]:
    """Return the value of the text and its strict decoding errors. Raises NotDecodableError."""
    try:
        return load(text)
    except NotDecodableError as error:
        raise NotDecodableError(f"couldn't get version/kind; json parse error: {error}") from error


def _check_kind(value: Any) -> None:
    """Check that a document is a policy. Raises ConfigurationError or NotDecodableError."""
    if not isinstance(value, dict):
        raise NotDecodableError("couldn't get version/kind; json parse error: the document is not an object")
    version, kind = value.get("apiVersion") or "", value.get("kind") or ""
    if not version or not kind:
        raise ConfigurationError("unknown group version field audit.k8s.io/__internal, Kind=Policy in policy")
    if version == _VERSION and kind in _OTHER_KINDS:
        raise NotDecodableError(f"converting (v1.{kind}) to (audit.Policy): unknown conversion")
    if (version, kind) != (_VERSION, _KIND):
        why = f"no kind {quote(kind)} is registered for version {quote(version)} in scheme {quote(_SCHEME)}"
        raise NotDecodableError(why)


def _policy(document: JSONObject) -> Policy:
    """Return the policy of a document. Raises ConfigurationError where it is not valid."""
    if faults := list(_faults(document)):
        raise ConfigurationError(listed(faults))
    if not (rules := document.get("rules")):
        raise ConfigurationError("loaded illegal policy with 0 rules")
    omitted, without_fields = document.get("omitStages") or (), document.get("omitManagedFields") or False
    return Policy(_rule(rule, omitted, without_fields) for rule in rules)


def _rule(rule: JSONObject, omitted: Sequence[str], without_fields: bool) -> AuditPolicyRule:
    own = rule.get("omitManagedFields")
    config = RequestAuditConfig(
        LEVELS[rule["level"]],
        frozenset(map(Stage, [*omitted, *(rule.get("omitStages") or ())])),
        without_fields if own is None else own,
    )
    return AuditPolicyRule(
        config=config,
        users=frozenset(rule.get("users") or ()),
        groups=frozenset(rule.get("userGroups") or ()),
        verbs=frozenset(rule.get("verbs") or ()),
        resources=tuple(map(_resources, rule.get("resources") or ())),
        namespaces=frozenset(rule.get("namespaces") or ()),
        non_resource_urls=tuple(rule.get("nonResourceURLs") or ()),
    )


def _resources(given: JSONObject) -> GroupResources:
    names = frozenset(given.get("resourceNames") or ())
    return GroupResources(group=given.get("group") or "", resources=tuple(given.get("resources") or ()), names=names)


def _faults(document: JSONObject) -> Iterator[FieldError]:
    yield from _faults_of_stages(document.get("omitStages"), "omitStages")
    for index, rule in enumerate(document.get("rules") or ()):
        yield from _faults_of_rule(rule, f"rules[{index}]")


def _faults_of_rule(rule: JSONObject, path: str) -> Iterator[FieldError]:
    if not (level := rule.get("level")):
        yield FieldError.required(f"{path}.level")
    elif level not in LEVELS:
        yield FieldError.not_supported(f"{path}.level", level, list(LEVELS))
    urls, resources = rule.get("nonResourceURLs"), rule.get("resources")
    yield from _faults_of_urls(urls or (), f"{path}.nonResourceURLs")
    for each in resources or ():
        yield from _faults_of_resources(each, f"{path}.resources")
    yield from _faults_of_stages(rule.get("omitStages"), f"{path}.omitStages")
    if urls and (resources or rule.get("namespaces")):
        words = "rules cannot apply to both regular resources and non-resource URLs"
        yield FieldError.invalid(f"{path}.nonResourceURLs", urls, words)


def _faults_of_urls(urls: Sequence[str], path: str) -> Iterator[FieldError]:
    for index, url in enumerate(urls):
        if url == "*":
            continue
        if not url.startswith("/"):
            words = "non-resource URL rules must begin with a '/' character"
            yield FieldError.invalid(f"{path}[{index}]", url, words)
        if "*" in url[:-1]:
            words = "non-resource URL wildcards '*' must be the final character of the rule"
            yield FieldError.invalid(f"{path}[{index}]", url, words)


def _faults_of_resources(given: JSONObject, path: str) -> Iterator[FieldError]:
    group, names = given.get("group") or "", given.get("resourceNames")
    if group not in ("", "*") and (why := dns_subdomain(group)):
        yield FieldError.invalid(f"{path}.group", group, ",".join(why))
    if names and not given.get("resources"):
        yield FieldError.invalid(f"{path}.resourceNames", names, "using resourceNames requires at least one resource")


def _faults_of_stages(stages: Sequence[str] | None, path: str) -> Iterator[FieldError]:
    for index, stage in enumerate(stages or ()):
        if stage not in list(Stage):
            yield FieldError.invalid(f"{path}[{index}]", stage, f"allowed stages are {','.join(Stage)}")


@cache
def _types() -> TypeTable:
    return TypeTable(files(__package__).joinpath("policy_types.txt").read_text(encoding="utf-8"))
