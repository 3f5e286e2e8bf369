"""Lists: what resourceVersion, limit and continue mean, over a real etcd and over the embedded one."""

import pytest

from rootspan_apiserver.etcd import EtcdClient
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.registry.options import ListOptions
from rootspan_apiserver.storage import ListResult
from rootspan_apiserver.storage.continue_token import ContinueToken
from rootspan_apiserver.storage.storage import Storage
from tests.apiserver.storage.parts import WITHIN, config_maps, names, put, remove, resource, storage_over, value

pytestmark = pytest.mark.anyio

CONFIG_MAPS = resource("configmaps")


async def listed(
    storage: Storage,
    namespace: str = "default",
    *,
    labels: str = "",
    fields: str = "",
    limit: int = 0,
    continue_token: str = "",
    resource_version: str = "",
    match: str = "",
) -> ListResult:
    options = ListOptions(
        limit=limit, continue_token=continue_token, resource_version=resource_version, resource_version_match=match
    )
    return await storage.list(namespace, config_maps(labels, fields), options)


async def pages(storage: Storage) -> list[list[str]]:
    found: list[list[str]] = []
    page = await listed(storage, "", limit=2)
    while True:
        found.append(names(page.items))
        if not page.continue_token:
            return found
        page = await listed(storage, "", limit=2, continue_token=page.continue_token)


async def test_list_contains_every_write_before_it(storage: Storage) -> None:
    """Without a resourceVersion a list is consistent, from its own process and from another over the same store."""
    for number in range(10):
        stored = await put(storage, f"c{number}")
        result = await listed(storage)
        assert len(result.items) == number + 1
        assert int(result.resource_version) >= stored.revision


async def test_list_is_ordered_by_key_and_limited_to_namespace(storage: Storage) -> None:
    """`a-b` comes before `a`: it is keys that are sorted, and a namespace is no prefix of another."""
    for namespace, name in (("a", "z"), ("a-b", "y"), ("a", "b"), ("ab", "x")):
        await put(storage, name, namespace=namespace)
    assert names((await listed(storage, "")).items) == ["y", "b", "z", "x"]
    assert names((await listed(storage, "a")).items) == ["b", "z"]
    assert names((await listed(storage, "", limit=3)).items) == ["y", "b", "z"]


async def test_list_selects_by_labels_and_fields(storage: Storage) -> None:
    """By labels and by fields; a name with a namespace is read alone."""
    await put(storage, "c1", app="web")
    await put(storage, "c2", app="api")
    await put(storage, "c1", namespace="other", app="web")
    assert names((await listed(storage, labels="app=web")).items) == ["c1"]
    assert names((await listed(storage, fields="metadata.name=c2")).items) == ["c2"]
    assert names((await listed(storage, fields="metadata.name=none")).items) == []
    everywhere = await listed(storage, "", fields="metadata.name=c1,metadata.namespace!=default")
    assert [stored.key for stored in everywhere.items] == ["/configmaps/other/c1"]


async def test_list_is_cut_by_its_limit(storage: Storage) -> None:
    """With what remains, and the token the real server gives: version, revision and the key to go on behind."""
    for name in ("c1", "c2", "c3"):
        stored = await put(storage, name)
    result = await listed(storage, "", limit=1)
    assert (names(result.items), result.remaining) == (["c1"], 2)
    assert ContinueToken.decode(result.continue_token) == ContinueToken(stored.revision, "/default/c1\0")
    assert ContinueToken(209, "/default/c1\0").encode() == (
        "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MjA5LCJzdGFydCI6Ii9kZWZhdWx0L2MxXHUwMDAwIn0"
    )
    whole = await listed(storage, "", limit=3)
    assert (len(whole.items), whole.continue_token, whole.remaining) == (3, "", None)


