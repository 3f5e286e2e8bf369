"""What the processes of a server tell each other in shared memory."""

from rootspan_apiserver.processes.shared_numbers import CELLS, SharedNumbers


def test_largest_number_of_any_process_counts() -> None:
    """Each process sees what another has noted; a smaller number changes nothing."""
    shared = SharedNumbers(3)
    first, second, third = (shared.of(number) for number in range(3))
    assert third.largest("/pods") == 0
    first.note("/pods", 7)
    second.note("/pods", 9)
    second.note("/pods", 8)
    assert [each.largest("/pods") for each in (first, second, third)] == [9, 9, 9]


def test_names_of_one_cell_are_never_forgotten() -> None:
    """More names than cells: a name's number may be that of another name, but is at least its own."""
    numbers = SharedNumbers(2).of(1)
    names = [f"/name-{number}" for number in range(2 * CELLS)]
    for number, name in enumerate(names):
        numbers.note(name, number)
    assert all(numbers.largest(name) >= number for number, name in enumerate(names))
