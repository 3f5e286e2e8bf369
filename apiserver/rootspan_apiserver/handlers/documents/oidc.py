"""OpenID discovery of the issuer of service account tokens, and its public keys: for services that check the tokens themselves.

Upstream: pkg/routes/openidmetadata.go, pkg/serviceaccount/openidmetadata.go
"""

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

    async def configuration(self, request: Request) -> Response:
        host, port = request.scope.get("server") or ("", 0)
        document = {
            "issuer": self._tokens.issuer,
            "jwks_uri": f"https://{host}:{port}{KEYS}",
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [self._tokens.algorithm],
        }
        found = Response(body=orjson.dumps(document), content_type=JSON, headers=_HEADERS)
        return routed(request, (JSON,)) or found

    async def keys(self, request: Request) -> Response:
        found = Response(body=orjson.dumps(self._tokens.key_set()), content_type=_KEY_SET, headers=_HEADERS)
        return routed(request, (_KEY_SET,)) or found
