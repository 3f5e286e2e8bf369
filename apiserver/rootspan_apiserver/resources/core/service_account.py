"""ServiceAccount (v1): the identity of the processes in pods.

Upstream: pkg/apis/core/validation/validation.go (ValidateServiceAccount), pkg/registry/core/serviceaccount/strategy.go,
pkg/printers/internalversion/printers.go
"""

from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.resources.columns import AGE, NAME
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import WriteContext
from rootspan_apiserver.resources.subresource_definition import SubresourceDefinition
from rootspan_apiserver.rules import NOTHING

TOKEN_REQUEST = GroupVersionKind("authentication.k8s.io", "v1", "TokenRequest")


def _keep_names_of_secrets(account: JSONObject) -> None:
    """Drop everything but the name from the references to secrets, which are in the namespace of the account."""
    for secret in account.get("secrets") or ():
        for key in secret.keys() - {"name"}:
            del secret[key]


def _prepare_create(account: JSONObject, context: WriteContext) -> None:
    _keep_names_of_secrets(account)


def _prepare_update(account: JSONObject, old: JSONObject, context: WriteContext) -> None:
    _keep_names_of_secrets(account)


ENFORCE_MOUNTABLE_SECRETS = "kubernetes.io/enforce-mountable-secrets"


def _warnings(account: JSONObject, old: JSONObject | None) -> list[str]:
    """Warn of an annotation that is new."""
    was_there = old is not None and ENFORCE_MOUNTABLE_SECRETS in (old["metadata"].get("annotations") or {})
    if was_there or ENFORCE_MOUNTABLE_SECRETS not in (account["metadata"].get("annotations") or {}):
        return []
    words = "deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets"
    return [f"metadata.annotations[{ENFORCE_MOUNTABLE_SECRETS}]: {words}"]


definition = Definition(
    "v1",
    "ServiceAccount",
    "serviceaccounts",
    short_names=("sa",),
    subresources=(SubresourceDefinition("token", TOKEN_REQUEST, verbs=frozenset({"create"})),),
    prepare_create=_prepare_create,
    prepare_update=_prepare_update,
    rules=NOTHING,
    columns=(NAME, AGE),
    delete_returns_object=True,
    warnings=_warnings,
)
