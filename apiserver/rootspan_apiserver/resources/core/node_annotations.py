"""Annotations of a node that had taints before there were fields for them, as JSON.

Upstream: pkg/apis/core/validation/validation.go (ValidateNodeSpecificAnnotations)
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.go_values import json_type
from rootspan_apiserver.kube.json_syntax import explain
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.core.taints import check_taints
from rootspan_apiserver.rules import Path, RuleContext, function
from rootspan_apiserver.types.problems import NotDecodableError, Problems
from rootspan_apiserver.types.reading import Reading
from rootspan_apiserver.types.tables import go_types

TAINTS = "scheduler.alpha.kubernetes.io/taints"
_FIELDS = {"key": "key", "value": "value", "effect": "effect", "timeadded": "timeAdded"}
AVOID = "scheduler.alpha.kubernetes.io/preferAvoidPods"


@function("ValidateNodeSpecificAnnotations")
def node_annotations(value: dict[str, str], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Taints in an annotation have the rules of taints; pods to avoid are those of a controller."""
    if text := value.get(TAINTS):
        try:
            found = _taints(text)
        except NotDecodableError as error:
            yield FieldError.invalid(path, TAINTS, str(error))
        else:
            yield from check_taints(found, path / TAINTS)
    if text := value.get(AVOID):
        try:
            avoided = _avoided(text)
        except NotDecodableError as error:
            yield FieldError.invalid(path / "AvoidPods", AVOID, str(error))
        else:
            yield from _check_avoided(avoided, path / AVOID)


def _taints(text: str) -> list[JSONObject]:
    """Return the taints of an annotation. They are read into the internal type, whose fields have no names in JSON, so any case will do."""
    value = _value(text)
    for taint in value if isinstance(value, list) else ():
        if isinstance(taint, dict):
            named = {_FIELDS.get(key.lower(), key): item for key, item in taint.items()}
            taint.clear()
            taint.update(named)
    try:
        taints: list[JSONObject] = (
            go_types().type("[]Taint", "core/v1").read([] if value is None else value, Reading(Problems()))
        )
    except NotDecodableError as error:
        internal = str(error).replace("v1.Taint", "core.Taint")
        words = re.sub(r"Taint\.(\w)", lambda found: f"Taint.{found[1].upper()}", internal)
        raise NotDecodableError(words) from error
    return taints


def _avoided(text: str) -> list[JSONObject]:
    value, name = _value(text), "preferAvoidPods"
    if value is None:
        return []
    if not isinstance(value, dict):
        raise NotDecodableError(f"json: cannot unmarshal {json_type(value)} into Go value of type v1.AvoidPods")
    entries = value.get(name) or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        wrong = (
            entries if not isinstance(entries, list) else next(each for each in entries if not isinstance(each, dict))
        )
        go_type = "[]v1.PreferAvoidPodsEntry" if wrong is entries else "v1.PreferAvoidPodsEntry"
        raise NotDecodableError(
            f"json: cannot unmarshal {json_type(wrong)} into Go struct field AvoidPods.{name} of type {go_type}"
        )
    return entries


def _check_avoided(entries: list[JSONObject], path: Path) -> Iterator[FieldError]:
    for index, entry in enumerate(entries):
        at = path / index / "PodSignature"
        controller = (entry.get("podSignature") or {}).get("podController")
        if controller is None:
            yield FieldError.required(at)
        elif not controller.get("controller"):
            yield FieldError.invalid(at / "PodController" / "Controller", False, "must point to a controller")


def _value(text: str) -> Any:
    """Return the value of a JSON text. Raises NotDecodableError with Go's words."""
    if reason := explain(text):
        raise NotDecodableError(reason)
    return json.loads(text)
