"""The mode ABAC: a file of policies, one JSON object a line, of which one must match.

Upstream: pkg/auth/authorizer/abac/abac.go, pkg/apis/abac/v1beta1/conversion.go, pkg/apis/abac/v0/conversion.go
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from os import strerror
from pathlib import Path
from typing import Any

from rootspan import ConfigurationError
from rootspan_apiserver.authz.authorizer import (
    ALLOW,
    AuthorizationAttributes,
    AuthorizationDecision,
    NonResourceRule,
    ResourceRule,
    UserRules,
)
from rootspan_apiserver.codec import json_body
from rootspan_apiserver.kube.go_values import json_type
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.users import ALL_AUTHENTICATED, User
from rootspan_apiserver.types.problems import NotDecodableError

logger = logging.getLogger(__name__)
VERSION, KIND = "abac.authorization.kubernetes.io/v1beta1", "Policy"
_READS = ("get", "list", "watch")


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributePolicy:
    """Who may do what; `*` matches all. An empty field matches what is empty, an empty user or group all users."""

    user: str = ""
    group: str = ""
    readonly: bool = False
    apiGroup: str = ""  # noqa: N815 - the fields are named as in the file
    resource: str = ""
    namespace: str = ""
    nonResourcePath: str = ""  # noqa: N815

    def is_for(self, user: User) -> bool:
        """Return whether it is about a user. A policy without a user and a group is about none."""
        if not self.user and not self.group:
            return False
        if self.user not in ("", "*", user.name):
            return False
        return self.group in ("", "*") or self.group in user.groups

    def allows(self, attributes: AuthorizationAttributes) -> bool:
        """Return whether it allows a request of a user whom it is about."""
        if self.readonly and attributes.verb not in _READS:
            return False
        if attributes.is_resource:
            return (
                self.namespace in ("*", attributes.namespace)
                and self.resource in ("*", attributes.resource)
                and self.apiGroup in ("*", attributes.group)
            )
        path = self.nonResourcePath
        return path in ("*", attributes.path) or (path.endswith("*") and attributes.path.startswith(path.rstrip("*")))


class AttributePolicies:
    """Allows what one of the policies allows."""

    def __init__(self, policies: Sequence[AttributePolicy]) -> None:
        self._policies = tuple(policies)

    async def authorize(self, attributes: AuthorizationAttributes) -> AuthorizationDecision:
        """Return `allow`, or `no opinion` with a reason."""
        if any(policy.is_for(attributes.user) and policy.allows(attributes) for policy in self._policies):
            return ALLOW
        return AuthorizationDecision("no opinion", "No policy matched.")

    async def rules_for(self, user: User, namespace: str) -> UserRules:
        """Return the rules of the policies for a user and a namespace."""
        found = [each for each in self._policies if each.is_for(user) and each.namespace in ("*", namespace)]
        return UserRules(
            resource_rules=[
                ResourceRule(verbs=_verbs(each), api_groups=(each.apiGroup,), resources=(each.resource,))
                for each in found
                if each.resource
            ],
            non_resource_rules=[
                NonResourceRule(verbs=_verbs(each), non_resource_urls=(each.nonResourcePath,))
                for each in found
                if each.nonResourcePath
            ],
        )


def read_policies(path: str) -> AttributePolicies:
    """Return the policies in a file; blank lines and those that begin with `#` are skipped.

    Raises:
        ConfigurationError: it cannot be read, or a line is no policy.
    """
    try:
        text = Path(path).read_text("utf-8", "surrogateescape")
    except OSError as error:
        raise ConfigurationError(f"open {path}: {strerror(error.errno or 0).lower()}") from error
    return AttributePolicies(list(_policies(text, path)))


def _policies(text: str, path: str) -> Iterator[AttributePolicy]:
    unversioned = False
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.strip().startswith("#"):
            continue
        try:
            value = json_body.load(line.encode("utf-8", "surrogateescape"), duplicates=False)
            if not isinstance(value, dict):
                raise NotDecodableError(f"json: cannot unmarshal {json_type(value)} into a policy")
            versioned = (value.get("apiVersion"), value.get("kind")) == (VERSION, KIND)
            unversioned |= not versioned
            yield _versioned(value.get("spec") or {}) if versioned else _unversioned(value)
        except NotDecodableError as error:
            raise ConfigurationError(f"error reading policy file {path}, line {number}: {line}: {error}") from error
    if unversioned:
        told = "Policy file %s contained unversioned rules. See docs/admin/authorization.md#abac-mode for ABAC file format details."
        logger.warning(told, path)


def _versioned(spec: JSONObject) -> AttributePolicy:
    policy = _policy(spec)
    if "*" in (policy.user, policy.group):
        return replace(policy, user="", group=ALL_AUTHENTICATED)
    return policy


def _unversioned(old: JSONObject) -> AttributePolicy:
    """Return a policy of v0, in which what is not given matches all."""
    policy = replace(_policy(old), apiGroup="*", nonResourcePath="")
    if not policy.user and not policy.group:
        policy = replace(policy, group=ALL_AUTHENTICATED)
    if "*" in (policy.user, policy.group):
        policy = replace(policy, user="", group=ALL_AUTHENTICATED)
    if not policy.namespace and not policy.resource:
        policy = replace(policy, nonResourcePath="*")
    return replace(policy, namespace=policy.namespace or "*", resource=policy.resource or "*")


def _policy(given: JSONObject) -> AttributePolicy:
    """Raises NotDecodableError."""
    found: dict[str, Any] = {}
    for field in fields(AttributePolicy):
        value = given.get(field.name)
        if value is None:
            continue
        wanted = bool if field.name == "readonly" else str
        if not isinstance(value, wanted):
            go_type = "bool" if wanted is bool else "string"
            told = f"json: cannot unmarshal {json_type(value)} into Go struct field PolicySpec.spec.{field.name} of type {go_type}"
            raise NotDecodableError(told)
        found[field.name] = value
    return AttributePolicy(**found)


def _verbs(policy: AttributePolicy) -> tuple[str, ...]:
    return _READS if policy.readonly else ("*",)
