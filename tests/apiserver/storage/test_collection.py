"""The watch cache's memory of one resource, compared with a model that remembers everything."""

from hypothesis import given
from hypothesis import strategies as st

from rootspan_apiserver.storage.collection import Collection
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
    collection = Collection("/things", 0, history=history)
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


def test_history_is_bounded() -> None:
    """Only as many changes as it may hold are known, and it knows which."""
    collection = Collection("/things", 5, history=2)
    assert (collection.knows(4), collection.knows(5)) == (False, True)
    for revision in (6, 7, 8):
        collection.put(StoredObject("/things/a/x", revision, b"{}"))
    assert (collection.knows(5), collection.knows(6)) == (False, True)
    assert [change.object.revision for change in collection.changes_after(6)] == [7, 8]
