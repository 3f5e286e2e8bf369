"""Check the options of a list or a watch, and make the predicate of its selectors.

Upstream: staging/src/k8s.io/apimachinery/pkg/apis/meta/internalversion/validation/validation.go
"""

from rootspan_apiserver.kube.status import FieldError, bad_request, invalid
from rootspan_apiserver.registry.options import ListOptions
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.selectors import FieldSelector, LabelSelector
from rootspan_apiserver.storage import Predicate

EXACT, NOT_OLDER_THAN = "Exact", "NotOlderThan"
_MATCH = "resourceVersionMatch"


def predicate(resource: Resource, options: ListOptions) -> Predicate:
    """
    Raises:
        StatusError: 400, a selector cannot be read or uses a field that this resource does not select by.
    """
    try:
        labels = LabelSelector.parse(options.label_selector)
        fields = FieldSelector.parse(options.field_selector)
        fields.check(resource.selectable)
    except ValueError as exc:
        raise bad_request(str(exc)) from exc
    return Predicate(resource, labels, fields)


def check_list(options: ListOptions) -> None:
    """
    Raises:
        StatusError: 422, the options contradict each other; 400, resourceVersion with continue.
    """
    problems = []
    match = options.resource_version_match
    if match:
        if not options.resource_version:
            problems.append(_forbidden("resourceVersionMatch is forbidden unless resourceVersion is provided"))
        if options.continue_token:
            problems.append(_forbidden("resourceVersionMatch is forbidden when continue is provided"))
        if match not in (EXACT, NOT_OLDER_THAN):
            problems.append(FieldError.not_supported(_MATCH, match, (EXACT, NOT_OLDER_THAN, "")))
        if match == EXACT and options.resource_version == "0":
            problems.append(_forbidden('resourceVersionMatch "exact" is forbidden for resourceVersion "0"'))
    if options.send_initial_events is not None:
        problems.append(FieldError.forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"))
    _refuse(problems)
    if options.continue_token and options.resource_version not in ("", "0"):
        raise bad_request("specifying resource version is not allowed when using continue")


def check_watch(options: ListOptions) -> None:
    """
    Raises:
        StatusError: 422, the options contradict each other.
    """
    problems = []
    match = options.resource_version_match
    if options.send_initial_events is not None and match != NOT_OLDER_THAN:
        problems.append(_forbidden(f"sendInitialEvents requires setting resourceVersionMatch to {NOT_OLDER_THAN}"))
    if match:
        if options.send_initial_events is None:
            problems.append(
                _forbidden("resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided")
            )
        if match != NOT_OLDER_THAN:
            problems.append(FieldError.not_supported(_MATCH, match, (NOT_OLDER_THAN,)))
        if options.continue_token:
            problems.append(_forbidden("resourceVersionMatch is forbidden when continue is provided"))
    _refuse(problems)


def _forbidden(detail: str) -> FieldError:
    return FieldError.forbidden(_MATCH, detail)


def _refuse(problems: list[FieldError]) -> None:
    if problems:
        raise invalid("meta.k8s.io", "ListOptions", "", problems)
