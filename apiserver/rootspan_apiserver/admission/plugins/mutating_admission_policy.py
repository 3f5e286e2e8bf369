"""MutatingAdmissionPolicy: changes objects by the patches that expressions of policies make.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/mutating/dispatcher.go, generic/policy_dispatcher.go
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter

import orjson

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.chain import ReinvocationContext
from rootspan_apiserver.admission.expressions.evaluation import PolicyBudgetError
from rootspan_apiserver.admission.expressions.versioned_attributes import VersionedAttributes
from rootspan_apiserver.admission.forbidden import new_forbidden
from rootspan_apiserver.admission.policies.accessors import AdmissionPolicy, PolicyBinding
from rootspan_apiserver.admission.policies.mutator import Mutation, Mutator, error_type
from rootspan_apiserver.admission.policies.params import PolicyConfigurationError
from rootspan_apiserver.admission.policies.patching import apply_patch
from rootspan_apiserver.admission.policies.policy_evaluation import PolicyEvaluation, PolicyRequest
from rootspan_apiserver.admission.policies.policy_matcher import excluded
from rootspan_apiserver.admission.policies.policy_source import PolicyHook, PolicySource
from rootspan_apiserver.admission.policies.reinvocation import InvocationKey
from rootspan_apiserver.admission.policies.structured_merge import MutationError
from rootspan_apiserver.admission.predicates import RuleMatch
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.resources.conversion import converted
from rootspan_apiserver.resources.resource import Resource


@dataclass(frozen=True, slots=True)
class PolicyInvocation:
    """A policy that applies through a binding, with one object of parameters."""

    policy: AdmissionPolicy
    binding: PolicyBinding
    mutator: Mutator
    match: RuleMatch
    params: JSONObject | None

    @property
    def key(self) -> InvocationKey:
        """What identifies the invocation."""
        metadata = (self.params or {}).get("metadata") or {}
        return self.policy.name, self.binding.name, metadata.get("namespace", ""), metadata.get("name", "")


@dataclass(frozen=True, slots=True)
class _PolicyError:
    """Why a policy could not be carried out. `reason` is that of the Status, "" for Forbidden."""

    policy: AdmissionPolicy
    binding: PolicyBinding | None
    message: str
    reason: str = ""

    def __str__(self) -> str:
        if self.binding is None:
            return f"policy {quote(self.policy.name)} denied request: {self.message}"
        return f"policy '{self.policy.name}' with binding '{self.binding.name}' denied request: {self.message}"


class MutatingAdmissionPolicy:
    """Carries out the policies that are bound, one after the other, each with the changes of those before it."""

    def __init__(self, source: PolicySource[Mutator], evaluation: PolicyEvaluation) -> None:
        self._source = source
        self._evaluation = evaluation

    async def mutate(self, attributes: AdmissionAttributes, reinvocation: ReinvocationContext) -> JSONObject | None:
        """Return the object as the policies leave it.

        Raises:
            StatusError: a policy whose failurePolicy is Fail could not be carried out.
        """
        if attributes.operation == "DELETE" or excluded(attributes.resource):
            return attributes.object
        hooks = await self._source.hooks()
        if not hooks:
            return attributes.object
        errors: list[_PolicyError] = []
        request = self._evaluation.request(attributes)
        invocations = [each for hook in hooks for each in await self._invocations(hook, request, errors)]
        obj = attributes.object
        if invocations:
            obj = await self._invoke_all(invocations, request, reinvocation, errors)
        failures = [each for each in errors if not each.policy.ignores_failure]
        if failures:
            raise _denied(attributes, failures)
        return obj

    async def _invocations(
        self, hook: PolicyHook[Mutator], request: PolicyRequest, errors: list[_PolicyError]
    ) -> Sequence[PolicyInvocation]:
        policy, attributes = hook.policy, request.attributes
        try:
            match = await self._evaluation.matcher.match(policy.constraints, attributes)
            if match is None:
                return ()
            params = self._evaluation.params.resource_of(policy.param_kind)
        except (StatusError, PolicyConfigurationError) as exc:
            errors.append(_PolicyError(policy, None, f"failed to configure policy: {exc}"))
            return ()
        found: list[PolicyInvocation] = []
        for binding in hook.bindings:
            try:
                bound = await self._evaluation.bound(binding, params, attributes)
            except (StatusError, PolicyConfigurationError) as exc:
                errors.append(_PolicyError(policy, binding, f"failed to configure binding: {exc}"))
                continue
            found += (
                PolicyInvocation(policy, binding, hook.evaluator, match, _untyped(each, params)) for each in bound
            )
        return found

    async def _invoke_all(
        self,
        invocations: Sequence[PolicyInvocation],
        request: PolicyRequest,
        reinvocation: ReinvocationContext,
        errors: list[_PolicyError],
    ) -> JSONObject | None:
        """Return the object after all invocations; those that fail are `errors`. Raises StatusError."""
        attributes, policies = request.attributes, reinvocation.policies
        if reinvocation.is_reinvocation and attributes.object != policies.output:
            policies.require_reinvocation()
        last: VersionedAttributes | None = None
        for invocation in invocations:
            versioned = await request.versioned.at(invocation.match)
            if not await self._matches(invocation, request, errors):
                continue
            if reinvocation.is_reinvocation and invocation.key not in policies.required:
                continue
            before = versioned.object
            for mutation in invocation.mutator.mutations:
                last = versioned
                if versioned.object is not None:
                    await self._mutate(invocation, mutation, request, errors)
            if versioned.object != before:
                policies.require_reinvocation()
                reinvocation.requested = True
            if invocation.mutator.may_reinvoke:
                policies.reinvocable.add(invocation.key)
        obj = attributes.object
        if last is not None and last.changed is not None:
            policies.require_reinvocation()
            reinvocation.requested = True
            obj = await _in_kind_of_request(last.changed, attributes, last.kind)
        policies.output = orjson.loads(orjson.dumps(obj))
        return obj

    async def _matches(self, invocation: PolicyInvocation, request: PolicyRequest, errors: list[_PolicyError]) -> bool:
        conditions = invocation.mutator.conditions
        if not conditions:
            return True
        inputs = await self._evaluation.inputs(request, invocation.match, invocation.params)
        result = await self._evaluation.worker.evaluated(conditions.evaluate, replace(inputs, namespace=None))
        self._evaluation.record_conditions(invocation.policy.name, request.attributes.operation, result)
        if result.error:
            errors.append(_PolicyError(invocation.policy, invocation.binding, result.error, "Invalid"))
        return result.matches

    async def _mutate(
        self, invocation: PolicyInvocation, mutation: Mutation, request: PolicyRequest, errors: list[_PolicyError]
    ) -> None:
        """Carry out one mutation. One that fails is among the `errors`. Raises StatusError."""
        policy, binding = invocation.policy, invocation.binding
        started, error = perf_counter(), ""
        try:
            inputs = await self._evaluation.inputs(request, invocation.match, invocation.params)
            patch = await self._evaluation.worker.evaluated(partial(invocation.mutator.patch, mutation), inputs)
            versioned = await request.versioned.at(invocation.match)
            await apply_patch(patch, versioned, invocation.match)
        except (MutationError, PolicyBudgetError) as exc:
            error = str(exc)
            errors.append(_PolicyError(policy, binding, error, "Invalid"))
        except StatusError as exc:
            error = exc.message
            raise
        finally:
            seconds = perf_counter() - started
            self._evaluation.metrics.policies.mutated(policy.name, binding.name, error_type(error), seconds)


async def _in_kind_of_request(obj: JSONObject, attributes: AdmissionAttributes, kind: GroupVersionKind) -> JSONObject:
    if attributes.resource.custom and (obj["apiVersion"], obj["kind"]) != (kind.api_version, kind.kind):
        return obj  # validation refuses the kind
    return await converted(attributes.resource, obj, attributes.kind)


def _untyped(params: JSONObject | None, resource: Resource | None) -> JSONObject | None:
    """Return parameters as expressions see them: those of a built-in kind do not say which kind they are of."""
    if params is None or resource is None or resource.custom:
        return params
    return {key: value for key, value in params.items() if key not in ("apiVersion", "kind")}


def _denied(attributes: AdmissionAttributes, failures: Sequence[_PolicyError]) -> StatusError:
    refusal = new_forbidden(attributes, "")
    causes = [{"message": str(each)} for each in failures]
    reason = failures[0].reason or refusal.reason
    return StatusError(403, reason, str(failures[0]), {**(refusal.details or {}), "causes": causes})
