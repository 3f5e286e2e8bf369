"""AuthenticationConfiguration: whose tokens are accepted, how their claims make a user, and who may be anonymous.

Upstream: staging/src/k8s.io/apiserver/pkg/apis/apiserver/types.go
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerConfiguration:
    """The provider of tokens. `certificate_authority` is PEM, "" for the authorities of the system."""

    url: str
    audiences: tuple[str, ...]
    discovery_url: str = ""
    certificate_authority: str = ""
    match_policy: str = ""
    egress: str = ""

    @classmethod
    def read(cls, document: Document) -> Self:
        return cls(
            url=document.get("url") or "",
            audiences=tuple(document.get("audiences") or ()),
            discovery_url=document.get("discoveryURL") or "",
            certificate_authority=document.get("certificateAuthority") or "",
            match_policy=document.get("audienceMatchPolicy") or "",
            egress=document.get("egressSelectorType") or "",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimMapping:
    """Where an attribute of a user comes from: a claim, whose value gets a prefix, or an expression."""

    claim: str = ""
    prefix: str | None = None
    expression: str = ""

    @classmethod
    def read(cls, document: Document | None) -> Self:
        document = document or {}
        return cls(
            claim=document.get("claim") or "",
            prefix=document.get("prefix"),
            expression=document.get("expression") or "",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationRule:
    """What has to hold: a claim has a value, or an expression is true."""

    claim: str = ""
    required_value: str = ""
    expression: str = ""
    message: str = ""

    @classmethod
    def read(cls, document: Document) -> Self:
        return cls(
            claim=document.get("claim") or "",
            required_value=document.get("requiredValue") or "",
            expression=document.get("expression") or "",
            message=document.get("message") or "",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class JWTConfiguration:
    """One issuer, and what its tokens say. `extra` has expressions by key, in order."""

    issuer: IssuerConfiguration
    username: ClaimMapping
    groups: ClaimMapping = ClaimMapping()
    uid: ClaimMapping = ClaimMapping()
    extra: tuple[tuple[str, str], ...] = ()
    claim_rules: tuple[ValidationRule, ...] = ()
    user_rules: tuple[ValidationRule, ...] = ()

    @classmethod
    def read(cls, document: Document) -> Self:
        mappings = document.get("claimMappings") or {}
        extra = mappings.get("extra") or ()
        return cls(
            issuer=IssuerConfiguration.read(document.get("issuer") or {}),
            username=ClaimMapping.read(mappings.get("username")),
            groups=ClaimMapping.read(mappings.get("groups")),
            uid=ClaimMapping.read(mappings.get("uid")),
            extra=tuple((each.get("key") or "", each.get("valueExpression") or "") for each in extra),
            claim_rules=tuple(map(ValidationRule.read, document.get("claimValidationRules") or ())),
            user_rules=tuple(map(ValidationRule.read, document.get("userValidationRules") or ())),
        )


@dataclass(frozen=True, slots=True)
class AnonymousConfiguration:
    """Whether requests without credentials are anonymous, and for which paths only; no paths are all."""

    enabled: bool
    paths: tuple[str, ...] = ()

    @classmethod
    def read(cls, document: Document) -> Self:
        paths = tuple(each.get("path") or "" for each in document.get("conditions") or ())
        return cls(bool(document.get("enabled")), paths)


@dataclass(frozen=True, slots=True)
class AuthenticationConfiguration:
    """The file of --authentication-config. `anonymous` is None where it says nothing."""

    jwt: tuple[JWTConfiguration, ...] = ()
    anonymous: AnonymousConfiguration | None = None

    @classmethod
    def read(cls, document: Document) -> Self:
        """Read a document that has been decoded by its type."""
        anonymous = document.get("anonymous")
        return cls(
            tuple(map(JWTConfiguration.read, document.get("jwt") or ())),
            None if anonymous is None else AnonymousConfiguration.read(anonymous),
        )
