"""The rules for templates of pods, for the workloads that have no definition yet."""

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.core.pod.template import TEMPLATE, TEMPLATE_METADATA
from rootspan_apiserver.rules import ABSENT, Path, RuleContext

PROTOCOLS = ("SCTP", "TCP", "UDP")
_CONTEXT = RuleContext(update=False, root={})


def _path(field: str) -> Path:
    path = Path()
    for name in field.split("."):
        path /= name
    return path


def check_template_metadata(template: JSONObject, field: str) -> list[FieldError]:
    return list(TEMPLATE_METADATA.check(template, ABSENT, _path(field), _CONTEXT))


def check_template(template: JSONObject, field: str) -> list[FieldError]:
    return list(TEMPLATE.check(template, ABSENT, _path(field), _CONTEXT))
