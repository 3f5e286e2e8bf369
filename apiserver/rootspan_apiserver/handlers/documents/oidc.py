"""OpenID discovery of the issuer of service account tokens, and its public keys: for services that check the tokens themselves.

Upstream: pkg/routes/openidmetadata.go, pkg/serviceaccount/openidmetadata.go
"""

from urllib.parse import urlsplit

import orjson

from rootspan_apiserver.authn.service_accounts import ServiceAccountTokens
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.http.responses import Response, routed
from rootspan_apiserver.kube.media_types import JSON

CONFIGURATION = "/.well-known/openid-configuration"
KEYS = "/openid/v1/jwks"
_KEY_SET = "application/jwk-set+json"
_HEADERS = [(b"cache-control", b"public, max-age=3600")]


class OpenIDMetadata:
    """Answers with the issuer of `tokens` and its keys."""

    def __init__(self, tokens: ServiceAccountTokens) -> None:
        self._tokens = tokens

    @property
    def is_served(self) -> bool:
        """Whether the issuer is a URL that the specification of OpenID discovery allows."""
        issuer = urlsplit(self._tokens.issuer)
        return issuer.scheme == "https" and not issuer.query and not issuer.fragment

    async def configuration(self, request: Request) -> Response:
        settings = self._tokens.settings
        document = {
            "issuer": self._tokens.issuer,
            "jwks_uri": settings.jwks_uri,
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": settings.keys.algorithms(),
        }
        found = Response(body=orjson.dumps(document), content_type=JSON, headers=_HEADERS)
        return routed(request, (JSON,), reads_any=True) or found

    async def keys(self, request: Request) -> Response:
        body = orjson.dumps(self._tokens.settings.keys.key_set())
        found = Response(body=body, content_type=_KEY_SET, headers=_HEADERS)
        return routed(request, (_KEY_SET,), reads_any=True) or found
