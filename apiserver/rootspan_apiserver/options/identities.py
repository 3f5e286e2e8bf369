"""Who the options say may authenticate, and how.

Upstream: pkg/kubeapiserver/options/authentication.go (ToAuthenticationConfig)
"""

import asyncio
import contextlib
import logging
import re
import secrets
import socket
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rootspan_apiserver.authn import service_account_keys
from rootspan_apiserver.authn.anonymous import AnonymousAuthenticator
from rootspan_apiserver.authn.authenticator import Authenticator
from rootspan_apiserver.authn.bootstrap_tokens import BootstrapTokens
from rootspan_apiserver.authn.client_certificates import ClientCertificates
from rootspan_apiserver.authn.legacy_tokens import LAST_USED, LegacyTokens
from rootspan_apiserver.authn.request_header import RequestHeaderAuthenticator, RequestHeaderNames
from rootspan_apiserver.authn.server_authenticator import server_authenticator
from rootspan_apiserver.authn.service_account_keys import KeyFileError
from rootspan_apiserver.authn.service_account_objects import NamedObject, ServiceAccountObjects
from rootspan_apiserver.authn.service_accounts import DEFAULT_ISSUER, ServiceAccountSettings, ServiceAccountTokens
from rootspan_apiserver.clients.access_webhooks import AccessWebhooks
from rootspan_apiserver.clients.api_path import APIPath
from rootspan_apiserver.clients.loopback import LoopbackClient
from rootspan_apiserver.handlers.documents.oidc import KEYS
from rootspan_apiserver.kube.media_types import MERGE_PATCH
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.options.feature_gates import UID_OF_CERTIFICATES
from rootspan_apiserver.options.options import Options
from rootspan_apiserver.processes.private_files import kept
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.serving.http import Address
from rootspan_apiserver.storage import Storage

if TYPE_CHECKING:  # servers without providers do not need it
    from rootspan_apiserver.authn.jwt_authenticators import JWTAuthenticators
    from rootspan_apiserver.authn.jwt_configuration import AnonymousConfiguration

logger = logging.getLogger(__name__)
_HOST_AND_PORT = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*):[^:]*")


def client_certificates(options: Options) -> ClientCertificates | None:
    """Return what names users by client certificates, None where none are asked for. Raises AuthoritiesError."""
    if not (authorities := _path(options.client_ca_file)):
        return None
    from rootspan_apiserver.authn.certificate_authorities import CertificateAuthorities  # loads pyOpenSSL

    reads_uid = options.gates().enabled(UID_OF_CERTIFICATES)
    return ClientCertificates(CertificateAuthorities(authorities), reads_uid=reads_uid)


def administrator_token(options: Options) -> str:
    """Return the token of the administrator in the kubeconfig, which is kept with the data. Raises KeyFileError."""
    if not (folder := _path(options.data_dir)):
        return secrets.token_urlsafe(32)
    path = folder / "administrator.token"
    try:
        return kept(path, lambda: secrets.token_urlsafe(32).encode()).decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise KeyFileError(f"unable to keep the token of the administrator in {path}: {exc}") from exc


def service_accounts(options: Options, bound: socket.socket) -> ServiceAccountSettings:
    """Return how tokens of service accounts are made and checked, and by which keys. Raises KeyFileError.

    Without --service-account-signing-key-file the key is kept with the data, else it lives as long as the process.
    """
    folder = _path(options.data_dir)
    address = Address("https", *bound.getsockname()[:2]).advertised(options.advertise_address)
    signing, verifying = options.service_account_signing_key_file, options.service_account_key_file
    own = service_account_keys.kept_in(folder) if folder and not signing else service_account_keys.generated()
    return ServiceAccountSettings(
        keys=service_account_keys.read(verifying, signing, own),
        issuers=options.service_account_issuer or (DEFAULT_ISSUER,),
        audiences=options.api_audiences,
        longest=int(options.service_account_max_token_expiration),
        extends=options.service_account_extend_token_expiration,
        lookup=options.service_account_lookup,
        jwks_uri=options.service_account_jwks_uri or f"{_external_url(options.external_hostname, address)}{KEYS}",
    )


def _external_url(host: str, address: Address) -> str:
    """Return the URL of the server by the name that clients know it by; without a port it has that of `address`."""
    if not host:
        return address.url
    return f"https://{host}" if _HOST_AND_PORT.fullmatch(host) else Address("https", host, address.port).url


def service_account_tokens(
    settings: ServiceAccountSettings, storage: Storage, registry: Registry, loopback: LoopbackClient
) -> ServiceAccountTokens:
    """Return what makes and checks tokens. It labels the secrets of those that never expire through the API, as upstream does."""
    objects, secrets_ = ServiceAccountObjects(storage, registry), registry.builtin("secrets")

    async def label(namespace: str, secret: NamedObject, day: str) -> None:
        metadata = {"name": secret.name, "namespace": namespace, "uid": secret.uid, "labels": {LAST_USED: day}}
        body = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata}
        path = APIPath.of_object(secrets_, namespace, secret.name)
        try:
            await loopback.request("PATCH", path, body, content_type=MERGE_PATCH)
        except StatusError as exc:
            told = "Failed to label legacy service account token %s/%s with last-used date, err: %s"
            logger.error(told, namespace, secret.name, exc.message)

    return ServiceAccountTokens(settings, objects, LegacyTokens(objects, label, lookup=settings.lookup))


