"""The text of a configuration file into a value: JSON if it begins with a brace, else YAML.

Upstream: staging/src/k8s.io/apimachinery/pkg/runtime/serializer/json/json.go
"""

from typing import Any

from rootspan_apiserver.codec import json_body, yaml_body


def load(text: bytes) -> tuple[Any, list[str]]:
    """Return the value of a document and its strict decoding errors.

    Raises:
        NotDecodableError: it is neither JSON nor YAML.
    """
    if text.lstrip().startswith(b"{"):
        return json_body.load(text, duplicates=True), []
    value, found = yaml_body.load(text)
    return {} if value is None else value, found
