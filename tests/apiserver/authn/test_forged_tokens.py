"""Forged, expired, replayed and revoked tokens: none gets in, and reviews tell kube-apiserver's reasons.

Every reason was told by a kube-apiserver v1.36.2 with the same key that was sent the same token.
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from rootspan_apiserver import Environment
from tests.apiserver.authn.tokens import (
    ISSUER,
    claims_of_robot,
    encoded,
    key_id,
    private_pem,
    public_pem,
    token,
)

OTHER = rsa.generate_private_key(65537, 2048)
UNKNOWN = "invalid bearer token"
FORGED = "[invalid bearer token, go-jose/go-jose: error in cryptographic primitive]"
EXPIRED = "[invalid bearer token, service account token has expired]"
GONE = "[invalid bearer token, service account token has been invalidated]"
NO_NUMBER = "[invalid bearer token, go-jose/go-jose/jwt: expected number value to unmarshal NumericDate]"
NO_AUDIENCE = "[invalid bearer token, go-jose/go-jose/jwt: expected string or array value to unmarshal to Audience]"
NO_TEXT = "[invalid bearer token, json: cannot unmarshal number into Go value of type string]"
LEGACY = "kubernetes/serviceaccount"


@dataclass(frozen=True)
class World:
    """A server, its key, and the uid of the account `robot`."""

    client: httpx.Client
    key: rsa.RSAPrivateKey
    uid: str

    def claims(self, **changes: Any) -> dict[str, Any]:
        return claims_of_robot(self.uid, **changes)

    def signed(self, **changes: Any) -> str:
        """A token with the server's own signature, whose claims are changed."""
        return token(self.header(), self.claims(**changes), self.key)

    def header(self, **changes: Any) -> dict[str, Any]:
        return {"alg": "RS256", "kid": key_id(self.key), **changes}

    def bound(self, **changes: Any) -> str:
        claim = {"namespace": "default", "serviceaccount": {"name": "robot", "uid": self.uid}, **changes}
        return self.signed(**{"kubernetes.io": claim})

    def twice(self, name: str, value: str) -> str:
        """A token in whose claims a name is there again at the end."""
        claims = json.dumps(self.claims())[:-1] + f',"{name}":{json.dumps(value)}}}'
        return token(self.header(), claims.encode(), self.key)

    def legacy(self, **claims: str) -> str:
        return token(self.header(), {"iss": LEGACY, **claims}, self.key)

    def reason(self, credentials: str) -> str:
        """What a review says of a token that is not valid."""
        review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": credentials}}
        answer = self.client.post("/apis/authentication.k8s.io/v1/tokenreviews", json=review).json()
        assert "authenticated" not in answer["status"]
        reason: str = answer["status"]["error"]
        return reason


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    key = rsa.generate_private_key(65537, 2048)
    path = tmp_path_factory.mktemp("keys") / "sa.key"
    path.write_bytes(private_pem(key))
    flags = [f"--service-account-{name}={path}" for name in ("key-file", "signing-key-file")]
    with Environment(f"--service-account-issuer={ISSUER}", *flags) as env:
        headers = {"authorization": f"Bearer {env.token}"}
        with httpx.Client(base_url=env.url, verify=False, headers=headers) as client:
            account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot"}}
            created = client.post("/api/v1/namespaces/default/serviceaccounts", json=account).json()
            yield World(client, key, created["metadata"]["uid"])


