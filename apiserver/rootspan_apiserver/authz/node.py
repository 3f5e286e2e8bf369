"""The mode Node: what kubelets may do, which is about their own node and the pods on it.

A kubelet is the user `system:node:NAME` in the group `system:nodes`. What the plugin NodeRestriction checks by the content of an object is
allowed here.

Upstream: plugin/pkg/auth/authorizer/node/node_authorizer.go
"""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from rootspan_apiserver.authz.authorizer import (
    ALLOW,
    NO_OPINION,
    AuthorizationAttributes,
    AuthorizationDecision,
    UserRules,
)
from rootspan_apiserver.authz.node_graph import NodeGraph
from rootspan_apiserver.authz.policy_rules import PolicyRule
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.node_identity import node_name
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.kube.users import User

LEASES = "kube-node-lease"
_OWN_OBJECT = frozenset({"get", "create", "update", "patch", "delete"})
_READS = frozenset({"get", "list", "watch"})


class NodeAuthorizer:
    """Allows kubelets what concerns their nodes, and has no opinion about other users.

    Args:
        rules: Those of the role `system:node`, for what depends on no relation.
    """

    def __init__(self, graph: NodeGraph, rules: Sequence[PolicyRule]) -> None:
        self._graph = graph
        self._rules = tuple(rules)

    async def authorize(self, attributes: AuthorizationAttributes) -> AuthorizationDecision:
        """Return `allow` or `no opinion`, mostly with a reason."""
        node = node_name(attributes.user)
        if node is None:
            return NO_OPINION
        if not node:
            return _no(f"unknown node for user {quote(attributes.user.name)}")
        decide = _DECIDE.get((attributes.group, attributes.resource)) if attributes.is_resource else None
        if decide is None:
            allowed = any(
                rule.is_about(attributes) and (not rule.resource_names or attributes.name in rule.resource_names)
                for rule in self._rules
            )
            return ALLOW if allowed else NO_OPINION
        with contextlib.suppress(StatusError):  # then the decision is that of a server that lags behind
            await self._graph.catch_up()
        return decide(_Question(self._graph, node, attributes))

    async def rules_for(self, user: User, namespace: str) -> UserRules:
        """Return no rules; those of a kubelet cannot be listed."""
        if node_name(user) is None:
            return UserRules()
        return UserRules(incomplete=True, errors=("node authorizer does not support user rule resolution",))


def _no(reason: str) -> AuthorizationDecision:
    return AuthorizationDecision("no opinion", reason)


class _Question:
    """A request of a node about a resource."""

    def __init__(self, graph: NodeGraph, node: str, asked: AuthorizationAttributes) -> None:
        self._graph = graph
        self._node = node
        self._asked = asked

    def related(self) -> AuthorizationDecision:
        asked = self._asked
        if not asked.name:
            return _no("No Object name found")
        if self._graph.relates(asked.resource, asked.namespace, asked.name, self._node):
            return ALLOW
        return _no(f"no relationship found between node '{self._node}' and this object")

    def related_get(self) -> AuthorizationDecision:
        if self._asked.verb != "get":
            return _no("can only get individual resources of this type")
        return _no("cannot get subresource") if self._asked.subresource else self.related()

    def related_read(self) -> AuthorizationDecision:
        if self._asked.verb not in _READS:
            return _no("can only read resources of this type")
        if self._asked.subresource:
            return _no("cannot read subresource")
        return self.related() if self._asked.namespace else _no("can only read namespaced object of this type")

    def volume_claim(self) -> AuthorizationDecision:
        if self._asked.subresource != "status":
            return self.related_get()
        if self._asked.verb not in ("update", "patch"):
            return _no("can only get/update/patch this type")
        return self.related()

    def service_account(self) -> AuthorizationDecision:
        asked = self._asked
        if asked.verb == "get" and not asked.subresource:
            return self.related_read()
        if asked.verb != "create" or not asked.name:
            return _no("can only create tokens for individual service accounts")
        if asked.subresource != "token":
            return _no("can only create token subresource of serviceaccount")
        return self.related()

    def lease(self) -> AuthorizationDecision:
        asked = self._asked
        if asked.verb not in _OWN_OBJECT:
            return _no("can only get, create, update, patch, or delete a node lease")
        if asked.namespace != LEASES:
            return _no(f"can only access leases in the {quote(LEASES)} system namespace")
        if asked.verb != "create" and asked.name != self._node:
            return _no("can only access node lease with the same name as the requesting node")
        return ALLOW

    def csi_node(self) -> AuthorizationDecision:
        asked = self._asked
        if asked.verb not in _OWN_OBJECT:
            return _no("can only get, create, update, patch, or delete a CSINode")
        if asked.subresource:
            return _no("cannot authorize CSINode subresources")
        if asked.verb != "create" and asked.name != self._node:
            return _no("can only access CSINode with the same name as the requesting node")
        return ALLOW

    def resource_slice(self) -> AuthorizationDecision:
        if self._asked.subresource:
            return _no("cannot authorize ResourceSlice subresources")
        match self._asked.verb:
            case "create":
                return ALLOW
            case "get" | "update" | "patch" | "delete":
                return self.related()
            case "watch" | "list" | "deletecollection":
                if self._selects("spec.nodeName"):
                    return ALLOW
                return _no("can only list/watch/deletecollection resourceslices with nodeName field selector")
        return _no(
            "only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection"
        )

    def node(self) -> AuthorizationDecision:
        asked = self._asked
        match asked.subresource, asked.verb:
            case ("", "create" | "update" | "patch") | ("status", "update" | "patch"):
                return ALLOW
            case "", "get" | "list" | "watch":
                if asked.name == self._node:
                    return ALLOW
                if not asked.name:
                    return _no(f"node '{self._node}' cannot read all nodes, only its own Node object")
                return _no(f"node '{self._node}' cannot read '{asked.name}', only its own Node object")
        return NO_OPINION

    def pod(self) -> AuthorizationDecision:
        asked = self._asked
        match asked.subresource, asked.verb:
            case "", "get":
                return self.related_get()
            case "", "list" | "watch":
                if self._selects("spec.nodeName"):
                    return ALLOW
                return (
                    self.related() if asked.name else _no("can only list/watch pods with spec.nodeName field selector")
                )
            case ("", "create" | "delete") | ("status", "update" | "patch") | ("eviction", "create"):
                return ALLOW
        return NO_OPINION

    def nothing(self) -> AuthorizationDecision:
        return NO_OPINION

    def _selects(self, field: str) -> bool:
        return (field, True, self._node) in self._asked.field_selector.terms


_DECIDE: Mapping[tuple[str, str], Callable[[_Question], AuthorizationDecision]] = MappingProxyType(
    {
        ("", "secrets"): _Question.related_read,
        ("", "configmaps"): _Question.related_read,
        ("", "persistentvolumeclaims"): _Question.volume_claim,
        ("", "persistentvolumes"): _Question.related_get,
        ("resource.k8s.io", "resourceclaims"): _Question.related_get,
        ("storage.k8s.io", "volumeattachments"): _Question.related_get,
        ("", "serviceaccounts"): _Question.service_account,
        ("coordination.k8s.io", "leases"): _Question.lease,
        ("storage.k8s.io", "csinodes"): _Question.csi_node,
        ("resource.k8s.io", "resourceslices"): _Question.resource_slice,
        ("", "nodes"): _Question.node,
        ("", "pods"): _Question.pod,
        # Its gate is off.
        ("certificates.k8s.io", "podcertificaterequests"): _Question.nothing,
    }
)
