"""ValidatingWebhookConfiguration (admissionregistration.k8s.io/v1): webhooks that refuse requests.

Upstream: pkg/apis/admissionregistration/validation/validation.go, pkg/apis/admissionregistration/v1/defaults.go,
pkg/registry/admissionregistration/validatingwebhookconfiguration/strategy.go
"""

from rootspan_apiserver.resources.admissionregistration.static_names import static_name_warnings
from rootspan_apiserver.resources.admissionregistration.webhooks import (
    COLUMNS,
    WEBHOOK_DEFAULTS,
    has_match_conditions,
    webhook_rules,
)
from rootspan_apiserver.resources.defaults import default_values
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import UpdateOrder, counted_strictly

definition = Definition(
    "admissionregistration.k8s.io/v1",
    "ValidatingWebhookConfiguration",
    "validatingwebhookconfigurations",
    namespaced=False,
    categories=("api-extensions",),
    update_needs_resource_version=True,
    generation=counted_strictly("webhooks"),
    defaults=(default_values({"webhooks": [WEBHOOK_DEFAULTS]}),),
    update_order=UpdateOrder.RULES_ONLY,
    rules=webhook_rules(),
    standard_finalizers=False,
    columns=COLUMNS,
    warnings=static_name_warnings,
    is_slow_to_validate=has_match_conditions,
)
