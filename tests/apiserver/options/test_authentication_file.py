"""The file of --authentication-config is refused in the words of kube-apiserver v1.36.2, which was given the same files."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from rootspan import ConfigurationError
from rootspan_apiserver.options.authentication_file import authentication_configuration, read_file
from rootspan_apiserver.options.options import Options, OptionsError

URL = "https://a.example"
OWN = "https://kubernetes.default.svc.cluster.local"
INVALID = "invalid authentication configuration: "


def document(*, issuer: dict[str, Any] | None = None, mappings: dict[str, Any] | None = None, **more: Any) -> Any:
    """One issuer whose user names are the claim `sub`, with changes."""
    jwt = {
        "issuer": {"url": URL, "audiences": ["x"], **(issuer or {})},
        "claimMappings": {"username": {"claim": "sub", "prefix": ""}, **(mappings or {})},
        **more,
    }
    return {"jwt": [jwt]}


def refusal(folder: Path, content: Any, *flags: str) -> str:
    path = folder / "authentication.yaml"
    head = {"apiVersion": "apiserver.config.k8s.io/v1", "kind": "AuthenticationConfiguration"}
    path.write_text(content if isinstance(content, str) else yaml.safe_dump({**head, **content}))
    options = Options.parse([f"--authentication-config={path}", *flags])
    with pytest.raises(ConfigurationError) as refused:
        authentication_configuration(options, read_file(options), [OWN])
    return str(refused.value).replace(str(path), "FILE")


COMPILATION = "compilation failed: ERROR: <input>:1:"
REFUSED: dict[str, tuple[Any, list[str]]] = {
    "no url": (document(issuer={"url": ""}), ["jwt[0].issuer.url: Required value"]),
    "a url that is not https and has everything": (
        document(issuer={"url": "http://u:p@a.example/?q=1#f"}),
        [
            f'jwt[0].issuer.url: Invalid value: "http://u:p@a.example/?q=1#f": URL {fault}'
            for fault in (
                "scheme must be https",
                "must not contain a username or password",
                "must not contain a query",
                "must not contain a fragment",
            )
        ],
    ),
    "the issuer of service accounts": (
        document(issuer={"url": OWN}),
        [f'jwt[0].issuer.url: Invalid value: "{OWN}": URL must not overlap with disallowed issuers: [{OWN}]'],
    ),
    "discovery at the issuer": (
        document(issuer={"discoveryURL": f"{URL}/"}),
        [f'jwt[0].issuer.discoveryURL: Invalid value: "{URL}/": discoveryURL must be different from URL'],
    ),
    "no audience": (
        document(issuer={"audiences": []}),
        ["jwt[0].issuer.audiences: Required value: at least one jwt[0].issuer.audiences is required"],
    ),
    "an audience twice": (
        document(issuer={"audiences": ["x", "x", ""]}),
        [
            'jwt[0].issuer.audiences[1]: Duplicate value: "x"',
            "jwt[0].issuer.audiences[2]: Required value",
            'jwt[0].issuer.audienceMatchPolicy: Invalid value: "": audienceMatchPolicy must be MatchAny for multiple audiences',
        ],
    ),
    "no certificate": (
        document(issuer={"certificateAuthority": "zz"}),
        [
            (
                'jwt[0].issuer.certificateAuthority: Invalid value: "<omitted>": '
                "data does not contain any valid RSA or ECDSA certificates"
            )
        ],
    ),
    "claim rules": (
        document(
            claimValidationRules=[
                {},
                {"claim": "a", "expression": "true"},
                {"claim": "a", "message": "m"},
                {"claim": "a"},
                {"expression": "true", "requiredValue": "x"},
                {"expression": "true"},
                {"expression": "1"},
                {"expression": "foo"},
            ]
        ),
        [
            "jwt[0].claimValidationRules[0]: Required value: claim or expression is required",
            'jwt[0].claimValidationRules[1]: Invalid value: "a": claim and expression can\'t both be set',
            'jwt[0].claimValidationRules[2].message: Invalid value: "m": may not be specified when claim is set',
            'jwt[0].claimValidationRules[3].claim: Duplicate value: "a"',
            'jwt[0].claimValidationRules[4].requiredValue: Invalid value: "x": may not be specified when expression is set',
            'jwt[0].claimValidationRules[5].expression: Duplicate value: "true"',
            'jwt[0].claimValidationRules[6].expression: Invalid value: "1": must evaluate to bool',
            (
                f"jwt[0].claimValidationRules[7].expression: Invalid value: \"foo\": {COMPILATION}1: undeclared reference to 'foo' "
                "(in container '')\n | foo\n | ^"
            ),
        ],
    ),
    "a user name without a prefix": (
        document(mappings={"username": {"claim": "a"}, "groups": {"expression": "claims.a", "prefix": "x"}}),
        [
            (
                "jwt[0].claimMappings.username.prefix: Required value: prefix is required when claim is set. "
                "It can be set to an empty string to disable prefixing"
            ),
            'jwt[0].claimMappings.groups.prefix: Invalid value: "x": may not be specified when expression is set',
        ],
    ),
    "no user name": (
        document(mappings={"username": {}, "uid": {"claim": "a", "expression": "b"}}),
        [
            "jwt[0].claimMappings.username: Required value: claim or expression is required",
            'jwt[0].claimMappings.uid: Invalid value: "": claim and expression can\'t both be set',
        ],
    ),
    "extra": (
        document(
            mappings={
                "extra": [
                    {"key": "foo", "valueExpression": "claims.a"},
                    {"key": "a.k8s.io/Foo", "valueExpression": "claims.a"},
                    {"key": "a.io/foo", "valueExpression": ""},
                    {"key": "a.io/foo", "valueExpression": "claims.a"},
                ]
            }
        ),
        [
            'jwt[0].claimMappings.extra[0].key: Invalid value: "foo": must be a domain-prefixed path (such as "acme.io/foo")',
            'jwt[0].claimMappings.extra[1].key: Invalid value: "a.k8s.io/Foo": must be lowercase',
            (
                'jwt[0].claimMappings.extra[1].key: Invalid value: "a.k8s.io/Foo": '
                "k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use"
            ),
            "jwt[0].claimMappings.extra[2].valueExpression: Required value",
            'jwt[0].claimMappings.extra[3].key: Duplicate value: "a.io/foo"',
        ],
    ),
    "an address that need not be verified": (
        document(mappings={"username": {"expression": "claims.?email.orValue('a')"}}),
        [
            (
                "jwt[0].claimMappings.username.expression: Invalid value: \"claims.?email.orValue('a')\": "
                "claims.email_verified must be used in claimMappings.username.expression or "
                "claimMappings.extra[*].valueExpression or claimValidationRules[*].expression when claims.email is used in "
                "claimMappings.username.expression"
            )
        ],
    ),
    "user rules": (
        document(userValidationRules=[{"expression": "user.foo"}, {"expression": "user.username"}]),
        [
            (
                f"jwt[0].userValidationRules[0].expression: Invalid value: \"user.foo\": {COMPILATION}5: undefined field 'foo'\n"
                " | user.foo\n | ....^"
            ),
            'jwt[0].userValidationRules[1].expression: Invalid value: "user.username": must evaluate to bool',
        ],
    ),
    "an issuer twice": (
        {"jwt": document()["jwt"] * 2},
        [f'jwt[1].issuer.url: Duplicate value: "{URL}"'],
    ),
    "too many issuers": ({"jwt": document()["jwt"] * 65}, ["jwt: Too many: 65: must have at most 64 items"]),
    "conditions of nobody": (
        {"jwt": [], "anonymous": {"enabled": False, "conditions": [{"path": "/x"}]}},
        [
            (
                'anonymous.conditions: Invalid value: [{"Path":"/x"}]: '
                "enabled should be set to true when conditions are defined"
            )
        ],
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_file_that_is_not_valid_is_refused(tmp_path: Path, name: str) -> None:
    """All errors are told, in kube-apiserver's order."""
    content, errors = REFUSED[name]
    listed = errors[0] if len(errors) == 1 else f"[{', '.join(errors)}]"
    assert refusal(tmp_path, content) == INVALID + listed


