"""JSON paths, which printer columns and selectable fields name their values by."""

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.json_path_parser import parse
from rootspan_apiserver.resources.json_paths import follow

OBJ: JSONObject = {
    "metadata": {"labels": {"x.y/z": "1", "plain": "p"}},
    "spec": {"size": 2, "hosts": ["a", "b", "c"], "none": None},
    "status": {
        "conditions": [
            {"type": "Other", "status": "False", "n": 1},
            {"type": "Ready", "status": "True", "n": 2, "ok": True},
        ]
    },
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (".spec.size", [2]),
        ("$.spec.size", [2]),
        (".spec.none", [None]),
        (".spec.missing.deeper", []),
        (".spec.size.deeper", []),
        (".spec.hosts[0]", ["a"]),
        (".spec.hosts[-1]", ["c"]),
        (".spec.hosts[0:2]", ["a", "b"]),
        (".spec.hosts[1:]", ["b", "c"]),
        (".spec.hosts[::2]", ["a", "c"]),
        (".spec.hosts[0,2]", ["a", "c"]),
        (".spec.hosts[*]", ["a", "b", "c"]),
        (".spec.none[0]", []),
        (".metadata.labels.*", ["p", "1"]),
        (".metadata.labels['plain']", ["p"]),
        (".metadata.labels['x.y/z']", []),
        (r".metadata.labels['x\.y/z']", ["1"]),
        (r".metadata.labels.x\.y/z", ["1"]),
        ('.status.conditions[?(@.type=="Ready")].status', ["True"]),
        (".status.conditions[?(@.type=='Ready')].status", ["True"]),
        (".status.conditions[?(@.n>1)].type", ["Ready"]),
        (".status.conditions[?(@.n!=1)].type", ["Ready"]),
        (".status.conditions[?(@.ok==true)].type", ["Ready"]),
        (".status.conditions[?(@.ok)].type", ["Ready"]),
        ("..type", ["Other", "Ready"]),
        (".", []),
    ],
)
def test_path_leads_to_values(path: str, found: list[object]) -> None:
    """Fields, indices, slices, unions, wildcards, filters and descents lead where client-go's do."""
    assert follow([OBJ], parse(path)) == found


@pytest.mark.parametrize(
    "path",
    [".spec.hosts[9]", ".spec.size[0]", ".status[?(@.n==1)]", ".status.conditions[?(@.n=='1')]", ".spec.hosts[::0]"],
)
def test_path_that_does_not_fit_the_object_cannot_be_followed(path: str) -> None:
    """What is missing is no error, what is of the wrong kind is."""
    steps = parse(path)
    with pytest.raises(ValueError, match=r"\w"):
        follow([OBJ], steps)


@pytest.mark.parametrize(
    "path",
    [".spec[", ".spec[٣]", f".spec[{'9' * 5000}]", ".a[x]", ".a[?(@.b==", "....a", "spec", "#", ".a[-]", '.a["b"]'],
)
def test_text_that_is_no_path_is_refused(path: str) -> None:
    """The error names what is wrong, and nothing takes long."""
    with pytest.raises(ValueError, match=r"\w"):
        parse(path)
