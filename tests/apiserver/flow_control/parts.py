"""Clocks, objects and requests for the tests of flow control."""

from typing import Any

from rootspan_apiserver.flow_control.fair_queue import QueuedRequest
from rootspan_apiserver.flow_control.flow_controller import FlowController
from rootspan_apiserver.flow_control.work_estimate import ONE_SEAT, WorkEstimate
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.request_info import RequestInfo, resolve
from rootspan_apiserver.kube.users import User
from rootspan_apiserver.resources.flowcontrol import bootstrap
from rootspan_apiserver.telemetry.flow_metrics import FlowFamilies, FlowNumbers
from rootspan_apiserver.telemetry.metrics import Metrics

EVERYTHING: JSONObject = {
    "resourceRules": [
        {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "namespaces": ["*"], "clusterScope": True}
    ],
    "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
}


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def info_of(method: str, path: str, query: str = "") -> RequestInfo:
    return resolve(method, path, query.encode())


def queued(flow: str, hand: tuple[int, ...], estimate: WorkEstimate = ONE_SEAT) -> QueuedRequest:
    """Return a request that arrives with a hand dealt to its flow."""
    info = info_of("GET", "/api/v1/namespaces/default/configmaps/a")
    request = QueuedRequest(User(flow), info, "schema", estimate, FlowNumbers(FlowFamilies(), "level", "schema"))
    request.flow, request.hand = flow, hand
    return request


def schema(name: str, level: str, *users: str, precedence: int = 500, by: str = "ByUser", **rule: Any) -> JSONObject:
    """Return a FlowSchema for everything that these users ask for."""
    subjects = [{"kind": "User", "user": {"name": user}} for user in users]
    spec = {
        "priorityLevelConfiguration": {"name": level},
        "matchingPrecedence": precedence,
        "distinguisherMethod": {"type": by},
        "rules": [{"subjects": subjects, **(rule or EVERYTHING)}],
    }
    return {"metadata": {"name": name, "uid": f"uid-of-{name}"}, "spec": spec}


def limited(name: str, shares: int, *, queuing: tuple[int, int, int] | None = None, **limits: Any) -> JSONObject:
    """Return a priority level; `queuing` has the number of queues, the size of a hand, and the length of a queue."""
    response: JSONObject = {"type": "Reject"}
    if queuing is not None:
        names = ("queues", "handSize", "queueLengthLimit")
        response = {"type": "Queue", "queuing": dict(zip(names, queuing, strict=True))}
    spec = {"type": "Limited", "limited": {"nominalConcurrencyShares": shares, "limitResponse": response, **limits}}
    return {"metadata": {"name": name, "uid": f"uid-of-{name}"}, "spec": spec}


def controller(seats: int, *objects: JSONObject, clock: Clock | None = None, suggested: bool = True) -> FlowController:
    """Return flow control with these objects besides the mandatory and, unless they are not wanted, the suggested ones."""
    flow = FlowController(seats, Metrics(), clock=clock or Clock())
    levels = [each for each in objects if "type" in each["spec"]]
    schemas = [each for each in objects if "type" not in each["spec"]]
    if suggested:
        levels += bootstrap.suggested_levels()
        schemas += bootstrap.suggested_schemas()
    flow.configure([*levels, *bootstrap.mandatory_levels()], [*schemas, *bootstrap.mandatory_schemas()])
    return flow
