"""What workloads warn of: names that are no host names, and what is hardly meant in a template.

Upstream: pkg/registry/{apps,batch,core}/*/strategy.go (WarningsOnCreate, WarningsOnUpdate)
"""

from collections.abc import Callable

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_label
from rootspan_apiserver.resources.columns import at
from rootspan_apiserver.resources.core.pod.warnings import template_warnings
from rootspan_apiserver.rules import ROOT

NO_HOST_NAME = (
    "this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended"
)


def warnings_of(*way: str, names_pods: bool = True) -> Callable[[JSONObject, JSONObject | None], list[str]]:
    """Return the function that warns of a kind's objects, on create and in updates that count a generation.

    Args:
        way: the fields that lead to the template, e.g. "spec", "template".
        names_pods: whether the name of the object, on create, should be a host name.
    """
    path = ROOT
    for name in way:
        path /= name

    def warnings(obj: JSONObject, old: JSONObject | None) -> list[str]:
        if old is not None and at(old, "metadata", "generation") == at(obj, "metadata", "generation"):
            return []
        reasons = dns_label(obj["metadata"].get("name") or "") if names_pods and old is None else []
        of_name = [f"metadata.name: {NO_HOST_NAME}: [{' '.join(reasons)}]"] if reasons else []
        return [*of_name, *template_warnings(at(obj, *way) or {}, path)]

    return warnings