def jwk_of(key: rsa.RSAPrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    return {"kty": "RSA", "e": "AQAB", "n": encoded(numbers.n.to_bytes(256, "big"))}


ATTACKS: dict[str, tuple[Callable[[World], str], str]] = {
    "alg none": (lambda w: token(w.header(alg="none"), w.claims(), None), FORGED),
    "alg NoNe": (lambda w: token(w.header(alg="NoNe"), w.claims(), None), FORGED),
    "alg none with a signature": (lambda w: token(w.header(alg="none"), w.claims(), w.key), FORGED),
    "no alg": (lambda w: token({"kid": key_id(w.key)}, w.claims(), w.key), FORGED),
    "alg in capitals": (lambda w: token({"Alg": "RS256"}, w.claims(), w.key), FORGED),
    "HS256 with the public key": (lambda w: token(w.header(alg="HS256"), w.claims(), public_pem(w.key)), FORGED),
    "HS256 over RS256": (lambda w: token(w.header(alg="HS256"), w.claims(), w.key), FORGED),
    "another algorithm's name": (lambda w: token(w.header(alg="RS512"), w.claims(), w.key), FORGED),
    "an algorithm of another kind of key": (lambda w: token(w.header(alg="ES256"), w.claims(), w.key), FORGED),
    "EdDSA": (lambda w: token(w.header(alg="EdDSA"), w.claims(), w.key), FORGED),
    "alg twice": (lambda w: token(b'{"alg":"none","alg":"RS256"}', w.claims(), w.key), UNKNOWN),
    "another key": (lambda w: token(w.header(), w.claims(), OTHER), FORGED),
    "another key without its id": (lambda w: token({"alg": "RS256"}, w.claims(), OTHER), FORGED),
    "another key with its id": (
        lambda w: token(w.header(kid=key_id(OTHER)), w.claims(), OTHER),
        "[invalid bearer token, invalid signature, no keys found]",
    ),
    "an id that is a number": (lambda w: token(w.header(kid=5), w.claims(), w.key), UNKNOWN),
    "the key in the header": (lambda w: token({"alg": "RS256", "jwk": jwk_of(OTHER)}, w.claims(), OTHER), FORGED),
    "the key in the header with our id": (
        lambda w: token({"alg": "RS256", "jwk": {**jwk_of(OTHER), "kid": key_id(w.key)}}, w.claims(), OTHER),
        FORGED,
    ),
    "the key at a URL": (lambda w: token(w.header(jku="https://evil.example"), w.claims(), OTHER), FORGED),
    "a critical header": (lambda w: token(w.header(crit=["foo"], foo=1), w.claims(), w.key), FORGED),
    "a critical claim": (lambda w: token(w.header(crit=["exp"], exp=1), w.claims(), w.key), FORGED),
    "a payload that is not encoded": (lambda w: token(w.header(b64=False), w.claims(), w.key), FORGED),
    "no signature": (lambda w: w.signed().rpartition(".")[0] + ".", FORGED),
    "a short signature": (lambda w: w.signed()[:-8], FORGED),
    "a long signature": (lambda w: w.signed() + "AAAA", FORGED),
    "a padded signature": (lambda w: w.signed() + "==", UNKNOWN),
    "four parts": (lambda w: w.signed() + ".x", UNKNOWN),
    "two parts": (lambda w: w.signed().rpartition(".")[0], UNKNOWN),
    "a signature of other claims": (
        lambda w: ".".join([*w.signed(sub="x").split(".")[:2], w.signed().split(".")[2]]),
        FORGED,
    ),
    "claims that are a list": (lambda w: token(w.header(), b"[]", w.key), UNKNOWN),
    "text behind the claims": (lambda w: token(w.header(), json.dumps(w.claims()).encode() + b" x", w.key), UNKNOWN),
    "claims that are very deep": (lambda w: token(w.header(), b'{"a":' + b"[" * 30000, w.key), UNKNOWN),
    "an issuer with a slash": (lambda w: w.signed(iss=ISSUER + "/"), UNKNOWN),
    "no issuer": (lambda w: w.signed(iss=None), UNKNOWN),
    "a list of issuers": (lambda w: w.signed(iss=[ISSUER]), UNKNOWN),
    "two issuers": (lambda w: w.twice("iss", ISSUER), "[invalid bearer token, json: duplicate key 'iss' in object]"),
    "another issuer at the end": (lambda w: w.twice("iss", "https://evil.example"), UNKNOWN),
    "another issuer in capitals": (lambda w: w.twice("ISS", "https://evil.example"), UNKNOWN),
    "two subjects": (lambda w: w.twice("sub", "x"), "[invalid bearer token, json: duplicate key 'sub' in object]"),
    "a subject that is a number": (lambda w: w.signed(sub=7), NO_TEXT),
    "another audience": (
        lambda w: w.signed(aud=["vault"]),
        f'[invalid bearer token, token audiences ["vault"] is invalid for the target audiences ["{ISSUER}"]]',
    ),
    "an audience that is empty": (
        lambda w: w.signed(aud=""),
        f'[invalid bearer token, token audiences [""] is invalid for the target audiences ["{ISSUER}"]]',
    ),
    "an audience that is a number": (lambda w: w.signed(aud=5), NO_AUDIENCE),
    "an audience with a number in it": (lambda w: w.signed(aud=[ISSUER, 5]), NO_AUDIENCE),
    "expired": (lambda w: w.signed(exp=int(time.time()) - 100), EXPIRED),
    "expired in 1970": (lambda w: w.signed(exp=0), EXPIRED),
    "an expiry beyond all numbers": (lambda w: w.signed(exp=1e30), EXPIRED),
    "an expiry that is a text": (lambda w: w.signed(exp="9999999999"), NO_NUMBER),
    "an expiry that is true": (lambda w: w.signed(exp=True), NO_NUMBER),
    "a second expiry in capitals": (
        lambda w: token(w.header(), {**w.claims(exp=1), "Exp": 1 << 40}, w.key),
        EXPIRED,
    ),
    "not valid yet": (
        lambda w: w.signed(nbf=int(time.time()) + 1000),
        "[invalid bearer token, service account token is not valid yet]",
    ),
    "issued in the future": (
        lambda w: w.signed(iat=int(time.time()) + 1000),
        "[invalid bearer token, service account token is issued in the future]",
    ),
    "no account": (
        lambda w: w.signed(**{"kubernetes.io": None}),
        "[invalid bearer token, resource name may not be empty]",
    ),
    "an account that is a text": (
        lambda w: w.signed(**{"kubernetes.io": "x"}),
        "[invalid bearer token, json: cannot unmarshal string into Go value of type serviceaccount.kubernetes]",
    ),
    "no namespace": (
        lambda w: w.bound(namespace=""),
        "[invalid bearer token, the server could not find the requested resource]",
    ),
    "a path as the namespace": (
        lambda w: w.bound(namespace="x/../default"),
        "[invalid bearer token, invalid namespace \"x/../default\": [may not contain '/']]",
    ),
    "a path as the account": (
        lambda w: w.bound(serviceaccount={"name": "../default/robot", "uid": w.uid}),
        "[invalid bearer token, invalid resource name \"../default/robot\": [may not contain '/']]",
    ),
    "an account that is gone": (
        lambda w: w.bound(serviceaccount={"name": "gone", "uid": w.uid}),
        '[invalid bearer token, serviceaccounts "gone" not found]',
    ),
    "a pod that is gone": (lambda w: w.bound(pod={"name": "p", "uid": "u"}), GONE),
    "a pod without a name": (lambda w: w.bound(pod={}), GONE),
    "a secret that is gone": (lambda w: w.bound(secret={"name": "s", "uid": "u"}), GONE),
    "a node that is gone": (lambda w: w.bound(node={"name": "n", "uid": "u"}), GONE),
    "a secret whose uid is a number": (lambda w: w.bound(secret={"name": "s", "uid": 5}), NO_TEXT),
    "never expiring, without a subject": (lambda w: w.legacy(), "[invalid bearer token, sub claim is missing]"),
    "never expiring, without a namespace": (
        lambda w: w.legacy(sub="system:serviceaccount:default:robot"),
        "[invalid bearer token, namespace claim is missing]",
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_attack_is_refused_for_the_reason_of_kube_apiserver(world: World, attack: str) -> None:
    """A request with the token is answered 401, and a review of it gives the reason."""
    made, reason = ATTACKS[attack]
    forged = made(world)
    answer = world.client.get("/api/v1/namespaces/default", headers={"authorization": f"Bearer {forged}"})
    assert answer.status_code == 401
    assert answer.json()["message"] == "Unauthorized"
    assert world.reason(forged) == reason


GOOD: dict[str, Callable[[World], str]] = {
    "as issued": lambda w: w.signed(),
    "without the key's id": lambda w: token({"alg": "RS256"}, w.claims(), w.key),
    "of another type": lambda w: token(w.header(typ="at+jwt", cty="x", foo={}), w.claims(), w.key),
    "an audience that is a text": lambda w: w.signed(aud=ISSUER),
    "no audience": lambda w: w.signed(aud=None),
    "expired within the leeway": lambda w: w.signed(exp=int(time.time()) - 30),
    "no times": lambda w: w.signed(exp=None, nbf=None, iat=None),
    "a pod that is null": lambda w: w.bound(pod=None),
    "large": lambda w: w.signed(foo="x" * 300_000),
}


@pytest.mark.parametrize("name", GOOD)
def test_unusual_token_that_is_right_gets_in(world: World, name: str) -> None:
    """What kube-apiserver lets in is let in; the table of attacks does not pass because everything is refused."""
    answer = world.client.get(
        "/apis/authentication.k8s.io/v1", headers={"authorization": f"Bearer {GOOD[name](world)}"}
    )
    assert answer.status_code == 200


def test_name_of_the_user_is_not_what_the_subject_says(world: World) -> None:
    """The name is of the account whose existence has been checked."""
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    headers = {"authorization": f"Bearer {world.signed(sub='system:serviceaccount:kube-system:admin')}"}
    answer = world.client.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", json=review, headers=headers)
    assert answer.json()["status"]["userInfo"]["username"] == "system:serviceaccount:default:robot"
