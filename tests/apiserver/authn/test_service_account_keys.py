"""The keys of service account tokens: files of the operator, several keys and issuers, and keys that outlive a restart."""

import base64
import hashlib
import json
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from rootspan_apiserver import Environment
from rootspan_apiserver.authn import service_account_keys
from rootspan_apiserver.authn.service_account_keys import KeyFileError

PEM = serialization.Encoding.PEM
TOKENS = "/api/v1/namespaces/default/serviceaccounts/robot/token"
REQUEST = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
SIGNING = "failed to parse service-account-issuer-key-file"
SIGNER = "failed to build token generator: could not generate signer for ECDSA keypair"
CURVES: dict[str, ec.EllipticCurve] = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
Private = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def private(key: Private) -> bytes:
    return key.private_bytes(PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())


def public(key: Private) -> bytes:
    return key.public_key().public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def key_of(algorithm: str) -> Private:
    return ec.generate_private_key(CURVES[algorithm]) if algorithm in CURVES else rsa.generate_private_key(65537, 2048)


@contextmanager
def server(*flags: str) -> Iterator[httpx.Client]:
    with Environment(*flags) as env:
        headers = {"authorization": f"Bearer {env.token}"}
        with httpx.Client(base_url=env.url, verify=False, headers=headers) as client:
            account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot"}}
            client.post("/api/v1/namespaces/default/serviceaccounts", json=account)
            yield client


def issued(client: httpx.Client, **spec: Any) -> str:
    answer = client.post(TOKENS, json={**REQUEST, "spec": spec})
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["status"]["token"]
    return found


def part(token: str, index: int) -> Any:
    return json.loads(base64.urlsafe_b64decode(token.split(".")[index] + "=="))


def status(client: httpx.Client, token: str) -> int:
    return client.get("/apis/authentication.k8s.io/v1", headers={"authorization": f"Bearer {token}"}).status_code


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "ES384", "ES512"])
def test_key_of_the_operator_signs_tokens_and_is_published(tmp_path: Path, algorithm: str) -> None:
    """The header of a token names the algorithm and the key, whose id is the digest of its public key; the key set has that key."""
    key, file, pub = key_of(algorithm), tmp_path / "sa.key", tmp_path / "sa.pub"
    file.write_bytes(b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + private(key))
    pub.write_bytes(public(key))
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    key_id = base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()
    with server(f"--service-account-signing-key-file={file}", f"--service-account-key-file={pub}") as client:
        token = issued(client)
        assert part(token, 0) == {"alg": algorithm, "kid": key_id}
        assert status(client, token) == 200
        configuration = client.get("/.well-known/openid-configuration")
        keys = client.get("/openid/v1/jwks")
        assert configuration.json()["jwks_uri"] == str(client.base_url.join("/openid/v1/jwks"))
    assert configuration.json()["id_token_signing_alg_values_supported"] == [algorithm]
    assert keys.headers["content-type"] == "application/jwk-set+json"
    assert keys.headers["cache-control"] == "public, max-age=3600"
    members = {"RS256": ["use", "kty", "kid", "alg", "n", "e"]}.get(
        algorithm, ["use", "kty", "kid", "crv", "alg", "x", "y"]
    )
    assert [list(key) for key in keys.json()["keys"]] == [members]
    assert keys.json()["keys"][0]["kid"] == key_id


def test_tokens_of_an_old_key_and_of_an_old_issuer_stay_valid(tmp_path: Path) -> None:
    """The first issuer issues tokens; all issuers and the keys in all files are accepted, in public, private and certificate form."""
    old, new, files = key_of("RS256"), key_of("ES256"), [tmp_path / name for name in ("old", "new", "both")]
    for file, content in zip(files, (private(old), private(new), private(new) + public(old)), strict=True):
        file.write_bytes(content)
    flags = [f"--service-account-signing-key-file={files[0]}", f"--service-account-key-file={files[0]}"]
    with server("--service-account-issuer=https://old.example", *flags) as client:
        uid = client.get("/api/v1/namespaces/default/serviceaccounts/robot").json()["metadata"]["uid"]
        token = issued(client)
        assert client.get("/.well-known/openid-configuration").json()["issuer"] == "https://old.example"
    flags = [f"--service-account-signing-key-file={files[1]}", f"--service-account-key-file={files[2]}"]
    issuers = [f"--service-account-issuer=https://{name}.example" for name in ("new", "old")]
    with server(*issuers, *flags) as client:
        assert part(issued(client), 1)["iss"] == "https://new.example"
        assert part(issued(client), 1)["aud"] == ["https://new.example", "https://old.example"]
        review = {**REQUEST, "kind": "TokenReview", "spec": {"token": token}}
        error = client.post("/apis/authentication.k8s.io/v1/tokenreviews", json=review).json()["status"]["error"]
    # The signature and the issuer are right; the account is another one of that name.
    assert f"does not match claim ({uid})" in error


def test_certificate_is_a_key_file(tmp_path: Path) -> None:
    """Its public key verifies tokens, as with kube-apiserver."""
    file = tmp_path / "sa.crt"
    trustme.CA().cert_pem.write_to_path(str(file))
    assert (
        len(service_account_keys.read([str(file)], str(_signing(tmp_path)), service_account_keys.generated()).verifying)
        == 1
    )


def _signing(folder: Path) -> Path:
    path = folder / "signing.key"
    path.write_bytes(private(key_of("ES256")))
    return path


