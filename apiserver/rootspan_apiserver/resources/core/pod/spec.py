"""The spec of a pod, in a pod and in every template of one.

Upstream: pkg/apis/core/validation/validation.go (ValidatePodSpec)
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_label, dns_subdomain
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.core.pod.affinity import AFFINITY
from rootspan_apiserver.resources.core.pod.containers import CONTAINERS, EPHEMERAL_CONTAINERS, INIT_CONTAINERS
from rootspan_apiserver.resources.core.pod.go_structs import shown_as_go
from rootspan_apiserver.resources.core.pod.network import (
    HOST_ALIASES,
    dns_config,
    host_network_ports,
    host_users,
    hostname_override,
)
from rootspan_apiserver.resources.core.pod.resources import OF_POD as RESOURCES
from rootspan_apiserver.resources.core.pod.resources import OVERHEAD
from rootspan_apiserver.resources.core.pod.scheduling import READINESS_GATES, SPREAD, scheduling_gates
from rootspan_apiserver.resources.core.pod.scope import scope_of_pod, scope_of_template
from rootspan_apiserver.resources.core.pod.security import OF_POD as SECURITY
from rootspan_apiserver.resources.core.pod.volumes import VOLUMES
from rootspan_apiserver.resources.core.pod.windows import host_processes, operating_system
from rootspan_apiserver.resources.core.tolerations import TOLERATIONS
from rootspan_apiserver.rules import (
    Path,
    RuleContext,
    absent_as,
    between,
    each,
    function,
    named,
    not_nil,
    one_of,
    required,
    struct,
    unique,
    unless_empty,
    within,
)
from rootspan_apiserver.rules.label_selectors import labels

RESTART_POLICIES = ("Always", "OnFailure", "Never")
PREEMPTION = ("PreemptLowerPriority", "Never")
DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
_SUBDOMAIN = unless_empty(named(dns_subdomain))
_LABEL = unless_empty(named(dns_label))


@function("ValidatePreemptionPolicy")
def _preemption_policy(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A policy that is given is one of two, and not empty."""
    if not value:
        yield FieldError.required(path)
    elif value not in PREEMPTION:
        yield FieldError.not_supported(path, value, PREEMPTION)


@function("validatePodResourceClaim")
def _one_claim(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A claim is given by its name, or by that of its template."""
    given = [value.get(key) is not None for key in ("resourceClaimName", "resourceClaimTemplateName")]
    if all(given):
        words = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"
        yield FieldError.invalid(path, shown_as_go(value, "PodResourceClaim"), words)
    if not any(given):
        words = "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"
        yield FieldError.invalid(path, shown_as_go(value, "PodResourceClaim"), words)


@function("validateOverhead")
def _overhead(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """What a pod takes besides its containers is valid as limits are."""
    yield from OVERHEAD.check({"limits": value}, old, path, context)


_CLAIMS = each(
    struct(name=required & named(dns_label))
    & _one_claim
    & struct(resourceClaimName=named(dns_subdomain), resourceClaimTemplateName=named(dns_subdomain))
) & unique(by="name")

SPEC = (
    struct(
        terminationGracePeriodSeconds=not_nil,
        volumes=VOLUMES,
        resourceClaims=_CLAIMS,
        containers=CONTAINERS,
        initContainers=INIT_CONTAINERS,
        ephemeralContainers=EPHEMERAL_CONTAINERS,
        resources=RESOURCES,
    )
    & host_network_ports
    & struct(
        restartPolicy=required & one_of(*RESTART_POLICIES),
        dnsPolicy=required & one_of(*DNS_POLICIES),
        nodeSelector=labels,
        securityContext=absent_as({}, SECURITY),
        affinity=AFFINITY,
    )
    & dns_config
    & struct(
        readinessGates=READINESS_GATES,
        schedulingGates=scheduling_gates,
        topologySpreadConstraints=SPREAD,
    )
    & host_processes
    & host_users
    & hostname_override
    & struct(
        serviceAccountName=_SUBDOMAIN,
        nodeName=_SUBDOMAIN,
        activeDeadlineSeconds=between(1, 2**31 - 1),
        hostname=_LABEL,
        subdomain=_LABEL,
        tolerations=TOLERATIONS,
        hostAliases=HOST_ALIASES,
        priorityClassName=_SUBDOMAIN,
        runtimeClassName=named(dns_subdomain),
        preemptionPolicy=_preemption_policy,
        overhead=_overhead,
    )
    & operating_system
)
POD_SPEC = within(scope_of_pod, SPEC)
"""The rules for the spec of a pod."""
TEMPLATE_SPEC = within(scope_of_template, SPEC)
"""The rules for the spec of a template."""
