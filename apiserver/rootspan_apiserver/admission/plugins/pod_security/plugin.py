"""PodSecurity: pods that break the standards of their namespace are refused, reported in the audit log, or warned of.

Pods are refused; templates of pods (deployments, jobs and the like) only have warnings and audit annotations. The labels of a namespace
itself are validated, and a client that makes it stricter is warned of the pods that are there.

Upstream: staging/src/k8s.io/pod-security-admission/admission/admission.go, plugin/pkg/admission/security/podsecurity/admission.go
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.forbidden import new_forbidden
from rootspan_apiserver.admission.namespace_getter import NamespaceGetter
from rootspan_apiserver.admission.plugins.pod_security.evaluator import violations
from rootspan_apiserver.admission.plugins.pod_security.existing_pods import Pod, warnings_of_existing_pods
from rootspan_apiserver.admission.plugins.pod_security.levels import (
    MODES,
    PREFIX,
    PRIVILEGED,
    LevelVersion,
    Mode,
    PodSecurityPolicy,
    policy_of,
)
from rootspan_apiserver.admission.plugins.pod_security.pod_security_configuration import PodSecurityConfiguration
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import GroupResource, JSONObject
from rootspan_apiserver.kube.status import FieldError, StatusError, internal_error, invalid, listed
from rootspan_apiserver.resources.columns import at
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage.object_cache import ObjectCache
from rootspan_apiserver.telemetry.pod_security_metrics import PodSecurityMetrics

_NAMESPACES, _PODS = GroupResource("", "namespaces"), GroupResource("", "pods")
_TEMPLATES: Mapping[GroupResource, tuple[str, ...]] = MappingProxyType(
    {
        GroupResource("", "podtemplates"): ("template",),
        GroupResource("", "replicationcontrollers"): ("spec", "template"),
        GroupResource("apps", "daemonsets"): ("spec", "template"),
        GroupResource("apps", "deployments"): ("spec", "template"),
        GroupResource("apps", "replicasets"): ("spec", "template"),
        GroupResource("apps", "statefulsets"): ("spec", "template"),
        GroupResource("batch", "cronjobs"): ("spec", "jobTemplate", "spec", "template"),
        GroupResource("batch", "jobs"): ("spec", "template"),
    }
)
"""Where each kind that makes pods has their template."""
_NEWEST = 36
"""The minor version of the standards that this server knows last."""
_IGNORED = frozenset({"exec", "attach", "binding", "eviction", "log", "portforward", "proxy", "status"})
"""Subresources of pods that do not change what a pod may do."""


class PodSecurity:
    """Evaluates pods, their templates, and the labels of namespaces; `pods` is the resource of pods."""

    def __init__(
        self,
        namespaces: NamespaceGetter,
        cache: ObjectCache,
        pods: Resource,
        configuration: PodSecurityConfiguration,
        *,
        metrics: PodSecurityMetrics,
    ) -> None:
        self._metrics = metrics
        self._namespaces = namespaces
        self._cache = cache
        self._pods = pods
        self._configuration = configuration

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Check a pod, a template or a namespace.

        Raises:
            StatusError: 403, the pod breaks the standards; 422, a label of the namespace is not valid; 500, the namespace of the pod
                cannot be read.
        """
        resource = attributes.resource.group_resource
        if attributes.operation not in ("CREATE", "UPDATE"):
            return
        if resource == _PODS:
            if attributes.subresource not in _IGNORED:
                await self._validate_pod(attributes)
        elif attributes.subresource:
            return
        elif resource == _NAMESPACES:
            await self._validate_namespace(attributes)
        elif resource in _TEMPLATES:
            await self._validate_template(attributes)

    async def _validate_namespace(self, attributes: AdmissionAttributes) -> None:
        name, labels = attributes.name, _labels(attributes.object)
        policy, errors = policy_of(labels, self._configuration.defaults)
        before, errors_before = policy_of(_labels(attributes.old_object), self._configuration.defaults)
        is_new = attributes.operation == "CREATE"
        if errors and (is_new or errors != errors_before):
            raise invalid("", "Namespace", name, errors)
        is_exempt = name in self._configuration.namespaces
        if is_new or policy.enforce == before.enforce or policy.enforce.level == PRIVILEGED:
            if is_new and is_exempt:
                attributes.warnings.extend(self._exempt_warning(name, policy, labels))
            return
        relaxed = policy.enforce.strictness <= before.enforce.strictness
        if policy.enforce.version == before.enforce.version and relaxed:
            return
        if is_exempt:
            attributes.warnings.extend(self._exempt_warning(name, policy, labels))
            return
        stored = await self._cache.cached(self._pods, name)
        attributes.warnings.extend(
            await warnings_of_existing_pods(name, policy.enforce, stored, self._configuration.runtime_classes)
        )

    def _exempt_warning(self, name: str, policy: PodSecurityPolicy, labels: Mapping[str, str]) -> list[str]:
        """Return a warning of labels that have no effect because the namespace is exempt."""
        if policy.is_privileged or policy.is_equivalent(self._configuration.defaults):
            return []
        ignored = [
            f"{mode}={level}"
            for mode in MODES
            if (level := getattr(policy, mode)).level != PRIVILEGED
            and (f"{PREFIX}{mode}" in labels or f"{PREFIX}{mode}-version" in labels)
        ]
        return [
            f"namespace {quote(name)} is exempt from Pod Security, and the policy ({', '.join(ignored)}) will be ignored"
        ]

    async def _validate_pod(self, attributes: AdmissionAttributes) -> None:
        if self._is_exempt(attributes):
            return
        try:
            namespace = await self._namespaces.get(attributes.namespace)
        except StatusError as error:
            why = f"failed to lookup namespace {quote(attributes.namespace)}"
            _annotate(attributes, "error", f"Internal error occurred: {why}: {error.message}")
            self._metrics.failed(_subject(attributes), fatal=True)
            raise internal_error(why) from error
        policy, errors = policy_of(_labels(namespace), self._configuration.defaults)
        if policy.is_privileged and not errors:
            _annotate(attributes, "enforce-policy", str(LevelVersion()))
            self._count(attributes, "allow", policy.enforce, "enforce")
            return
        pod = attributes.object or {}
        if attributes.operation == "UPDATE" and not _is_significant(pod, attributes.old_object or {}):
            return
        self._evaluate(attributes, policy, errors, pod, enforced=True)

    async def _validate_template(self, attributes: AdmissionAttributes) -> None:
        if self._is_exempt(attributes):
            return
        try:
            namespace = await self._namespaces.get(attributes.namespace)
        except StatusError as error:
            _annotate(attributes, "error", f"failed to lookup namespace {quote(attributes.namespace)}: {error.message}")
            self._metrics.failed(_subject(attributes), fatal=True)
            return
        policy, errors = policy_of(_labels(namespace), self._configuration.defaults)
        if policy.warn.level == policy.audit.level == PRIVILEGED and not errors:
            return
        template = at(attributes.object or {}, *_TEMPLATES[attributes.resource.group_resource])
        if template is not None:
            self._evaluate(attributes, policy, errors, template, enforced=False)

    def _is_exempt(self, attributes: AdmissionAttributes) -> bool:
        """Whether the namespace or the user is exempt; the audit log has the reason."""
        if attributes.namespace in self._configuration.namespaces:
            _annotate(attributes, "exempt", "namespace")
        elif attributes.user.name in self._configuration.usernames:
            _annotate(attributes, "exempt", "user")
        else:
            return False
        self._metrics.exempt(_subject(attributes))
        return True

    def _count(self, attributes: AdmissionAttributes, decision: str, policy: LevelVersion, mode: Mode) -> None:
        version = "latest" if policy.level == PRIVILEGED else str(policy.version)
        if version != "latest" and policy.version.minor > _NEWEST:
            version = "future"
        self._metrics.evaluated(decision, (policy.level, version), mode, _subject(attributes))

    def _evaluate(
        self,
        attributes: AdmissionAttributes,
        policy: PodSecurityPolicy,
        errors: list[FieldError],
        pod: Pod,
        *,
        enforced: bool,
    ) -> None:
        """Refuse, annotate and warn. Raises StatusError 403 where the policy is `enforced`."""
        metadata, spec = pod.get("metadata") or {}, pod.get("spec") or {}
        if spec.get("runtimeClassName") in self._configuration.runtime_classes:
            _annotate(attributes, "exempt", "runtimeClass")
            self._metrics.exempt(_subject(attributes))
            return
        if errors:
            _annotate(attributes, "error", f"Failed to parse policy: {listed(errors)}")
            self._metrics.failed(_subject(attributes), fatal=False)
        found = {
            level: ", ".join(map(str, violations(level, metadata, spec)))
            for level in {policy.audit, policy.warn, *([policy.enforce] if enforced else [])}
        }
        if enforced:
            _annotate(attributes, "enforce-policy", str(policy.enforce))
            self._count(attributes, "deny" if found[policy.enforce] else "allow", policy.enforce, "enforce")
        if detail := found[policy.audit]:
            self._count(attributes, "deny", policy.audit, "audit")
            _annotate(attributes, "audit-violations", f"would violate PodSecurity {quote(str(policy.audit))}: {detail}")
        if enforced and (detail := found[policy.enforce]):
            raise new_forbidden(attributes, f"violates PodSecurity {quote(str(policy.enforce))}: {detail}")
        if detail := found[policy.warn]:
            self._count(attributes, "deny", policy.warn, "warn")
            attributes.warnings.append(f"would violate PodSecurity {quote(str(policy.warn))}: {detail}")


def _subject(attributes: AdmissionAttributes) -> tuple[str, str, str]:
    return PodSecurityMetrics.subject(attributes.operation, attributes.resource.plural, attributes.subresource)


def _annotate(attributes: AdmissionAttributes, key: str, value: str) -> None:
    attributes.audit_annotations.add(PREFIX + key, value)


def _labels(obj: Mapping[str, Any] | None) -> Mapping[str, str]:
    return ((obj or {}).get("metadata") or {}).get("labels") or {}


def _is_significant(pod: JSONObject, old: JSONObject) -> bool:
    """Whether an update changes what the rules look at: the images and the number of containers, and new ephemeral containers."""
    spec, old_spec = pod.get("spec") or {}, old.get("spec") or {}
    for key in ("containers", "initContainers"):
        if [each.get("image") for each in spec.get(key) or ()] != [
            each.get("image") for each in old_spec.get(key) or ()
        ]:
            return True
    images = {each["name"]: each.get("image") for each in old_spec.get("ephemeralContainers") or ()}
    return any(
        each["name"] not in images or images[each["name"]] != each.get("image")
        for each in spec.get("ephemeralContainers") or ()
    )
