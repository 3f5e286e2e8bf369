"""The names of images: whether one means the newest, which is pulled anew for each container.

Upstream: pkg/util/parsers/parsers.go (ParseImageName), github.com/distribution/reference
"""

import re

NAME_LIMIT = 255
_LABEL = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_HOST = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[(?:[a-fA-F0-9:]+)\])(?::[0-9]+)?"
_PART = "[a-z0-9]+(?:(?:[.]|_|__|-+)[a-z0-9]+)*"
_TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
_DIGEST = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
_REFERENCE = re.compile(rf"({_HOST}/{_PART}(?:/{_PART})*)(?::({_TAG}))?(?:@({_DIGEST}))?")
_IDENTIFIER = re.compile("[a-f0-9]{64}")


def is_latest(image: str) -> bool:
    """Return whether an image is the one with the tag `latest`, which is also that without a tag or a digest.

    What is no name of an image is not.
    """
    if _IDENTIFIER.fullmatch(image):
        return False
    first, slash, rest = image.partition("/")
    is_host = slash and ("." in first or ":" in first or first == "localhost" or first.lower() != first)
    host, path = (first, rest) if is_host else ("docker.io", image)
    if host == "docker.io" and "/" not in path:
        path = f"library/{path}"
    match = _REFERENCE.fullmatch(f"{host}/{path}")
    if match is None or len(match[1]) > NAME_LIMIT:
        return False
    return (match[2] or ("" if match[3] else "latest")) == "latest"
