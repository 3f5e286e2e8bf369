"""What a claim asks for: requests for devices, constraints between them, and configuration.

Upstream: pkg/apis/resource/validation/validation.go (validateDeviceClaim and what it calls), pkg/apis/resource/v1/defaults.go
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_label
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.resource_k8s_io.configuration import device_configuration
from rootspan_apiserver.resources.resource_k8s_io.device_selectors import check_selector
from rootspan_apiserver.resources.resource_k8s_io.item_lists import item_set, items
from rootspan_apiserver.resources.resource_k8s_io.names import fully_qualified, label, label_key, label_text, subdomain
from rootspan_apiserver.rules import (
    ABSENT,
    Path,
    Rule,
    RuleContext,
    each,
    function,
    max_length,
    not_nil,
    one_of,
    struct,
    unless_empty,
)

LIMIT = 32
ALTERNATIVES_LIMIT = 8
EXPRESSION_LIMIT = 10 * 1024
EFFECTS = ("NoExecute", "NoSchedule", "None")
NOT_A_REQUEST = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"
EITHER = "exactly one of `exactly` or `firstAvailable` is required"

_expression_length = max_length(EXPRESSION_LIMIT)


@function("validateCELSelector", absent=True)
def _expression(value: Any, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """An expression of limited length that compiles to a boolean, and is not too complex."""
    text = value or ""
    too_long = list(_expression_length.check(text, ABSENT, path, context))
    yield from too_long or check_selector(text, path)


selectors = items(struct(cel=not_nil & struct(expression=_expression)), limit=LIMIT)


def default_claim(claim: JSONObject) -> None:
    """Set the allocation mode and the count of each request of a claim (a `DeviceClaim`), and the operators of its tolerations."""
    for request in claim.get("requests") or ():
        exactly = request.get("exactly")
        for each_request in (*([exactly] if exactly is not None else ()), *(request.get("firstAvailable") or ())):
            mode = each_request["allocationMode"] = each_request.get("allocationMode") or "ExactCount"
            if mode == "ExactCount" and not each_request.get("count"):
                each_request["count"] = 1


def has_selectors(claim: JSONObject | None) -> bool:
    """Return whether a claim (a `DeviceClaim`) has expressions, which take long to compile."""
    requests = (claim or {}).get("requests") or ()
    kinds = (kind for request in requests for kind in (request.get("exactly"), *(request.get("firstAvailable") or ())))
    return any(kind and kind.get("selectors") for kind in kinds)


@function("validateDeviceAllocationMode")
def _allocation_mode(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The mode is All, without a count, or ExactCount with a positive one."""
    mode, count = value.get("allocationMode") or "", value.get("count") or 0
    if mode == "All":
        if count:
            yield FieldError.invalid(path / "count", count, "must not be specified when allocationMode is 'All'")
    elif mode == "ExactCount":
        if count <= 0:
            yield FieldError.invalid(path / "count", count, "must be greater than zero")
    else:
        yield FieldError.not_supported(path / "allocationMode", mode, ("All", "ExactCount"))


@function("validateDeviceToleration")
def _toleration_value(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The operator is Exists, without a value, or Equal with a label value."""
    operator, text = value.get("operator") or "", value.get("value") or ""
    if operator == "Exists":
        if text:
            yield FieldError.invalid(path / "value", text, "must be empty for operator `Exists`")
    elif operator == "Equal":
        yield from label_text.check(text, ABSENT, path / "value", context)
    elif not operator:
        yield FieldError.required(path / "operator")
    else:
        yield FieldError.not_supported(path / "operator", operator, ("Equal", "Exists"))


_toleration = struct(key=unless_empty(label_key)) & _toleration_value & struct(effect=unless_empty(one_of(*EFFECTS)))
_exactly = (
    struct(deviceClassName=subdomain, selectors=selectors) & _allocation_mode & struct(tolerations=each(_toleration))
)
_alternative = struct(name=label) & _exactly


@function("validateDeviceRequest")
def _kind_of_request(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Either one kind of device is asked for, or the first available of several."""
    exactly, alternatives = value.get("exactly"), value.get("firstAvailable")
    if exactly is not None and alternatives:
        yield FieldError.invalid(path, None, f"{EITHER}, but multiple fields are set")
    elif alternatives:
        yield from _alternatives.check(alternatives, ABSENT, path / "firstAvailable", context)
    elif exactly is not None:
        yield from _exactly.check(exactly, ABSENT, path / "exactly", context)
    else:
        yield FieldError.required(path, EITHER)


_alternatives = item_set(_alternative, limit=ALTERNATIVES_LIMIT, by="name")
_request = struct(name=label) & _kind_of_request


def request_reference(place: tuple[str, ...]) -> Rule:
    """Return the rule of the name of a request of the claim that stands at `place` in the object."""

    @function("validateRequestNameRef", absent=True)
    def rule(value: Any, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
        """The name of a request (`gpu`), or of a request and one of its alternatives (`gpu/large`)."""
        name = value or ""
        segments = name.split("/")
        if len(segments) <= 2:
            for segment in segments:
                yield from (FieldError.invalid(path, segment, reason) for reason in dns_label(segment))
        if not _is_requested(segments, context.root, place):
            yield FieldError.invalid(path, name, NOT_A_REQUEST)

    return rule


def _is_requested(segments: list[str], root: JSONObject, place: tuple[str, ...]) -> bool:
    claim: Any = root
    for name in place:
        claim = claim.get(name) or {}
    named = [request for request in claim.get("requests") or () if (request.get("name") or "") == segments[0]]
    if len(segments) == 1 or not named:
        return bool(named)
    alternatives = {alternative.get("name") or "" for alternative in named[-1].get("firstAvailable") or ()}
    return len(segments) == 2 and segments[1] in alternatives


@function("validateDeviceConstraint")
def _constraint_attribute(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The devices have an attribute in common, or each has another value of it."""
    if (attribute := value.get("matchAttribute")) is not None:
        yield from fully_qualified.check(attribute, ABSENT, path / "matchAttribute", context)
    elif (attribute := value.get("distinctAttribute")) is not None:
        yield from fully_qualified.check(attribute, ABSENT, path / "distinctAttribute", context)
    else:
        # Upstream's words, which speak of several where there is none.
        words = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set'
        yield FieldError.required(path, words)


def device_claim(*place: str) -> Rule:
    """Return the rule of a `DeviceClaim` that stands at `place` in the object."""
    of_requests = struct(requests=item_set(request_reference(place), limit=LIMIT))
    return struct(
        requests=item_set(_request, limit=LIMIT, by="name"),
        constraints=items(of_requests & _constraint_attribute, limit=LIMIT),
        config=items(of_requests & device_configuration(), limit=LIMIT),
    )
