"""The media types of bodies: objects, patches, plain text.

Upstream: staging/src/k8s.io/apimachinery/pkg/runtime/types.go, staging/src/k8s.io/apimachinery/pkg/types/patch.go
"""

JSON = "application/json"
YAML = "application/yaml"
PROTOBUF = "application/vnd.kubernetes.protobuf"
OBJECTS = (JSON, YAML, PROTOBUF)
"""The formats that objects are read from and written in, the default first."""
CUSTOM_OBJECTS = (JSON, YAML)
"""Those of custom resources, which have no message in protobuf."""

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
PATCHES = (JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, APPLY_PATCH)
CUSTOM_PATCHES = (JSON_PATCH, MERGE_PATCH, APPLY_PATCH)
"""Custom resources have no strategic merge: nothing says which key their lists are merged by."""

PLAIN = "text/plain"
TEXT = "text/plain; charset=utf-8"
