"""ServiceCIDR (networking.k8s.io/v1): a range of the addresses of services.

Upstream: pkg/apis/networking/validation/validation.go, pkg/registry/networking/servicecidr/strategy.go,
pkg/printers/internalversion/printers.go
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from rootspan_apiserver.kube.addresses import canonical_cidr, parse_cidr
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.cells import joined, spec
from rootspan_apiserver.resources.columns import AGE, NAME, Column
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import UpdateOrder
from rootspan_apiserver.resources.subresource_definition import METADATA_OF_STATUS, status_subresource
from rootspan_apiserver.rules import Path, RuleContext, each, function, named, required, struct
from rootspan_apiserver.rules.changes import IMMUTABLE_WORDS

ONE_OF_A_FAMILY = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64"


@function("validateServiceCIDRSpec")
def _families(value: list[str], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Two ranges are of two IP families."""
    networks = [parse_cidr(text) for text in value]
    if len(networks) == 2 and networks[0] and networks[1] and networks[0].version == networks[1].version:
        yield FieldError.invalid(path, value, ONE_OF_A_FAMILY)


@function("validateServiceCIDRSpec")
def _at_most_two(value: list[str], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """There are one or two ranges."""
    if len(value) > 2:
        yield FieldError.invalid(path, {"CIDRs": value}, "may only hold up to 2 values")
    else:
        yield from _RANGES.check(value, old, path, context)


_RANGES = each(named(canonical_cidr)) & _families
CIDRS = required("at least one CIDR required") & _at_most_two


@function("ValidateServiceCIDRUpdate", absent=True)
def _cidrs_stay(value: Any, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The ranges stay; a second one may be added."""
    new, before = value or [], old or []
    if len(new) != len(before) and (len(before), len(new)) != (1, 2):
        yield FieldError.invalid(path, value, IMMUTABLE_WORDS)
        return
    for index, cidr in enumerate(before):
        if new[index] != cidr:
            yield FieldError.invalid(path / index, new[index], IMMUTABLE_WORDS)
    if len(new) > len(before):
        yield from CIDRS.check(new, old, path, context)


def _cidrs(obj: JSONObject, now: datetime) -> str:
    return joined(spec(obj).get("cidrs") or [])


definition = Definition(
    "networking.k8s.io/v1",
    "ServiceCIDR",
    "servicecidrs",
    namespaced=False,
    subresources=(status_subresource(keeps_metadata=METADATA_OF_STATUS),),
    spec=struct(cidrs=CIDRS),
    changes=struct(spec=struct(cidrs=_cidrs_stay)),
    update_order=UpdateOrder.CHANGES_ONLY,
    columns=(NAME, Column("CIDRs", _cidrs, description="The ranges."), AGE),
)
