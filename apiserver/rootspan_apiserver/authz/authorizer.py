"""The interface of every authorizer: attributes of a request in, a decision out.

Upstream: staging/src/k8s.io/apiserver/pkg/authorization/authorizer/interfaces.go, rule.go
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from rootspan_apiserver.kube.request_info import RequestInfo
from rootspan_apiserver.kube.users import User
from rootspan_apiserver.selectors import FieldSelector, LabelSelector, Requirement

_EVERY_FIELD = FieldSelector()


@dataclass(slots=True, kw_only=True)  # not frozen: each request makes one, which then takes half of the time
class AuthorizationAttributes:
    """The action to authorize: `verb` on a resource, or on the non-resource URL `path` if `is_resource` is false.

    `namespace` is empty for cluster-scoped resources, `name` for collections. The selectors are those of a list, a watch or a
    deletecollection; what of them cannot be parsed is left out, and noted in the two `…_error`s. It is not changed once it is made.
    """

    user: User
    verb: str
    is_resource: bool
    namespace: str = ""
    group: str = ""
    version: str = ""
    resource: str = ""
    subresource: str = ""
    name: str = ""
    path: str = ""
    field_selector: FieldSelector = _EVERY_FIELD
    label_selector: tuple[Requirement, ...] = ()
    field_selector_error: str = ""
    label_selector_error: str = ""

    @classmethod
    def of_request(cls, user: User, info: RequestInfo) -> "AuthorizationAttributes":
        """Return the attributes of an HTTP request."""
        if not info.is_resource_request:
            return cls(user=user, verb=info.verb, is_resource=False, path=info.path)
        fields, fields_error = read_field_selector(info.field_selector)
        labels, labels_error = read_label_selector(info.label_selector)
        return cls(
            user=user,
            verb=info.verb,
            is_resource=True,
            namespace=info.namespace,
            group=info.api_group,
            version=info.api_version,
            resource=info.resource,
            subresource=info.subresource,
            name=info.name,
            path=info.path,
            field_selector=fields,
            label_selector=labels,
            field_selector_error=fields_error,
            label_selector_error=labels_error,
        )

    def key(self) -> tuple[Hashable, ...]:
        """Return what identifies the action, without who does it."""
        return (
            self.verb,
            self.is_resource,
            self.namespace,
            self.group,
            self.version,
            self.resource,
            self.subresource,
            self.name,
            self.path,
            self.field_selector,
            self.label_selector,
        )


def read_field_selector(text: str) -> tuple[FieldSelector, str]:
    """Return a field selector and "", or an empty selector and why the text is none."""
    try:
        return (FieldSelector.parse(text) if text else _EVERY_FIELD), ""
    except ValueError as error:
        return _EVERY_FIELD, str(error)


def read_label_selector(text: str) -> tuple[tuple[Requirement, ...], str]:
    """Return the requirements of a label selector and "", or none and why the text is no selector."""
    try:
        return (LabelSelector.parse(text).requirements if text else ()), ""
    except ValueError as error:
        return (), str(error)


Verdict = Literal["allow", "deny", "no opinion"]


@dataclass(frozen=True, slots=True)
class AuthorizationDecision:
    """The answer of an authorizer. After `no opinion` the next authorizer decides; after the last one the request is forbidden.

    `error` says what went wrong while deciding: a request that is not allowed is then answered 500.
    """

    verdict: Verdict
    reason: str = ""
    error: str = ""


ALLOW = AuthorizationDecision("allow")
DENY = AuthorizationDecision("deny")
NO_OPINION = AuthorizationDecision("no opinion")


class Authorizer(Protocol):
    """Decides about single requests."""

    async def authorize(self, attributes: AuthorizationAttributes) -> AuthorizationDecision:
        """Return the decision about one action."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceRule:
    """Verbs that a user may use on resources; `*` matches all. Without `resource_names` the rule holds for every name."""

    verbs: tuple[str, ...]
    api_groups: tuple[str, ...]
    resources: tuple[str, ...]
    resource_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NonResourceRule:
    """Verbs that a user may use on URLs outside the API's resources; `*` matches all."""

    verbs: tuple[str, ...]
    non_resource_urls: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRules:
    """Everything that a user may do in one namespace.

    `incomplete` means that further rules could not be determined; `errors` are those of the rules that should have been there.
    """

    resource_rules: Sequence[ResourceRule] = ()
    non_resource_rules: Sequence[NonResourceRule] = ()
    incomplete: bool = False
    errors: Sequence[str] = ()


@runtime_checkable
class RuleResolver(Protocol):
    """An authorizer that can list the rules of a user, for SelfSubjectRulesReviews."""

    async def rules_for(self, user: User, namespace: str) -> UserRules:
        """Return the rules of `user` in `namespace`."""
        ...
