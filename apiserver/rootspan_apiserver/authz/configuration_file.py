"""The file of `--authorization-config`: read, decoded strictly, validated.

Upstream: staging/src/k8s.io/apiserver/pkg/apis/apiserver/load/load.go, pkg/kubeapiserver/authorizer/config.go (LoadAndValidateData)
"""

from collections.abc import Collection, Iterator, Sequence
from functools import cache
from importlib.resources import files
from os import strerror
from pathlib import Path
from typing import Any

from rootspan import ConfigurationError
from rootspan_apiserver.authz.authorizer_configuration import AuthorizerConfiguration, WebhookConfiguration
from rootspan_apiserver.authz.configuration_rules import faults_of_configuration
from rootspan_apiserver.codec import json_body
from rootspan_apiserver.codec.configuration_file import load
from rootspan_apiserver.kube.go_durations import parse_duration
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.go_values import json_type
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import listed
from rootspan_apiserver.types.problems import NotDecodableError, Problems, strict_error
from rootspan_apiserver.types.tables import TypeTable

KIND = "AuthorizationConfiguration"
VERSIONS = tuple(f"apiserver.config.k8s.io/{version}" for version in ("v1alpha1", "v1beta1", "v1"))
_SCHEME = "k8s.io/apiserver/pkg/apis/apiserver/load/load.go:32"
_TYPE_META = 'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
_DEFAULTS = {"authorizedTTL": "5m0s", "unauthorizedTTL": "30s"}
_DURATIONS = ("authorizedTTL", "unauthorizedTTL", "timeout")


def read_configuration(path: str) -> tuple[Sequence[AuthorizerConfiguration], bytes]:
    """Return the authorizers in the file, and its text.

    Raises:
        ConfigurationError: it cannot be read, or is not valid; the message is kube-apiserver's.
    """
    try:
        text = Path(path).read_bytes()
    except OSError as error:
        raise ConfigurationError(f"open {path}: {strerror(error.errno or 0).lower()}") from error
    return configuration_of(text), text


def configuration_of(text: bytes, required: Collection[str] = ()) -> Sequence[AuthorizerConfiguration]:
    """Return the authorizers in the text of a file, which must have the modes `required`. Raises ConfigurationError."""
    try:
        document = _document(text)
    except NotDecodableError as error:
        raise ConfigurationError(f"failed to load {KIND} from file: {error}") from error
    authorizers: Sequence[JSONObject] = document.get("authorizers") or ()
    if errors := list(faults_of_configuration(authorizers)):
        raise ConfigurationError(listed(errors))
    if faults := list(_faults_of_modes(authorizers, required)):
        raise ConfigurationError(listed(faults))
    return [_authorizer(each) for each in authorizers]


def _document(text: bytes) -> JSONObject:
    if not text:
        return {}
    try:
        value, found = load(text)
        if not isinstance(value, dict):
            raise NotDecodableError(f"json: cannot unmarshal {json_type(value)} into Go value of type {_TYPE_META}")
    except NotDecodableError as error:
        raise NotDecodableError(f"couldn't get version/kind; json parse error: {error}") from error
    json_body.check_type_meta(value)
    _check_kind(value, text)
    problems = Problems(list(found))
    fields = {key: item for key, item in value.items() if key not in ("apiVersion", "kind")}
    document: JSONObject = _types().struct(f"apiserver/v1.{KIND}").read_object(fields, problems)
    if problems.found:
        raise NotDecodableError(strict_error(problems.found))
    for authorizer in document.get("authorizers") or ():
        if (webhook := authorizer.get("webhook")) is not None:
            _default(webhook)
    return document


def _check_kind(value: JSONObject, text: bytes) -> None:
    version, kind = value.get("apiVersion") or "", value.get("kind") or ""
    for given, name in ((kind, "Kind"), (version, "apiVersion")):
        if not given:
            raise NotDecodableError(f"Object '{name}' is missing in '{text.decode('utf-8', 'replace')}'")
    if kind != KIND or version not in VERSIONS:
        told = f"no kind {quote(kind)} is registered for version {quote(version)}"
        raise NotDecodableError(f"{told} in scheme {quote(_SCHEME)}")


def _default(webhook: JSONObject) -> None:
    """Set what is not given, and durations to nanoseconds. Raises NotDecodableError."""
    for name in _DURATIONS:
        try:
            given = parse_duration(webhook.get(name) or "0s")
            webhook[name] = given or parse_duration(_DEFAULTS.get(name, "0s"))
        except ValueError as error:
            raise NotDecodableError(str(error)) from error
    for name in ("cacheAuthorizedRequests", "cacheUnauthorizedRequests"):
        if webhook.get(name) is None:
            webhook[name] = True


def _faults_of_modes(authorizers: Sequence[JSONObject], required: Collection[str]) -> Iterator[str]:
    modes = {each["type"] for each in authorizers}
    for each in authorizers:
        if each["type"] != "Webhook" and each["name"] != (name := each["type"].lower()):
            yield f"expected name {name} for authorizer {each['type']} instead of {each['name']}"
    if missing := sorted(set(required) - modes):
        yield f"missing required types: [{' '.join(missing)}]"


def _authorizer(configured: JSONObject) -> AuthorizerConfiguration:
    webhook = configured.get("webhook")
    made = _webhook(webhook) if webhook is not None else None
    return AuthorizerConfiguration(type=configured["type"], name=configured["name"], webhook=made)


def _webhook(webhook: JSONObject) -> WebhookConfiguration:
    def seconds(name: str, cached: Any = True) -> float:
        return float(webhook[name]) / 1e9 if cached else 0.0

    return WebhookConfiguration(
        kubeconfig=webhook["connectionInfo"]["kubeConfigFile"],
        version=webhook["subjectAccessReviewVersion"],
        authorized_seconds=seconds("authorizedTTL", webhook["cacheAuthorizedRequests"]),
        unauthorized_seconds=seconds("unauthorizedTTL", webhook["cacheUnauthorizedRequests"]),
        timeout=seconds("timeout"),
        failure_policy=webhook["failurePolicy"],
        match_conditions=tuple(each["expression"] for each in webhook.get("matchConditions") or ()),
    )


@cache
def _types() -> TypeTable:
    return TypeTable(files(__package__).joinpath("authorization_types.txt").read_text(encoding="utf-8"))