async def test_list_with_selectors_has_no_remaining_count(storage: Storage) -> None:
    """Nobody counted how many of the rest match; and a limit counts matches only."""
    for number in range(6):
        await put(storage, f"c{number}", even=str(number % 2 == 0))
    result = await listed(storage, labels="even=True", limit=2)
    assert (names(result.items), result.remaining) == (["c0", "c2"], None)
    rest = await listed(storage, labels="even=True", limit=2, continue_token=result.continue_token)
    assert (names(rest.items), rest.continue_token) == (["c4"], "")


async def test_pages_show_one_revision(storage: Storage) -> None:
    """What is created, changed or deleted between two pages is not seen in the second."""
    for number in range(4):
        await put(storage, f"c{number}", "old")
    first = await listed(storage, limit=2)
    await put(storage, "c3", "new")
    await remove(storage, "c2")
    await put(storage, "c2b")
    second = await listed(storage, limit=2, continue_token=first.continue_token)
    assert [(name, value(stored)) for name, stored in zip(names(second.items), second.items, strict=True)] == [
        ("c2", "old"),
        ("c3", "old"),
    ]
    assert second.resource_version == first.resource_version


async def test_pages_from_etcd_and_from_cache_are_equal(storage: Storage, client: EtcdClient, prefix: str) -> None:
    """Until its cache is loaded a server lists from etcd; every kind of list gives the same answer."""
    for namespace in ("a", "b"):
        for number in range(3):
            await put(storage, f"c{number}", namespace=namespace, odd=str(number % 2))
    cold = storage_over(client, prefix)
    for limit, labels, fields in (
        (0, "", ""),
        (2, "", ""),
        (4, "", ""),
        (6, "", ""),
        (2, "odd=0", ""),
        (1, "odd=1", ""),
        (0, "", "metadata.name=c1"),
    ):
        for namespace in ("", "a"):
            warm_answer = await listed(storage, namespace, limit=limit, labels=labels, fields=fields)
            cold_answer = await listed(cold, namespace, limit=limit, labels=labels, fields=fields)
            assert [stored.json() for stored in cold_answer.items] == [stored.json() for stored in warm_answer.items]
            assert cold_answer.remaining == warm_answer.remaining
            assert cold_answer.continue_token == warm_answer.continue_token
    assert await pages(cold) == await pages(storage) == [["c0", "c1"], ["c2", "c0"], ["c1", "c2"]]


async def test_list_at_exact_resource_version_shows_that_state(
    storage: Storage, client: EtcdClient, prefix: str
) -> None:
    """The state as it was, from the cache's memory and from etcd's."""
    await put(storage, "c1", "1")
    then = await put(storage, "c2", "1")
    await put(storage, "c1", "2")
    await remove(storage, "c2")
    await put(storage, "c3", "1")
    for server in (storage, storage_over(client, prefix)):
        result = await listed(server, resource_version=then.resource_version, match="Exact")
        assert [(name, value(found)) for name, found in zip(names(result.items), result.items, strict=True)] == [
            ("c1", "1"),
            ("c2", "1"),
        ]
        assert result.resource_version == then.resource_version
        assert names((await listed(server)).items) == ["c1", "c3"]
        assert names((await listed(server, resource_version=then.resource_version)).items) == ["c1", "c3"]
        assert names((await listed(server, resource_version=then.resource_version, limit=1)).items) == ["c1"]


async def test_list_at_resource_version_0_ignores_limit(storage: Storage) -> None:
    """resourceVersion 0 takes what the cache has, all of it."""
    for number in range(3):
        await put(storage, f"c{number}")
    await storage.cached(CONFIG_MAPS)
    assert len((await listed(storage, resource_version="0", limit=1)).items) == 3


