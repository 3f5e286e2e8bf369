"""A certificate signing request says who asks for it: whoever makes the request, whatever the client writes there."""

from rootspan_apiserver.kube.meta import GroupResource, JSONObject
from rootspan_apiserver.kube.users import User, user_info

SIGNED = GroupResource("certificates.k8s.io", "certificatesigningrequests")


def name_requester(resource: GroupResource, obj: JSONObject, user: User) -> None:
    """Put the user into a new object of the one kind that tells of it."""
    if resource != SIGNED:
        return
    spec = obj.setdefault("spec", {})
    for field in ("username", "uid", "groups", "extra"):
        spec.pop(field, None)
    spec.update(user_info(user))
