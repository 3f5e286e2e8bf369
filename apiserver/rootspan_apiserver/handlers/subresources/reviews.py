"""Reviews, which are questions to the server about users: who am I, may I, whose token is this.

Upstream: pkg/registry/authentication/tokenreview/storage.go, pkg/registry/authorization/subjectaccessreview/rest.go and its siblings
"""

from collections.abc import Mapping

from rootspan_apiserver.authn.authenticator import (
    Authenticator,
    Credentials,
    InvalidCredentialsError,
    bearer_token,
)
from rootspan_apiserver.authz.authorizer import Authorizer, RuleResolver, UserRules
from rootspan_apiserver.authz.subject_access_review import attributes_of, evaluation_error
from rootspan_apiserver.handlers.subresources.calculated import Calculate
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import bad_request, invalid, listed
from rootspan_apiserver.kube.times import timestamp
from rootspan_apiserver.kube.users import User, user_info

_AUTHENTICATION = "authentication.k8s.io"
_AUTHORIZATION = "authorization.k8s.io"


class Reviews:
    """The resources that are asked and not kept."""

    def __init__(self, authenticator: Authenticator, authorizer: Authorizer) -> None:
        self._authenticator = authenticator
        self._authorizer = authorizer

    def by_resource(self) -> Mapping[tuple[str, str], Calculate]:
        """Return what answers each review, by group and plural."""
        return {
            (_AUTHENTICATION, "selfsubjectreviews"): self._self_subject,
            (_AUTHENTICATION, "tokenreviews"): self._token,
            (_AUTHORIZATION, "selfsubjectaccessreviews"): self._self_access,
            (_AUTHORIZATION, "selfsubjectrulesreviews"): self._rules,
            (_AUTHORIZATION, "subjectaccessreviews"): self._access,
            (_AUTHORIZATION, "localsubjectaccessreviews"): self._access,
        }

    async def _self_subject(self, request: Request, target: Target, obj: JSONObject, dry_run: bool) -> JSONObject:
        status = {"userInfo": user_info(request.user)}
        return {**_answer_alone(obj), "metadata": {"creationTimestamp": timestamp()}, "status": status}

    async def _token(self, request: Request, target: Target, obj: JSONObject, dry_run: bool) -> JSONObject:
        spec = obj.get("spec") or {}
        token = spec.get("token") or ""
        if not token:
            raise bad_request("token is required for TokenReview in authentication")
        # What the client says of the user is overwritten where there is one, and else stands in the answer, as with kube-apiserver.
        given = {"user": {}, **(obj.get("status") or {})}
        given.pop("authenticated", None)
        credentials = Credentials(bearer_token(f"Bearer {token}"), audiences=tuple(spec.get("audiences") or ()))
        try:
            found = await self._authenticator.authenticate(credentials)
        except InvalidCredentialsError as exc:
            request.audit_annotations.add_all(exc.annotations)
            return {**obj, "status": {**given, "error": str(exc)}}
        if found is None:
            return {**obj, "status": given}
        request.warnings += found.warnings
        request.audit_annotations.add_all(found.annotations)
        status: JSONObject = {**given, "authenticated": True, "user": user_info(found.user)}
        if found.audiences:
            status["audiences"] = list(found.audiences)
        return {**obj, "status": status}

    async def _self_access(self, request: Request, target: Target, obj: JSONObject, dry_run: bool) -> JSONObject:
        _check(target, obj)
        return await self._answered(obj, request.user)

    async def _access(self, request: Request, target: Target, obj: JSONObject, dry_run: bool) -> JSONObject:
        _check(target, obj)
        spec = obj.get("spec") or {}
        extra = {key: tuple(values or ()) for key, values in (spec.get("extra") or {}).items()}
        user = User(spec.get("user") or "", spec.get("uid") or "", tuple(spec.get("groups") or ()), extra)
        return await self._answered(obj, user)

    async def _answered(self, obj: JSONObject, user: User) -> JSONObject:
        spec = obj["spec"]
        resource, other = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
        attributes = attributes_of(user, resource, other)
        decision = await self._authorizer.authorize(attributes)
        status: JSONObject = {"allowed": decision.verdict == "allow"}
        if decision.verdict == "deny":
            status["denied"] = True
        if decision.reason:
            status["reason"] = decision.reason
        if error := evaluation_error(attributes, decision.error):
            status["evaluationError"] = error
        return {**obj, "status": status}

    async def _rules(self, request: Request, target: Target, obj: JSONObject, dry_run: bool) -> JSONObject:
        namespace = (obj.get("spec") or {}).get("namespace") or ""
        if not namespace:
            raise bad_request("no namespace on request")
        if not isinstance(self._authorizer, RuleResolver):
            return {**_answer_alone(obj), "status": _rules_status(UserRules(incomplete=True))}
        rules = await self._authorizer.rules_for(request.user, namespace)
        return {**_answer_alone(obj), "status": _rules_status(rules)}


def _answer_alone(obj: JSONObject) -> JSONObject:
    """Return the head of an answer that does not repeat the question."""
    return {"kind": obj["kind"], "apiVersion": obj["apiVersion"]}


def _check(target: Target, obj: JSONObject) -> None:
    """Raise StatusError 422 if a review is invalid. It names no kind: upstream takes that from the object, which lost it on decoding."""
    if errors := target.resource.strategy.validate_create(obj):
        raise invalid(_AUTHORIZATION, "", "", errors)


def _rules_status(rules: UserRules) -> JSONObject:
    """Return the rules as `SubjectRulesReviewStatus` of authorization/v1."""
    resource_rules: list[JSONObject] = []
    for rule in rules.resource_rules:
        shown = {"verbs": list(rule.verbs), "apiGroups": list(rule.api_groups), "resources": list(rule.resources)}
        resource_rules.append(shown | ({"resourceNames": list(rule.resource_names)} if rule.resource_names else {}))
    others = [
        {"verbs": list(rule.verbs), "nonResourceURLs": list(rule.non_resource_urls)}
        for rule in rules.non_resource_rules
    ]
    status: JSONObject = {"resourceRules": resource_rules, "nonResourceRules": others, "incomplete": rules.incomplete}
    return status | ({"evaluationError": listed(rules.errors)} if rules.errors else {})
