"""A cache whose entries expire and make room."""

from rootspan_apiserver.kube.expiring_cache import ExpiringCache


def test_entries_expire_after_their_seconds() -> None:
    """Each entry has its own; setting it again begins anew."""
    now = 100.0
    cache: ExpiringCache[str, int] = ExpiringCache(10, lambda: now)
    cache.set("short", 1, 5)
    cache.set("long", 2, 50)
    now = 104.9
    assert cache.get("short") == 1
    cache.set("long", 3, 1)
    now = 105.0
    assert cache.get("short") is None
    assert cache.get("long") == 3
    now = 106.0
    assert cache.get("long") is None


def test_entry_that_was_used_least_recently_makes_room() -> None:
    """Reading an entry is using it."""
    cache: ExpiringCache[str, int] = ExpiringCache(2)
    cache.set("a", 1, 50)
    cache.set("b", 2, 50)
    assert cache.get("a") == 1
    cache.set("c", 3, 50)
    assert (cache.get("a"), cache.get("b"), cache.get("c")) == (1, None, 3)
