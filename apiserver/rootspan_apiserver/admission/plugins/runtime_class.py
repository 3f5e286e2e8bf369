"""RuntimeClass: a pod's runtime class exists, and gives the pod its overhead, node selector and tolerations.

Upstream: plugin/pkg/admission/runtimeclass/admission.go
"""

from collections.abc import Mapping

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.chain import ReinvocationContext
from rootspan_apiserver.admission.forbidden import new_forbidden
from rootspan_apiserver.admission.object_lookup import ObjectLookup
from rootspan_apiserver.admission.tolerations import merged
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.resource_amounts import amounts_of, same_amounts
from rootspan_apiserver.kube.status import StatusError

_MISMATCH = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"
_WITHOUT_CLASS = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"


class RuntimeClass:
    """Applies the runtime class of new pods."""

    def __init__(self, runtime_classes: ObjectLookup) -> None:
        self._runtime_classes = runtime_classes

    async def mutate(self, attributes: AdmissionAttributes, reinvocation: ReinvocationContext) -> JSONObject | None:
        """Set overhead, node selector and tolerations.

        Raises:
            StatusError: 403, the class does not exist, or the pod says something else than it does.
        """
        pod = attributes.object
        if pod is None or attributes.operation != "CREATE" or not attributes.is_pod:
            return pod
        spec = pod.setdefault("spec", {})
        found = await self._class(attributes, spec)
        if found.get("overhead") is not None:
            defined = found["overhead"].get("podFixed") or {}
            if spec.get("overhead") and not _same_amounts(defined, spec["overhead"]):
                raise new_forbidden(attributes, _MISMATCH)
            if defined:
                spec["overhead"] = dict(defined)
        if found.get("scheduling") is not None:
            _schedule(attributes, spec, found["scheduling"])
        return pod

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Check that the overhead is that of the class.

        Raises:
            StatusError: 403, it is not, or the class does not exist.
        """
        if attributes.operation != "CREATE" or not attributes.is_pod:
            return
        spec = (attributes.object or {}).get("spec") or {}
        overhead = (await self._class(attributes, spec)).get("overhead")
        if overhead is None:
            if spec.get("overhead") is not None:
                raise new_forbidden(attributes, _WITHOUT_CLASS)
        elif not _same_amounts(overhead.get("podFixed") or {}, spec.get("overhead") or {}):
            raise new_forbidden(attributes, _MISMATCH)

    async def _class(self, attributes: AdmissionAttributes, spec: JSONObject) -> JSONObject:
        """Return the pod's class, empty if it names none. Raises StatusError 403."""
        name = spec.get("runtimeClassName")
        if name is None:
            return {}
        try:
            return await self._runtime_classes.get("", name)
        except StatusError as error:
            if error.code != 404:
                raise
            raise new_forbidden(attributes, f"pod rejected: RuntimeClass {quote(name)} not found") from error


def _schedule(attributes: AdmissionAttributes, spec: JSONObject, scheduling: JSONObject) -> None:
    """Add the node selector and the tolerations of a class. Raises StatusError 403 where the pod selects other nodes."""
    selector = spec.get("nodeSelector") or {}
    wanted = scheduling.get("nodeSelector") or {}
    for key in sorted(wanted):
        if selector.get(key, wanted[key]) != wanted[key]:
            why = f"conflict: runtimeClass.scheduling.nodeSelector[{key}] = {wanted[key]}; "
            raise new_forbidden(attributes, f"{why}pod.spec.nodeSelector[{key}] = {selector[key]}")
    if both := selector | wanted:
        spec["nodeSelector"] = both
    if tolerations := merged(spec.get("tolerations") or (), scheduling.get("tolerations") or ()):
        spec["tolerations"] = tolerations


def _same_amounts(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    return same_amounts(amounts_of(dict(one)), amounts_of(dict(other)))
