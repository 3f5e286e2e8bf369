"""The rule for node selectors, for the kinds that have no definition yet."""

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.core.node_selectors import NODE_SELECTOR
from rootspan_apiserver.rules import ABSENT, Path, RuleContext


def check_node_selector(selector: JSONObject, field: str) -> list[FieldError]:
    """A node selector: where a persistent volume can be reached."""
    path = Path()
    for name in field.split("."):
        path /= name
    return list(NODE_SELECTOR.check(selector, ABSENT, path, RuleContext(update=False, root={})))
