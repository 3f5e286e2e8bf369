"""Users, and the `UserInfo` that describes them in the API.

Upstream: staging/src/k8s.io/apiserver/pkg/authentication/user/user.go, staging/src/k8s.io/api/authentication/v1/types.go
"""

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
    """Return the user as `UserInfo` of authentication/v1, without empty fields."""
    extra = {key: list(values) for key, values in user.extra.items()}
    info: JSONObject = {"username": user.name, "uid": user.uid, "groups": list(user.groups), "extra": extra}
    return {key: value for key, value in info.items() if value}
