"""The status of a pod, as kubelets write it.

Upstream: pkg/apis/core/validation/validation.go (ValidatePodStatusUpdate), pkg/registry/core/pod/strategy.go (podStatusStrategy)
"""

from collections.abc import Iterator
from ipaddress import ip_address as parsed
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_subdomain, qualified_name
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.core.pod.disabled_fields import drop_disabled_status
from rootspan_apiserver.resources.hooks import WriteContext
from rootspan_apiserver.rules import ABSENT, Path, RuleContext, function
from rootspan_apiserver.rules.addresses import ip_address

SYSTEM_CONDITIONS = ("PodScheduled", "Ready", "Initialized")
LISTS = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
_ONE_OF_EACH = "may specify no more than one IP for each IP family"


def prepare_status(obj: JSONObject, old: JSONObject, context: WriteContext) -> None:
    """Keep the class of a pod, and the generations that were observed, where a new status lacks them; drop fields of disabled features."""
    status, before = obj.setdefault("status", {}), old.get("status") or {}
    drop_disabled_status(status, before)
    for key in ("qosClass", "observedGeneration"):
        if not status.get(key) and before.get(key):
            status[key] = before[key]
    observed: dict[str, list[int]] = {}
    for condition in before.get("conditions") or []:
        observed.setdefault(condition.get("type", ""), []).append(condition.get("observedGeneration") or 0)
    for condition in status.get("conditions") or []:
        generations = observed.get(condition.get("type", ""))
        generation = generations.pop(0) if generations else 0
        if generation and not condition.get("observedGeneration"):
            condition["observedGeneration"] = generation


@function("ValidatePodStatusUpdate")
def status_changes(value: JSONObject, old: JSONObject, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Conditions, addresses and claims are valid; what has ended does not run again."""
    status, before = value.get("status") or {}, old.get("status") or {}
    for index, condition in enumerate(status.get("conditions") or []):
        name = condition.get("type") or ""
        if name not in SYSTEM_CONDITIONS:
            at = path / "metadata" / "conditions" / index / "Type"
            yield from (FieldError.invalid(at, name, reason) for reason in qualified_name(name))
    at = path / "status"
    node = status.get("nominatedNodeName")
    if node and node != before.get("nominatedNodeName"):
        yield from (FieldError.invalid(at / "nominatedNodeName", node, reason) for reason in dns_subdomain(node))
    if (status.get("qosClass") or "") != (before.get("qosClass") or ""):
        yield FieldError.invalid(at / "qosClass", status.get("qosClass") or "", "field is immutable")
    for name in LISTS:
        yield from _transitions(status.get(name) or [], before.get(name) or [], at / name, old["spec"])
    yield from _claims(status, value["spec"], at / "resourceClaimStatuses")
    yield from _addresses(status.get("podIPs") or [], at / "podIPs", context)
    yield from _host_addresses(status, at / "hostIPs", context)


def _transitions(new: list[JSONObject], old: list[JSONObject], at: Path, spec: JSONObject) -> Iterator[FieldError]:
    is_ephemeral = str(at).endswith("ephemeralContainerStatuses")
    policy = "Never" if is_ephemeral else spec.get("restartPolicy")
    if policy == "Always":
        return
    own = {each.get("name"): each.get("restartPolicy") for each in spec.get("initContainers") or []}
    for index, before in enumerate(old):
        ended = (before.get("state") or {}).get("terminated")
        if ended is None or (ended.get("exitCode") and policy == "OnFailure"):
            continue
        if str(at).endswith("initContainerStatuses") and own.get(before.get("name")) == "Always":
            continue
        for status in new:
            if status.get("name") == before.get("name") and (status.get("state") or {}).get("terminated") is None:
                words = "may not be transitioned to non-terminated state"
                yield FieldError.forbidden(at / index / "state", words)


def _claims(status: JSONObject, spec: JSONObject, at: Path) -> Iterator[FieldError]:
    known = {claim.get("name") for claim in spec.get("resourceClaims") or []}
    seen = set()
    for index, claim in enumerate(status.get("resourceClaimStatuses") or []):
        name, given = claim.get("name") or "", claim.get("resourceClaimName")
        if name not in known:
            words = "must match the name of an entry in `spec.resourceClaims`"
            yield FieldError.invalid(at / index / "name", name, words)
        if name in seen:
            yield FieldError.duplicate(at / index / "name", name)
        seen.add(name)
        if given is not None:
            yield from (FieldError.invalid(at / index / "name", given, reason) for reason in dns_subdomain(given))


def _addresses(addresses: list[JSONObject], at: Path, context: RuleContext) -> Iterator[FieldError]:
    """Yield what is wrong with addresses of which there is one of each family."""
    found = [address.get("ip") or "" for address in addresses]
    invalid = [error for index, ip in enumerate(found) for error in ip_address.check(ip, ABSENT, at / index, context)]
    yield from invalid
    if len(found) > 1 and not invalid:
        if len({parsed(ip).version for ip in found}) < len(found):
            yield FieldError.invalid(at, [{"IP": ip} for ip in found], _ONE_OF_EACH)
        for index, ip in enumerate(found):
            if ip in found[:index]:
                yield FieldError.duplicate(at / index, {"IP": ip})


def _host_addresses(status: JSONObject, at: Path, context: RuleContext) -> Iterator[FieldError]:
    addresses: list[dict[str, Any]] = status.get("hostIPs") or []
    if addresses:
        first = addresses[0].get("ip") or ""
        if first != (status.get("hostIP") or ""):
            yield FieldError.invalid(at / 0 / "ip", first, "must be equal to `hostIP`")
        yield from _addresses(addresses, at, context)
