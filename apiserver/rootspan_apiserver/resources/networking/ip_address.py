"""IPAddress (networking.k8s.io/v1): an address that is in use, and by what.

Upstream: pkg/apis/networking/validation/validation.go, pkg/registry/networking/ipaddress/strategy.go,
pkg/printers/internalversion/printers.go
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from rootspan_apiserver.kube.addresses import canonical_ip
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_subdomain, path_segment
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.cells import joined, spec
from rootspan_apiserver.resources.columns import AGE, NAME, Column
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import UpdateOrder
from rootspan_apiserver.rules import Path, RuleContext, function, named, not_nil, required, struct, unless_empty
from rootspan_apiserver.rules.changes import IMMUTABLE_WORDS

FIELDS = ("group", "resource", "namespace", "name")
PARENT = struct(
    group=unless_empty(named(dns_subdomain)),
    resource=required & named(path_segment),
    name=required & named(path_segment),
    namespace=unless_empty(named(path_segment)),
)


@function("ValidateIPAddressUpdate", absent=True)
def _parent_stays(value: Any, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The parent does not change; the error shows the fields of Go's internal type."""
    new, before = ({field: (parent or {}).get(field) or "" for field in FIELDS} for parent in (value, old))
    if new != before or (value is None) != (old is None):
        shown = None if value is None else {field.capitalize(): text for field, text in new.items()}
        yield FieldError.invalid(path, shown, IMMUTABLE_WORDS)


def _parent(obj: JSONObject, now: datetime) -> str:
    parent = spec(obj).get("parentRef") or {}
    return joined((parent[field] for field in FIELDS if parent.get(field)), "/")


definition = Definition(
    "networking.k8s.io/v1",
    "IPAddress",
    "ipaddresses",
    namespaced=False,
    short_names=("ip",),
    name_rule=canonical_ip,
    spec=struct(parentRef=not_nil & PARENT),
    changes=struct(spec=struct(parentRef=_parent_stays)),
    update_order=UpdateOrder.RULES_FIRST,
    columns=(NAME, Column("ParentRef", _parent, description="What uses the address."), AGE),
)
