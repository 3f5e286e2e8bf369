"""The formats of strings."""

import pytest

from rootspan_apiserver.kube.string_formats import has_format, is_recognized

FORMATS: list[tuple[str, list[str], list[str]]] = [
    ("bsonobjectid", ["507f191e810c19729de860eA"], ["507f191e810c19729de860e", "x07f191e810c19729de860ea", ""]),
    ("uri", ["https://a.b/c?d#e", "/c", "*", "//host/c", "urn:x:y", "mailto:a@b"], ["c", "", "https://a b", ":c", "https://a/%zz"]),
    ("email", ["a@b", "Ann B <a@b.c>", '"a b"@c', "<a@b>", "a+b.c@d-e.f", "a@[1.2.3.4]", " a@b "], ["a", "@b", "a@", "a..b@c", "a@b c", "a@b,c@d", "<a@b> c"]),
    ("hostname", ["a", "a.bc", "A.COM", "ä.com", "x" * 63], ["a.b", "a_b", "-a", "1.2.3.4", "x" * 64, "a..bc", ""]),
    ("ipv4", ["1.2.3.4", "01.2.3.4", "::ffff:1.2.3.4"], ["1.2.3", "٣.2.3.4", "::1", ""]),
    ("ipv6", ["::1", "::ffff:1.2.3.4"], ["1.2.3.4", "fe80::1%eth0", "g::"]),
    ("cidr", ["1.2.3.4/8", "::/0", "01.2.3.4/8"], ["1.2.3.4", "1.2.3.4/33", "a/8"]),
    ("mac", ["00:1a:22:33:44:5B", "00-1a-22-33-44-5b", "001a.2233.445b", "00:11:22:33:44:55:66:77"], ["00:11:22:33:44", "00:11-22:33:44:55", "0:1:2:3:4:5"]),
    ("uuid", ["01234567-89ab-cdef-0123-456789ABCDEF", "0123456789abcdef0123456789abcdef"], ["{01234567-89ab-cdef-0123-456789abcdef}", "٣1234567-89ab-cdef-0123-456789abcdef"]),
    ("uuid3", ["01234567-89ab-3def-0123-456789abcdef"], ["01234567-89ab-4def-0123-456789abcdef"]),
    ("uuid4", ["01234567-89ab-4def-8123-456789abcdef"], ["01234567-89ab-4def-c123-456789abcdef"]),
    ("uuid5", ["01234567-89ab-5def-8123-456789abcdef"], ["01234567-89ab-4def-8123-456789abcdef"]),
    ("isbn", ["0-306-40615-2", "978 0306406157", "080442957X"], ["0306406153", "9780306406158", ""]),
    ("isbn10", ["0306406152"], ["9780306406157", "080442957x"]),
    ("isbn13", ["9780306406157"], ["0306406152"]),
    ("creditcard", ["4111 1111-1111 1111", "371449635398431"], ["4111111111111112", "1234", ""]),
    ("ssn", ["111-22-3333", "111 22-3333"], ["111223333", "111-22-333"]),
    ("hexcolor", ["#fff", "0aF", "#12ab34"], ["#ffff", "red"]),
    ("rgbcolor", ["rgb(1,2,255)", "rgb( 0 , 20 , 199 )"], ["rgb(256,0,0)", "rgb(01,2,3)", "RGB(1,2,3)"]),
    ("byte", ["YQ==", "YWJj"], ["", "YQ=", "YQ==\n", "Y===", "YW-_"]),
    ("password", ["anything", ""], []),
    ("date", ["2026-11-23", "2024-02-29", "0000-01-01"], ["20261123", "2026-W01-1", "2026-11-23\n", "٢٢٣٣-٢٢-٢٣", "2026-02-29"]),
    ("date-time", ["2026-11-23T04:26:44Z", "2026-11-23t04:26:44.5+01:00", "2026-11-23T04:26:44Ztail"], ["2026-11-23T04:26:44Z\n", "2026-11-23", "2026-11-23T24:00:00Z"]),
    ("datetime", ["2026-11-23T04:26:44Z"], ["2026-11-23 04:26:44Z"]),
    ("duration", ["5s", "-1.5h", "1h2m", "0", "3 days", "5 Weeks", "in 5s"], ["5", "٣s", "5 parsecs", "s", f"{2**63} s and 1 s"]),
    ("k8s-short-name", ["a", "a-1", "x" * 63], ["A", "-a", "a.b", "x" * 64]),
    ("k8s-long-name", ["a", "a.b-c", "x" * 253], ["a..b", "a-.b", "A", "x" * 254]),
    ("no-such-format", ["anything"], []),
]  # fmt: skip


@pytest.mark.parametrize(("form", "good", "bad"), FORMATS, ids=[row[0] for row in FORMATS])
def test_format_is_that_of_strfmt(form: str, good: list[str], bad: list[str]) -> None:
    """What has a format and what has not is what kube-openapi says; digits and letters are ASCII."""
    assert [value for value in [*good, *bad] if has_format(value, form)] == good


@pytest.mark.parametrize(
    ("form", "kind", "known"),
    [
        ("k8s-short-name", "string", True),
        ("date-time", "", True),
        ("int32", "integer", True),
        ("int32", "string", False),
        ("int16", "integer", False),
        ("double", "number", True),
        ("date", "object", False),
    ],
)
def test_format_belongs_to_type(form: str, kind: str, known: bool) -> None:
    """A format that values of the type cannot have is not recognized, and so not checked."""
    assert is_recognized(form, kind) is known
