"""The requests of a priority level, and one of the queues in which they wait.

Upstream: staging/src/k8s.io/apiserver/pkg/util/flowcontrol/fairqueuing/queueset/types.go, fifo_list.go
"""

from asyncio import Future

from rootspan_apiserver.flow_control.work_estimate import WorkEstimate
from rootspan_apiserver.kube.request_info import RequestInfo
from rootspan_apiserver.kube.users import User
from rootspan_apiserver.telemetry.flow_metrics import FlowNumbers


class QueuedRequest:
    """A request of a priority level, from its arrival until its seats are free again.

    Attributes:
        schema: The name of its FlowSchema.
        flow: What distinguishes its flow.
        hand: The indices of the queues that its flow may use.
        estimate: What it costs.
        numbers: Count it.
        arrived, started: When it arrived, and began to execute; `started` is None while it waits.
        arrival_r: The virtual time of its arrival.
        queue: Where it waits, or came from; None where there are no queues.
        turn: Is done when it has been decided whether the request executes; None while no task waits for that.
    """

    __slots__ = (
        "arrival_r",
        "arrived",
        "estimate",
        "flow",
        "hand",
        "info",
        "numbers",
        "queue",
        "schema",
        "started",
        "turn",
        "user",
    )

    def __init__(
        self, user: User, info: RequestInfo, schema: str, estimate: WorkEstimate, numbers: FlowNumbers
    ) -> None:
        self.user = user
        self.info = info
        self.schema = schema
        self.numbers = numbers
        self.flow = ""
        self.hand: tuple[int, ...] = ()
        self.arrived = 0.0
        self.arrival_r = 0
        self.started: float | None = None
        self.queue: FairQueue | None = None
        self.turn: Future[bool] | None = None
        self.estimate = estimate


class FairQueue:
    """Requests that wait for their turn, the oldest first, and those that came from here and execute.

    Attributes:
        index: Its place among the queues.
        waiting, executing: The requests.
        seats_in_use: Those of the requests that execute, or have just done so.
        initial_seats, seats, work: The sums of what the waiting requests cost.
        next_dispatch_r: The virtual time at which the next request is served.
    """

    __slots__ = ("executing", "index", "initial_seats", "next_dispatch_r", "seats", "seats_in_use", "waiting", "work")

    def __init__(self, index: int) -> None:
        self.index = index
        self.waiting: dict[QueuedRequest, None] = {}
        self.executing: set[QueuedRequest] = set()
        self.seats_in_use = 0
        self.initial_seats = 0
        self.seats = 0
        self.work = 0
        self.next_dispatch_r = 0

    @property
    def idle(self) -> bool:
        """Whether no request is here or came from here."""
        return not self.waiting and not self.executing

    @property
    def oldest(self) -> QueuedRequest:
        return next(iter(self.waiting))

    def add(self, request: QueuedRequest) -> None:
        """Let a request wait."""
        self.waiting[request] = None
        self.initial_seats += request.estimate.initial_seats
        self.seats += request.estimate.seats
        self.work += request.estimate.work

    def remove(self, request: QueuedRequest) -> None:
        """Let a request wait no longer."""
        del self.waiting[request]
        self.initial_seats -= request.estimate.initial_seats
        self.seats -= request.estimate.seats
        self.work -= request.estimate.work

    def bound(self) -> None:
        """Serve nothing before it arrived: a queue that cannot use its share does not save it up."""
        if self.waiting and self.next_dispatch_r < (arrival := self.oldest.arrival_r):
            self.next_dispatch_r = arrival
