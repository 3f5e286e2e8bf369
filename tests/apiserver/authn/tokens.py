"""Tokens made by hand, as an attacker makes them: any header, any claims, any key."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

ISSUER = "https://tokens.example/v1"
Parts = Mapping[str, Any] | bytes


def encoded(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def private_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_pem(key: rsa.RSAPrivateKey) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form)


def key_id(key: rsa.RSAPrivateKey) -> str:
    """The id that kube-apiserver gives a key."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    der = key.public_key().public_bytes(serialization.Encoding.DER, form)
    return encoded(hashlib.sha256(der).digest())


def token(header: Parts, claims: Parts, key: rsa.RSAPrivateKey | bytes | None) -> str:
    """Sign with RS256 by an RSA key, with HS256 by bytes, and not at all by None."""
    head, payload = (part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, claims))
    message = f"{encoded(head)}.{encoded(payload)}".encode()
    if key is None:
        signature = b""
    elif isinstance(key, bytes):
        signature = hmac.new(key, message, "sha256").digest()
    else:
        signature = key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    return f"{message.decode()}.{encoded(signature)}"


def claims_of_robot(uid: str, **changes: Any) -> dict[str, Any]:
    """The claims of a token of the account `robot` in `default`. A change to None leaves the claim out."""
    now = int(time.time())
    claims = {
        "aud": [ISSUER],
        "exp": now + 3600,
        "iat": now,
        "iss": ISSUER,
        "jti": "5f3c",
        "kubernetes.io": {"namespace": "default", "serviceaccount": {"name": "robot", "uid": uid}},
        "nbf": now,
        "sub": "system:serviceaccount:default:robot",
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not None}
