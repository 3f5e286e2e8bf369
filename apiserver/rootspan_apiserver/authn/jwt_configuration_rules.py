"""The validation of an AuthenticationConfiguration.

Upstream: staging/src/k8s.io/apiserver/pkg/apis/apiserver/validation/validation.go
"""

from collections.abc import Collection, Iterator, Sequence

from cryptography import x509

from rootspan_apiserver.authn.claim_expressions import CLAIMS, USER, ClaimExpression, ClaimExpressionError
from rootspan_apiserver.authn.jwt_configuration import (
    AuthenticationConfiguration,
    ClaimMapping,
    IssuerConfiguration,
    JWTConfiguration,
    ValidationRule,
)
from rootspan_apiserver.kube.go_url import URLError, parse
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules.domain_paths import domain_prefixed_path
from rootspan_apiserver.rules.paths import Path
from rootspan_apiserver.rules.rule import RuleContext

_MOST = 64
_MATCH_ANY = "MatchAny"
_BOTH = "claim and expression can't both be set"
_EMAIL = (
    "claims.email_verified must be used in claimMappings.username.expression or claimMappings.extra[*].valueExpression or "
    "claimValidationRules[*].expression when claims.email is used in claimMappings.username.expression"
)


def configuration_errors(
    configuration: AuthenticationConfiguration, disallowed: Collection[str] = ()
) -> Iterator[FieldError]:
    """Yield what is wrong; `disallowed` are the issuers of service account tokens."""
    if len(configuration.jwt) > _MOST:
        yield FieldError.too_many("jwt", len(configuration.jwt), _MOST)
        return
    issuers: set[str] = set()
    discovery_urls: set[str] = set()
    for index, each in enumerate(configuration.jwt):
        path = f"jwt[{index}]"
        yield from jwt_errors(each, path, disallowed)
        if each.issuer.url in issuers:
            yield FieldError.duplicate(f"{path}.issuer.url", each.issuer.url)
        issuers.add(each.issuer.url)
        if each.issuer.discovery_url:
            if each.issuer.discovery_url in discovery_urls:
                yield FieldError.duplicate(f"{path}.issuer.discoveryURL", each.issuer.discovery_url)
            discovery_urls.add(each.issuer.discovery_url)
    anonymous = configuration.anonymous
    if anonymous is not None and not anonymous.enabled and anonymous.paths:
        shown = [{"Path": path} for path in anonymous.paths]
        yield FieldError.invalid(
            "anonymous.conditions", shown, "enabled should be set to true when conditions are defined"
        )


def jwt_errors(jwt: JWTConfiguration, path: str, disallowed: Collection[str]) -> Iterator[FieldError]:
    """Yield what is wrong with one authenticator."""
    yield from _issuer_errors(jwt.issuer, f"{path}.issuer", disallowed)
    verified = _EmailVerified()
    yield from _rule_errors(jwt.claim_rules, f"{path}.claimValidationRules", verified)
    yield from _mapping_errors(jwt, f"{path}.claimMappings", verified)
    yield from _user_rule_errors(jwt.user_rules, f"{path}.userValidationRules")


class _EmailVerified:
    """Whether an expression has been seen that uses `claims.email_verified`."""

    def __init__(self) -> None:
        self.is_used = False

    def see(self, expression: ClaimExpression) -> None:
        self.is_used = self.is_used or expression.selects("email_verified")


