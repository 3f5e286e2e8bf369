"""URLs as Go reads them. Every answer here was given by Go 1.26's `url.Parse` and `path.Join`."""

import pytest

from rootspan_apiserver.kube.go_url import URL, URLError, clean_path, escape_path, parse


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://host", URL("https", "host")),
        ("HTTPS://Host:8443//a%2Fb?q#f%20g", URL("https", "Host:8443", "//a/b", None, "q", "f g")),
        ("https://me:p%40ss@host/x", URL("https", "host", "/x", "me:p%40ss")),
        ("https://[fe80::1%25eth0]:443/", URL("https", "[fe80::1%eth0]:443", "/")),
        ("https:opaque?q", URL("https", query="q")),
        ("//host/x", URL("", "host", "/x")),
        ("host/x", URL("", "", "host/x")),
        ("https://a_b!.svc:443/%e2%82%ac", URL("https", "a_b!.svc:443", "/€")),
    ],
)
def test_url_is_taken_apart_as_go_takes_it_apart(text: str, url: URL) -> None:
    """Scheme in lower case, path unescaped, a host only after `//`."""
    assert parse(text) == url


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("https://a b/", 'parse "https://a b/": invalid character " " in host name'),
        ("https://h\r\nX: y/", r'parse "https://h\r\nX: y/": net/url: invalid control character in URL'),
        ("https://h/%zz", 'parse "https://h/%zz": invalid URL escape "%zz"'),
        ("https://h/%é", 'parse "https://h/%é": invalid URL escape "%é"'),
        ("https://h%20x/", 'parse "https://h%20x/": invalid URL escape "%20"'),
        ("https://h:44x/", 'parse "https://h:44x/": invalid port ":44x" after host'),
        ("https://h:1:2/", 'parse "https://h:1:2/": invalid port ":1:2" after host'),
        ("https://[::1/", "parse \"https://[::1/\": missing ']' in host"),
        ("https://[1.2.3.4]/", 'parse "https://[1.2.3.4]/": invalid IP-literal'),
        ("https://u v@h/", 'parse "https://u v@h/": net/url: invalid userinfo'),
        ("://h", 'parse "://h": missing protocol scheme'),
        ("1.2.3.4:443", 'parse "1.2.3.4:443": first path segment in URL cannot contain colon'),
        ("https://h/#%", 'parse "https://h/#%": invalid URL escape "%"'),
    ],
)
def test_invalid_url_has_error_of_go(text: str, message: str) -> None:
    """The text and the reason, both quoted as Go quotes."""
    with pytest.raises(URLError) as refused:
        parse(text)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("text", "name"), [("https://h:443/", "h"), ("https://h:", "h"), ("https://[::1]:443/", "::1"), ("https://h", "h")]
)
def test_name_of_a_host_has_no_port(text: str, name: str) -> None:
    """Nor brackets."""
    assert parse(text).hostname == name


@pytest.mark.parametrize(
    ("path", "clean"),
    [("", "/"), ("//x", "/x"), ("/x/", "/x"), ("/a/../../b", "/b"), ("/./a//b", "/a/b"), ("a", "/a"), ("/...", "/...")],
)
def test_path_is_cleaned_as_go_joins_it(path: str, clean: str) -> None:
    """From the root, with nothing in it that leads elsewhere."""
    assert clean_path(path) == clean


def test_path_is_escaped_as_go_escapes_it() -> None:
    """Also what other libraries let through, and bytes that are no UTF-8."""
    path = b"/a b?c#d%e!*'()[]$&+,:;=@-_.~\xff".decode("utf-8", "surrogateescape")
    assert escape_path(path) == "/a%20b%3Fc%23d%25e%21%2A%27%28%29%5B%5D$&+,:;=@-_.~%FF"