@pytest.mark.parametrize(
    ("content", "verifying", "signing"),
    [
        (
            None,
            "open {0}: no such file or directory",
            f"{SIGNING}: open {{0}}: no such file or directory",
        ),
        (
            b"nothing",
            "error reading public key file {0}: data does not contain any valid RSA or ECDSA public keys",
            f"{SIGNING}: error reading private key file {{0}}: data does not contain a valid RSA or ECDSA private key",
        ),
        (
            private(ec.generate_private_key(ec.SECP224R1())),
            "error reading public key file {0}: unknown private key curve, must be 256, 384, or 521",
            f"{SIGNER}: unknown private key curve, must be 256, 384, or 521",
        ),
    ],
)
def test_key_file_that_is_not_usable_is_refused(
    tmp_path: Path, content: bytes | None, verifying: str, signing: str
) -> None:
    """The error names the file and the reason, in the words of kube-apiserver."""
    file = tmp_path / "sa.key"
    if content is not None:
        file.write_bytes(content)
    for files, signer, reason in (([str(file)], "", verifying), ([], str(file), signing)):
        with pytest.raises(KeyFileError) as refused:
            service_account_keys.read(files, signer, service_account_keys.generated())
        assert str(refused.value) == reason.format(file)


def test_issuer_that_is_no_https_url_has_no_documents(tmp_path: Path) -> None:
    """Discovery needs one; tokens are issued and accepted all the same."""
    with server("--service-account-issuer=robots") as client:
        assert [client.get(path).status_code for path in ("/.well-known/openid-configuration", "/openid/v1/jwks")] == [
            404
        ] * 2
        token = issued(client)
        assert part(token, 1)["iss"] == "robots"
        assert status(client, token) == 200


def test_discovery_names_the_uri_of_the_flag() -> None:
    """Where the keys are served from another place."""
    with server("--service-account-jwks-uri=https://keys.example/set") as client:
        assert client.get("/.well-known/openid-configuration").json()["jwks_uri"] == "https://keys.example/set"


def test_identities_live_as_long_as_the_data(tmp_path: Path) -> None:
    """After a restart on the same data the administrator's token and the tokens of service accounts are valid; their files are private."""
    flag = f"--data-dir={tmp_path / 'data'}"
    with Environment(flag) as env, httpx.Client(base_url=env.url, verify=False) as client:
        administrator = env.token
        client.headers["authorization"] = f"Bearer {administrator}"
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot"}}
        assert client.post("/api/v1/namespaces/default/serviceaccounts", json=account).status_code == 201
        token = issued(client)
    for name in ("administrator.token", "service-account.key"):
        assert stat.S_IMODE((tmp_path / "data" / name).stat().st_mode) == 0o600
    with Environment(flag) as env, httpx.Client(base_url=env.url, verify=False) as client:
        assert env.token == administrator
        assert [status(client, each) for each in (administrator, token)] == [200, 200]
    with Environment() as env, httpx.Client(base_url=env.url, verify=False) as client:
        assert [status(client, each) for each in (administrator, token)] == [401, 401]


def test_key_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    """A damaged key is not replaced in silence: every token would become invalid."""
    (tmp_path / "service-account.key").write_text("damaged")
    with pytest.raises(KeyFileError, match="unable to keep the key of service accounts in"):
        service_account_keys.kept_in(tmp_path)


def test_longest_expiration_shortens_a_token_and_warns() -> None:
    """The answer says how long the token is valid; the warning says what was asked."""
    with server("--service-account-max-token-expiration=2h") as client:
        answer = client.post(TOKENS, json={**REQUEST, "spec": {"expirationSeconds": 7201}})
        assert answer.headers["warning"] == '299 - "requested expiration of 7201 seconds shortened to 7200 seconds"'
        assert answer.json()["spec"]["expirationSeconds"] == 7200
        claims = part(answer.json()["status"]["token"], 1)
        assert claims["exp"] - claims["iat"] == 7200


@pytest.mark.parametrize(("flag", "seconds"), [("true", 365 * 24 * 3600), ("false", 3607)])
def test_token_that_admission_requests_for_a_pod_is_valid_for_a_year(flag: str, seconds: int) -> None:
    """It says after how long its use is noted; the answer says what was asked. Other tokens are not extended."""
    pod = {
        "metadata": {"name": "p"},
        "spec": {"serviceAccountName": "robot", "containers": [{"name": "c", "image": "i"}]},
    }
    bound = {"apiVersion": "v1", "kind": "Pod", "name": "p"}
    with server(f"--service-account-extend-token-expiration={flag}") as client:
        assert client.post("/api/v1/namespaces/default/pods", json=pod).status_code == 201
        answer = client.post(
            TOKENS, json={**REQUEST, "spec": {"expirationSeconds": 3607, "boundObjectRef": bound}}
        ).json()
        claims = part(answer["status"]["token"], 1)
        assert claims["exp"] - claims["iat"] == seconds
        assert ("warnafter" in claims["kubernetes.io"]) == (flag == "true")
        shown = datetime.fromisoformat(answer["status"]["expirationTimestamp"]) - datetime.now(UTC)
        assert timedelta(seconds=3590) < shown <= timedelta(seconds=3607)
        for spec in (
            {"expirationSeconds": 3607},
            {"expirationSeconds": 3607, "boundObjectRef": bound, "audiences": ["vault"]},
        ):
            claims = part(issued(client, **spec), 1)
            assert claims["exp"] - claims["iat"] == 3607


def test_audiences_of_the_flag_are_the_server() -> None:
    """A token is made for them by default and is accepted for them, and no token for the issuer alone is."""
    with server("--api-audiences=api,cluster") as client:
        assert part(issued(client), 1)["aud"] == ["api", "cluster"]
        assert status(client, issued(client, audiences=["cluster"])) == 200
        assert status(client, issued(client, audiences=["https://kubernetes.default.svc.cluster.local"])) == 401
