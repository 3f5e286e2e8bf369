"""The variables `authorizer` and `authorizer.requestResource` of an expression: what the user of the request may do.

Upstream: staging/src/k8s.io/apiserver/pkg/cel/library/authz.go (NewAuthorizerVal, NewResourceAuthorizerVal),
staging/src/k8s.io/apiserver/pkg/admission/plugin/authorizer/caching_authorizer.go
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.authz.authorizer import (
    AuthorizationAttributes,
    AuthorizationDecision,
    Authorizer,
    read_field_selector,
    read_label_selector,
)
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.kube.users import User, account_groups, account_user_name
from rootspan_apiserver.rules.cel.implementations.authorization import (
    AuthorizerValue,
    CELAccessAnswer,
    CELAccessQuestion,
    ResourceCheckValue,
)


class WorkerNeededError(Exception):
    """The evaluation would block the event loop; `waits` is whether it would wait rather than calculate."""

    def __init__(self, *, waits: bool) -> None:
        self.waits = waits
        super().__init__()


@dataclass(frozen=True, slots=True)
class AuthorizerVariables:
    """The values of the two variables."""

    authorizer: AuthorizerValue
    request_resource: ResourceCheckValue


class AuthorizationDecisions:
    """What the authorizer answers to the expressions of one request, each question once. It is made on the event loop."""

    def __init__(self, authorizer: Authorizer) -> None:
        self._authorizer = authorizer
        self._loop = asyncio.get_running_loop()
        self._answers: dict[CELAccessQuestion, CELAccessAnswer] = {}

    def of(self, attributes: AdmissionAttributes) -> AuthorizerVariables:
        """Return the variables of a request."""

        def decide(question: CELAccessQuestion) -> CELAccessAnswer:
            if question not in self._answers:
                self._answers[question] = self._answer(_attributes(attributes.user, question))
            return self._answers[question]

        value = AuthorizerValue(decide)
        resource = ResourceCheckValue(
            authorizer=value,
            group=attributes.resource.kind.group,
            resource=attributes.resource.plural,
            subresource=attributes.subresource,
            namespace=attributes.request_namespace,
            name=attributes.name,
        )
        return AuthorizerVariables(value, resource)

    def _answer(self, attributes: AuthorizationAttributes) -> CELAccessAnswer:
        """Return the answer. Raises WorkerNeededError on the event loop if the authorizer has to wait for it."""
        try:
            decision = self._decision(attributes)
        except StatusError as exc:
            return CELAccessAnswer(allowed=False, error=exc.message)
        return CELAccessAnswer(allowed=decision.verdict == "allow", reason=decision.reason, error=decision.error)

    def _decision(self, attributes: AuthorizationAttributes) -> AuthorizationDecision:
        question: Coroutine[Any, Any, AuthorizationDecision] = self._authorizer.authorize(attributes)
        if not _is_on_event_loop():
            return asyncio.run_coroutine_threadsafe(question, self._loop).result()
        try:
            question.send(None)
        except StopIteration as answered:
            decision: AuthorizationDecision = answered.value
            return decision
        question.close()
        raise WorkerNeededError(waits=True)


def _is_on_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _attributes(user: User, question: CELAccessQuestion) -> AuthorizationAttributes:
    if question.service_account is not None:
        namespace, name = question.service_account
        user = User(account_user_name(namespace, name), groups=account_groups(namespace))
    if question.path is not None:
        return AuthorizationAttributes(user=user, verb=question.verb, is_resource=False, path=question.path)
    fields, fields_error = read_field_selector(question.field_selector)
    labels, labels_error = read_label_selector(question.label_selector)
    return AuthorizationAttributes(
        user=user,
        verb=question.verb,
        is_resource=True,
        namespace=question.namespace,
        group=question.group,
        version="*",
        resource=question.resource,
        subresource=question.subresource,
        name=question.name,
        field_selector=fields,
        label_selector=labels,
        field_selector_error=fields_error,
        label_selector_error=labels_error,
    )
