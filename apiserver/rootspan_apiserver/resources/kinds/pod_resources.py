"""What a container asks for and what bounds it."""

from collections.abc import Iterator

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import qualified_name
from rootspan_apiserver.kube.quantity import amount, is_whole
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules.resource_names import COUNTED, OF_CONTAINERS


def check_resources(resources: JSONObject, field: str) -> list[FieldError]:
    """The rules for the `resources` of a container at `field`."""
    errors = []
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for kind, amounts in (("limits", limits), ("requests", requests)):
        for name, value in sorted(amounts.items()):
            at = f"{field}.{kind}[{name}]"
            errors += _check_name(name, at)
            number = amount(value)
            if number is not None and number < 0:
                errors.append(FieldError.invalid(at, str(value), "must be greater than or equal to 0"))
            if number is not None and "/" in name and not is_whole(number):
                errors.append(FieldError.invalid(at, str(value), "must be an integer"))
    return [*errors, *_against_limits(requests, limits, field)]


def _check_name(name: str, at: str) -> list[FieldError]:
    errors = [FieldError.invalid(at, name, reason) for reason in qualified_name(name)]
    if errors or "/" in name or name in OF_CONTAINERS or name.startswith("hugepages-"):
        return errors
    if name not in COUNTED:
        errors.append(FieldError.invalid(at, name, "must be a standard resource type or fully qualified"))
    return [*errors, FieldError.invalid(at, name, "must be a standard resource for containers")]


def _against_limits(requests: JSONObject, limits: JSONObject, field: str) -> Iterator[FieldError]:
    for name, value in sorted(requests.items()):
        request, limit = amount(value), amount(limits.get(name))
        indivisible = "/" in name or name.startswith("hugepages-")
        if request is None:
            continue
        if limit is None:
            if indivisible:
                yield FieldError.required(f"{field}.limits", "Limit must be set for non overcommitable resources")
        elif indivisible and request != limit:
            yield FieldError.invalid(
                f"{field}.requests", str(value), f"must be equal to {name} limit of {limits[name]}"
            )
        elif request > limit:
            detail = f"must be less than or equal to {name} limit of {limits[name]}"
            yield FieldError.invalid(f"{field}.requests", str(value), detail)
