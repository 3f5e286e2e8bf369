"""Field paths."""

from rootspan_apiserver.rules import ROOT, Path


def test_path_renders_like_upstream() -> None:
    """Fields are joined by dots, indices and keys stand in brackets; the root has no text."""
    path = ROOT / "spec" / "ports" / 0 / "name"
    assert str(path) == "spec.ports[0].name"
    assert (
        str((ROOT / "metadata" / "labels").key("app.kubernetes.io/name")) == "metadata.labels[app.kubernetes.io/name]"
    )
    assert str(ROOT) == ""
    assert str(ROOT.key("a") / "b") == "[a].b"


def test_path_is_immutable_value() -> None:
    """Going on from a path leaves it as it is; equal paths are equal values."""
    spec = ROOT / "spec"
    assert {spec / "a", spec / "b", Path("spec") / "a"} == {Path("spec") / "b", ROOT / "spec" / "a"}
    assert str(spec) == "spec"
    assert spec != "spec"
