"""Which mutating policies are called again because the object has changed since.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/mutating/reinvocationcontext.go
"""

from dataclasses import dataclass, field
from typing import Any

InvocationKey = tuple[str, str, str, str]
"""The names of policy and binding, and the namespace and name of the parameters."""


@dataclass(slots=True)
class PolicyReinvocation:
    """State of the mutating policies that the repetition of the mutating phase needs.

    `reinvocable` are the invocations that may be repeated, `required` those that have to be; `output` is the object after the policies.
    """

    reinvocable: set[InvocationKey] = field(default_factory=set)
    required: set[InvocationKey] = field(default_factory=set)
    output: Any = None

    def require_reinvocation(self) -> None:
        """Repeat every reinvocable invocation: the object has changed since."""
        self.required |= self.reinvocable
        self.reinvocable.clear()
