"""The certificates of a TLS connection to a collector, read and checked before anything is sent."""

import re
import ssl
from dataclasses import dataclass
from pathlib import Path

_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+")


class CertificateFileError(ValueError):
    """A certificate or key cannot be used; the message is the rest of a sentence."""


@dataclass(frozen=True, slots=True)
class TLSFiles:
    """Paths of PEM files: roots in the place of the system's, and the client's certificate with its key; "" is none."""

    certificate: str = ""
    client_certificate: str = ""
    client_key: str = ""

    def check(self) -> None:
        """
        Raises:
            CertificateFileError: A file cannot be read or is no certificate, or the client's certificate and key do not belong together.
        """
        if bool(self.client_certificate) != bool(self.client_key):
            raise CertificateFileError("a client's certificate and its key are needed both")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            if self.certificate:
                context.load_verify_locations(self.certificate)
        except (OSError, ValueError) as error:
            raise CertificateFileError(f"{self.certificate!r} cannot be used as certificates: {error}") from error
        try:
            if self.client_certificate:
                # With a password, a key that is encrypted is refused; without one, it would be asked for on the terminal.
                context.load_cert_chain(self.client_certificate, self.client_key, password="")
        except (OSError, ValueError) as error:
            files = f"{self.client_certificate!r} and {self.client_key!r}"
            raise CertificateFileError(f"{files} cannot be used as certificate and key: {error}") from error

    def roots(self) -> bytes | None:
        """Return the certificates to trust: the file's, or the system's; None if the system has none."""
        return Path(self.certificate).read_bytes() if self.certificate else system_roots()

    def client_pair(self) -> tuple[bytes, bytes] | None:
        """Return the client's key and its chain of certificates, if there are any."""
        if not self.client_certificate:
            return None
        return Path(self.client_key).read_bytes(), Path(self.client_certificate).read_bytes()


def system_roots() -> bytes | None:
    """Return the certificates that OpenSSL trusts here, in PEM: `SSL_CERT_FILE` and `SSL_CERT_DIR`, else the system's own."""
    paths = ssl.get_default_verify_paths()
    files = [Path(paths.cafile)] if paths.cafile else []
    if paths.capath:
        files += sorted(file for file in Path(paths.capath).iterdir() if _HASHED.fullmatch(file.name))
    found = [content for file in files if (content := _content(file))]
    if not found:  # Windows has a store, not files.
        context = ssl.create_default_context()
        found = [ssl.DER_cert_to_PEM_cert(der).encode() for der in context.get_ca_certs(binary_form=True)]
    return b"\n".join(found) or None


def path_of_system_roots() -> str | None:
    """Return the file, or else the directory, of the certificates that OpenSSL trusts here."""
    paths = ssl.get_default_verify_paths()
    return paths.cafile or paths.capath


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""  # A hashed name may be a link to a certificate that was removed.
