"""What clients are warned of in jobs and in templates of jobs.

Upstream: pkg/api/job/warnings.go
"""

from collections.abc import Callable

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.apps.workload_warnings import warnings_of
from rootspan_apiserver.resources.columns import at

MANY_COMPLETIONS, MUCH_PARALLELISM = 100_000, 10_000
_TOO_MANY = (
    "In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to "
    "track completedIndexes when a big number of indexes fail"
)


def job_warnings(*way: str) -> Callable[[JSONObject, JSONObject | None], list[str]]:
    """Return the function that warns of the specification of a job, to which the fields `way` lead."""
    of_template = warnings_of(*way, "template")

    def warnings(obj: JSONObject, old: JSONObject | None) -> list[str]:
        found = of_template(obj, old)
        spec = at(obj, *way) or {}
        is_same = old is not None and at(old, "metadata", "generation") == at(obj, "metadata", "generation")
        if is_same or spec.get("completionMode") != "Indexed":
            return found
        if (spec.get("completions") or 0) <= MANY_COMPLETIONS or (spec.get("parallelism") or 0) <= MUCH_PARALLELISM:
            return found
        # The warning of the name comes first.
        after = 1 if found and found[0].startswith("metadata.name: ") else 0
        return [*found[:after], f"{'.'.join(way)}: {_TOO_MANY}", *found[after:]]

    return warnings
