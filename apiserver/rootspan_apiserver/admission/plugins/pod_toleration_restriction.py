"""PodTolerationRestriction: namespaces, or the configuration, say what their pods tolerate by default and at most.

Upstream: plugin/pkg/admission/podtolerationrestriction/admission.go
"""

from collections.abc import Mapping, Sequence

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.chain import ReinvocationContext
from rootspan_apiserver.admission.configuration import plugin_error
from rootspan_apiserver.admission.namespace_getter import NamespaceGetter
from rootspan_apiserver.admission.tolerations import are_allowed, merged
from rootspan_apiserver.codec import json_body
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.resources.core.pod.quality import quality_of_service
from rootspan_apiserver.resources.core.tolerations import TOLERATIONS
from rootspan_apiserver.rules import ABSENT, ROOT, RuleContext
from rootspan_apiserver.types.problems import NotDecodableError, Problems
from rootspan_apiserver.types.reading import Reading
from rootspan_apiserver.types.tables import go_types

DEFAULTS = "scheduler.alpha.kubernetes.io/defaultTolerations"
ALLOWED = "scheduler.alpha.kubernetes.io/tolerationsWhitelist"
_MEMORY_PRESSURE = {"key": "node.kubernetes.io/memory-pressure", "operator": "Exists", "effect": "NoSchedule"}


class PodTolerationRestriction:
    """Adds and checks tolerations; `configuration` holds for namespaces without annotations.

    Raises:
        ConfigurationError: a toleration of the configuration is not valid.
    """

    def __init__(self, namespaces: NamespaceGetter, configuration: Mapping[str, Sequence[JSONObject]]) -> None:
        self._namespaces = namespaces
        self._default = configuration.get("default") or ()
        self._allowed = configuration.get("whitelist") or ()
        context = RuleContext(update=False, root={})
        errors = [
            str(error)
            for key, given in (("default", self._default), ("whitelist", self._allowed))
            for error in TOLERATIONS.check([*given], ABSENT, ROOT / "podtolerationrestriction" / key, context)
        ]
        if errors:
            raise plugin_error("PodTolerationRestriction", f"invalid config: [{' '.join(errors)}]")

    async def mutate(self, attributes: AdmissionAttributes, reinvocation: ReinvocationContext) -> JSONObject | None:
        """Add the default tolerations to a new pod, and that of memory pressure to a pod with requests.

        Raises:
            StatusError: as `validate`.
        """
        pod = attributes.object
        if pod is None or attributes.operation not in ("CREATE", "UPDATE") or not attributes.is_pod:
            return pod
        spec = pod.setdefault("spec", {})
        added: list[JSONObject] = []
        if attributes.operation == "CREATE":
            of_namespace = await self._annotated(attributes.namespace, DEFAULTS)
            added += self._default if of_namespace is None else of_namespace
        if quality_of_service(spec) != "BestEffort":
            added.append(_MEMORY_PRESSURE)
        if added:
            spec["tolerations"] = merged(spec.get("tolerations") or (), [dict(each) for each in added])
        await self.validate(attributes)
        return pod

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Check that the tolerations are allowed.

        Raises:
            StatusError: 500, one is not, or the annotation of the namespace cannot be parsed.
        """
        if attributes.operation not in ("CREATE", "UPDATE") or not attributes.is_pod:
            return
        tolerations = ((attributes.object or {}).get("spec") or {}).get("tolerations")
        if not tolerations:
            return
        of_namespace = await self._annotated(attributes.namespace, ALLOWED)
        scope, allowed = ("cluster", self._allowed) if of_namespace is None else ("namespace", of_namespace)
        if not are_allowed(tolerations, allowed):
            why = "pod tolerations (possibly merged with namespace default tolerations) conflict with its"
            raise StatusError(500, "", f"{why} {scope} whitelist")

    async def _annotated(self, namespace: str, key: str) -> list[JSONObject] | None:
        """Return the tolerations in an annotation of a namespace, None where it has none. Raises StatusError 500."""
        annotations = ((await self._namespaces.get(namespace)).get("metadata") or {}).get("annotations") or {}
        if key not in annotations:
            return None
        if not (text := annotations[key]):
            return []
        try:
            value = json_body.load(text.encode(), duplicates=False)
            found: list[JSONObject] = go_types().type("[]core/v1.Toleration", "").read(value or [], Reading(Problems()))
        except NotDecodableError as error:
            raise StatusError(500, "", str(error)) from error
        return found
