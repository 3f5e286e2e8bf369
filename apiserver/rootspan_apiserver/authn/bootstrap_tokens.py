"""Bootstrap tokens, by which nodes join a cluster: `ID.SECRET` names the secret `bootstrap-token-ID` of `kube-system`, which has it.

A token that is not right in any way is not recognized, and the reason is logged.

Upstream: plugin/pkg/auth/authenticator/token/bootstrap/bootstrap.go,
staging/src/k8s.io/cluster-bootstrap/token/util/helpers.go, staging/src/k8s.io/cluster-bootstrap/util/secrets/secrets.go
"""

import hmac
import logging
import re
import time
from collections.abc import Mapping

from rootspan_apiserver.authn.authenticator import Authenticated, Credentials, with_authenticated_group
from rootspan_apiserver.authn.secret_data import secret_value
from rootspan_apiserver.authn.service_account_objects import ServiceAccountObjects
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.times import read_time
from rootspan_apiserver.kube.users import User

_TOKEN = re.compile(r"([a-z0-9]{6})\.([a-z0-9]{16})", re.ASCII)
_GROUP = re.compile(r"system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]", re.ASCII)
_NAMESPACE, _PREFIX, _TYPE = "kube-system", "bootstrap-token-", "bootstrap.kubernetes.io/token"
_USER_PREFIX, _DEFAULT_GROUP = "system:bootstrap:", "system:bootstrappers"
logger = logging.getLogger(__name__)


class _NotValidError(Exception):
    """What is wrong with a secret."""


class BootstrapTokens:
    """Recognizes the bootstrap tokens of a cluster."""

    def __init__(self, objects: ServiceAccountObjects) -> None:
        self._objects = objects

    async def authenticate(self, credentials: Credentials) -> Authenticated | None:
        """Return the user of a token that its secret confirms."""
        if not (token := _TOKEN.fullmatch(credentials.token)):
            return None
        name = _PREFIX + token[1]
        if (stored := await self._objects.secret(_NAMESPACE, name)) is None:
            return None
        try:
            if stored.is_terminating:
                raise _NotValidError("is deleted and awaiting removal")
            groups = _groups_of(stored.decode(), token[1], token[2])
        except _NotValidError as reason:
            logger.info("Bootstrap secret %s/%s matching bearer token %s.", _NAMESPACE, name, reason)
            return None
        return Authenticated(with_authenticated_group(User(_USER_PREFIX + token[1], groups=groups)))


def _groups_of(secret: Mapping[str, object], token_id: str, token_secret: str) -> tuple[str, ...]:
    """Return the groups that a secret gives to its token. Raises _NotValidError."""
    data = secret.get("data")
    if secret.get("type") != _TYPE or not isinstance(data, dict):
        raise _NotValidError(f"has invalid type, expected {_TYPE}")
    values = {key: secret_value(value) for key, value in data.items()}
    if not hmac.compare_digest(values.get("token-secret", b""), token_secret.encode()):
        raise _NotValidError("has invalid value for key token-secret")
    if values.get("token-id", b"") != token_id.encode():
        raise _NotValidError("has invalid value for key token-id")
    if _has_expired(values.get("expiration", b"").decode(errors="replace")):
        raise _NotValidError("has expired")
    if values.get("usage-bootstrap-authentication", b"") != b"true":
        raise _NotValidError("is not marked usage-bootstrap-authentication=true")
    extra = values.get("auth-extra-groups", b"").decode(errors="replace")
    groups = {_DEFAULT_GROUP, *(extra.split(",") if extra else ())}
    for group in groups - {_DEFAULT_GROUP} if extra else ():
        if not _GROUP.fullmatch(group):
            why = f"bootstrap group {quote(group)} is invalid (must match \\A{_GROUP.pattern}\\z)"
            raise _NotValidError(f"has invalid value for key auth-extra-groups: {why}")
    return tuple(sorted(groups))


def _has_expired(text: str) -> bool:
    """Return whether a time is over, or cannot be read; "" is never over."""
    if not text:
        return False
    try:
        return read_time(text).timestamp() <= time.time()
    except ValueError:
        return True
