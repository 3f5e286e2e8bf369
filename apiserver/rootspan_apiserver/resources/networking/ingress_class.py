"""IngressClass (networking.k8s.io/v1): which controller serves an Ingress, and how.

Upstream: pkg/apis/networking/validation/validation.go, pkg/apis/networking/v1/defaults.go,
pkg/registry/networking/ingressclass/strategy.go, pkg/printers/internalversion/printers.go
"""

from datetime import datetime

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_label
from rootspan_apiserver.resources.cells import NONE, spec
from rootspan_apiserver.resources.columns import AGE, NAME, Column, value
from rootspan_apiserver.resources.defaults import default_values
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import COUNTED
from rootspan_apiserver.resources.networking.references import TYPED_REFERENCE
from rootspan_apiserver.rules import (
    absent_as,
    forbidden,
    immutable,
    max_length,
    named,
    not_nil,
    one_of,
    required,
    struct,
    when,
)
from rootspan_apiserver.rules.domain_paths import domain_prefixed_path

PARAMETERS = (
    TYPED_REFERENCE
    & struct(scope=not_nil & one_of("Cluster", "Namespace"))
    & when(
        lambda parameters: parameters.get("scope") == "Namespace",
        struct(namespace=not_nil("`parameters.scope` is set to 'Namespace'") & named(dns_label)),
        words="scope is Namespace",
    )
    & when(
        lambda parameters: parameters.get("scope") == "Cluster",
        struct(namespace=forbidden("`parameters.scope` is set to 'Cluster'", empty=True)),
        words="scope is Cluster",
    )
)


def _parameters(obj: JSONObject, now: datetime) -> str:
    parameters = spec(obj).get("parameters")
    if not parameters:
        return NONE
    group = f".{parameters['apiGroup']}" if parameters.get("apiGroup") else ""
    return f"{parameters.get('kind', '')}{group}/{parameters.get('name', '')}"


definition = Definition(
    "networking.k8s.io/v1",
    "IngressClass",
    "ingressclasses",
    namespaced=False,
    generation=COUNTED,
    defaults=(default_values({"spec": {"parameters": {"scope": "Cluster"}}}),),
    rules=struct(
        spec=absent_as({}, struct(controller=required & max_length(250) & domain_prefixed_path, parameters=PARAMETERS))
    ),
    changes=struct(spec=absent_as({}, struct(controller=absent_as("", immutable)))),
    columns=(
        NAME,
        Column("Controller", value("spec.controller"), description="The name of the controller."),
        Column("Parameters", _parameters, description="What configures the controller for this class."),
        AGE,
    ),
)
