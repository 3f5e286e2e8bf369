"""Files in the format of a kubeconfig that say how a webhook is reached: its URL, whom to trust, and with which credentials.

Paths in the file are relative to it. Fields that are not known are ignored.

Upstream: staging/src/k8s.io/client-go/tools/clientcmd/client_config.go, validation.go,
staging/src/k8s.io/apiserver/pkg/util/webhook/webhook.go
"""

import base64
import binascii
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rootspan import ConfigurationError
from rootspan_apiserver.codec.configuration_file import load
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.status import listed
from rootspan_apiserver.types.problems import NotDecodableError

_SCHEME = "k8s.io/client-go/tools/clientcmd/api/latest/latest.go:50"
_EMPTY = "no configuration has been provided, try setting KUBERNETES_MASTER environment variable"


@dataclass(frozen=True, slots=True, kw_only=True)
class KubeconfigAccess:
    """How a server is reached.

    Attributes:
        server: Its URL.
        ca: The PEM certificates of the authorities that are trusted; empty for those of the system.
        insecure: Whether the certificate of the server is not verified.
        server_name: The name that it must have; "" for that in the URL.
        certificate, key: The client certificate and its key (PEM); empty for none.
        proxy: The URL of an HTTP proxy; "" for none.
    """

    server: str
    ca: bytes = b""
    insecure: bool = False
    server_name: str = ""
    token: str = ""
    username: str = ""
    password: str = ""
    certificate: bytes = b""
    key: bytes = b""
    proxy: str = ""


def read_kubeconfig(path: str) -> KubeconfigAccess:
    """Read the current context of the file.

    Raises:
        ConfigurationError: The file cannot be read, or does not say how the server is reached.
    """
    if not Path(path).exists():
        raise ConfigurationError(f"stat {path}: no such file or directory")
    document = _document(path)
    clusters, users = _named(document, "clusters", "cluster"), _named(document, "users", "user")
    contexts, current = _named(document, "contexts", "context"), document.get("current-context") or ""
    if current and current not in contexts:
        words = f"context was not found for specified context: {current}, cluster has no server defined"
        raise ConfigurationError(f"invalid configuration: [{words}]")
    context = contexts.get(current) or {}
    name, user_name = str(context.get("cluster") or ""), str(context.get("user") or "")
    if name not in clusters:
        raise ConfigurationError(f"invalid configuration: {_EMPTY}")
    source = _Source(Path(path).parent, clusters[name], users.get(user_name) or {})
    faults = [*source.faults_of_cluster(name), *source.faults_of_user(user_name)]
    if faults:
        raise ConfigurationError(f"invalid configuration: {listed(faults)}")
    return source.access()


@dataclass(frozen=True, slots=True)
class _Source:
    """The cluster and the user of the current context; `base` is the folder of the file."""

    base: Path
    cluster: Mapping[str, Any]
    user: Mapping[str, Any]

    def faults_of_cluster(self, name: str) -> Iterator[str]:
        if not self.cluster.get("server"):
            yield f"no server found for cluster {quote(name)}"
        if reason := self._unreadable(self.cluster, "certificate-authority"):
            yield f"unable to read certificate-authority {self._path(self.cluster, 'certificate-authority')} for {name} due to {reason}"

    def faults_of_user(self, name: str) -> Iterator[str]:
        user = self.user
        certified = any(user.get(key) for key in ("client-certificate", "client-certificate-data"))
        if certified and not any(user.get(key) for key in ("client-key", "client-key-data")):
            yield (
                f"client-key-data or client-key must be specified for {name} to use the clientCert authentication method."
            )
        for key, words in (("client-certificate", "client-cert"), ("client-key", "client-key")):
            if reason := self._unreadable(user, key):
                yield f"unable to read {words} {self._path(user, key)} for {name} due to {reason}"
        methods = [
            *(["token"] if user.get("token") or user.get("tokenFile") else []),
            *(["basicAuth"] if user.get("username") or user.get("password") else []),
        ]
        if len(methods) > 1:
            yield (
                f"more than one authentication method found for {name}; found [{' '.join(methods)}], only one is allowed"
            )
        if unsupported := [key for key in ("exec", "auth-provider", "as") if user.get(key)]:
            yield f"{unsupported[0]} of user {name} is not implemented here"

    def access(self) -> KubeconfigAccess:
        """Return what the file says. Raises ConfigurationError."""
        cluster, user = self.cluster, self.user
        token = str(user.get("token") or "")
        if file := self._path(user, "tokenFile"):
            token = _bytes(file).decode().strip()
        url = urlsplit(str(cluster["server"]))
        if url.scheme not in ("http", "https") or not url.hostname:
            raise ConfigurationError(f"host must be a URL or a host:port pair: {quote(str(cluster['server']))}")
        return KubeconfigAccess(
            server=str(cluster["server"]).rstrip("/"),
            ca=self._content(cluster, "certificate-authority"),
            insecure=bool(cluster.get("insecure-skip-tls-verify")),
            server_name=str(cluster.get("tls-server-name") or ""),
            token=token,
            username=str(user.get("username") or ""),
            password=str(user.get("password") or ""),
            certificate=self._content(user, "client-certificate"),
            key=self._content(user, "client-key"),
            proxy=str(cluster.get("proxy-url") or ""),
        )

    def _content(self, holder: Mapping[str, Any], key: str) -> bytes:
        """Return the data of a field, or of the file that it names. Raises ConfigurationError."""
        if data := holder.get(f"{key}-data"):
            try:
                return base64.b64decode(str(data), validate=True)
            except binascii.Error as error:
                raise ConfigurationError(f"{key}-data: illegal base64 data: {error}") from error
        return _bytes(path) if (path := self._path(holder, key)) else b""

    def _path(self, holder: Mapping[str, Any], key: str) -> Path | None:
        """Return the file that a field names; its data goes before it."""
        given = holder.get(key)
        return self.base / str(given) if given and not holder.get(f"{key}-data") else None

    def _unreadable(self, holder: Mapping[str, Any], key: str) -> str:
        """Return why the file of a field cannot be read, "" if it can."""
        path = self._path(holder, key)
        if path is None:
            return ""
        try:
            path.read_bytes()
        except OSError as error:
            return f"open {path}: {os.strerror(error.errno or 0).lower()}"
        return ""


def _bytes(path: Path) -> bytes:
    """Raises ConfigurationError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"open {path}: {os.strerror(error.errno or 0).lower()}") from error


def _document(path: str) -> Mapping[str, Any]:
    """Return the document of the file. Raises ConfigurationError."""
    try:
        value, _ = load(_bytes(Path(path)))
    except NotDecodableError as error:
        raise ConfigurationError(f"error loading config file {quote(path)}: {error}") from error
    if not isinstance(value, dict):
        raise ConfigurationError(f"error loading config file {quote(path)}: the document is not an object")
    kind, version = value.get("kind") or "Config", value.get("apiVersion") or "v1"
    if (kind, version) != ("Config", "v1"):
        words = f"no kind {quote(kind)} is registered for version {quote(version)} in scheme {quote(_SCHEME)}"
        raise ConfigurationError(f"error loading config file {quote(path)}: {words}")
    return value


def _named(document: Mapping[str, Any], plural: str, singular: str) -> dict[str, Mapping[str, Any]]:
    """Return the clusters, users or contexts of a document by name; of two of one name the first."""
    found: dict[str, Mapping[str, Any]] = {}
    for each in document.get(plural) or ():
        if isinstance(each, dict):
            held = each.get(singular)
            found.setdefault(str(each.get("name") or ""), held if isinstance(held, dict) else {})
    return found
