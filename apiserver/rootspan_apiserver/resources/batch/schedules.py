"""The schedules of CronJobs, in cron's notation.

Upstream: vendor/github.com/robfig/cron/v3/parser.go (ParseStandard)
"""

from rootspan_apiserver.kube.go_durations import parse_duration
from rootspan_apiserver.kube.go_numbers import atoi

_MACROS = frozenset({"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"})
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: tuple[tuple[int, int, tuple[str, ...]], ...] = (
    (0, 59, ()),
    (0, 23, ()),
    (1, 31, ()),
    (1, 12, _MONTHS),
    (0, 6, _DAYS),
)
"""Minute, hour, day of the month, month and day of the week: lowest, highest, names."""


def schedule_error(schedule: str) -> str:
    """Return what is wrong with a schedule, "" if nothing is."""
    if schedule.startswith("@"):
        return "" if schedule in _MACROS else _descriptor_error(schedule)
    fields = schedule.split()
    if len(fields) != len(_FIELDS):
        return f"expected exactly 5 fields, found {len(fields)}: [{' '.join(fields)}]"
    for field, (low, high, names) in zip(fields, _FIELDS, strict=True):
        for part in field.split(","):
            if reason := _part_error(part, low, high, names):
                return reason
    return ""


def _descriptor_error(descriptor: str) -> str:
    if not descriptor.startswith("@every "):
        return f"unrecognized descriptor: {descriptor}"
    try:
        parse_duration(descriptor.removeprefix("@every "))
    except ValueError as error:
        return f"failed to parse duration {descriptor}: {error}"
    return ""


def _part_error(part: str, low: int, high: int, names: tuple[str, ...]) -> str:
    span, slash, step = part.partition("/")
    if slash and (reason := _number_error(step)):
        return reason
    if slash and int(step) == 0:
        return f"step of range should be a positive number: {part}"
    if span in ("*", "?"):
        return ""
    for bound in span.split("-"):
        if bound.lower() in names:
            continue
        if reason := _number_error(bound):
            return reason
        if int(bound) > high:
            return f"end of range ({bound}) above maximum ({high}): {part}"
        if int(bound) < low:
            return f"beginning of range ({bound}) below minimum ({low}): {part}"
    return ""


def _number_error(text: str) -> str:
    """Why `text` is no integer, "" if it is."""
    try:
        number = atoi(text)
    except ValueError as error:
        return f"failed to parse int from {text}: {error}"
    return f"negative number ({number}) not allowed: {text}" if number < 0 else ""
