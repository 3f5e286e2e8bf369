"""ResourceClaimTemplate (resource.k8s.io/v1): what the claims are made of that belong to one pod each.

Upstream: pkg/apis/resource/validation/validation.go (ValidateResourceClaimTemplate), pkg/apis/resource/v1/defaults.go,
pkg/registry/resource/resourceclaimtemplate/strategy.go, pkg/printers/internalversion/printers.go
"""

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.columns import AGE, NAME, at
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import UpdateOrder
from rootspan_apiserver.resources.resource_k8s_io.requests import default_claim, device_claim, has_selectors
from rootspan_apiserver.rules import struct
from rootspan_apiserver.rules.immutable_structs import immutable_struct
from rootspan_apiserver.rules.metadata import template_metadata


def _default(obj: JSONObject) -> None:
    default_claim(at(obj, "spec", "spec", "devices") or {})


definition = Definition(
    "resource.k8s.io/v1",
    "ResourceClaimTemplate",
    "resourceclaimtemplates",
    delete_returns_object=True,
    defaults=(_default,),
    spec=struct(
        metadata=template_metadata,
        spec=struct(devices=device_claim("spec", "spec", "devices")),
    ),
    changes=struct(spec=immutable_struct("resource/v1.ResourceClaimTemplateSpec")),
    update_order=UpdateOrder.RULES_FIRST,
    columns=(NAME, AGE),
    is_slow_to_validate=lambda obj: has_selectors(at(obj, "spec", "spec", "devices")),
)