async def test_list_of_compacted_revision_returns_410(storage: Storage, client: EtcdClient, prefix: str) -> None:
    """After a compaction an old page and an old state are refused; the page's refusal says how to go on nevertheless."""
    for number in range(4):
        stored = await put(storage, f"c{number}")
    first = await listed(storage, limit=2)
    last = await put(storage, "c2b")
    await client.compact(last.revision)
    cold = storage_over(client, prefix)
    with pytest.raises(StatusError) as refused:
        await listed(cold, limit=2, continue_token=first.continue_token)
    assert (refused.value.code, refused.value.reason) == (410, "Expired")
    assert refused.value.message.startswith("The provided continue parameter is too old to display a consistent list")
    token = refused.value.body()["metadata"]["continue"]
    for server in (cold, storage):
        assert names((await listed(server, limit=5, continue_token=token)).items) == ["c2", "c2b", "c3"]
    with pytest.raises(StatusError) as refused:
        await listed(cold, resource_version=stored.resource_version, match="Exact")
    assert (refused.value.code, refused.value.message) == (
        410,
        "The resourceVersion for the provided list is too old.",
    )
    kept = await listed(storage, resource_version=stored.resource_version, match="Exact")
    assert len(kept.items) == 4, "the cache still knows what etcd has forgotten"


async def test_expired_history_is_not_listed(storage: Storage) -> None:
    """No page and no state from before is shown, though nothing was written since; the present state is."""
    for number in range(3):
        stored = await put(storage, f"c{number}")
    first = await listed(storage, limit=2)
    await storage.expire_history()
    with pytest.raises(StatusError) as refused:
        await listed(storage, limit=2, continue_token=first.continue_token)
    assert (refused.value.code, refused.value.reason) == (410, "Expired")
    token = refused.value.body()["metadata"]["continue"]
    assert names((await listed(storage, limit=2, continue_token=token)).items) == ["c2"]
    for options in ({"match": "Exact"}, {"limit": 1}):
        with pytest.raises(StatusError) as refused:
            await listed(storage, resource_version=stored.resource_version, **options)
        assert refused.value.message == "The resourceVersion for the provided list is too old."
    now = (await listed(storage)).resource_version
    assert len((await listed(storage, resource_version=now, match="Exact")).items) == 3
    assert len((await listed(storage, resource_version=stored.resource_version)).items) == 3


async def test_list_at_future_resource_version_returns_504(client: EtcdClient, prefix: str) -> None:
    """Is waited for, then refused with what a client needs to try again."""
    async with storage_over(client, prefix) as storage:
        assert await storage.wait_ready(WITHIN)
        current = (await listed(storage)).resource_version
        future = int(current) + 1000
        with pytest.raises(StatusError) as refused:
            await listed(storage, resource_version=str(future), match="NotOlderThan")
    assert refused.value.code == 504
    assert refused.value.message == f"Timeout: Too large resource version: {future}, current: {current}"
    assert refused.value.details == {
        "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
        "retryAfterSeconds": 1,
    }


@pytest.mark.parametrize(
    ("token", "message"),
    [
        ("!!", "continue key is not valid: illegal base64 data at input byte 0"),
        ("YWJ=", "continue key is not valid: illegal base64 data at input byte 3"),
        ("W10", "continue key is not valid: json: cannot unmarshal array into Go value of type storage.continueToken"),
        ("xx", "continue key is not valid: invalid character 'Ç' looking for beginning of value"),
        ("bm8", "continue key is not valid: invalid character 'o' in literal null (expecting 'u')"),
        ("eyJ2IjoidjAifQ", "continue key is not valid: server does not recognize this encoded version v0"),
        (
            ContinueToken(0, "/a").encode(),
            "continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)",
        ),
        (ContinueToken(1, "").encode(), "continue key is not valid: encoded start key empty (version meta.k8s.io/v1)"),
        (ContinueToken(1, "/../secrets/a").encode(), "continue key is not valid: /../secrets/a"),
        (ContinueToken(1, "//a").encode(), "continue key is not valid: //a"),
    ],
)
def test_invalid_continue_token_returns_400(token: str, message: str) -> None:
    """A token cannot be made to reach what the list does not."""
    with pytest.raises(StatusError) as refused:
        ContinueToken.decode(token)
    assert (refused.value.code, refused.value.message) == (400, f"invalid continue token: {message}")
