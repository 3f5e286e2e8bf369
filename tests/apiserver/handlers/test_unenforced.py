"""What is stored but not acted on is told in a `Warning` header, by every request that stores it and by no other."""

from pathlib import Path

import httpx
import pytest

from rootspan_apiserver.handlers.unenforced import UNENFORCED
from tests.apiserver.handlers.unenforced_cases import CASES, Case

pytestmark = pytest.mark.anyio
DOCUMENT = Path(__file__).parents[3] / "docs" / "apiserver.md"


def told(answer: httpx.Response) -> list[str]:
    """The warnings of our own that came with a success."""
    assert answer.is_success, answer.text
    return [text for text in answer.headers.get_list("warning") if text.startswith('299 - "rootspan: ')]


def warnings(case: Case) -> tuple[list[str], list[str]]:
    """Those of the object's creation, and those of a later change."""
    (feature,) = [feature for feature in UNENFORCED if feature.sentence.startswith(case.about)]
    text = f'299 - "rootspan: {feature.sentence}"'
    return [text], [] if feature.at_creation else [text]


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_write_of_unenforced_feature_warns(client: httpx.AsyncClient, case: Case) -> None:
    """Create, update, patch and apply warn once, or the first alone where that is decisive; dry runs, reading and deleting do not."""
    (at_creation, expected), dry_run = warnings(case), {"dryRun": "All"}
    name = case.object["metadata"]["name"]
    url = f"{case.collection}/{name}"
    assert told(await client.post(case.collection, json=case.object, params=dry_run)) == []
    created = await client.post(case.collection, json=case.object)
    assert told(created) == at_creation
    assert told(await client.get(url)) == []
    assert told(await client.put(url, json=created.json(), params=dry_run)) == []
    assert told(await client.put(url, json=created.json())) == expected
    label = {"metadata": {"name": name, "labels": {"changed": "yes"}}}
    merge = {"content-type": "application/merge-patch+json"}
    assert told(await client.patch(url, json=label, headers=merge, params=dry_run)) == []
    assert told(await client.patch(url, json=label, headers=merge)) == expected
    applied = {"apiVersion": case.object["apiVersion"], "kind": case.object["kind"], **label}
    apply = {"content-type": "application/apply-patch+yaml"}
    manager = {"fieldManager": "tester"}
    assert told(await client.patch(url, json=applied, headers=apply, params=manager | dry_run)) == []
    assert told(await client.patch(url, json=applied, headers=apply, params=manager)) == expected
    assert told(await client.delete(url)) == []


@pytest.mark.parametrize("case", [case for case in CASES if case.otherwise is not None], ids=str)
async def test_object_without_unenforced_feature_has_no_warning(client: httpx.AsyncClient, case: Case) -> None:
    """An object of the same kind without the feature is stored without a warning."""
    assert told(await client.post(case.collection, json=case.otherwise)) == []


async def test_refused_object_is_not_warned_of_as_stored(client: httpx.AsyncClient) -> None:
    """An object that exists already and one that is invalid are not stored, and the answer does not say so."""
    path = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
    role = {"metadata": {"name": "reader"}, "rules": []}
    assert (await client.post(path, json=role)).status_code == 201
    for refused in (role, {"metadata": {"name": "other"}, "rules": [{"verbs": []}]}):
        answer = await client.post(path, json=refused)
        assert answer.status_code in (409, 422)
        assert "warning" not in answer.headers


def test_every_feature_has_a_case_and_is_in_the_documentation() -> None:
    """The table, the cases and docs/apiserver.md name the same features of the same resources."""
    table = [(feature.sentence, plural) for feature in UNENFORCED for _, plural in feature.resources]
    for sentence, plural in table:
        assert [case for case in CASES if sentence.startswith(case.about) and case.plural == plural], sentence
    document = DOCUMENT.read_text()
    assert [feature.sentence for feature in UNENFORCED if feature.sentence not in document] == []
