"""How much of a capacity of a device one request may take.

Upstream: pkg/apis/resource/validation/validation.go (validateRequestPolicy and what it calls)
"""

from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal
from itertools import pairwise
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.quantity import amount, canonical
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules import Path, RuleContext, function

OPTIONS_LIMIT = 10


def _amount(quantity: Any) -> Decimal:
    return amount(quantity) or Decimal(0)


def _whole(quantity: Any) -> int:
    """Return what Go's `Quantity.Value()` does: the amount, rounded up to an integer."""
    return int(_amount(quantity).to_integral_value(ROUND_CEILING))


@function("validateSingleAllocatableDeviceCapacity")
def of_one_allocation(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A device that is allocated as a whole has no policy."""
    if value.get("requestPolicy") is not None:
        yield FieldError.forbidden(path / "requestPolicy", "allowMultipleAllocations must be true")


@function("validateMultiAllocatableDeviceCapacity")
def of_many_allocations(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The policy gives the values or the range of values that a request may ask for, and a default among them."""
    policy, at = value.get("requestPolicy"), path / "requestPolicy"
    if policy is None:
        return
    capacity, default = value.get("value") or "0", policy.get("default")
    options, limits = policy.get("validValues") or [], policy.get("validRange")
    if options and limits is not None:
        words = 'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time'
        yield FieldError.forbidden(at, words)
    elif options and default is None:
        yield FieldError.required(at / "default", "required when validValues is defined")
    elif options:
        yield from _options(options, default, capacity, at / "validValues")
    elif limits is not None and default is None:
        yield FieldError.required(at / "default", "required when validRange is defined")
    elif limits is not None:
        yield from _range(limits, default, capacity, at / "validRange")


def _options(options: list[Any], default: Any, capacity: Any, path: Path) -> Iterator[FieldError]:
    for index, (option, following) in enumerate(pairwise(options)):
        if _amount(option) > _amount(following):
            yield FieldError.invalid(
                path / (index + 1), canonical(str(following)), "values must be sorted in ascending order"
            )
    if len(options) > OPTIONS_LIMIT:
        yield FieldError.too_many(path, len(options), OPTIONS_LIMIT)
    else:
        for index, option in enumerate(options):
            if _amount(option) > _amount(capacity):
                words = f"option is larger than capacity value: {canonical(str(capacity))}"
                yield FieldError.invalid(path / index, canonical(str(option)), words)
        values = [str(_whole(option)) for option in options]
        yield from (
            FieldError.duplicate(path / index, key) for index, key in enumerate(values) if key in values[:index]
        )
    # Upstream looks for the default while it checks the options, which it does not do for too many.
    if len(options) > OPTIONS_LIMIT or all(_amount(option) != _amount(default) for option in options):
        yield FieldError.invalid(
            path, canonical(str(default)), "default value is not valid according to the requestPolicy"
        )


def _range(limits: JSONObject, default: Any, capacity: Any, path: Path) -> Iterator[FieldError]:
    low, high, step = (limits.get(name) for name in ("min", "max", "step"))
    if low is None:
        yield FieldError.required(path / "min", "required when validRange is defined")
        return
    shown = {
        name: canonical(str(value)) for name, value in (("low", low), ("default", default), ("capacity", capacity))
    }
    if _amount(low) > _amount(capacity):
        yield FieldError.invalid(path / "min", shown["low"], f"min is larger than capacity value: {shown['capacity']}")
    if _amount(default) < _amount(low):
        yield FieldError.invalid(path / "min", shown["default"], f"default is less than min: {shown['low']}")
    if high is not None:
        most = canonical(str(high))
        if _amount(low) > _amount(high):
            yield FieldError.invalid(path / "max", shown["low"], f"min is larger than max: {most}")
        if _amount(high) > _amount(capacity):
            yield FieldError.invalid(path / "max", most, f"max is larger than capacity value: {shown['capacity']}")
        if _amount(default) > _amount(high):
            yield FieldError.invalid(path / "max", shown["default"], f"default is more than max: {most}")
    if step is not None:
        yield from _steps(low, step, [default, *([high] if high is not None else [])], capacity, path / "step")


def _steps(low: Any, step: Any, values: list[Any], capacity: Any, path: Path) -> Iterator[FieldError]:
    first = _amount(low) + _amount(step)
    if first > _amount(capacity):
        words = f"one step {canonical(format(first, 'f'))} is larger than capacity value: {canonical(str(capacity))}"
        yield FieldError.invalid(path, canonical(str(step)), words)
    for value in values:
        # Upstream divides by zero for a step of 0, which panics; here such a step reaches nothing but the minimum.
        if (_whole(value) - _whole(low)) % (_whole(step) or 1 << 63):
            words = f"value is not a multiple of a given step ({canonical(str(step))}) from ({canonical(str(low))})"
            yield FieldError.invalid(path, canonical(str(value)), words)
