"""The IP families of a Service on a cluster of one family.

Upstream: pkg/registry/core/service/storage/alloc.go (initIPFamilyFields), pkg/apis/core/validation/validation.go
(ValidateServiceClusterIPsRelatedFields)
"""

from collections.abc import Iterator
from ipaddress import ip_address

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError

HEADLESS = "None"
FAMILIES = ("IPv4", "IPv6")
SINGLE_STACK, PREFER_DUAL_STACK, REQUIRE_DUAL_STACK = "SingleStack", "PreferDualStack", "RequireDualStack"
POLICIES = (PREFER_DUAL_STACK, REQUIRE_DUAL_STACK, SINGLE_STACK)


def set_families(spec: JSONObject, old: JSONObject | None, configured: str) -> list[FieldError]:
    """Fill in `ipFamilyPolicy` and `ipFamilies` of the spec of a Service that has cluster IPs, or return why they cannot be.

    Args:
        old: the spec before, None for a new Service.
        configured: the family of the cluster: `IPv4` or `IPv6`.
    """
    headless = spec.get("clusterIP") == HEADLESS and not spec.get("selector")
    if spec.get("ipFamilyPolicy") is None:
        default = REQUIRE_DUAL_STACK if headless else SINGLE_STACK
        spec["ipFamilyPolicy"] = (old or {}).get("ipFamilyPolicy") or default
    if errors := list(check_cluster_ips(spec)):
        return errors
    policy = spec["ipFamilyPolicy"]
    families, addresses = list(spec.get("ipFamilies") or []), list(spec.get("clusterIPs") or [])
    if old is not None:
        before = old.get("ipFamilies") or []
        if policy != SINGLE_STACK and 0 < len(families) < len(before):
            detail = "must be 'SingleStack' to release the secondary IP family"
            errors.append(FieldError.invalid("spec.ipFamilyPolicy", policy, detail))
        elif policy == SINGLE_STACK and families == before:
            families = families[:1]
    if policy == SINGLE_STACK:
        for field, values in (("cluster IPs", addresses), ("IP families", families)):
            if len(values) == 2:
                detail = f"must be 'RequireDualStack' or 'PreferDualStack' when multiple {field} are specified"
                errors.append(FieldError.invalid("spec.ipFamilyPolicy", policy, detail))
    for index, address in enumerate(addresses):
        if address == HEADLESS:
            break
        if index >= len(families):
            family = family_of(address)
            if family == configured:
                families.append(family)
            else:
                detail = f"{family} is not configured on this cluster"
                errors.append(FieldError.invalid(f"spec.clusterIPs[{index}]", addresses, detail))
    if errors:
        return errors
    if headless:
        families = families or [configured]
        if len(families) < 2 and policy != SINGLE_STACK:
            families.append(FAMILIES[1 - FAMILIES.index(families[0])])
    else:
        if policy == REQUIRE_DUAL_STACK:
            detail = "this cluster is not configured for dual-stack services"
            errors.append(FieldError.invalid("spec.ipFamilyPolicy", policy, detail))
        for index, family in enumerate(families):
            if family != configured:
                detail = "not configured on this cluster"
                errors.append(FieldError.invalid(f"spec.ipFamilies[{index}]", family, detail))
    spec["ipFamilies"] = families or [configured]
    return errors


def family_of(address: str) -> str:
    """Return the family of a valid address."""
    return f"IPv{ip_address(address).version}"


def check_cluster_ips(spec: JSONObject) -> Iterator[FieldError]:
    """Check `clusterIP`, `clusterIPs`, `ipFamilies` and `ipFamilyPolicy` of a Service that has cluster IPs, each and together."""
    address, addresses, families = spec.get("clusterIP"), spec.get("clusterIPs") or [], spec.get("ipFamilies") or []
    if address and not addresses:
        yield FieldError.required("spec.clusterIPs")
    elif address and addresses[0] != address:
        yield FieldError.invalid("spec.clusterIPs", addresses, "first value must match `clusterIP`")
    elif addresses and not address:
        yield FieldError.invalid("spec.clusterIPs", addresses, "must be empty when `clusterIP` is not specified")
    for index, family in enumerate(families):
        if family not in FAMILIES:
            yield FieldError.not_supported(f"spec.ipFamilies[{index}]", family, FAMILIES)
        if family in families[:index]:
            yield FieldError.duplicate(f"spec.ipFamilies[{index}]", family)
    policy = spec.get("ipFamilyPolicy")
    if policy is not None and policy not in POLICIES:
        yield FieldError.not_supported("spec.ipFamilyPolicy", policy, POLICIES)
    invalid = list(_invalid_addresses(addresses))
    yield from invalid
    if len(addresses) > 2:
        yield FieldError.invalid("spec.clusterIPs", addresses, "may only hold up to 2 values")
    if invalid or addresses == [HEADLESS]:
        return
    if len(addresses) > 1 and len({family_of(each) for each in addresses}) < 2:
        yield FieldError.invalid("spec.clusterIPs", addresses, "may specify no more than one IP for each IP family")
    for index, (each, family) in enumerate(zip(addresses, families, strict=False)):
        if family in FAMILIES and family_of(each) != family:
            detail = f"expected an {family} value as indicated by `ipFamilies[{index}]`"
            yield FieldError.invalid(f"spec.clusterIPs[{index}]", each, detail)


def _invalid_addresses(addresses: list[str]) -> Iterator[FieldError]:
    for index, address in enumerate(addresses):
        if index == 0 and address == HEADLESS:
            if len(addresses) > 1:
                yield FieldError.invalid("spec.clusterIPs", addresses, "'None' must be the first and only value")
            continue
        try:
            ip_address(address)
        except ValueError:
            detail = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
            yield FieldError.invalid(f"spec.clusterIPs[{index}]", address, detail)
