"""Field paths as values: `spec.ports[0].name`, `metadata.labels[app]`.

A path is a link to its parent and a segment of its own, so that a check that finds no error pays for an allocation and never for a string.

Upstream: staging/src/k8s.io/apimachinery/pkg/util/validation/field/path.go
"""


class Path:
    """An immutable path from the root of an object; `str()` renders it as upstream's `field.Path`."""

    __slots__ = ("_parent", "_segment")

    def __init__(self, name: str = "", parent: "Path | None" = None) -> None:
        self._parent = parent
        self._segment = name

    def __truediv__(self, segment: str | int) -> "Path":
        """Return the path of a field (`path / "ports"`) or of an element of a list (`path / 0`)."""
        if isinstance(segment, str):
            return Path(segment, self)
        return Path(f"[{segment}]", self)

    @property
    def parent(self) -> "Path":
        """The path of what holds this."""
        return self._parent if self._parent is not None else ROOT

    def key(self, key: str) -> "Path":
        """Return the path of an entry of a map."""
        return Path(f"[{key}]", self)

    def __str__(self) -> str:
        segments = []
        path: Path | None = self
        while path is not None:
            segments.append(path._segment)
            path = path._parent
        text = ""
        for segment in reversed(segments):
            text += f".{segment}" if text and not segment.startswith("[") else segment
        return text

    def __repr__(self) -> str:
        return f"Path({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Path) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))


ROOT = Path()
"""The object itself."""
