"""A priority level: its share of the server's seats, and its queues.

Upstream: staging/src/k8s.io/apiserver/pkg/util/flowcontrol/apf_controller.go (priorityLevelState)
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from rootspan_apiserver.flow_control.queue_set import QueueSet
from rootspan_apiserver.flow_control.seat_demand import SeatDemand
from rootspan_apiserver.flow_control.seat_seconds import SCALE
from rootspan_apiserver.flow_control.shuffle_sharding import deal, flow_hash
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.telemetry.flow_control_metrics import FlowControlMetrics, LevelNumbers
from rootspan_apiserver.telemetry.flow_metrics import FlowNumbers

MOST_SEATS = 0.15
"""The part of the nominal seats that one request may have."""
_REMEMBERED = 4096
"""How many flows' hands are remembered."""


@dataclass(frozen=True, slots=True)
class Queuing:
    """The queues of a level, how many of them a flow may use, and how many requests may wait in one."""

    queues: int = 0
    hand_size: int = 0
    queue_length: int = 0


class PriorityLevel:
    """A priority level, made of its object.

    Attributes:
        name, uid: Those of the object; the uid is "" for a mandatory level that has no object yet.
        queues: Where its requests wait and execute.
        demand: How many seats it wants.
        quiescing: Whether its object is deleted, so that it is removed once its last request has been served.
        shares: Its part of the server's seats, in proportion to those of the others.
        nominal, lower, upper, current: The seats that it is configured to have, the bounds of lending and borrowing, and those it has now.
        max_seats: The most seats that one of its requests may be estimated to need; 0 says nothing.
    """

    def __init__(
        self, obj: JSONObject, metrics: FlowControlMetrics, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.name: str = obj["metadata"]["name"]
        self.exempt = obj["spec"]["type"] == "Exempt"
        self.queues = QueueSet(exempt=self.exempt, clock=clock)
        self.demand = SeatDemand()
        self.numbers = LevelNumbers(metrics, self.name)
        self.nominal = self.lower = self.upper = self.current = self.max_seats = 0
        self._families = metrics.flows
        self._flows: dict[str, FlowNumbers] = {}
        self._divisor = 1
        self.configure(obj)

    def configure(self, obj: JSONObject) -> None:
        """Follow the object."""
        self.uid: str = obj["metadata"].get("uid") or ""
        self.quiescing = False
        spec = obj["spec"]
        own = (spec.get("exempt") if self.exempt else spec.get("limited")) or {}
        self.shares: int = own.get("nominalConcurrencyShares") or 0
        self._lendable: int = own.get("lendablePercent") or 0
        self._borrowing: int | None = own.get("borrowingLimitPercent")
        queuing = (own.get("limitResponse") or {}).get("queuing")
        self.queuing = (
            Queuing(queuing["queues"], queuing["handSize"], queuing["queueLengthLimit"]) if queuing else Queuing()
        )
        self._hands: dict[tuple[str, str], tuple[int, ...]] = {}
        self.queues.configure(self.queuing.queues, self.queuing.queue_length)

    def divide(self, server_seats: int, shares: int) -> None:
        """Compute the limits, of the server's seats and of the shares of all levels."""
        self.nominal = math.ceil(server_seats * self.shares / shares) if shares else 0
        self.lower = self.nominal - _percent(self._lendable, self.nominal)
        borrowed = server_seats if self._borrowing is None else _percent(self._borrowing, self.nominal)
        self.upper = self.nominal + borrowed
        if self.queuing.queues:
            part = math.ceil(self.nominal * MOST_SEATS)
            self.max_seats = max(1, min(part, self.nominal // self.queuing.hand_size))
        numbers = self.numbers
        numbers.nominal.set(self.nominal)
        numbers.lower.set(self.lower)
        numbers.upper.set(self.upper)

    def set_current(self, seats: int, server_seats: int) -> None:
        """Have this number of seats until the next period."""
        self.count_time()
        self.current = seats
        self._divisor = seats if seats > 0 else max(1, math.floor(server_seats / 10 + 0.5))
        self.numbers.current.set(seats)
        self.queues.set_limit(seats)

    def end_period(self) -> None:
        """Take up the demand of the last period."""
        self.count_time()
        demand, numbers = self.demand, self.numbers
        demand.end_period(self.queues.seats_in_use + self.queues.seats_waiting)
        numbers.high_watermark.set(demand.high_watermark)
        numbers.average.set(demand.average)
        numbers.deviation.set(demand.deviation)
        numbers.smoothed.set(demand.smoothed)

    def count_time(self) -> None:
        """Bring the demand and the histograms over time up to date."""
        numbers, divisor = self.numbers, self._divisor
        capacity = max(self.queuing.queue_length, 1) * max(self.queuing.queues, 1)
        for (executing, waiting, seats, wanted), seconds in self.queues.spent().items():
            self.demand.spend(seats + wanted, seconds)
            numbers.demand.spend((seats + wanted) / divisor, seconds)
            numbers.seat_use.spend(seats / divisor, seconds)
            numbers.executing.spend(executing / divisor, seconds)
            numbers.waiting.spend(waiting / capacity, seconds)

    def flow_numbers(self, schema: str) -> FlowNumbers:
        """Return what counts the requests of a flow schema."""
        numbers = self._flows.get(schema)
        if numbers is None:
            numbers = self._flows[schema] = FlowNumbers(self._families, self.name, schema)
        return numbers

    def hand(self, schema: str, flow: str) -> tuple[int, ...]:
        """Return the indices of the queues that a flow may use."""
        key = (schema, flow)
        hand = self._hands.get(key)
        if hand is None:
            if len(self._hands) >= _REMEMBERED:
                self._hands.clear()
            hash_value = flow_hash(schema, flow) if self.queuing.queues > 1 else 0
            hand = self._hands[key] = deal(hash_value, self.queuing.queues, self.queuing.hand_size)
        return hand

    @property
    def progress(self) -> float:
        """The virtual time, in seat-seconds."""
        return self.queues.current_r / SCALE


def _percent(percent: int, of: int) -> int:
    return math.floor(of * percent / 100 + 0.5)


def is_whole(obj: JSONObject) -> bool:
    """Return whether a priority level can be followed: it says what its type needs, and only `exempt` is exempt."""
    spec = obj["spec"]
    exempt, limited = spec.get("exempt") is not None, spec.get("limited")
    if (spec["type"] == "Exempt") != exempt or (spec["type"] == "Limited") != (limited is not None):
        return False
    if (obj["metadata"]["name"] == "exempt") != exempt:
        return False
    response = (limited or {}).get("limitResponse") or {}
    return limited is None or (response.get("type") == "Reject") == (response.get("queuing") is None)
