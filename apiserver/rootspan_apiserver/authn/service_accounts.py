"""Bearer tokens of service accounts: JWTs that the server signs and verifies.

https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#bound-service-account-tokens. A token is valid for as long
as it says, and only while the objects that it names exist.

Upstream: pkg/serviceaccount/jwt.go, pkg/serviceaccount/claims.go, staging/src/k8s.io/apiserver/pkg/authentication/serviceaccount/util.go
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from uuid import uuid4

import orjson

from rootspan_apiserver.authn import jose
from rootspan_apiserver.authn.authenticator import (
    Authenticated,
    Credentials,
    InvalidCredentialsError,
    common_audiences,
)
from rootspan_apiserver.authn.jose import JSONObjectOfToken
from rootspan_apiserver.authn.legacy_tokens import LEGACY_ISSUER, LEGACY_NOTE, LegacyTokens
from rootspan_apiserver.authn.service_account_keys import ServiceAccountKeys
from rootspan_apiserver.authn.service_account_objects import ObjectClaims, ServiceAccountObjects
from rootspan_apiserver.authn.token_claims import PublicClaims
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.users import CREDENTIAL_ID, User, account_user, account_user_name
from rootspan_apiserver.telemetry.service_account_metrics import ServiceAccountMetrics

DEFAULT_ISSUER = "https://kubernetes.default.svc.cluster.local"
_EXTRA = "authentication.kubernetes.io/"
_REMEMBERED = 1024
"""The number of tokens whose signatures are not verified again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccountSettings:
    """What the operator says about tokens.

    Attributes:
        issuers: The first one issues tokens, all of them are accepted.
        audiences: The names of the server; those of the issuers if there are none.
        longest: The seconds that a token is valid at most, 0 for no limit.
        extends: Whether the tokens that admission requests for pods are valid for a year.
        lookup: Whether the secret of a token that never expires has to exist.
        jwks_uri: Where the discovery document says that the keys are, "" for this server.
    """

    keys: ServiceAccountKeys
    issuers: tuple[str, ...] = (DEFAULT_ISSUER,)
    audiences: tuple[str, ...] = ()
    longest: int = 0
    extends: bool = True
    lookup: bool = True
    jwks_uri: str = ""

    @property
    def api_audiences(self) -> tuple[str, ...]:
        """The audiences that are the server itself."""
        return self.audiences or self.issuers


class IssuedToken(NamedTuple):
    """A token, and the credential ID that identifies it in users and audit events."""

    token: str
    credential_id: str


class _UnknownTokenError(Exception):
    """A token is of another kind. An exception, so that it is not remembered."""