def _issuer_errors(issuer: IssuerConfiguration, path: str, disallowed: Collection[str]) -> Iterator[FieldError]:
    url, discovery = issuer.url, issuer.discovery_url
    if url:
        yield from _url_errors(url, f"{path}.url", disallowed)
    else:
        yield FieldError.required(f"{path}.url")
    if discovery:
        if url and url.rstrip("/") == discovery.rstrip("/"):
            yield FieldError.invalid(f"{path}.discoveryURL", discovery, "discoveryURL must be different from URL")
        yield from _url_errors(discovery, f"{path}.discoveryURL", ())
    yield from _audience_errors(issuer, path)
    if issuer.certificate_authority and (reason := _authority_fault(issuer.certificate_authority)):
        yield FieldError.invalid(f"{path}.certificateAuthority", "<omitted>", reason)
    if issuer.egress and issuer.egress not in ("controlplane", "cluster"):
        reason = "egress selector must be either controlplane or cluster"
        yield FieldError.invalid(f"{path}.egressSelectorType", issuer.egress, reason)
    elif issuer.egress:
        # Upstream's words for a selector of --egress-selector-config-file that is not there.
        reason = f'oidc: egress lookup required with egress selector type "{issuer.egress}"'
        yield FieldError.invalid(f"{path}.egressSelectorType", issuer.egress, reason)


def _url_errors(url: str, path: str, disallowed: Collection[str]) -> Iterator[FieldError]:
    if url in disallowed:
        listed = " ".join(sorted(disallowed))
        yield FieldError.invalid(path, url, f"URL must not overlap with disallowed issuers: [{listed}]")
    try:
        parsed = parse(url)
    except URLError as exc:
        yield FieldError.invalid(path, url, str(exc))
        return
    if parsed.scheme != "https":
        yield FieldError.invalid(path, url, "URL scheme must be https")
    if parsed.user is not None:
        yield FieldError.invalid(path, url, "URL must not contain a username or password")
    if parsed.query:
        yield FieldError.invalid(path, url, "URL must not contain a query")
    if parsed.fragment:
        yield FieldError.invalid(path, url, "URL must not contain a fragment")


def _audience_errors(issuer: IssuerConfiguration, path: str) -> Iterator[FieldError]:
    audiences, policy = issuer.audiences, issuer.match_policy
    if not audiences:
        yield FieldError.required(f"{path}.audiences", f"at least one {path}.audiences is required")
        return
    for index, audience in enumerate(audiences):
        if not audience:
            yield FieldError.required(f"{path}.audiences[{index}]")
        if audience in audiences[:index]:
            yield FieldError.duplicate(f"{path}.audiences[{index}]", audience)
    if len(audiences) > 1 and policy != _MATCH_ANY:
        reason = "audienceMatchPolicy must be MatchAny for multiple audiences"
        yield FieldError.invalid(f"{path}.audienceMatchPolicy", policy, reason)
    if len(audiences) == 1 and policy not in ("", _MATCH_ANY):
        reason = "audienceMatchPolicy must be empty or MatchAny for single audience"
        yield FieldError.invalid(f"{path}.audienceMatchPolicy", policy, reason)


def _authority_fault(text: str) -> str:
    try:
        x509.load_pem_x509_certificates(text.encode())
    except ValueError:
        return "data does not contain any valid RSA or ECDSA certificates"
    return ""


def _rule_errors(rules: Sequence[ValidationRule], path: str, verified: _EmailVerified) -> Iterator[FieldError]:
    claims: set[str] = set()
    expressions: set[str] = set()
    for index, rule in enumerate(rules):
        at = f"{path}[{index}]"
        if rule.claim and rule.expression:
            yield FieldError.invalid(at, rule.claim, _BOTH)
        elif rule.claim:
            if rule.message:
                yield FieldError.invalid(f"{at}.message", rule.message, "may not be specified when claim is set")
            if rule.claim in claims:
                yield FieldError.duplicate(f"{at}.claim", rule.claim)
            claims.add(rule.claim)
        elif rule.expression:
            if rule.required_value:
                reason = "may not be specified when expression is set"
                yield FieldError.invalid(f"{at}.requiredValue", rule.required_value, reason)
            if rule.expression in expressions:
                yield FieldError.duplicate(f"{at}.expression", rule.expression)
                continue
            expressions.add(rule.expression)
            yield from _expression_errors(rule.expression, f"{at}.expression", verified, is_condition=True)
        else:
            yield FieldError.required(at, "claim or expression is required")


