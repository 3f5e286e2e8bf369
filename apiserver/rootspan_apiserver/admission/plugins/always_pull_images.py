"""AlwaysPullImages: images are pulled whenever a container starts, so that a pod needs its own credentials for private images.

Upstream: plugin/pkg/admission/alwayspullimages/admission.go
"""

from collections.abc import Iterator

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.chain import ReinvocationContext
from rootspan_apiserver.admission.forbidden import new_forbidden
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError, StatusError
from rootspan_apiserver.rules import ROOT, Path

_ALWAYS = "Always"
_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")


class AlwaysPullImages:
    """Sets the pull policy of containers and of image volumes."""

    async def mutate(self, attributes: AdmissionAttributes, reinvocation: ReinvocationContext) -> JSONObject | None:
        """Set every policy of a pod that is new or has a new image."""
        if _concerns(attributes):
            for holder, key, _ in _policies((attributes.object or {}).get("spec") or {}):
                holder[key] = _ALWAYS
        return attributes.object

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Check the policies after webhooks.

        Raises:
            StatusError: 500 with all policies that are not Always.
        """
        if not _concerns(attributes):
            return
        errors = [
            FieldError.not_supported(path, holder.get(key, ""), (_ALWAYS,))
            for holder, key, path in _policies((attributes.object or {}).get("spec") or {})
            if holder.get(key) != _ALWAYS
        ]
        if errors:
            messages = [new_forbidden(attributes, str(error)).message for error in errors]
            raise StatusError(500, "", messages[0] if len(messages) == 1 else f"[{', '.join(messages)}]")


def _concerns(attributes: AdmissionAttributes) -> bool:
    """Whether it is about a pod, a new one or one with an image that it had not before."""
    if not attributes.is_pod or attributes.operation not in ("CREATE", "UPDATE"):
        return False
    if attributes.operation == "CREATE":
        return True
    return not _images(attributes.object or {}) <= _images(attributes.old_object or {})


def _images(pod: JSONObject) -> set[str]:
    spec = pod.get("spec") or {}
    return {container.get("image", "") for key in _CONTAINERS for container in spec.get(key) or ()}


def _policies(spec: JSONObject) -> Iterator[tuple[JSONObject, str, Path]]:
    """Yield the holder of each pull policy, its key there, and its path."""
    for key in _CONTAINERS:
        for index, container in enumerate(spec.get(key) or ()):
            yield container, "imagePullPolicy", ROOT / "spec" / key / index / "imagePullPolicy"
    for index, volume in enumerate(spec.get("volumes") or ()):
        if (image := volume.get("image")) is not None:
            yield image, "pullPolicy", ROOT / "spec" / "volumes" / index / "image" / "pullPolicy"
