"""The watch cache's memory of one resource, compared with a model that remembers everything."""

from hypothesis import given
from hypothesis import strategies as st

from rootspan_apiserver.storage.collection import FRESH, LEAST, Collection
from rootspan_apiserver.storage.scope import KeyScope
from rootspan_apiserver.storage.stored_object import StoredObject

KEYS = [f"/things/{namespace}/{name}" for namespace in ("a", "a-b", "ab") for name in ("x", "y")]
SCOPES = [
    KeyScope("/things"),
    KeyScope("/things/a"),
    KeyScope("/things/ab"),
    KeyScope("/things/a-b/x", recursive=False),
]


@given(st.lists(st.tuples(st.sampled_from(KEYS), st.booleans()), max_size=25), st.integers(1, 8))
def test_every_state_in_history_is_the_state_at_its_revision(steps: list[tuple[str, bool]], history: int) -> None:
    """Whatever was written and deleted: lists of the past equal what was there, from any key on, and changes lead from there to now."""
    collection = Collection("/things", 0, most=history)
    state: dict[str, int] = {}
    past = {0: dict(state)}
    for revision, (key, delete) in enumerate(steps, 1):
        if delete:
            collection.delete(key, revision)
            state.pop(key, None)
        else:
            collection.put(StoredObject(key, revision, b"{}"))
            state[key] = revision
        past[revision] = dict(state)
    last = len(steps)
    assert collection.knows(last)
    for revision, then in past.items():
        if not collection.knows(revision):
            continue
        for scope in SCOPES:
            for start in ("", KEYS[3]):
                if start and not scope.recursive:
                    continue
                expected = [(key, then[key]) for key in sorted(then) if key in scope and key >= start]
                assert [
                    (stored.key, stored.revision) for stored in collection.select_at(revision, scope, start)
                ] == expected
        replayed = dict(then)
        for change in collection.changes_after(revision):
            if change.deleted:
                del replayed[change.object.key]
            else:
                replayed[change.object.key] = change.object.revision
        assert replayed == state


class Clock:
    """A clock that the test sets, in seconds."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def written(collection: Collection, revisions: range) -> None:
    for revision in revisions:
        collection.put(StoredObject("/things/a/x", revision, b"{}"))


def test_history_is_bounded() -> None:
    """Only as many changes as it may hold are known, and it knows which."""
    collection = Collection("/things", 5, most=2)
    assert (collection.knows(4), collection.knows(5)) == (False, True)
    written(collection, range(6, 9))
    assert (collection.knows(5), collection.knows(6)) == (False, True)
    assert [change.object.revision for change in collection.changes_after(6)] == [7, 8]


def test_history_of_large_objects_is_short() -> None:
    """The objects that were replaced take 64 MiB together at most, except for the last hundred."""
    collection, raw = Collection("/things", 0), bytes(1024 * 1024)
    for revision in range(1, 151):
        collection.put(StoredObject(KEYS[0], revision, raw))
    assert collection.knows(50)
    assert not collection.knows(49)
    assert len(collection.changes_after(50)) == LEAST


def test_history_grows_while_it_spans_less_than_75_seconds() -> None:
    """100 changes of the last 75 s are not all: another makes room for 200. Once the first is older than that, it is dropped for each."""
    clock = Clock()
    collection = Collection("/things", 1, clock=clock)
    written(collection, range(2, 202))
    assert collection.oldest == 2
    clock.now = FRESH - 0.1
    written(collection, range(202, 302))
    assert collection.oldest == 2
    clock.now = FRESH
    written(collection, range(302, 402))
    assert collection.oldest == 2
    written(collection, range(402, 403))
    assert collection.oldest == 3


def test_history_shrinks_when_its_latest_quarter_spans_more_than_75_seconds() -> None:
    """To half of its capacity, but not below 100 changes."""
    clock = Clock()
    collection = Collection("/things", 1, clock=clock)
    written(collection, range(2, 202))
    clock.now = FRESH + 1
    written(collection, range(202, 203))
    assert collection.oldest == 202 - LEAST + 1
    clock.now *= 3
    written(collection, range(203, 204))
    assert collection.oldest == 203 - LEAST + 1


def test_oldest_change_is_that_of_the_history_once_one_was_dropped() -> None:
    """Revisions at which other collections changed do not count: a watch may begin right before the first change that is left."""
    collection = Collection("/things", 1, most=2)
    for revision in (10, 20, 30):
        collection.put(StoredObject("/things/a/x", revision, b"{}"))
    assert (collection.oldest, collection.knows(18), collection.knows(19)) == (20, False, True)


def test_compacted_states_are_not_shown_though_watches_begin_there() -> None:
    """The history of changes is kept when etcd is compacted."""
    collection = Collection("/things", 1)
    written(collection, range(2, 9))
    collection.compact(5)
    assert (collection.knows(2), collection.knows_state(4), collection.knows_state(5)) == (True, False, True)


def test_forgotten_history_leaves_objects() -> None:
    """Nothing before is known, and everything after."""
    collection = Collection("/things", 1)
    written(collection, range(2, 9))
    collection.forget(9)
    assert (collection.knows(8), collection.knows(9), collection.get("/things/a/x") is None) == (False, True, False)
    written(collection, range(10, 11))
    assert [change.object.revision for change in collection.changes_after(9)] == [10]
