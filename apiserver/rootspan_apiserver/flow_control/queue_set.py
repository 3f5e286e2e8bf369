"""The seats of a priority level, and the queues before them, which are served fairly.

Virtual time counts the seat-seconds that each busy queue has had its share of. The next request to be served is the one that would be done
first if the seats were divided equally among the queues at every moment. A queue whose requests are many or wide so waits behind itself.

Upstream: staging/src/k8s.io/apiserver/pkg/util/flowcontrol/fairqueuing/queueset/queueset.go
"""

import time
from collections.abc import Callable

from rootspan_apiserver.flow_control.fair_queue import FairQueue, QueuedRequest
from rootspan_apiserver.flow_control.seat_seconds import SCALE, seat_seconds
from rootspan_apiserver.flow_control.work_estimate import SERVICE_SECONDS

DispatchTimes = tuple[int, int, int, int]
"""Of the queue set, and of the queue served; the least and the greatest of all queues in which requests waited."""
Occupancy = tuple[int, int, int, int]
"""Requests that execute, requests that wait, seats in use, seats that are waited for."""


class QueueSet:
    """Where requests arrive, wait, execute and finish.

    Attributes:
        limit: The seats.
        exempt: Whether there is a seat for every request.
        queue_length: How many requests may wait in a queue while all seats are in use.
        dispatched, rejected, cancelled: How many requests there were.
        last_dispatch: The virtual times at the last dispatch from a queue; None before that.
    """

    def __init__(self, *, exempt: bool = False, clock: Callable[[], float] = time.monotonic) -> None:
        self.exempt = exempt
        self.limit = 0
        self.queue_length = 0
        self.dispatched = self.rejected = self.cancelled = 0
        self.executing = self.waiting = self.seats_in_use = self.seats_waiting = 0
        self.current_r = 0
        self.last_dispatch: DispatchTimes | None = None
        self.queues: list[FairQueue] = []
        self.without_queue: set[QueuedRequest] = set()
        self._clock = clock
        self._wanted = 0
        self._robin = 0
        self._enqueued = 0
        self._busy: set[FairQueue] = set()
        self._longing: set[FairQueue] = set()
        self._since = clock()
        self._spent: dict[Occupancy, float] = {}

    @property
    def idle(self) -> bool:
        """Whether no request waits or executes."""
        return not self.executing and not self.waiting

    @property
    def changed(self) -> float:
        """The time of the last change."""
        return self._since

    def configure(self, queues: int, queue_length: int) -> None:
        """Have this number of queues, 0 to refuse what finds no seat; queues too many go when they are empty."""
        self._synchronize()
        if queues:
            self.queue_length = queue_length
        self._wanted = queues
        while len(self.queues) < queues:
            self.queues.append(FairQueue(len(self.queues)))
        for queue in [each for each in self.queues if each.idle and not each.seats_in_use]:
            self._remove_excess(queue)

    def set_limit(self, seats: int) -> None:
        """Have this number of seats from now on."""
        self._synchronize()
        self.limit = seats
        self._dispatch_all()

    def spent(self) -> dict[Occupancy, float]:
        """Return for how many seconds each state lasted since the last call."""
        self._synchronize()
        spent, self._spent = self._spent, {}
        return spent

    def arrive(self, request: QueuedRequest) -> str:
        """Let a request execute (it is `started`) or wait. Return why it is refused, else ""."""
        request.arrived = now = self._synchronize()
        request.arrival_r = self.current_r
        if not self._wanted:
            if not self._accommodates(request.estimate.seats):
                self.rejected += 1
                return "concurrency-limit"
            self.without_queue.add(request)
            self._start(request, now)
            return ""
        queue = self._choose(request.hand)
        if not self.waiting and self._accommodates(request.estimate.seats):
            self._serve_at_once(request, queue)
            return ""
        if self.seats_in_use >= self.limit and len(queue.waiting) >= self.queue_length:
            queue.bound()
            self.rejected += 1
            return "queue-full"
        if queue.idle:
            queue.next_dispatch_r = self.current_r
        request.queue = queue
        queue.add(request)
        self._busy.add(queue)
        self._longing.add(queue)
        self.waiting += 1
        self.seats_waiting += request.estimate.seats
        request.numbers.queued(1, request.estimate.seats)
        queue.bound()
        request.numbers.queue_length.observe(len(queue.waiting))
        self._dispatch_all()
        return ""

    def _serve_at_once(self, request: QueuedRequest, queue: FairQueue) -> None:
        """Serve a request as if it had waited in a queue for no time: nothing else waits."""
        request.queue = queue
        request.numbers.queue_length.observe(1.0)
        if queue.next_dispatch_r < self.current_r or not queue.executing:
            queue.next_dispatch_r = self.current_r
        self._take(request, queue, queue.next_dispatch_r, queue.next_dispatch_r)

    def give_up(self, request: QueuedRequest) -> None:
        """Let a request wait no longer, because its time is over or its client has closed the connection."""
        self._synchronize()
        self._leave_queue(request)
        self.rejected += 1
        self.cancelled += 1

    def finish(self, request: QueuedRequest) -> float:
        """Note that a request has been answered. Return for how many seconds its seats stay in use; `release` ends that."""
        now = self._synchronize()
        self.executing -= 1
        request.numbers.executing.value -= 1
        queue = request.queue
        if queue is None:
            self.without_queue.discard(request)
        else:
            queue.executing.discard(request)
            if queue.idle:
                self._busy.discard(queue)
            taken = now - request.started if request.started is not None else 0.0
            queue.next_dispatch_r -= seat_seconds(request.estimate.initial_seats, SERVICE_SECONDS - taken)
            queue.bound()
        lingering = request.estimate.additional_seconds
        if lingering <= 0:
            self._free(request)
        self._dispatch_all()
        return lingering

    def release(self, request: QueuedRequest) -> None:
        """Free the seats of a request that was answered some time ago."""
        self._synchronize()
        self._free(request)
        self._dispatch_all()

    def _synchronize(self) -> float:
        """Count the time since the last change, in which nothing changed, and return the present one."""
        now = self._clock()
        passed = now - self._since
        self._since = now
        state = (self.executing, self.waiting, self.seats_in_use, self.seats_waiting)
        self._spent[state] = self._spent.get(state, 0.0) + passed
        if self._busy:
            rate = min(self.seats_in_use + self.seats_waiting, self.limit) / len(self._busy)
            self.current_r += int(rate * passed * SCALE + 0.5)
        return now

    def _choose(self, hand: tuple[int, ...]) -> FairQueue:
        """Return the queue of a hand in which the least work waits; which one is asked first takes turns."""
        offset = self._enqueued % len(hand)
        self._enqueued += 1
        queues = self.queues
        if not self.waiting:
            return queues[hand[offset]]
        return min((queues[index] for index in hand[offset:] + hand[:offset]), key=lambda queue: queue.work)

    def _accommodates(self, seats: int) -> bool:
        if self.exempt:
            return True
        if seats > self.limit:
            return not self.executing
        return self.seats_in_use + seats <= self.limit

    def _dispatch_all(self) -> None:
        while self.waiting and self.seats_in_use < self.limit and self._dispatch():
            pass

    def _dispatch(self) -> bool:
        """Serve the next request. Return whether there were seats enough for it."""
        longing = self._longing
        if len(longing) == 1:
            (queue,) = longing
        else:
            count, robin = len(self.queues), self._robin
            queue = min(
                longing,
                key=lambda each: (each.next_dispatch_r + each.oldest.estimate.work, (each.index - robin - 1) % count),
            )
        request = queue.oldest
        if not self._accommodates(request.estimate.seats):
            request.numbers.not_accommodated.inc()
            return False
        starts = [each.next_dispatch_r for each in longing]
        self._leave_queue(request)
        request.estimate = request.estimate.narrowed(self.limit)
        self._take(request, queue, min(starts), max(starts))
        queue.bound()
        return True

    def _take(self, request: QueuedRequest, queue: FairQueue, first: int, last: int) -> None:
        """Serve a request of a queue; the next requests of all queues were due between `first` and `last`."""
        self._robin = queue.index
        begin, estimate = queue.next_dispatch_r, request.estimate
        self.last_dispatch = (self.current_r, begin, first, last)
        queue.executing.add(request)
        queue.seats_in_use += estimate.seats
        queue.next_dispatch_r = begin + estimate.work
        self._busy.add(queue)
        self._start(request, self._since)

    def _start(self, request: QueuedRequest, now: float) -> None:
        request.started = now
        self.executing += 1
        self.dispatched += 1
        self.seats_in_use += request.estimate.seats
        numbers = request.numbers
        numbers.dispatched.value += 1
        numbers.executing.value += 1
        numbers.seats.value += request.estimate.seats
        if request.turn is not None and not request.turn.done():
            request.turn.set_result(True)

    def _leave_queue(self, request: QueuedRequest) -> None:
        queue = request.queue
        if queue is None:
            return
        queue.remove(request)
        if not queue.waiting:
            self._longing.discard(queue)
            if not queue.executing:
                self._busy.discard(queue)
        self.waiting -= 1
        self.seats_waiting -= request.estimate.seats
        request.numbers.queued(-1, -request.estimate.seats)
        queue.bound()

    def _free(self, request: QueuedRequest) -> None:
        self.seats_in_use -= request.estimate.seats
        request.numbers.seats.value -= request.estimate.seats
        if request.queue is not None:
            request.queue.seats_in_use -= request.estimate.seats
            if request.queue.idle:
                self._remove_excess(request.queue)

    def _remove_excess(self, queue: FairQueue) -> None:
        """Remove an empty queue if there are more than wanted."""
        if len(self.queues) <= self._wanted or queue not in self.queues:
            return
        self.queues.remove(queue)
        for index, each in enumerate(self.queues):
            each.index = index
        if self._robin >= queue.index:
            self._robin -= 1
