"""`authorizer.group('').resource('pods').check('list').allowed()` and the like.

Upstream: staging/src/k8s.io/apiserver/pkg/cel/library/authz.go
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Protocol

from rootspan_apiserver.kube.names import dns_label, dns_subdomain
from rootspan_apiserver.rules.cel.errors import CELEvaluationError
from rootspan_apiserver.rules.cel.values import OpaqueValue


@dataclass(frozen=True, slots=True, kw_only=True)
class CELAccessQuestion:
    """What an expression asks the authorizer. `path` is that of a request for no resource, which then has no other field.

    `service_account` is the namespace and name of the account that is asked about, None for the user of the request.
    """

    verb: str
    service_account: tuple[str, str] | None = None
    path: str | None = None
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    field_selector: str = ""
    label_selector: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CELAccessAnswer:
    """What the authorizer answers; `error` is empty unless it failed."""

    allowed: bool
    reason: str = ""
    error: str = ""


class DecidesAccess(Protocol):
    """Answers questions about access, in the thread that evaluates the expression."""

    def __call__(self, question: CELAccessQuestion, /) -> CELAccessAnswer:
        """Return the answer."""
        ...


@dataclass(frozen=True, slots=True)
class AuthorizerValue(OpaqueValue):
    """`authorizer`."""

    type_name: ClassVar[str] = "kubernetes.authorization.Authorizer"
    decide: DecidesAccess = field(repr=False)
    service_account: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class PathCheckValue(OpaqueValue):
    """`authorizer.path('/healthz')`."""

    type_name: ClassVar[str] = "kubernetes.authorization.PathCheck"
    authorizer: AuthorizerValue
    path: str


@dataclass(frozen=True, slots=True)
class GroupCheckValue(OpaqueValue):
    """`authorizer.group('apps')`."""

    type_name: ClassVar[str] = "kubernetes.authorization.GroupCheck"
    authorizer: AuthorizerValue
    group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceCheckValue(OpaqueValue):
    """`authorizer.group('apps').resource('deployments')`, and `authorizer.requestResource`."""

    type_name: ClassVar[str] = "kubernetes.authorization.ResourceCheck"
    authorizer: AuthorizerValue
    group: str
    resource: str
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    field_selector: str = ""
    label_selector: str = ""


@dataclass(frozen=True, slots=True)
class DecisionValue(OpaqueValue):
    """What `check` returns."""

    type_name: ClassVar[str] = "kubernetes.authorization.Decision"
    answer: CELAccessAnswer


def _path(value: AuthorizerValue, path: str) -> PathCheckValue:
    if not path.strip():
        raise CELEvaluationError("path must not be empty")
    return PathCheckValue(value, path)


def _service_account(value: AuthorizerValue, namespace: str, name: str) -> AuthorizerValue:
    if dns_subdomain(name):
        raise CELEvaluationError("Invalid service account name")
    if dns_label(namespace):
        raise CELEvaluationError("Invalid service account namespace")
    return AuthorizerValue(value.decide, (namespace, name))


def _resource(value: GroupCheckValue, resource: str) -> ResourceCheckValue:
    if not resource.strip():
        raise CELEvaluationError("resource must not be empty")
    return ResourceCheckValue(authorizer=value.authorizer, group=value.group, resource=resource)


def _with(name: str) -> Callable[[ResourceCheckValue, str], ResourceCheckValue]:
    def call(value: ResourceCheckValue, text: str) -> ResourceCheckValue:
        fields: dict[str, Any] = {name: text}
        return replace(value, **fields)

    return call


def _check_path(value: PathCheckValue, verb: str) -> DecisionValue:
    account = value.authorizer.service_account
    return DecisionValue(
        value.authorizer.decide(CELAccessQuestion(verb=verb, service_account=account, path=value.path))
    )


def _check_resource(value: ResourceCheckValue, verb: str) -> DecisionValue:
    question = CELAccessQuestion(
        verb=verb,
        service_account=value.authorizer.service_account,
        group=value.group,
        resource=value.resource,
        subresource=value.subresource,
        namespace=value.namespace,
        name=value.name,
        field_selector=value.field_selector,
        label_selector=value.label_selector,
    )
    return DecisionValue(value.authorizer.decide(question))


IMPLEMENTATIONS: Mapping[str, Callable[..., Any]] = {
    "authorizer_path": _path,
    "authorizer_group": GroupCheckValue,
    "authorizer_serviceaccount": _service_account,
    "groupcheck_resource": _resource,
    "resourcecheck_subresource": _with("subresource"),
    "resourcecheck_namespace": _with("namespace"),
    "resourcecheck_name": _with("name"),
    "authorizer_fieldselector": _with("field_selector"),
    "authorizer_labelselector": _with("label_selector"),
    "pathcheck_check": _check_path,
    "resourcecheck_check": _check_resource,
    "decision_errored": lambda value: bool(value.answer.error),
    "decision_error": lambda value: value.answer.error,
    "decision_allowed": lambda value: value.answer.allowed,
    "decision_reason": lambda value: value.answer.reason,
}
