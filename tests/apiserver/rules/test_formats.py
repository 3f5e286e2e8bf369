"""The formats of `+k8s:format`: a text of each that passes, and upstream's words for one that does not."""

import pytest

from rootspan_apiserver.rules.formats import FORMATS
from rootspan_apiserver.rules.paths import ROOT
from rootspan_apiserver.rules.rule import ABSENT, RuleContext

SUBDOMAIN = "RFC 1123 subdomain must consist of {}alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"
IDENTIFIER = "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'"
LOWER = "a lowercase " + SUBDOMAIN.format("lower case ")


def reasons(name: str, value: str) -> list[str]:
    """Return the messages without examples and patterns."""
    found = FORMATS[name].check(value, ABSENT, ROOT / "f", RuleContext(update=False, root={}))
    return [str(error).partition(" (e.g. ")[0].removeprefix("f: ") for error in found]


@pytest.mark.parametrize(
    ("name", "good", "bad", "expected"),
    [
        ("k8s-short-name", "a-1", "a.b", ['Invalid value: "a.b": must not contain dots']),
        ("k8s-short-name", "a" * 63, "a" * 64, [f'Invalid value: "{"a" * 64}": must be no more than 63 bytes']),
        ("k8s-long-name", "a.b", "A.b", [f'Invalid value: "A.b": {LOWER}']),
        ("k8s-long-name-caseless", "A.b", "A_b", [f'Invalid value: "A_b": an {SUBDOMAIN.format("")}']),
        ("k8s-label-key", "a.b/C", "/c", ['Invalid value: "/c": prefix part must be non-empty']),
        ("k8s-path-segment-name", "a:B", "a/b", ["Invalid value: \"a/b\": may not contain '/'"]),
        (
            "k8s-uuid",
            "123e4567-e89b-12d3-a456-426614174000",
            "123E4567-e89b-12d3-a456-426614174000",
            ['Invalid value: "123E4567-e89b-12d3-a456-426614174000": must be a lowercase UUID in 8-4-4-4-12 format'],
        ),
        (
            "k8s-resource-pool-name",
            "a.b/c",
            "a//B",
            ['Invalid value: "a//B": segment 1: must not be empty', f'Invalid value: "B": segment 2: {LOWER}'],
        ),
        (
            "k8s-resource-fully-qualified-name",
            "example.com/some_name",
            "some-name",
            [
                f'Invalid value: "some-name": {IDENTIFIER}',
                'Invalid value: "some-name": a fully qualified name must be a domain and a name separated by a slash',
            ],
        ),
        (
            "k8s-resource-fully-qualified-name",
            "a/b",
            "/",
            ['Invalid value: "": prefix must not be empty', 'Invalid value: "": name must not be empty'],
        ),
        (
            "k8s-resource-fully-qualified-name",
            "a/" + "b" * 32,
            "a" * 64 + "/" + "b" * 33,
            ["Too long: may not be more than 63 bytes", "Too long: may not be more than 32 bytes"],
        ),
        (
            "k8s-extended-resource-name",
            "example.com/gpu",
            "requests.kubernetes.io/gpu",
            [
                'Invalid value: "requests.kubernetes.io/gpu": must not have "kubernetes.io/" domain',
                'Invalid value: "requests.kubernetes.io/gpu": must not have "requests." prefix',
            ],
        ),
    ],
)
def test_format(name: str, good: str, bad: str, expected: list[str]) -> None:
    """A text of the format passes; another is refused in upstream's words."""
    assert reasons(name, good) == []
    assert reasons(name, bad) == expected
