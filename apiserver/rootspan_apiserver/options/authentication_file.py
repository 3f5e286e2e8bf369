"""`--authentication-config`: the file, or the flags that it replaces, as one configuration; and what happens when the file changes.

Upstream: pkg/kubeapiserver/options/authentication.go (ToAuthenticationConfig, loadAuthenticationConfig, ApplyTo)
"""

import asyncio
import logging
from collections.abc import Collection
from functools import cache
from importlib.resources import files
from pathlib import Path

from rootspan import ConfigurationError
from rootspan_apiserver.admission.configuration_kinds import ConfigurationKind
from rootspan_apiserver.authn.jose import ALGORITHMS
from rootspan_apiserver.authn.jwt_authenticators import JWTAuthenticators
from rootspan_apiserver.authn.jwt_configuration import AnonymousConfiguration, AuthenticationConfiguration
from rootspan_apiserver.authn.jwt_configuration_rules import configuration_errors
from rootspan_apiserver.codec.configuration_file import load
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.status import FieldError, listed
from rootspan_apiserver.options.options import Options
from rootspan_apiserver.types.problems import NotDecodableError
from rootspan_apiserver.types.tables import TypeTable

logger = logging.getLogger(__name__)
PERIOD = 1.0
"""Seconds between two looks at the file."""
_ANONYMOUS_FLAG = (
    "--anonymous-auth flag cannot be set when anonymous field is configured in authentication configuration file"
)


def read_file(options: Options) -> bytes:
    """Return the content of the file, empty if there is none. Raises ConfigurationError."""
    path = options.authentication_config
    try:
        return Path(path).read_bytes() if path else b""
    except OSError as exc:
        reason = (exc.strerror or str(exc)).lower()
        raise ConfigurationError(f"{_failed(path)}: open {path}: {reason}") from exc


def authentication_configuration(
    options: Options, data: bytes, issuers: Collection[str]
) -> AuthenticationConfiguration:
    """Return the configuration of the file with the content `data`, or of the flags.

    Args:
        issuers: The issuers of service account tokens, which no provider may be.

    Raises:
        ConfigurationError: It cannot be decoded, or is not valid.
    """
    if path := options.authentication_config:
        try:
            configuration = _decoded(data)
        except NotDecodableError as exc:
            raise ConfigurationError(f"{_failed(path)}: {exc}") from exc
        if configuration.anonymous is not None and "anonymous_auth" in options.given:
            raise ConfigurationError(str(FieldError.forbidden("anonymous", _ANONYMOUS_FLAG)))
    else:
        configuration = _of_flags(options)
    if errors := list(configuration_errors(configuration, issuers)):
        raise ConfigurationError(f"invalid authentication configuration: {listed(errors)}")
    return configuration


def signing_algorithms(options: Options) -> tuple[str, ...]:
    """Return the algorithms that providers may sign tokens with: all of them, where a file has the configuration."""
    return ALGORITHMS if options.authentication_config else options.oidc_signing_algs


async def follow(
    path: str,
    tracked: bytes,
    authenticators: JWTAuthenticators,
    *,
    anonymous: AnonymousConfiguration | None,
    issuers: Collection[str],
) -> None:
    """Replace the issuers whenever the file has another content than `tracked` and is valid, until cancelled.

    What it says of anonymous users cannot change.
    """
    while True:
        await asyncio.sleep(PERIOD)
        try:
            data = await asyncio.to_thread(Path(path).read_bytes)
        except OSError as exc:
            logger.error("failed to read authentication config file: %s", exc)
            continue
        if data == tracked:
            continue
        try:
            configuration = _decoded(data)
        except NotDecodableError as exc:
            logger.error("failed to load authentication config: %s", exc)
            tracked = data
            continue
        errors = list(configuration_errors(configuration, issuers))
        if configuration.anonymous != anonymous:
            errors.append(FieldError.forbidden("anonymous", "changed from initial configuration file"))
        if errors:
            logger.error("failed to validate authentication config: %s", listed(errors))
            tracked = data
            continue
        try:
            await authenticators.replace(configuration.jwt)
        except TimeoutError as exc:
            logger.error("failed to update authentication config: %s", exc)
            continue
        tracked = data
        logger.info("reloaded authentication config")


def _of_flags(options: Options) -> AuthenticationConfiguration:
    try:
        jwt = options.oidc_configuration()
    except OSError as exc:
        raise ConfigurationError(f"open {exc.filename}: {(exc.strerror or str(exc)).lower()}") from exc
    for name in options.oidc_signing_algs if jwt else ():
        if name not in ALGORITHMS:
            raise ConfigurationError(f"oidc: unsupported signing alg: {quote(name)}")
    return AuthenticationConfiguration(jwt)


def _failed(path: str) -> str:
    return f"failed to load authentication configuration from file {quote(path)}"


def _decoded(data: bytes) -> AuthenticationConfiguration:
    if not data:
        raise NotDecodableError("empty config data")
    return AuthenticationConfiguration.read(_KIND.read(*load(data)))


@cache
def _types() -> TypeTable:
    return TypeTable(files(__package__).joinpath("authentication_types.txt").read_text(encoding="utf-8"))


_KIND = ConfigurationKind(
    "apiserver/v1.AuthenticationConfiguration",
    tuple(
        (f"apiserver.config.k8s.io/{version}", "AuthenticationConfiguration")
        for version in ("v1", "v1beta1", "v1alpha1")
    ),
    _types,
)
