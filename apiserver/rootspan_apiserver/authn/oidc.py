"""Tokens of OpenID providers: verified by the keys that the provider publishes, and made into users as the operator says.

Upstream: staging/src/k8s.io/apiserver/plugin/pkg/authenticator/token/oidc/oidc.go
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self, TypeVar

from rootspan_apiserver.authn import id_token, jose
from rootspan_apiserver.authn.authenticator import (
    Authenticated,
    Credentials,
    InvalidCredentialsError,
    with_authenticated_group,
)
from rootspan_apiserver.authn.claim_expressions import (
    CLAIMS,
    USER,
    ClaimExpression,
    JSONFields,
    claims_value,
    texts,
    user_value,
)
from rootspan_apiserver.authn.distributed_claims import DistributedClaim
from rootspan_apiserver.authn.jwt_configuration import ClaimMapping, JWTConfiguration, ValidationRule
from rootspan_apiserver.authn.oidc_provider import OIDCProvider, ProviderError, client_for
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.users import CREDENTIAL_ID, User

logger = logging.getLogger(__name__)
T = TypeVar("T")
_GOOGLE = "https://accounts.google.com"
"""An issuer whose tokens may name it without the scheme."""
PAUSE = 10.0
"""Seconds until the discovery document of a provider that cannot be reached is asked for again."""


class OIDCAuthenticator:
    """Authenticates the tokens of one issuer, inside its `async with` block.

    Raises:
        ClaimExpressionError: An expression does not compile.
    """

    def __init__(self, configuration: JWTConfiguration, algorithms: tuple[str, ...]) -> None:
        issuer = configuration.issuer
        self._configuration = configuration
        self._algorithms = algorithms
        self._issuers = frozenset({issuer.url, *([_GOOGLE.removeprefix("https://")] if issuer.url == _GOOGLE else [])})
        self._client = client_for(issuer.certificate_authority)
        self._provider = OIDCProvider(self._client, issuer.url, issuer.discovery_url)
        self._problem = f'oidc: authenticator for issuer "{issuer.url}" is not initialized'
        self._discovered = asyncio.Event()
        self._groups = None
        if claim := configuration.groups.claim:
            self._groups = DistributedClaim(self._client, claim, issuer.audiences, algorithms)
        self._mapper = ClaimMapper(configuration)

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._discover())
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        await self._client.aclose()

    async def ready(self) -> None:
        """Wait until the provider has been found."""
        await self._discovered.wait()

    @property
    def problem(self) -> str:
        """Why the provider has not been found, "" if it has been."""
        return "" if self._discovered.is_set() else self._problem

    async def authenticate(self, credentials: Credentials) -> Authenticated | None:
        """Return the user of a token of the issuer, None for other tokens.

        Raises:
            InvalidCredentialsError: The token is not valid, or a rule does not hold.
        """
        token = jose.untrusted(credentials.token, self._issuers)
        if token is None:
            return None
        if not self._discovered.is_set():
            raise InvalidCredentialsError("oidc: authenticator not initialized")
        audiences = self._configuration.issuer.audiences
        try:
            claims = await id_token.verify(token, self._provider, audiences, self._algorithms)
        except InvalidCredentialsError as exc:
            raise InvalidCredentialsError(f"oidc: verify token: {exc}") from exc
        if self._groups is not None:
            claims = await self._groups.expanded(claims)
        return Authenticated(with_authenticated_group(self._mapper.user(claims)))

    async def _discover(self) -> None:
        while True:
            try:
                await self._provider.discover()
            except ProviderError as exc:
                self._problem = str(exc)
                logger.error("oidc authenticator: initializing plugin: %s", exc)
                await asyncio.sleep(PAUSE)
            else:
                self._discovered.set()
                return


class ClaimMapper:
    """Makes users of claims. Raises ClaimExpressionError where an expression does not compile."""

    def __init__(self, configuration: JWTConfiguration) -> None:
        self._configuration = configuration
        self._username = _expression(configuration.username)
        self._groups = _expression(configuration.groups)
        self._uid = _expression(configuration.uid)
        self._extra = [(key, ClaimExpression(text, CLAIMS)) for key, text in configuration.extra]
        self._claim_rules = _conditions(configuration.claim_rules, CLAIMS)
        self._user_rules = _conditions(configuration.user_rules, USER)

    def user(self, claims: Mapping[str, Any]) -> User:
        """Return the user. Raises InvalidCredentialsError where a claim is absent, or a rule does not hold."""
        value = claims_value(claims)
        user = User(
            self._name(claims, value),
            self._user_id(claims, value),
            self._member_of(claims, value),
            self._extra_of(claims, value),
        )
        for rule in self._configuration.claim_rules:
            if rule.claim:
                _check_claim(claims, rule)
        _check("claim validation expression", self._claim_rules, value)
        if self._user_rules:
            _check("user info validation rule", self._user_rules, user_value(user))
        return user

    def _name(self, claims: Mapping[str, Any], value: JSONFields) -> str:
        if self._username is not None:
            name = _text(self._username, value, "username")
            if not name:
                raise InvalidCredentialsError("oidc: empty username via CEL expression is not allowed")
            return name
        mapping = self._configuration.username
        name = _claim(f"oidc: parse username claims {quote(mapping.claim)}", id_token.text, claims, mapping.claim)
        if mapping.claim == "email" and "email_verified" in claims:
            told = "oidc: parse 'email_verified' claim"
            if not _claim(told, id_token.boolean, claims, "email_verified"):
                raise InvalidCredentialsError("oidc: email not verified")
        return (mapping.prefix or "") + name

    def _member_of(self, claims: Mapping[str, Any], value: JSONFields) -> tuple[str, ...]:
        mapping = self._configuration.groups
        if mapping.claim and mapping.claim in claims:
            told = f"oidc: parse groups claim {quote(mapping.claim)}"
            found = _claim(told, id_token.text_or_list, claims, mapping.claim)
            return tuple((mapping.prefix or "") + group for group in found)
        if self._groups is None:
            return ()
        with _told("oidc: error evaluating group claim expression"):
            return texts(self._groups.evaluate(value))

    def _user_id(self, claims: Mapping[str, Any], value: JSONFields) -> str:
        claim = self._configuration.uid.claim
        if claim:
            return _claim(f"oidc: parse uid claim {quote(claim)}", id_token.text, claims, claim)
        return "" if self._uid is None else _text(self._uid, value, "uid")

    def _extra_of(self, claims: Mapping[str, Any], value: JSONFields) -> Mapping[str, tuple[str, ...]]:
        extra: dict[str, tuple[str, ...]] = {}
        if isinstance(jti := claims.get("jti"), str) and jti:
            extra[CREDENTIAL_ID] = (f"JTI={jti}",)
        for key, expression in self._extra:
            found = expression.evaluate(value)
            with _told(f"oidc: error evaluating extra claim expression: {expression.text}"):
                if values := texts(found):
                    extra[key] = values
        return extra


def _expression(mapping: ClaimMapping) -> ClaimExpression | None:
    return ClaimExpression(mapping.expression, CLAIMS) if mapping.expression else None


def _conditions(rules: tuple[ValidationRule, ...], variable: str) -> list[tuple[ClaimExpression, str]]:
    return [
        (ClaimExpression(rule.expression, variable, is_condition=True), rule.message)
        for rule in rules
        if rule.expression
    ]


def _text(expression: ClaimExpression, value: JSONFields, what: str) -> str:
    with _told(f"oidc: error evaluating {what} claim expression"):
        found = expression.evaluate(value)
        if not isinstance(found, str):
            raise InvalidCredentialsError(f"{what} claim expression must return a string")
        return found


def _claim(told: str, read: Callable[[Mapping[str, Any], str], T], claims: Mapping[str, Any], name: str) -> T:
    with _told(told):
        return read(claims, name)


def _check_claim(claims: Mapping[str, Any], rule: ValidationRule) -> None:
    if rule.claim not in claims:
        raise InvalidCredentialsError(f"oidc: required claim {rule.claim} not present in ID token")
    found = _claim(f"oidc: parse claim {rule.claim}", id_token.text, claims, rule.claim)
    if found != rule.required_value:
        told = f"value does not match. Got = {found}, want = {rule.required_value}"
        raise InvalidCredentialsError(f"oidc: required claim {rule.claim} {told}")


def _check(what: str, rules: list[tuple[ClaimExpression, str]], value: JSONFields) -> None:
    with _told(f"oidc: error evaluating {what}"):
        results = [(rule, message, rule.evaluate(value)) for rule, message in rules]
        for rule, message, holds in results:
            if not holds:
                raise InvalidCredentialsError(f"validation expression '{rule.text}' failed: {message}")


@contextlib.contextmanager
def _told(what: str) -> Iterator[None]:
    """Put what was done before the reason why it failed."""
    try:
        yield
    except InvalidCredentialsError as exc:
        raise InvalidCredentialsError(f"{what}: {exc}") from exc
