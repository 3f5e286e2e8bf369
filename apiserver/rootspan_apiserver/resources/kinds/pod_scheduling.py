"""Where a pod may run: node selectors, affinity, tolerations and topology spread."""

from collections.abc import Callable, Iterator

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import qualified_name
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.kinds.checks import label_selector, one_of, selector_operator
from rootspan_apiserver.resources.metadata import check_labels

EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
REQUIRED, PREFERRED = (
    "requiredDuringSchedulingIgnoredDuringExecution",
    "preferredDuringSchedulingIgnoredDuringExecution",
)


def check_scheduling(spec: JSONObject, field: str) -> list[FieldError]:
    """The rules for what a pod's spec at `field` says of its place."""
    errors = check_labels(spec.get("nodeSelector") or {}, f"{field}.nodeSelector")
    affinity, at = spec.get("affinity") or {}, f"{field}.affinity"
    errors += _check_node_affinity(affinity.get("nodeAffinity") or {}, f"{at}.nodeAffinity")
    for kind in ("podAffinity", "podAntiAffinity"):
        errors += _check_pod_affinity(affinity.get(kind) or {}, f"{at}.{kind}")
    errors += _check_tolerations(spec.get("tolerations") or [], f"{field}.tolerations")
    return errors + _check_spread(spec.get("topologySpreadConstraints") or [], f"{field}.topologySpreadConstraints")


def check_node_selector(selector: JSONObject, field: str) -> list[FieldError]:
    """A node selector: in an affinity, and where a persistent volume can be reached."""
    terms = selector.get("nodeSelectorTerms") or []
    if not terms:
        return [FieldError.required(f"{field}.nodeSelectorTerms", "must have at least one node selector term")]
    return [
        error
        for index, term in enumerate(terms)
        for error in _check_node_term(term, f"{field}.nodeSelectorTerms[{index}]")
    ]


def _check_node_affinity(affinity: JSONObject, field: str) -> list[FieldError]:
    errors = []
    if (required := affinity.get(REQUIRED)) is not None:
        errors += check_node_selector(required, f"{field}.{REQUIRED}")
    return [*errors, *_weighed(affinity, field, "preference", _check_node_term)]


def _weighed(
    affinity: JSONObject, field: str, of: str, check: Callable[[JSONObject, str], list[FieldError]]
) -> Iterator[FieldError]:
    for index, each in enumerate(affinity.get(PREFERRED) or []):
        at = f"{field}.{PREFERRED}[{index}]"
        weight = each.get("weight") or 0
        if not 1 <= weight <= 100:
            yield FieldError.invalid(f"{at}.weight", weight, "must be in the range 1-100")
        yield from check(each.get(of) or {}, f"{at}.{of}")


def _check_node_term(term: JSONObject, field: str) -> list[FieldError]:
    errors = []
    for index, expression in enumerate(term.get("matchExpressions") or []):
        at = f"{field}.matchExpressions[{index}]"
        operator, values = expression.get("operator") or "", expression.get("values") or []
        if operator not in ("Gt", "Lt"):
            errors += selector_operator(operator, values, at)
        elif len(values) != 1:
            detail = "must be specified single value when `operator` is 'Lt' or 'Gt'"
            errors.append(FieldError.required(f"{at}.values", detail))
        key = expression.get("key") or ""
        errors += [FieldError.invalid(f"{at}.key", key, reason) for reason in qualified_name(key)]
    return errors


def _check_pod_affinity(affinity: JSONObject, field: str) -> list[FieldError]:
    errors = []
    for index, term in enumerate(affinity.get(REQUIRED) or []):
        errors += _check_pod_term(term, f"{field}.{REQUIRED}[{index}]")
    return [*errors, *_weighed(affinity, field, "podAffinityTerm", _check_pod_term)]


def _check_pod_term(term: JSONObject, field: str) -> list[FieldError]:
    errors = label_selector(term.get("labelSelector"), f"{field}.labelSelector")
    errors += label_selector(term.get("namespaceSelector"), f"{field}.namespaceSelector")
    return errors + _check_topology_key(term.get("topologyKey") or "", f"{field}.topologyKey")


def _check_topology_key(key: str, field: str) -> list[FieldError]:
    if not key:
        return [FieldError.required(field, "can not be empty")]
    return [FieldError.invalid(field, key, reason) for reason in qualified_name(key)]


def _check_tolerations(tolerations: list[JSONObject], field: str) -> list[FieldError]:
    errors = []
    for index, toleration in enumerate(tolerations):
        at = f"{field}[{index}]"
        operator, key = toleration.get("operator") or "Equal", toleration.get("key") or ""
        if key:
            errors += [FieldError.invalid(f"{at}.key", key, reason) for reason in qualified_name(key)]
        if not key and operator != "Exists":
            detail = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
            errors.append(FieldError.invalid(f"{at}.operator", toleration.get("operator") or "", detail))
        if toleration.get("tolerationSeconds") is not None and toleration.get("effect") != "NoExecute":
            detail = "effect must be 'NoExecute' when `tolerationSeconds` is set"
            errors.append(FieldError.invalid(f"{at}.effect", toleration.get("effect") or "", detail))
        if operator == "Exists" and toleration.get("value"):
            detail = "value must be empty when `operator` is 'Exists'"
            errors.append(FieldError.invalid(f"{at}.operator", toleration, detail))
        if effect := toleration.get("effect"):
            errors += one_of(effect, EFFECTS, f"{at}.effect")
    return errors


def _check_spread(constraints: list[JSONObject], field: str) -> list[FieldError]:
    errors = []
    seen = set()
    for index, constraint in enumerate(constraints):
        at = f"{field}[{index}]"
        key, otherwise = constraint.get("topologyKey") or "", constraint.get("whenUnsatisfiable") or ""
        if (skew := constraint.get("maxSkew") or 0) <= 0:
            errors.append(FieldError.invalid(f"{at}.maxSkew", skew, "must be greater than zero"))
        errors += _check_topology_key(key, f"{at}.topologyKey")
        errors += one_of(otherwise, ("DoNotSchedule", "ScheduleAnyway"), f"{at}.whenUnsatisfiable")
        if (key, otherwise) in seen:
            pair = "{topologyKey, whenUnsatisfiable}"
            errors.append(FieldError.duplicate(f"{at}.{pair}", f"{{{key}, {otherwise}}}"))
        seen.add((key, otherwise))
        if (domains := constraint.get("minDomains")) is not None:
            if domains <= 0:
                errors.append(FieldError.invalid(f"{at}.minDomains", domains, "must be greater than zero"))
            if otherwise != "DoNotSchedule":
                detail = f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {otherwise}"
                errors.append(FieldError.invalid(f"{at}.minDomains", domains, detail))
        errors += label_selector(constraint.get("labelSelector"), f"{at}.labelSelector")
    return errors
