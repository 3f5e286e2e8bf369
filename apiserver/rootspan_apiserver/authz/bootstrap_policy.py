"""The roles of a new server and their bindings, from the table `bootstrap_policy.txt`.

Upstream: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go, controller_policy.go, namespace_policy.go
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources import files

from rootspan_apiserver.kube.meta import JSONObject

API_VERSION, GROUP = "rbac.authorization.k8s.io/v1", "rbac.authorization.k8s.io"
AUTO_UPDATE = "rbac.authorization.kubernetes.io/autoupdate"
AGGREGATE_TO = "rbac.authorization.k8s.io/aggregate-to-"
_KINDS = {"user": "User", "group": "Group"}


@dataclass(slots=True)
class BootstrapRole:
    """One role of the table, a ClusterRole where `namespace` is "", and its binding, if it `is_bound`."""

    name: str
    namespace: str = ""
    collects: str = ""
    joins: str = ""
    binding_name: str = ""
    is_bound: bool = False
    subjects: list[JSONObject] = field(default_factory=list)
    rules: list[JSONObject] = field(default_factory=list)

    def read(self, line: str) -> None:
        """Take up a line below the name of the role."""
        match line.split():
            case ["collects", aggregated]:
                self.collects = aggregated
            case ["joins", aggregated]:
                self.joins = aggregated
            case ["bound", "as", name]:
                self.binding_name = name
            case ["to", "no", "subject"]:
                self.is_bound = True
            case ["to", kind, name]:
                self.is_bound = True
                self.subjects.append(_subject(kind, name))
            case _:
                self.rules.append(_rule(line))

    def role(self) -> JSONObject:
        """Return the role as an object."""
        role = self._object("Role", self.name)
        if self.joins:
            role["metadata"]["labels"][f"{AGGREGATE_TO}{self.joins}"] = "true"
        if not self.collects:
            return role | {"rules": self.rules}
        selectors = [{"matchLabels": {f"{AGGREGATE_TO}{self.collects}": "true"}}]
        return role | {"aggregationRule": {"clusterRoleSelectors": selectors}}

    def binding(self) -> JSONObject:
        """Return the binding as an object."""
        reference = {"apiGroup": GROUP, "kind": self._kind("Role"), "name": self.name}
        binding = self._object("RoleBinding", self.binding_name or self.name) | {"roleRef": reference}
        return binding | ({"subjects": self.subjects} if self.subjects else {})

    def _object(self, kind: str, name: str) -> JSONObject:
        metadata: JSONObject = {"name": name} | ({"namespace": self.namespace} if self.namespace else {})
        metadata["labels"] = {"kubernetes.io/bootstrapping": "rbac-defaults"}
        metadata["annotations"] = {AUTO_UPDATE: "true"}
        return {"kind": self._kind(kind), "apiVersion": API_VERSION, "metadata": metadata}

    def _kind(self, kind: str) -> str:
        return kind if self.namespace else f"Cluster{kind}"


def bootstrap_policy() -> Iterator[BootstrapRole]:
    """Yield the roles in the order of the table."""
    namespace, role = "", None
    for line in files(__package__).joinpath("bootstrap_policy.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith(" "):
            assert role is not None, "what is indented belongs to the role above it"
            role.read(line)
        elif line.startswith("["):
            namespace = line.strip("[]")
        elif line and not line.startswith("#"):
            if role is not None:
                yield role
            role = BootstrapRole(line, namespace)
    if role is not None:
        yield role


def _subject(kind: str, name: str) -> JSONObject:
    if kind == "account":
        namespace, _, account = name.partition("/")
        return {"kind": "ServiceAccount", "name": account, "namespace": namespace}
    return {"kind": _KINDS[kind], "apiGroup": GROUP, "name": name}


def _rule(line: str) -> JSONObject:
    verbs, *groups, what = line.strip().split(": ")
    rule: JSONObject = {"verbs": verbs.split(",")}
    if not groups:
        return rule | {"nonResourceURLs": what.split()}
    resources, _, names = what.partition(" = ")
    rule["apiGroups"] = ["" if group == "core" else group for group in groups[0].split(",")]
    rule["resources"] = resources.split()
    return rule | ({"resourceNames": names.split()} if names else {})
