"""The checker of linearizability finds what cannot have happened, and accepts what can."""

import math
from dataclasses import replace
from random import Random

import pytest

from tests.apiserver.chaos.linearizability import (
    APPEND,
    CONFLICT,
    CREATE,
    DELETE,
    DONE,
    MISSING,
    PUT,
    READ,
    SWAP,
    UNKNOWN,
    Content,
    Operation,
    State,
    is_linearizable,
)


def op(kind: str, called: float, answered: float, token: str = "", outcome: str = DONE, **more: State) -> Operation:
    return Operation(kind=kind, called=called, answered=answered, outcome=outcome, token=token, **more)


def lost(kind: str, called: float, token: str = "", expected: State = None) -> Operation:
    return op(kind, called, math.inf, token, UNKNOWN, expected=expected)


def read(called: float, answered: float, *found: str) -> Operation:
    return op(READ, called, answered, found=found or None)


A: Content = ("a",)
POSSIBLE = {
    "one after the other": [op(CREATE, 0, 1, "a"), read(2, 3, "a"), op(DELETE, 4, 5), read(6, 7)],
    "a read beside a write sees either state": [op(CREATE, 0, 9, "a"), read(1, 2), read(3, 4, "a")],
    "an unknown write has happened": [lost(CREATE, 0, "a"), read(1, 2, "a")],
    "an unknown write happens late": [lost(CREATE, 0, "a"), read(1, 2), read(3, 4, "a")],
    "an unknown write never happens": [lost(CREATE, 0, "a"), read(1, 2), op(CREATE, 3, 4, "b"), read(5, 6, "b")],
    "an unknown deletion explains a missing object": [
        op(CREATE, 0, 1, "a"),
        lost(DELETE, 2),
        op(PUT, 3, 4, "b", MISSING),
    ],
    "of two swaps one wins": [
        op(CREATE, 0, 1, "a"),
        op(SWAP, 2, 5, "b", expected=A),
        op(SWAP, 3, 4, "c", CONFLICT, expected=A),
        read(6, 7, "b"),
    ],
    "an append beside a put": [op(CREATE, 0, 1, "a"), op(PUT, 2, 5, "b"), op(APPEND, 3, 4, "c"), read(6, 7, "b")],
}
IMPOSSIBLE = {
    "an acknowledged creation is lost": [op(CREATE, 0, 1, "a"), read(2, 3)],
    "a deleted object comes back": [op(CREATE, 0, 1, "a"), op(DELETE, 2, 3), read(4, 5, "a")],
    "a lost creation is carried out twice": [
        lost(CREATE, 0, "a"),
        read(1, 2, "a"),
        op(DELETE, 3, 4),
        read(5, 6, "a"),
    ],
    "one's own creation is a conflict": [op(CREATE, 0, 1, "a", CONFLICT), read(2, 3, "a")],
    "an append is done twice": [op(CREATE, 0, 1, "a"), op(APPEND, 2, 3, "b"), read(4, 5, "a", "b", "b")],
    "a lost append is done twice": [op(CREATE, 0, 1, "a"), lost(APPEND, 2, "b"), read(4, 5, "a", "b", "b")],
    "a read is stale": [op(CREATE, 0, 1, "a"), op(PUT, 2, 3, "b"), read(4, 5, "a")],
    "reads go back": [op(CREATE, 0, 1, "a"), op(PUT, 2, 9, "b"), read(3, 4, "b"), read(5, 6, "a")],
    "two swaps of one version win": [
        op(CREATE, 0, 1, "a"),
        op(SWAP, 2, 5, "b", expected=A),
        op(SWAP, 3, 4, "c", expected=A),
    ],
    "a swap of the present version is a conflict": [op(CREATE, 0, 1, "a"), op(SWAP, 2, 3, "b", CONFLICT, expected=A)],
    "an object that is there is missing": [op(CREATE, 0, 1, "a"), op(DELETE, 2, 3, outcome=MISSING)],
    "what was read has never been written": [op(CREATE, 0, 1, "a"), read(2, 3, "x")],
}


@pytest.mark.parametrize("case", POSSIBLE)
def test_possible_history_is_accepted(case: str) -> None:
    """There is an order of its operations that explains it."""
    assert is_linearizable(POSSIBLE[case])


@pytest.mark.parametrize("case", IMPOSSIBLE)
def test_impossible_history_is_found(case: str) -> None:
    """No order of its operations explains it."""
    assert not is_linearizable(IMPOSSIBLE[case])


def simulated(random: Random, count: int) -> list[Operation]:
    """A history of a register that is as it should be: each operation happens at some time between its call and its answer."""
    state: State = None
    history = []
    calls = sorted((at, at - random.random() * 3, at + random.random() * 3) for at in range(count))
    for number, (_, called, answered) in enumerate(calls):
        kind = random.choice((READ, READ, CREATE, PUT, SWAP, APPEND, DELETE)) if state else CREATE
        expected = random.choice((state, ("other",))) if kind == SWAP else None
        wanted = Operation(
            kind=kind, called=called, answered=answered, outcome=DONE, token=f"{number}", expected=expected
        )
        if kind == READ:
            wanted = replace(wanted, found=state)
        after = list(wanted.after(state))
        if random.random() < 0.1 and kind != READ:
            wanted = replace(wanted, answered=math.inf, outcome=UNKNOWN)
            after = random.choice((after, []))
        elif not after:
            wanted = replace(wanted, outcome=CONFLICT)
        state = after[0] if after else state
        history.append(wanted)
    return history


@pytest.mark.parametrize("seed", range(20))
def test_long_history_is_checked(seed: int) -> None:
    """Sixty operations of a register that is as it should be are accepted; not so when one read is of what was written much later."""
    history = simulated(Random(seed), 60)
    assert is_linearizable(history)
    written = next(each for each in reversed(history) if each.kind in (CREATE, PUT) and each.outcome == DONE)
    assert not is_linearizable([*history, read(-9, -8, written.token)])
