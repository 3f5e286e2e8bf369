"""Users, and the `UserInfo` that describes them in the API.

Upstream: staging/src/k8s.io/apiserver/pkg/authentication/user/user.go, staging/src/k8s.io/api/authentication/v1/types.go
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from rootspan_apiserver.kube.meta import JSONObject

ANONYMOUS = "system:anonymous"
APISERVER = "system:apiserver"
ALL_AUTHENTICATED = "system:authenticated"
ALL_UNAUTHENTICATED = "system:unauthenticated"
MASTERS = "system:masters"
ACCOUNT_PREFIX = "system:serviceaccount:"
"""Begins the user name of a service account; its namespace, a colon and its name follow."""
CREDENTIAL_ID = "authentication.kubernetes.io/credential-id"
"""The key of a user's extra that says which token or certificate it came with."""


@dataclass(frozen=True, slots=True)
class User:
    """An authenticated identity, as `user.Info` of k8s.io/apiserver has it."""

    name: str
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def account_user(
    namespace: str, name: str, uid: str, extra: Mapping[str, tuple[str, ...]] = MappingProxyType({})
) -> User:
    """Return the user that a service account is."""
    return User(account_user_name(namespace, name), uid, (*account_groups(namespace), ALL_AUTHENTICATED), extra)


def account_user_name(namespace: str, name: str) -> str:
    """Return the user name of a service account.

    Upstream: staging/src/k8s.io/apiserver/pkg/authentication/serviceaccount/util.go (MakeUsername)
    """
    return f"{ACCOUNT_PREFIX}{namespace}:{name}"


def account_groups(namespace: str) -> tuple[str, str]:
    """Return the groups of all service accounts, and of those in a namespace (MakeGroupNames)."""
    return "system:serviceaccounts", f"system:serviceaccounts:{namespace}"


def user_info(user: User) -> JSONObject:
    """Return the user as `UserInfo` of authentication/v1, without empty fields."""
    extra = {key: list(values) for key, values in user.extra.items()}
    info: JSONObject = {"username": user.name, "uid": user.uid, "groups": list(user.groups), "extra": extra}
    return {key: value for key, value in info.items() if value}
