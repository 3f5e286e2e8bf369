"""Whom the Impersonate headers name, and what is said where they name nobody."""

import pytest

from rootspan_apiserver.filters.impersonation.headers import requested
from rootspan_apiserver.filters.impersonation.identities import completed, service_account
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.kube.users import User

USER, UID, GROUP = b"impersonate-user", b"impersonate-uid", b"impersonate-group"
Headers = list[tuple[bytes, bytes]]


def extra(key: bytes) -> bytes:
    return b"impersonate-extra-" + key


@pytest.mark.parametrize(
    ("headers", "parts"),
    [
        ([(GROUP, b"x")], 'UID:"", Groups:[]string{"x"}, Extra:map[string][]string(nil)'),
        ([(GROUP, b"b"), (GROUP, b"a")], 'UID:"", Groups:[]string{"b", "a"}, Extra:map[string][]string(nil)'),
        ([(GROUP, b"")], 'UID:"", Groups:[]string{""}, Extra:map[string][]string(nil)'),
        ([(UID, b"1-2")], 'UID:"1-2", Groups:[]string(nil), Extra:map[string][]string(nil)'),
        ([(UID, b"1"), (UID, b"2")], 'UID:"1", Groups:[]string(nil), Extra:map[string][]string(nil)'),
        ([(USER, b""), (UID, b"1")], 'UID:"1", Groups:[]string(nil), Extra:map[string][]string(nil)'),
        ([(USER, b""), (USER, b"u"), (GROUP, b"g")], 'UID:"", Groups:[]string{"g"}, Extra:map[string][]string(nil)'),
        (
            [(extra(b"scopes"), b"view"), (extra(b"dn"), b"cn=x"), (extra(b"scopes"), b"edit")],
            'UID:"", Groups:[]string(nil), Extra:map[string][]string{"dn":[]string{"cn=x"}, "scopes":[]string{"view", "edit"}}',
        ),
        ([(extra(b""), b"")], 'UID:"", Groups:[]string(nil), Extra:map[string][]string{"":[]string{""}}'),
        (
            [(UID, b"1"), (GROUP, b"g"), (extra(b"a%2fb"), b"v")],
            'UID:"1", Groups:[]string{"g"}, Extra:map[string][]string{"a/b":[]string{"v"}}',
        ),
        ([(extra(b"50%"), b"v")], 'UID:"", Groups:[]string(nil), Extra:map[string][]string{"50%":[]string{"v"}}'),
        ([(extra(b"%41%4"), b"v")], 'UID:"", Groups:[]string(nil), Extra:map[string][]string{"%41%4":[]string{"v"}}'),
        (
            [(extra(b"%ff%c3%a9%00%07%22"), b"\xe2\x80\x8b\xfe\\")],
            r'UID:"", Groups:[]string(nil), Extra:map[string][]string{"\xffé\x00\a\"":[]string{"\u200b\xfe\\"}}',
        ),
    ],
)
def test_impersonation_of_nameless_user_returns_400(headers: Headers, parts: str) -> None:
    """400, and the message shows what was asked for as Go prints it: keys in order, what is missing as nil."""
    with pytest.raises(StatusError) as refused:
        requested(headers)
    told = f'requested &user.DefaultInfo{{Name:"", {parts}}} without impersonating a user name'
    assert (refused.value.code, refused.value.reason, refused.value.message) == (400, "BadRequest", told)


@pytest.mark.parametrize("headers", [[], [(USER, b"")], [(UID, b"")], [(b"impersonate-nothing", b"x")]])
def test_headers_without_user_impersonate_no_user(headers: Headers) -> None:
    """An empty name or uid is none, and other headers that begin like this are not known."""
    assert requested(headers) is None


def test_first_of_several_names_and_all_groups_and_values_count() -> None:
    """Keys of extra are unescaped; what is not UTF-8 is replaced."""
    headers = [
        (USER, b"carol"),
        (USER, b"dave"),
        (UID, b"7"),
        (GROUP, b"dev\xff"),
        (GROUP, b"ops"),
        (extra(b"acme.com%2fproject"), b"one"),
        (extra(b"acme.com%2fproject"), b"two"),
        (extra(b"%zz"), b"raw"),
    ]
    wanted = requested(headers)
    assert wanted == User("carol", "7", ("dev\ufffd", "ops"), {"acme.com/project": ("one", "two"), "%zz": ("raw",)})


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("system:serviceaccount:team:robot", ("team", "robot")),
        ("system:serviceaccount:team:a.b", ("team", "a.b")),
        ("system:serviceaccount:team", None),
        ("system:serviceaccount:team:", None),
        ("system:serviceaccount::robot", None),
        ("system:serviceaccount:team:robot:x", None),
        ("system:serviceaccount:a.b:robot", None),
        ("system:serviceaccount:team:Robot", None),
        ("robot", None),
    ],
)
def test_user_names_of_service_accounts(name: str, found: tuple[str, str] | None) -> None:
    """A namespace and a name, both valid; anything else is an ordinary user's name."""
    assert service_account(name) == found


@pytest.mark.parametrize(
    ("name", "groups", "all_groups"),
    [
        ("carol", (), ("system:authenticated",)),
        ("carol", ("dev",), ("dev", "system:authenticated")),
        ("carol", ("system:authenticated", "dev"), ("system:authenticated", "dev")),
        ("carol", ("system:unauthenticated",), ("system:unauthenticated",)),
        ("system:anonymous", (), ("system:unauthenticated",)),
        ("system:anonymous", ("dev",), ("dev", "system:unauthenticated")),
        (
            "system:serviceaccount:team:robot",
            (),
            ("system:serviceaccounts", "system:serviceaccounts:team", "system:authenticated"),
        ),
        ("system:serviceaccount:team:robot", ("dev",), ("dev", "system:authenticated")),
        ("system:serviceaccount:team", (), ("system:authenticated",)),
    ],
)
def test_groups_of_an_impersonated_user(name: str, groups: tuple[str, ...], all_groups: tuple[str, ...]) -> None:
    """Those that are named, or those of its kind; and that of all who are known, or of all who are not."""
    assert completed(User(name, groups=groups)).groups == all_groups
