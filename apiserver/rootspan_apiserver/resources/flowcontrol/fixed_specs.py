"""The specs that the mandatory FlowSchemas and PriorityLevelConfigurations always have.

Upstream: pkg/apis/flowcontrol/validation/validation.go (ValidateFlowSchema, ValidateIfMandatoryPriorityLevelConfigurationSpec)
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.flowcontrol.bootstrap import mandatory_levels, mandatory_schemas
from rootspan_apiserver.rules import Path, RuleContext, function
from rootspan_apiserver.types.internal_form import internal_form
from rootspan_apiserver.types.tables import go_types


@function("ValidateFlowSchema")
def fixed_schema(obj: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A mandatory FlowSchema has its spec; the error shows the internal struct."""
    name, spec = obj["metadata"].get("name"), obj["spec"]
    for mandatory in mandatory_schemas():
        if mandatory["metadata"]["name"] == name and not same(spec, mandatory["spec"]):
            shown = internal_form(spec, go_types().struct("flowcontrol/v1.FlowSchemaSpec"))
            yield FieldError.invalid(path / "spec", shown, f"spec of '{name}' must equal the fixed value")


@function("ValidateIfMandatoryPriorityLevelConfigurationSpec")
def fixed_level(obj: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A mandatory PriorityLevelConfiguration has its spec, but for the field `exempt` of the level `exempt`."""
    name, spec = obj["metadata"].get("name"), obj["spec"]
    for mandatory in mandatory_levels():
        if mandatory["metadata"]["name"] != name:
            continue
        compared, words = spec, "must equal the fixed value"
        if name == "exempt":
            compared = {**deepcopy(spec), "exempt": mandatory["spec"]["exempt"]}
            words = f"except the 'spec.exempt' field {words}"
        if not same(compared, mandatory["spec"]):
            shown = internal_form(spec, go_types().struct("flowcontrol/v1.PriorityLevelConfigurationSpec"))
            yield FieldError.invalid(path / "spec", shown, f"spec of '{name}' {words}")