def test_file_that_cannot_be_decoded_is_refused(tmp_path: Path) -> None:
    """Strictly: an unknown field is an error."""
    failed = 'failed to load authentication configuration from file "FILE": '
    assert refusal(tmp_path, "") == failed + "empty config data"
    assert refusal(tmp_path, {"foo": 1}) == failed + 'strict decoding error: unknown field "foo"'
    assert 'no kind "AuthenticationConfiguration" is registered for version "v9"' in refusal(
        tmp_path, {"apiVersion": "v9"}
    )


def test_flag_and_file_cannot_both_say_who_is_anonymous(tmp_path: Path) -> None:
    """Also where they say the same."""
    content = {"jwt": [], "anonymous": {"enabled": True}}
    told = "--anonymous-auth flag cannot be set when anonymous field is configured in authentication configuration file"
    assert refusal(tmp_path, content, "--anonymous-auth=true") == f"anonymous: Forbidden: {told}"


@pytest.mark.parametrize("version", ["v1", "v1beta1", "v1alpha1"])
def test_all_versions_are_read(tmp_path: Path, version: str) -> None:
    """They have the same fields."""
    path = tmp_path / "authentication.yaml"
    head = {"apiVersion": f"apiserver.config.k8s.io/{version}", "kind": "AuthenticationConfiguration"}
    rules: dict[str, Any] = {"claimValidationRules": [{"expression": "claims.?email_verified.orValue(true) == true"}]}
    content = document(mappings={"username": {"expression": "claims.email"}}, **rules)
    path.write_text(yaml.safe_dump({**head, **content}))
    options = Options.parse([f"--authentication-config={path}"])
    (jwt,) = authentication_configuration(options, read_file(options), [OWN]).jwt
    assert (jwt.issuer.url, jwt.username.expression) == (URL, "claims.email")


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (
            ["--oidc-issuer-url=https://a"],
            "oidc-issuer-url and oidc-client-id must be specified together when any oidc-* flags are set",
        ),
        (
            ["--authentication-config=/x", "--oidc-client-id=a"],
            "authentication-config file and oidc-* flags are mutually exclusive",
        ),
        (
            ["--oidc-required-claim=x"],
            'invalid argument "x" for "--oidc-required-claim" flag: malformed pair, expect string=string',
        ),
    ],
)
def test_flags_of_a_provider_that_do_not_fit_are_refused(flags: list[str], reason: str) -> None:
    """Before anything is started."""
    with pytest.raises(OptionsError) as refused:
        Options.parse(flags)
    assert str(refused.value) == reason


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (
            ["--oidc-issuer-url=http://a"],
            f'{INVALID}jwt[0].issuer.url: Invalid value: "http://a": URL scheme must be https',
        ),
        (
            ["--oidc-issuer-url=https://a", "--oidc-signing-algs=RS256,none"],
            'oidc: unsupported signing alg: "none"',
        ),
        (
            ["--oidc-issuer-url=https://a", "--oidc-ca-file=/none"],
            "open /none: no such file or directory",
        ),
        (
            ["--oidc-issuer-url=https://a", "--oidc-username-claim="],
            f"{INVALID}jwt[0].claimMappings.username: Required value: claim or expression is required",
        ),
    ],
)
def test_flags_of_a_provider_are_checked_like_the_file(flags: list[str], reason: str) -> None:
    """They are short for one."""
    options = Options.parse(["--oidc-client-id=x", *flags])
    with pytest.raises(ConfigurationError) as refused:
        authentication_configuration(options, b"", [OWN])
    assert str(refused.value) == reason
