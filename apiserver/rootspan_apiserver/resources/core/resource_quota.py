"""ResourceQuota (v1): how much the objects of a namespace may ask for together.

Upstream: pkg/apis/core/validation/validation.go (ValidateResourceQuota), pkg/registry/core/resourcequota/strategy.go,
pkg/printers/internalversion/printers.go
"""

from datetime import datetime
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.cells import joined
from rootspan_apiserver.resources.columns import AGE, NAME, Column, at
from rootspan_apiserver.resources.core.quota_scopes import scope_selector, scopes, scopes_stay
from rootspan_apiserver.resources.core.resource_lists import quota_resource_name, resource_list
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.subresource_definition import status_subresource
from rootspan_apiserver.rules import struct
from rootspan_apiserver.rules.metadata import core_metadata_update

_AMOUNTS = resource_list(quota_resource_name)
_SPEC = struct(hard=_AMOUNTS) & scopes & scope_selector
_STATUS = struct(hard=_AMOUNTS, used=_AMOUNTS)
LIMITS = "limits."


def _shown(quota: JSONObject, *, limits: bool) -> Any:
    hard, used = at(quota, "status", "hard") or {}, at(quota, "status", "used") or {}
    names = (name for name in sorted(hard) if name.startswith(LIMITS) == limits)
    return joined((f"{name}: {used.get(name, 0)}/{hard[name]}" for name in names), ", ")


def _requests(quota: JSONObject, now: datetime) -> Any:
    return _shown(quota, limits=False)


def _limits(quota: JSONObject, now: datetime) -> Any:
    return _shown(quota, limits=True)


definition = Definition(
    "v1",
    "ResourceQuota",
    "resourcequotas",
    short_names=("quota",),
    subresources=(status_subresource(_STATUS),),
    spec=_SPEC,
    rules=struct(status=_STATUS),
    update_rules=struct(metadata=core_metadata_update) & struct(spec=_SPEC & scopes_stay),
    columns=(
        NAME,
        Column("Request", _requests, description="What is used and what may be, of everything but limits."),
        Column("Limit", _limits, description="What is used and what may be, of limits."),
        AGE,
    ),
    delete_returns_object=True,
)
