"""Which tokens of service accounts a node may ask for: those of pods that run on it, for audiences that the pods mount tokens for.

Audiences of in-tree volumes that CSI drivers have replaced are not looked up.

Upstream: plugin/pkg/admission/noderestriction/admission.go (admitServiceAccount, podReferencesAudience)
"""

from dataclasses import dataclass

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.forbidden import new_forbidden
from rootspan_apiserver.admission.object_lookup import ObjectLookup
from rootspan_apiserver.authz.authorizer import AuthorizationAttributes, Authorizer
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.resources.core.pod.references import projections


@dataclass(frozen=True, slots=True, kw_only=True)
class RestrictedTokens:
    """Checks the token requests of nodes."""

    pods: ObjectLookup
    claims: ObjectLookup
    volumes: ObjectLookup
    drivers: ObjectLookup
    authorizer: Authorizer

    async def check(self, node: str, attributes: AdmissionAttributes) -> None:
        """Check a token request of `node`.

        Raises:
            StatusError: 403; 404, the pod that the token is for does not exist.
        """
        if attributes.operation != "CREATE" or attributes.subresource != "token":
            return
        spec = (attributes.object or {}).get("spec") or {}
        reference = spec.get("boundObjectRef") or {}
        if (reference.get("apiVersion"), reference.get("kind")) != ("v1", "Pod") or not reference.get("name"):
            raise new_forbidden(attributes, "node requested token not bound to a pod")
        uid = reference.get("uid")
        if not uid:
            raise new_forbidden(attributes, "node requested token with a pod binding without a uid")
        pod = await self.pods.cached(attributes.namespace, reference["name"])
        if pod is None:
            raise self.pods.not_found(reference["name"])
        if uid != pod["metadata"].get("uid"):
            why = f"the UID in the bound object reference ({uid}) does not match the UID in record. The object might have been deleted"
            raise new_forbidden(attributes, f"{why} and then recreated")
        if (pod["spec"].get("nodeName") or "") != node:
            raise new_forbidden(attributes, "node requested token bound to a pod scheduled on a different node")
        await self._check_audience(attributes, pod, spec.get("audiences") or [])

    async def _check_audience(self, attributes: AdmissionAttributes, pod: JSONObject, audiences: list[str]) -> None:
        if len(audiences) > 1:
            raise new_forbidden(attributes, "node may only request 0 or 1 audiences")
        audience = audiences[0] if audiences else ""
        if any((token.get("audience") or "") == audience for token in _mounted_tokens(pod)):
            return
        errors = []
        for volume in pod["spec"].get("volumes") or ():
            try:
                if await self._requests_audience(pod, volume, audience):
                    return
            except StatusError as error:
                errors.append(error.message)
        if errors:
            text = errors[0] if len(errors) == 1 else f"[{', '.join(dict.fromkeys(errors))}]"
            raise new_forbidden(attributes, f"error validating audience {quote(audience)}: {text}")
        action = AuthorizationAttributes(
            user=attributes.user,
            verb="request-serviceaccounts-token-audience",
            is_resource=True,
            namespace=attributes.namespace,
            version="v1",
            resource=audience,
            name=attributes.name,
        )
        if (await self.authorizer.authorize(action)).verdict != "allow":
            who = f"{attributes.user.name} is not authorized to request tokens for this audience"
            raise new_forbidden(attributes, f"audience {quote(audience)} not found in pod spec volume, {who}")

    async def _requests_audience(self, pod: JSONObject, volume: JSONObject, audience: str) -> bool:
        """Return whether the CSI driver of a volume asks for tokens for the audience. Raises StatusError 404."""
        if (volume.get("ephemeral") or {}).get("volumeClaimTemplate") is not None:
            name = await self._driver_of_claim(pod, f"{pod['metadata']['name']}-{volume['name']}")
        elif (claim := volume.get("persistentVolumeClaim")) is not None:
            name = await self._driver_of_claim(pod, claim.get("claimName", ""))
        else:
            name = (volume.get("csi") or {}).get("driver", "")
        if not name:
            return False
        driver = await _found(self.drivers, "", name)
        requests = (driver.get("spec") or {}).get("tokenRequests") or ()
        return any(request.get("audience", "") == audience for request in requests)

    async def _driver_of_claim(self, pod: JSONObject, name: str) -> str:
        claim = await _found(self.claims, pod["metadata"]["namespace"], name)
        volume = await _found(self.volumes, "", (claim.get("spec") or {}).get("volumeName") or "")
        driver: str = ((volume.get("spec") or {}).get("csi") or {}).get("driver", "")
        return driver


async def _found(lookup: ObjectLookup, namespace: str, name: str) -> JSONObject:
    """Return an object of the cache. Raises StatusError 404."""
    found = await lookup.cached(namespace, name)
    if found is None:
        raise lookup.not_found(name)
    return found


def _mounted_tokens(pod: JSONObject) -> list[JSONObject]:
    tokens = (source.get("serviceAccountToken") for source in projections(pod["spec"]))
    return [token for token in tokens if token is not None]