class ServiceAccountTokens:
    """Issues tokens and authenticates them."""

    def __init__(
        self, settings: ServiceAccountSettings, objects: ServiceAccountObjects, legacy: LegacyTokens | None = None
    ) -> None:
        self.settings = settings
        self.objects = objects
        self._legacy = legacy
        self.metrics = ServiceAccountMetrics()
        self._issuers = frozenset({*settings.issuers, *({LEGACY_ISSUER} if legacy is not None else ())})
        self._verified = lru_cache(maxsize=_REMEMBERED)(self._verify)

    @property
    def issuer(self) -> str:
        """The URL that identifies the server in new tokens."""
        return self.settings.issuers[0]

    def issue(
        self,
        namespace: str,
        name: str,
        uid: str,
        *,
        audiences: Sequence[str] = (),
        seconds: int = 3600,
        warn_after: int = 0,
        bound: Mapping[str, Mapping[str, str]] | None = None,
    ) -> IssuedToken:
        """Issue a token of a service account for `audiences`, valid for `seconds`.

        Args:
            warn_after: The seconds after which the use of the token is noted in audit events, 0 for none.
            bound: The objects that the token is bound to: `{"pod": {"name": …, "uid": …}}`.
        """
        now, jti = int(time.time()), str(uuid4())
        objects = {"namespace": namespace, **(bound or {}), "serviceaccount": {"name": name, "uid": uid}}
        claims = {
            "aud": list(audiences or self.settings.api_audiences),
            "exp": now + seconds,
            "iat": now,
            "iss": self.issuer,
            "jti": jti,
            "kubernetes.io": objects | ({"warnafter": now + warn_after} if warn_after else {}),
            "nbf": now,
            "sub": account_user_name(namespace, name),
        }
        keys = self.settings.keys
        token = jose.sign(orjson.dumps(claims, option=orjson.OPT_SORT_KEYS), keys.signing, keys.algorithm)
        return IssuedToken(token, f"JTI={jti}")

    def issue_for_secret(self, namespace: str, secret: str, name: str, uid: str) -> str:
        """Return a token of the service account `name` without an expiry, which is valid while `secret` has it."""
        named = {
            "namespace": namespace,
            "secret.name": secret,
            "service-account.name": name,
            "service-account.uid": uid,
        }
        claims = {"iss": LEGACY_ISSUER, "sub": account_user_name(namespace, name)}
        claims |= {f"kubernetes.io/serviceaccount/{key}": value for key, value in named.items()}
        keys = self.settings.keys
        return jose.sign(orjson.dumps(claims, option=orjson.OPT_SORT_KEYS), keys.signing, keys.algorithm)

    async def authenticate(self, credentials: Credentials) -> Authenticated | None:
        """Return the service account of a token of this issuer, None for other tokens.

        Raises:
            InvalidCredentialsError: the signature, the expiry or the audience is wrong, or an object it names does not exist.
        """
        try:
            claims, payload = self._verified(credentials.token)
        except _UnknownTokenError:
            return None
        own = self.settings.api_audiences
        wanted = credentials.audiences or own
        audiences = common_audiences(claims.audience or own, wanted)
        if not audiences:
            why = f"{_listed(claims.audience or own)} is invalid for the target audiences {_listed(wanted)}"
            raise InvalidCredentialsError(f"token audiences {why}")
        if self._legacy is not None and claims.issuer == LEGACY_ISSUER:
            try:
                found = await self._legacy.authenticate(credentials.token, claims, payload)
            except InvalidCredentialsError as error:
                if f"{LEGACY_NOTE}-invalidated" in error.annotations:
                    self.metrics.used("invalid_legacy_auto_token_uses")
                raise
        else:
            found = await self._authenticate_bound(claims, ObjectClaims.read(payload))
        notes = dict(found.annotations)
        if f"{LEGACY_NOTE}-autogenerated-secret" in notes:
            self.metrics.used("legacy_auto_token_uses")
        elif f"{LEGACY_NOTE}-manual-secret" in notes:
            self.metrics.used("legacy_manual_token_uses")
        if not claims.audience:
            self.metrics.used("legacy_tokens")
            notes["authentication.k8s.io/legacy-token"] = claims.subject
        return Authenticated(found.user, audiences, found.warnings, notes)

    async def _authenticate_bound(self, claims: PublicClaims, objects: ObjectClaims) -> Authenticated:
        now = time.time()
        claims.check_times(now)
        await self.objects.check(objects)
        notes = {}
        if objects.warn_after:
            self.metrics.used("stale_tokens" if now > objects.warn_after else "valid_tokens")
        if objects.warn_after and now > objects.warn_after:
            late = int(now) - objects.warn_after
            notes["authentication.k8s.io/stale-token"] = (
                f"subject: {claims.subject}, seconds after warning threshold: {late}"
            )
        return Authenticated(_user(claims, objects), annotations=notes)

    def _verify(self, token: str) -> tuple[PublicClaims, JSONObjectOfToken]:
        """Return the claims of a token with a valid signature.

        Raises:
            InvalidCredentialsError: The signature or the type of a claim is not valid.
            _UnknownTokenError: It is of another issuer, or no token at all.
        """
        signed = jose.untrusted(token, self._issuers)
        if signed is None:
            raise _UnknownTokenError
        keys = self.settings.keys.with_id(signed.key_id)
        if not keys:
            raise InvalidCredentialsError("invalid signature, no keys found")
        for key in keys:
            try:
                signed.verify(key)
                break
            except InvalidCredentialsError:
                if key is keys[-1]:
                    raise
        claims = PublicClaims.read(signed.payload)
        if claims.issuer not in self._issuers:
            raise InvalidCredentialsError(f"token issuer {quote(claims.issuer)} is invalid")
        return claims, signed.payload


def _user(claims: PublicClaims, objects: ObjectClaims) -> User:
    extra: dict[str, tuple[str, ...]] = {}
    if objects.pod is not None and objects.pod.name and objects.pod.uid:
        extra[f"{_EXTRA}pod-name"] = (objects.pod.name,)
        extra[f"{_EXTRA}pod-uid"] = (objects.pod.uid,)
    if claims.credential_id:
        extra[CREDENTIAL_ID] = (claims.credential_id,)
    if objects.node is not None and objects.node.name:
        extra[f"{_EXTRA}node-name"] = (objects.node.name,)
        if objects.node.uid:
            extra[f"{_EXTRA}node-uid"] = (objects.node.uid,)
    return account_user(objects.namespace, objects.account.name, objects.account.uid, extra)


def _listed(audiences: Iterable[str]) -> str:
    return "[" + " ".join(map(quote, audiences)) + "]"
