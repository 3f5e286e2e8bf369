"""Warnings about the pods of a namespace whose enforced level changes: which of them would not be allowed any more.

Pods of the same controller are alike, so one of each is checked before the rest; a bound on their number and on the time keeps the request
short.

Upstream: staging/src/k8s.io/pod-security-admission/admission/admission.go (EvaluatePodsInNamespace)
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

from rootspan_apiserver.admission.plugins.pod_security.evaluator import violations
from rootspan_apiserver.admission.plugins.pod_security.levels import LevelVersion
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.storage.object_cache import CachedObject

MAX_PODS = 3000
MAX_SECONDS = 1.0
_BREATH = 50
"""After so many pods other requests have their turn."""

Pod = Mapping[str, Any]


async def warnings_of_existing_pods(
    namespace: str, policy: LevelVersion, stored: Sequence[CachedObject], exempt_runtime_classes: frozenset[str]
) -> list[str]:
    """Return what a client is warned of that enforces `policy` in a namespace with these pods."""
    deadline = time.monotonic() + MAX_SECONDS
    pods = await _prioritized(stored, exempt_runtime_classes)
    reasons: dict[str, list[str]] = {}
    checked = 0
    for pod in pods[:MAX_PODS]:
        checked += 1
        if found := violations(policy, pod["metadata"], pod.get("spec") or {}):
            reason = ", ".join(violation.reason for violation in found)
            reasons.setdefault(reason, []).append(pod["metadata"]["name"])
        if time.monotonic() > deadline:
            break
        if checked % _BREATH == 0:
            await asyncio.sleep(0)
    warnings = []
    if checked < len(pods):
        warnings.append(
            f"new PodSecurity enforce level only checked against the first {checked} of {len(pods)} existing pods"
        )
    if reasons:
        level = quote(str(policy))
        warnings.append(
            f"existing pods in namespace {quote(namespace)} violate the new PodSecurity enforce level {level}"
        )
    return warnings + sorted(f"{_summary(names)}: {reason}" for reason, names in reasons.items())


async def _prioritized(stored: Sequence[CachedObject], exempt_runtime_classes: frozenset[str]) -> list[Pod]:
    """Return the pods that are not exempt: first those without a controller and one of each controller."""
    first: list[Pod] = []
    rest: list[Pod] = []
    controllers: set[str] = set()
    for number, each in enumerate(stored, 1):
        pod = each.decode()
        if number % _BREATH == 0:
            await asyncio.sleep(0)
        if (pod.get("spec") or {}).get("runtimeClassName") in exempt_runtime_classes:
            continue
        owners = pod["metadata"].get("ownerReferences") or ()
        controller = next((owner["uid"] for owner in owners if owner.get("controller")), None)
        (rest if controller in controllers else first).append(pod)
        if controller is not None:
            controllers.add(controller)
    return first + rest


def _summary(names: Sequence[str]) -> str:
    """Return the first name and how many others there are."""
    others = len(names) - 1
    if not others:
        return names[0]
    return f"{min(names)} (and {others} other pod{'s' if others > 1 else ''})"
