"""Which requests a FlowSchema matches, and which flow of its priority level they belong to.

Upstream: staging/src/k8s.io/apiserver/pkg/util/flowcontrol/rule.go, staging/src/k8s.io/apiserver/pkg/util/flowcontrol/apf_controller.go
(computeFlowDistinguisher)
"""

from collections.abc import Collection

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.request_info import RequestInfo
from rootspan_apiserver.kube.users import ACCOUNT_PREFIX, User
from rootspan_apiserver.resources.flowcontrol.bootstrap import BY_NAMESPACE, BY_USER

ALL = "*"


class FlowSchema:
    """A FlowSchema, made of its object.

    Attributes:
        name, uid: Those of the object; the uid is "" for a mandatory schema that has no object yet.
        priority_level: The name of its level.
        order: Where it comes among the schemas: the least one that matches a request is its schema.
    """

    __slots__ = ("_distinguisher", "_rules", "name", "order", "priority_level", "uid")

    def __init__(self, obj: JSONObject) -> None:
        spec = obj["spec"]
        self.name: str = obj["metadata"]["name"]
        self.uid: str = obj["metadata"].get("uid") or ""
        self.priority_level: str = spec["priorityLevelConfiguration"]["name"]
        self.order: tuple[int, str] = (spec.get("matchingPrecedence") or 0, self.name)
        self._distinguisher: str = (spec.get("distinguisherMethod") or {}).get("type") or ""
        self._rules: list[JSONObject] = spec.get("rules") or []

    def matches(self, user: User, info: RequestInfo) -> bool:
        """Return whether a request belongs to this schema, unless one before it matches."""
        return any(_rule_matches(rule, user, info) for rule in self._rules)

    def flow_of(self, user: User, info: RequestInfo) -> str:
        """Return what distinguishes the flow of a request from the others of this schema."""
        if self._distinguisher == BY_USER:
            return user.name
        return info.namespace if self._distinguisher == BY_NAMESPACE else ""


def _rule_matches(rule: JSONObject, user: User, info: RequestInfo) -> bool:
    if not any(_is_subject(user, subject) for subject in rule.get("subjects") or ()):
        return False
    if info.is_resource_request:
        return any(_resource_matches(each, info) for each in rule.get("resourceRules") or ())
    return any(_path_matches(each, info) for each in rule.get("nonResourceRules") or ())


def _is_subject(user: User, subject: JSONObject) -> bool:
    match subject.get("kind"):
        case "User":
            name = (subject.get("user") or {}).get("name")
            return name in (ALL, user.name)
        case "Group":
            name = (subject.get("group") or {}).get("name")
            return name == ALL or name in user.groups
        case "ServiceAccount" if account := subject.get("serviceAccount"):
            namespace = f"{ACCOUNT_PREFIX}{account['namespace']}:"
            if account["name"] == ALL:
                return user.name.startswith(namespace)
            return user.name == f"{namespace}{account['name']}"
    return False


def _resource_matches(rule: JSONObject, info: RequestInfo) -> bool:
    resource = f"{info.resource}/{info.subresource}" if info.subresource else info.resource
    if not (
        _contains(rule.get("verbs"), info.verb)
        and _contains(rule.get("resources"), resource)
        and _contains(rule.get("apiGroups"), info.api_group)
    ):
        return False
    return _contains(rule.get("namespaces"), info.namespace) if info.namespace else bool(rule.get("clusterScope"))


def _path_matches(rule: JSONObject, info: RequestInfo) -> bool:
    urls = rule.get("nonResourceURLs") or ()
    return _contains(rule.get("verbs"), info.verb) and any(_is_below(info.path, url) for url in urls)


def _is_below(path: str, url: str) -> bool:
    """Return whether a path is what a rule names, or below it, with or without an asterisk at its end."""
    return url in (ALL, path) or path.startswith(url.removesuffix(ALL).removesuffix("/") + "/")


def _contains(values: Collection[str] | None, value: str) -> bool:
    return values is not None and (value in values or list(values) == [ALL])
