"""Claims that are not in the token but at an endpoint that it names, in a token of their own: groups, where there are many.

https://openid.net/specs/openid-connect-core-1_0.html#AggregatedDistributedClaims

Upstream: staging/src/k8s.io/apiserver/plugin/pkg/authenticator/token/oidc/oidc.go (claimResolver)
"""

from collections.abc import Iterable, Mapping
from typing import Any

import httpx

from rootspan_apiserver.authn import id_token, jose
from rootspan_apiserver.authn.authenticator import InvalidCredentialsError
from rootspan_apiserver.authn.oidc_provider import OIDCProvider, ProviderError
from rootspan_apiserver.kube.go_quote import quote

_FAILED = "oidc: could not expand distributed claims"


class DistributedClaim:
    """Resolves one claim. The token with it has to be for the same audiences, and signed by the issuer that it names."""

    def __init__(
        self, client: httpx.AsyncClient, claim: str, audiences: Iterable[str], algorithms: tuple[str, ...]
    ) -> None:
        self._client = client
        self._claim = claim
        self._audiences = tuple(audiences)
        self._algorithms = algorithms
        self._providers: dict[str, OIDCProvider] = {}

    async def expanded(self, claims: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the claims with the one that is elsewhere. Raises InvalidCredentialsError."""
        if self._claim in claims or "_claim_names" not in claims:
            return claims
        # `id_token.verify` has checked that each name has a source, which is an object.
        if (source := claims["_claim_names"].get(self._claim)) is None:
            return claims
        endpoint = claims["_claim_sources"][source]
        if not (url := endpoint.get("endpoint")):
            return claims
        found = await self._claims_at(str(url), str(endpoint.get("access_token") or ""))
        if self._claim not in found:
            why = f'jwt returned by distributed claim endpoint "{url}" did not contain claim: {self._claim}'
            raise InvalidCredentialsError(f"{_FAILED}: {why}")
        return {**claims, self._claim: found[self._claim]}

    async def _claims_at(self, url: str, access_token: str) -> Mapping[str, Any]:
        headers = {"Authorization": f"Bearer {access_token}"} if access_token else {}
        try:
            response = await self._client.get(url, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as exc:
            why = f'while getting distributed claim "{self._claim}": {exc}'
            raise InvalidCredentialsError(f"{_FAILED}: {why}") from exc
        if not 200 <= response.status_code <= 226:
            why = f"error while getting distributed claim JWT: {response.status_code} {response.reason_phrase}"
            raise InvalidCredentialsError(f'{_FAILED}: while getting distributed claim "{self._claim}": {why}')
        token = jose.untrusted(response.text)
        if token is None:
            why = f"getting untrusted issuer from endpoint {url} failed for claim {quote(self._claim)}: malformed token"
            raise InvalidCredentialsError(f"{_FAILED}: {why}")
        provider = await self._provider(token.issuer)
        try:
            return await id_token.verify(token, provider, self._audiences, self._algorithms)
        except InvalidCredentialsError as exc:
            raise InvalidCredentialsError(f"{_FAILED}: verify distributed claim token: {exc}") from exc

    async def _provider(self, issuer: str) -> OIDCProvider:
        provider = self._providers.get(issuer) or OIDCProvider(self._client, issuer)
        if not provider.is_discovered:
            try:
                await provider.discover()
            except ProviderError as exc:
                why = f'verifying untrusted issuer {issuer} failed: verifier not initialized for issuer: "{issuer}"'
                raise InvalidCredentialsError(f"{_FAILED}: {why}") from exc
            self._providers[issuer] = provider
        return provider
