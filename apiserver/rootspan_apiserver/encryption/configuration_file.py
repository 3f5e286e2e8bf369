"""The file of `--encryption-provider-config`, read strictly.

Upstream: staging/src/k8s.io/apiserver/pkg/server/options/encryptionconfig/config.go (loadConfig)
"""

import hashlib
import os
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from rootspan import ConfigurationError
from rootspan_apiserver.codec.configuration_file import load
from rootspan_apiserver.encryption.validation import configuration_faults
from rootspan_apiserver.kube.go_durations import parse_duration
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import listed
from rootspan_apiserver.types.problems import NotDecodableError, Problems, strict_error
from rootspan_apiserver.types.tables import TypeTable

_KINDS = (("apiserver.config.k8s.io/v1", "EncryptionConfiguration"), ("v1", "EncryptionConfig"))
_CHOICES = " or ".join(f"{kind} of {version}" for version, kind in _KINDS)


def read_file(path: str) -> bytes:
    """Return the text of the file. Raises ConfigurationError."""
    try:
        text = Path(path).read_bytes()
    except OSError as error:
        reason = os.strerror(error.errno or 0).lower()
        words = f"error reading encryption provider configuration file {quote(path)}: open {path}: {reason}"
        raise ConfigurationError(words) from error
    if not text:
        raise ConfigurationError(f"encryption provider configuration file {quote(path)} is empty")
    return text


def content_hash(text: bytes) -> str:
    """Return what tells one content of the file from another."""
    return f"sha256:{hashlib.sha256(text).hexdigest()}"


def read_configuration(path: str, *, reload: bool) -> tuple[JSONObject, str]:
    """Return the configuration as its type reads it, and the hash of the file.

    Args:
        reload: Whether the file is read again when it changes, which asks for more.

    Raises:
        ConfigurationError: The file cannot be read or decoded, or is not valid.
    """
    try:
        text = read_file(path)
    except ConfigurationError as error:
        raise ConfigurationError(f"error while parsing file: error while loading file: {error}") from error
    try:
        document = _decoded(text)
    except NotDecodableError as error:
        words = f"error decoding encryption provider configuration file {quote(path)}: {error}"
        raise ConfigurationError(f"error while parsing file: {words}") from error
    if faults := list(configuration_faults(document, reload=reload)):
        raise ConfigurationError(f"error while parsing file: {listed(faults)}")
    return document, content_hash(text)


def _decoded(text: bytes) -> JSONObject:
    """Raises NotDecodableError."""
    value, found = load(text)
    _check_kind(value)
    problems = Problems(list(found))
    fields = {key: item for key, item in value.items() if key not in ("apiVersion", "kind")}
    document = _types().struct("apiserver/v1.EncryptionConfiguration").read_object(fields, problems)
    _check_timeouts(document)
    if problems.found:
        raise NotDecodableError(strict_error(problems.found))
    return document


def _check_timeouts(document: JSONObject) -> None:
    """Raises NotDecodableError for a time-out that is no duration."""
    for each in document.get("resources") or ():
        for provider in each.get("providers") or ():
            try:
                parse_duration((provider.get("kms") or {}).get("timeout") or "0")
            except ValueError as error:
                raise NotDecodableError(str(error)) from error


def _check_kind(value: Any) -> None:
    """Raises NotDecodableError for another kind."""
    if not isinstance(value, dict):
        raise NotDecodableError("couldn't get version/kind; json parse error: the document is not an object")
    version, kind = value.get("apiVersion") or "", value.get("kind") or ""
    for text, name in ((kind, "Kind"), (version, "apiVersion")):
        if not text:
            raise NotDecodableError(f"Object '{name}' is missing: must be {_CHOICES}")
    if (version, kind) not in _KINDS:
        words = f"no kind {quote(kind)} is registered for version {quote(version)}"
        raise NotDecodableError(f"{words}: must be {_CHOICES}")


@cache
def _types() -> TypeTable:
    return TypeTable(files(__package__).joinpath("encryption_types.txt").read_text(encoding="utf-8"))
