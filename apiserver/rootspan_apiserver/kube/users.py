"""Who makes a request."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rootspan_apiserver.kube.meta import JSONObject

ANONYMOUS = "system:anonymous"
APISERVER = "system:apiserver"
ALL_AUTHENTICATED = "system:authenticated"
ALL_UNAUTHENTICATED = "system:unauthenticated"
MASTERS = "system:masters"


@dataclass(frozen=True, slots=True)
class User:
    """An authenticated identity, as `user.Info` of k8s.io/apiserver has it."""

    name: str
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def user_info(user: User) -> JSONObject:
    """Return a user as `UserInfo` of authentication/v1, without what is empty."""
    extra = {key: list(values) for key, values in user.extra.items()}
    described = {"username": user.name, "uid": user.uid, "groups": list(user.groups), "extra": extra}
    return {key: value for key, value in described.items() if value}
