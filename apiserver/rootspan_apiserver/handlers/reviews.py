"""Questions to the server about users: who am I, may I, whose token is this."""

from typing import Any

from rootspan_apiserver.authn.authenticator import Credentials, InvalidCredentialsError, bearer_token
from rootspan_apiserver.authz.authorizer import AuthorizationAttributes, RuleResolver, UserRules
from rootspan_apiserver.handlers.calculated import calculated
from rootspan_apiserver.handlers.subresources.binding import bind
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError, bad_request, invalid
from rootspan_apiserver.kube.users import User, user_info

_AUTHENTICATION = "authentication.k8s.io"
_AUTHORIZATION = "authorization.k8s.io"


async def _self_subject(request: Request, target: Target, obj: JSONObject, dry_run: bool) -> JSONObject:
    return {**obj, "status": {"userInfo": user_info(request.context.user)}}


async def _token(request: Request, target: Target, obj: JSONObject, dry_run: bool) -> JSONObject:
    spec = obj.get("spec") or {}
    token = spec.get("token") or ""
    if not token:
        raise bad_request("token is required for TokenReview in authentication")
    credentials = Credentials(bearer_token(f"Bearer {token}"), audiences=tuple(spec.get("audiences") or ()))
    try:
        found = await request.parts.authenticator.authenticate(credentials)
    except InvalidCredentialsError as exc:
        return {**obj, "status": {"user": {}, "error": str(exc)}}
    if found is None:
        return {**obj, "status": {"user": {}}}
    status: JSONObject = {"authenticated": True, "user": user_info(found.user)}
    if found.audiences:
        status["audiences"] = list(found.audiences)
    return {**obj, "status": status}


async def _self_access(request: Request, target: Target, obj: JSONObject, dry_run: bool) -> JSONObject:
    return await _answered(request, target, obj, request.context.user)


async def _access(request: Request, target: Target, obj: JSONObject, dry_run: bool) -> JSONObject:
    spec = obj.get("spec") or {}
    errors = []
    if not spec.get("user") and not spec.get("groups"):
        errors.append(FieldError.invalid("spec.user", "", "at least one of user or group must be specified"))
    if errors:
        raise invalid(_AUTHORIZATION, target.kind.kind, "", errors)
    extra = {key: tuple(values or ()) for key, values in (spec.get("extra") or {}).items()}
    user = User(spec.get("user") or "", spec.get("uid") or "", tuple(spec.get("groups") or ()), extra)
    return await _answered(request, target, obj, user)


async def _local_access(request: Request, target: Target, obj: JSONObject, dry_run: bool) -> JSONObject:
    asked = ((obj.get("spec") or {}).get("resourceAttributes") or {}).get("namespace") or ""
    if asked != target.namespace:
        why = f"must match the namespace {target.namespace}"
        raise invalid(
            _AUTHORIZATION, target.kind.kind, "", [FieldError.invalid("spec.resourceAttributes.namespace", asked, why)]
        )
    return await _access(request, target, obj, dry_run)


async def _answered(request: Request, target: Target, obj: JSONObject, user: User) -> JSONObject:
    spec = obj.get("spec") or {}
    resource, other = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if (resource is None) == (other is None):
        why = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        if resource is not None:
            why = "cannot be specified in combination with resourceAttributes"
            error = FieldError.invalid("spec.nonResourceAttributes", other, why)
        else:
            error = FieldError.invalid("spec.resourceAttributes", None, why)
        raise invalid(_AUTHORIZATION, target.kind.kind, "", [error])
    decision = await request.parts.authorizer.authorize(_attributes(user, resource, other))
    status: JSONObject = {"allowed": decision.verdict == "allow"}
    if decision.verdict == "deny":
        status["denied"] = True
    if decision.reason:
        status["reason"] = decision.reason
    return {**obj, "status": status}


def _attributes(user: User, resource: dict[str, Any] | None, other: dict[str, Any] | None) -> AuthorizationAttributes:
    if resource is None:
        asked = other or {}
        verb, path = asked.get("verb") or "", asked.get("path") or ""
        return AuthorizationAttributes(user=user, verb=verb, is_resource=False, path=path)
    fields = ("verb", "namespace", "group", "version", "resource", "subresource", "name")
    return AuthorizationAttributes(
        user=user, is_resource=True, **{field: resource.get(field) or "" for field in fields}
    )


async def _rules(request: Request, target: Target, obj: JSONObject, dry_run: bool) -> JSONObject:
    namespace = (obj.get("spec") or {}).get("namespace") or ""
    if not namespace:
        raise bad_request("no namespace on request")
    authorizer = request.parts.authorizer
    if not isinstance(authorizer, RuleResolver):
        return {**obj, "status": _rules_status(UserRules(incomplete=True))}
    return {**obj, "status": _rules_status(await authorizer.rules_for(request.context.user, namespace))}


def _rules_status(rules: UserRules) -> JSONObject:
    """The rules as `SubjectRulesReviewStatus` of authorization/v1."""
    resource_rules: list[JSONObject] = []
    for rule in rules.resource_rules:
        shown = {"verbs": list(rule.verbs), "apiGroups": list(rule.api_groups), "resources": list(rule.resources)}
        resource_rules.append(shown | ({"resourceNames": list(rule.resource_names)} if rule.resource_names else {}))
    others = [
        {"verbs": list(rule.verbs), "nonResourceURLs": list(rule.non_resource_urls)}
        for rule in rules.non_resource_rules
    ]
    return {"resourceRules": resource_rules, "nonResourceRules": others, "incomplete": rules.incomplete}


REVIEWS = {
    (_AUTHENTICATION, "selfsubjectreviews"): calculated(_self_subject),
    (_AUTHENTICATION, "tokenreviews"): calculated(_token),
    (_AUTHORIZATION, "selfsubjectaccessreviews"): calculated(_self_access),
    (_AUTHORIZATION, "selfsubjectrulesreviews"): calculated(_rules),
    (_AUTHORIZATION, "subjectaccessreviews"): calculated(_access),
    (_AUTHORIZATION, "localsubjectaccessreviews"): calculated(_local_access),
    ("", "bindings"): calculated(bind),
}
"""By group and plural: the resources that are asked and not kept."""
