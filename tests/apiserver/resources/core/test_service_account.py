"""ServiceAccount: its references to secrets, its subresource, its table."""

from rootspan_apiserver.resources.core.service_account import definition
from tests.apiserver.resources.kind_checks import KindCheck

ACCOUNT = KindCheck(definition, {"secrets": [{"name": "a", "namespace": "n", "uid": "u"}]})


def test_only_names_of_secrets_are_kept() -> None:
    """The secrets of an account are in its namespace."""
    assert ACCOUNT.stored()["secrets"] == [{"name": "a"}]
    assert ACCOUNT.updated({"secrets": [{"name": "b", "kind": "Secret"}]})[0]["secrets"] == [{"name": "b"}]


def test_metadata_is_checked() -> None:
    """Nothing else is."""
    assert ACCOUNT.refusals() == []
    assert [refusal.partition(":")[0] for refusal in ACCOUNT.refusals({"metadata.name": "A"})] == ["metadata.name"]


def test_tokens_are_requested_through_subresource() -> None:
    """It takes a TokenRequest of another group."""
    (token,) = definition.subresources
    assert (token.name, token.kind and token.kind.api_version) == ("token", "authentication.k8s.io/v1")


def test_annotation_for_mountable_secrets_warns_where_it_is_new() -> None:
    """An account that has it already is not warned of again."""
    annotated = {"metadata": {"name": "x", "annotations": {"kubernetes.io/enforce-mountable-secrets": "false"}}}
    words = (
        "metadata.annotations[kubernetes.io/enforce-mountable-secrets]: deprecated in v1.32+; "
        "prefer separate namespaces to isolate access to mounted secrets"
    )
    assert definition.warnings is not None
    assert definition.warnings(annotated, None) == [words]
    assert definition.warnings(annotated, {"metadata": {}}) == [words]
    assert definition.warnings(annotated, annotated) == []
    assert definition.warnings({"metadata": {}}, None) == []


def test_table() -> None:
    """Name and age are shown."""
    assert ACCOUNT.row() == {"Name": "x", "Age": "5m"}
