"""DenyServiceExternalIPs: services do not get new external addresses.

Upstream: plugin/pkg/admission/network/denyserviceexternalips/admission.go
"""

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.forbidden import new_forbidden
from rootspan_apiserver.kube.meta import GroupResource, JSONObject

_SERVICES = GroupResource("", "services")


class DenyServiceExternalIPs:
    """Refuses external addresses that a service had not before."""

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Check a service that is created or updated.

        Raises:
            StatusError: 403.
        """
        if attributes.resource.group_resource != _SERVICES or attributes.subresource:
            return
        if attributes.operation in ("CREATE", "UPDATE") and _addresses(attributes.object) - _addresses(
            attributes.old_object
        ):
            raise new_forbidden(attributes, "Use of external IPs is denied by admission control")


def _addresses(service: JSONObject | None) -> set[str]:
    return set(((service or {}).get("spec") or {}).get("externalIPs") or ())
