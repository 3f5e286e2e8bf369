"""Questions to the server about users: who am I, may I, whose token is this."""

from typing import Any

from rootspan_apiserver.authn.authentication import Credentials, Unauthenticated, bearer_token
from rootspan_apiserver.authz.authorization import Attributes
from rootspan_apiserver.handlers.calculated import calculated
from rootspan_apiserver.handlers.subresources.binding import bind
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError, bad_request, invalid
from rootspan_apiserver.kube.users import User, user_info

_AUTHENTICATION = "authentication.k8s.io"
_AUTHORIZATION = "authorization.k8s.io"
_EVERYTHING = {
    "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
    "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
    "incomplete": False,
}
_ABOUT_ONESELF = {
    "resourceRules": [
        {
            "verbs": ["create"],
            "apiGroups": [_AUTHORIZATION],
            "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
        },
        {"verbs": ["create"], "apiGroups": [_AUTHENTICATION], "resources": ["selfsubjectreviews"]},
    ],
    "nonResourceRules": [],
    "incomplete": False,
}


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
    except Unauthenticated as exc:
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


def _attributes(user: User, resource: dict[str, Any] | None, other: dict[str, Any] | None) -> Attributes:
    if resource is None:
        asked = other or {}
        return Attributes(user, asked.get("verb") or "", False, path=asked.get("path") or "")
    get = resource.get
    return Attributes(
        user,
        get("verb") or "",
        True,
        get("namespace") or "",
        get("group") or "",
        get("version") or "",
        get("resource") or "",
        get("subresource") or "",
        get("name") or "",
    )


async def _rules(request: Request, target: Target, obj: JSONObject, dry_run: bool) -> JSONObject:
    namespace = (obj.get("spec") or {}).get("namespace") or ""
    if not namespace:
        raise bad_request("no namespace on request")
    everything = Attributes(request.context.user, "*", True, namespace, "*", "*", "*")
    decision = await request.parts.authorizer.authorize(everything)
    return {**obj, "status": _EVERYTHING if decision.verdict == "allow" else _ABOUT_ONESELF}


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
