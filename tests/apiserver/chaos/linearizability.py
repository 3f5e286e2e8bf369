"""A checker of linearizability for one object, after Wing and Gong, with Lowe's memory of what has been tried.

The object is a list of tokens that may be missing. Each write brings a token of its own, so that its content tells the version of
an object. A history is linearizable if its operations can be put into an order in which each one has the outcome that was reported,
and in which none that had been answered comes after one that was sent later. An operation of unknown outcome may have happened at
any time after it was sent, or never.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Content = tuple[str, ...]
State = Content | None
"""The tokens of the object; None if there is none."""
READ, CREATE, PUT, SWAP, APPEND, DELETE = "read", "create", "put", "swap", "append", "delete"
DONE, CONFLICT, MISSING, UNKNOWN = "done", "conflict", "missing", "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A request and its outcome; a `SWAP` is a `PUT` of the version with the content `expected`.

    Attributes:
        called: When it was sent.
        answered: When its answer was there; infinite for an unknown outcome.
        token: What it writes.
        found: What it has read; what an append has made.
    """

    kind: str
    called: float
    answered: float
    outcome: str
    token: str = ""
    expected: State = None
    found: State = None

    def after(self, state: State) -> Iterator[State]:
        """Yield the state after this operation, if it can have its outcome in `state`."""
        if self.outcome == CONFLICT:
            possible = state is not None and (self.kind == CREATE or state != self.expected)
        elif self.kind == READ:
            possible = state == self.found
        elif self.outcome == MISSING:
            possible = state is None
        else:
            yield from self._done(state)
            return
        if possible:
            yield state

    def _done(self, state: State) -> Iterator[State]:
        if self.kind == CREATE:
            if state is None:
                yield (self.token,)
        elif state is None or (self.kind == SWAP and state != self.expected):
            return
        elif self.kind == DELETE:
            yield None
        elif self.kind == APPEND:
            if self.found in (None, (*state, self.token)):
                yield (*state, self.token)
        else:
            yield (self.token,)


def is_linearizable(history: Sequence[Operation]) -> bool:
    """Return whether there is an order of the operations that explains their outcomes; at first there is no object."""
    operations = sorted(history, key=lambda each: each.called)
    known = sum(1 << index for index, each in enumerate(operations) if each.outcome != UNKNOWN)
    tried: set[tuple[int, State]] = set()
    waiting: list[tuple[int, State]] = [(0, None)]
    while waiting:
        done, state = waiting.pop()
        if done & known == known:
            return True
        if (done, state) in tried:
            continue
        tried.add((done, state))
        left = [(index, each) for index, each in enumerate(operations) if not done >> index & 1]
        first_answer = min((each.answered for _, each in left), default=math.inf)
        possible = [(index, each) for index, each in left if each.called <= first_answer]
        # What is tried first is taken from the end: the earliest known outcome.
        possible.sort(key=lambda pair: (pair[1].outcome != UNKNOWN, -pair[1].called))
        waiting += [(done | 1 << index, after) for index, each in possible for after in each.after(state)]
    return False
