"""The template of pods, alone (PodTemplate) and in every workload.

Upstream: pkg/apis/core/validation/validation.go (ValidatePodTemplateSpec)
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.core.pod.annotations import check_profiles, template_annotations
from rootspan_apiserver.resources.core.pod.spec import TEMPLATE_SPEC
from rootspan_apiserver.rules import ABSENT, Path, RuleContext, absent_as, forbidden, function, struct
from rootspan_apiserver.rules.label_selectors import labels
from rootspan_apiserver.rules.metadata import annotations


@function("ValidatePodTemplateSpec")
def template_metadata(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Labels and annotations are valid; upstream has their errors at the template, as if there were no metadata."""
    metadata = value.get("metadata") or {}
    yield from labels.check(metadata.get("labels") or {}, ABSENT, path / "labels", context)
    yield from annotations.check(metadata.get("annotations") or {}, ABSENT, path / "annotations", context)


@function("validateSeccompAnnotationsAndFields")
def _profiles(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The annotations say the same as the fields."""
    yield from check_profiles(value, path / "spec")


TEMPLATE = (
    template_metadata
    & template_annotations
    & struct(spec=absent_as({}, TEMPLATE_SPEC))
    & _profiles
    & struct(spec=struct(ephemeralContainers=forbidden("ephemeral containers not allowed in pod template")))
)
"""The rules for a template; where one may be absent, upstream checks an empty one: `absent_as({}, TEMPLATE)`."""
TEMPLATE_METADATA = template_metadata & template_annotations
"""The rules for a template without those for its spec."""