def _mapping_errors(jwt: JWTConfiguration, path: str, verified: _EmailVerified) -> Iterator[FieldError]:
    uses_email = False
    if not jwt.username.claim and not jwt.username.expression:
        yield FieldError.required(f"{path}.username", "claim or expression is required")
    for name, mapping in (("username", jwt.username), ("groups", jwt.groups)):
        seen = _EmailVerified()
        yield from _attribute_errors(mapping, f"{path}.{name}", seen)
        if name == "username":
            verified.is_used = verified.is_used or seen.is_used
            uses_email = _uses_email(mapping)
    if jwt.uid.claim and jwt.uid.expression:
        yield FieldError.invalid(f"{path}.uid", "", _BOTH)
    elif jwt.uid.expression:
        yield from _expression_errors(jwt.uid.expression, f"{path}.uid.expression", _EmailVerified())
    yield from _extra_errors(jwt.extra, f"{path}.extra", verified)
    if uses_email and not verified.is_used:
        yield FieldError.invalid(f"{path}.username.expression", jwt.username.expression, _EMAIL)


def _attribute_errors(mapping: ClaimMapping, path: str, verified: _EmailVerified) -> Iterator[FieldError]:
    if mapping.expression and mapping.claim:
        yield FieldError.invalid(path, "", _BOTH)
    elif mapping.expression:
        if mapping.prefix is not None:
            yield FieldError.invalid(f"{path}.prefix", mapping.prefix, "may not be specified when expression is set")
        yield from _expression_errors(mapping.expression, f"{path}.expression", verified)
    elif mapping.claim and mapping.prefix is None:
        reason = "prefix is required when claim is set. It can be set to an empty string to disable prefixing"
        yield FieldError.required(f"{path}.prefix", reason)


def _extra_errors(extra: Sequence[tuple[str, str]], path: str, verified: _EmailVerified) -> Iterator[FieldError]:
    keys: set[str] = set()
    for index, (key, expression) in enumerate(extra):
        at = f"{path}[{index}]"
        yield from domain_prefixed_path.check(key, None, Path(f"{at}.key"), RuleContext(update=False, root={}))
        if key != key.lower():
            yield FieldError.invalid(f"{at}.key", key, "must be lowercase")
        if _is_kubernetes(key):
            reason = "k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use"
            yield FieldError.invalid(f"{at}.key", key, reason)
        if key in keys:
            yield FieldError.duplicate(f"{at}.key", key)
            continue
        keys.add(key)
        if expression:
            yield from _expression_errors(expression, f"{at}.valueExpression", verified)
        else:
            yield FieldError.required(f"{at}.valueExpression")


def _user_rule_errors(rules: Sequence[ValidationRule], path: str) -> Iterator[FieldError]:
    expressions: set[str] = set()
    for index, rule in enumerate(rules):
        at = f"{path}[{index}].expression"
        if not rule.expression:
            yield FieldError.required(at)
        elif rule.expression in expressions:
            yield FieldError.duplicate(at, rule.expression)
        else:
            expressions.add(rule.expression)
            try:
                ClaimExpression(rule.expression, USER, is_condition=True)
            except ClaimExpressionError as exc:
                yield FieldError.invalid(at, rule.expression, str(exc))


def _expression_errors(
    text: str, path: str, verified: _EmailVerified, *, is_condition: bool = False
) -> Iterator[FieldError]:
    try:
        verified.see(ClaimExpression(text, CLAIMS, is_condition=is_condition))
    except ClaimExpressionError as exc:
        yield FieldError.invalid(path, text, str(exc))


def _uses_email(mapping: ClaimMapping) -> bool:
    if not mapping.expression or mapping.claim:
        return False
    try:
        return ClaimExpression(mapping.expression, CLAIMS).selects("email")
    except ClaimExpressionError:
        return False


def _is_kubernetes(key: str) -> bool:
    domain, slash, _ = key.partition("/")
    return bool(slash) and f".{domain}".endswith((".kubernetes.io", ".k8s.io"))