@contextlib.asynccontextmanager
async def authentication(
    options: Options,
    accounts: ServiceAccountTokens,
    loopback: LoopbackClient,
    administrator: str,
    webhooks: AccessWebhooks,
) -> AsyncIterator[Authenticator]:
    """Return what names the users of requests while the block runs; `administrator` is the administrator's token.

    Raises:
        AuthoritiesError, ConfigurationError, TokenFileError: A file is not valid.
    """
    async with jwt_access(options, accounts.settings.issuers) as access:
        yield server_authenticator(
            loopback_token=loopback.token,
            admin_token=administrator,
            accounts=accounts,
            client_certificates=client_certificates(options),
            front_proxy=front_proxy(options),
            token_file=options.token_auth_file,
            token_webhook=token_webhook(options, webhooks, accounts.settings.api_audiences),
            jwt=access.jwt,
            bootstrap=BootstrapTokens(accounts.objects) if options.enable_bootstrap_token_auth else None,
            anonymous=access.anonymous,
        )


@dataclass(frozen=True, slots=True)
class JWTAccess:
    """Who authenticates the tokens of providers, and requests without credentials; None where there are none."""

    jwt: "JWTAuthenticators | None"
    anonymous: AnonymousAuthenticator | None


@contextlib.asynccontextmanager
async def jwt_access(options: Options, issuers: Collection[str]) -> AsyncIterator[JWTAccess]:
    """Authenticate by --authentication-config or the --oidc- flags while the block runs; `issuers` are those of service account tokens.

    Raises:
        ConfigurationError: The configuration is not valid.
    """
    if not options.authentication_config and not options.oidc_issuer_url:
        yield JWTAccess(None, _anonymous(options, None))
        return
    from rootspan_apiserver.authn.jwt_authenticators import JWTAuthenticators  # loads CEL
    from rootspan_apiserver.options import authentication_file

    data = authentication_file.read_file(options)
    configuration = authentication_file.authentication_configuration(options, data, issuers)
    found = JWTAuthenticators(authentication_file.signing_algorithms(options))
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(contextlib.aclosing(found))
        await found.start(configuration.jwt)
        if path := options.authentication_config:
            anonymous = configuration.anonymous
            following = authentication_file.follow(path, data, found, anonymous=anonymous, issuers=issuers)
            stack.callback(asyncio.create_task(following).cancel)
        yield JWTAccess(found, _anonymous(options, configuration.anonymous))


def _anonymous(options: Options, configuration: "AnonymousConfiguration | None") -> AnonymousAuthenticator | None:
    """Return who requests without credentials are: what the file says counts before the flag."""
    if configuration is not None:
        return AnonymousAuthenticator(configuration.paths) if configuration.enabled else None
    modes = () if options.authorization_config else options.authorization_mode
    if options.anonymous_auth and "AlwaysAllow" in modes:
        # AlwaysAllow would allow them everything.
        logger.info("AnonymousAuth is not allowed with the AlwaysAllow authorizer. Resetting AnonymousAuth to false.")
        return None
    return AnonymousAuthenticator() if options.anonymous_auth else None


def token_webhook(options: Options, webhooks: AccessWebhooks, audiences: Sequence[str]) -> Authenticator | None:
    """Return what asks a webhook about tokens, None where there is none. Raises ConfigurationError."""
    if not (kubeconfig := options.authentication_token_webhook_config_file):
        return None
    return webhooks.tokens(
        kubeconfig,
        version="v1" if options.authentication_token_webhook_version == "v1" else "v1beta1",
        audiences=audiences,
        seconds=options.authentication_token_webhook_cache_ttl,
    )


def front_proxy(options: Options) -> RequestHeaderAuthenticator | None:
    """Return what names users by the headers of a trusted proxy, None where there is none. Raises AuthoritiesError."""
    if not (authorities := _path(options.requestheader_client_ca_file)):
        return None
    from rootspan_apiserver.authn.certificate_authorities import CertificateAuthorities  # loads pyOpenSSL

    names = RequestHeaderNames(
        usernames=_lower(options.requestheader_username_headers),
        uids=_lower(options.requestheader_uid_headers),
        groups=_lower(options.requestheader_group_headers),
        extra_prefixes=_lower(options.requestheader_extra_headers_prefix),
    )
    return RequestHeaderAuthenticator(CertificateAuthorities(authorities), names, options.requestheader_allowed_names)


def _lower(names: Iterable[str]) -> tuple[bytes, ...]:
    return tuple(name.strip().lower().encode() for name in names)


def _path(text: str) -> Path | None:
    return Path(text) if text else None
