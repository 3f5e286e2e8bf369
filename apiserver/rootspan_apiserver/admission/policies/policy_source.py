"""The policies of one kind with their bindings, compiled again when one of them changes.

A policy is effective as soon as it is written: the watch cache has caught up with every write before it answers.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/generic/policy_source.go
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from rootspan_apiserver.admission.policies.accessors import AdmissionPolicy, PolicyBinding
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage.object_cache import CachedObject, ObjectCache

E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class PolicyHook(Generic[E]):
    """A policy that is bound, what `compile` made of it, and its bindings in the order of their names."""

    policy: AdmissionPolicy
    bindings: tuple[PolicyBinding, ...]
    evaluator: E


class PolicySource(Generic[E]):
    """The policies among the objects of `policies`, bound by objects of `bindings`; policies without a binding are left out."""

    def __init__(
        self, cache: ObjectCache, policies: Resource, bindings: Resource, compile_policy: Callable[[AdmissionPolicy], E]
    ) -> None:
        self._cache = cache
        self._policies = policies
        self._bindings = bindings
        self._compile = compile_policy
        self._state: frozenset[tuple[str, int]] = frozenset()
        self._compiled: dict[tuple[str, int], tuple[AdmissionPolicy, E]] = {}
        self._hooks: Sequence[PolicyHook[E]] = ()

    async def hooks(self) -> Sequence[PolicyHook[E]]:
        """Return the policies in the order of their names."""
        bindings = await self._cache.cached(self._bindings)
        if not bindings:
            return ()
        policies = await self._cache.cached(self._policies)
        state = frozenset((each.key, each.revision) for each in (*policies, *bindings))
        if state == self._state:
            return self._hooks
        hooks = await asyncio.to_thread(self._read, policies, bindings)
        self._hooks, self._state = hooks, state
        return hooks

    def _read(self, policies: Sequence[CachedObject], bindings: Sequence[CachedObject]) -> tuple[PolicyHook[E], ...]:
        bound: dict[str, list[PolicyBinding]] = {}
        for binding in sorted((PolicyBinding.of(each.decode()) for each in bindings), key=lambda each: each.name):
            bound.setdefault(binding.policy_name, []).append(binding)
        compiled: dict[tuple[str, int], tuple[AdmissionPolicy, E]] = {}
        for stored in policies:
            key = stored.key, stored.revision
            if (kept := self._compiled.get(key)) is not None:
                compiled[key] = kept
            elif (policy := AdmissionPolicy.of(stored.decode())).name in bound:
                compiled[key] = policy, self._compile(policy)
        self._compiled = compiled
        found = sorted(compiled.values(), key=lambda each: each[0].name)
        return tuple(
            PolicyHook(policy, tuple(bound[policy.name]), evaluator)
            for policy, evaluator in found
            if policy.name in bound
        )
