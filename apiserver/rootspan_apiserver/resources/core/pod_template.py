"""PodTemplate (v1): a template of pods that is stored as an object of its own.

Upstream: pkg/registry/core/podtemplate/strategy.go, pkg/apis/core/validation/validation.go (ValidatePodTemplate)
"""

from datetime import datetime
from typing import Any

from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources import cells
from rootspan_apiserver.resources.columns import NAME, Column, at
from rootspan_apiserver.resources.core.pod.defaults import default_template
from rootspan_apiserver.resources.core.pod.disabled_fields import dropped_on_create, dropped_on_update
from rootspan_apiserver.resources.core.pod.template import TEMPLATE
from rootspan_apiserver.resources.core.pod.warnings import template_warnings
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import COUNTED, UpdateOrder
from rootspan_apiserver.rules import ROOT, absent_as, struct


def _names(obj: JSONObject, now: datetime) -> str:
    return cells.containers(obj.get("template"))[0]


def _images(obj: JSONObject, now: datetime) -> str:
    return cells.containers(obj.get("template"))[1]


def _labels(obj: JSONObject, now: datetime) -> Any:
    return cells.labels(at(obj, "template", "metadata", "labels"))


def _warnings(obj: JSONObject, old: JSONObject | None) -> list[str]:
    if old is not None and same(obj.get("template"), old.get("template")):
        return []
    return template_warnings(obj.get("template") or {}, ROOT / "template")


definition = Definition(
    "v1",
    "PodTemplate",
    "podtemplates",
    defaults=(default_template,),
    generation=COUNTED,
    prepare_create=dropped_on_create("template", "spec"),
    prepare_update=dropped_on_update("template", "spec"),
    warnings=_warnings,
    rules=struct(template=absent_as({}, TEMPLATE)),
    update_order=UpdateOrder.CHANGES_THEN_SPEC,
    columns=(
        NAME,
        Column("Containers", _names, description="The names of the containers."),
        Column("Images", _images, description="The images of the containers."),
        Column("Pod Labels", _labels, description="The labels of the pods."),
    ),
    delete_returns_object=True,
)
