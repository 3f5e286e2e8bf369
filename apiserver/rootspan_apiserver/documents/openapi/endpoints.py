"""The paths of documents: discovery, the version, the issuer of service account tokens.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/discovery/legacy.go, group.go, version.go,
staging/src/k8s.io/apiserver/pkg/server/routes/version.go, pkg/routes/openidmetadata.go
"""

from collections.abc import Sequence

from rootspan_apiserver.documents.openapi.custom_schemas import META
from rootspan_apiserver.documents.openapi.paths import group_words
from rootspan_apiserver.kube.media_types import JSON, PROTOBUF, YAML
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.types.openapi import reference

_OBJECTS = (JSON, PROTOBUF, YAML)
VERSION_INFO = "io.k8s.apimachinery.pkg.version.Info"
_TEXT: JSONObject = {"type": "string"}
_INFO = ("major", "minor", "gitVersion", "gitCommit", "gitTreeState", "buildDate", "goVersion", "compiler", "platform")
_OPTIONAL = ("emulationMajor", "emulationMinor", "minCompatibilityMajor", "minCompatibilityMinor")
VERSION_SCHEMA: JSONObject = {
    "description": "The release that the server is, and the one that it emulates.",
    "type": "object",
    "required": list(_INFO),
    "properties": {name: {"type": "string", "default": ""} for name in _INFO} | dict.fromkeys(_OPTIONAL, _TEXT),
}


def endpoint_paths(registry: Registry) -> dict[str, JSONObject]:
    """Return the paths of documents, by the path of the OpenAPI document that they stand in."""
    found = {
        ".well-known/openid-configuration": _get("WellKnown", "getServiceAccountIssuerOpenIDConfiguration", _TEXT),
        "api": _get("core", "getCoreAPIVersions", reference(f"{META}APIVersions"), _OBJECTS),
        "apis": _get("apis", "getAPIVersions", reference(f"{META}APIGroupList"), _OBJECTS),
        "openid/v1/jwks": _get("openid", "getServiceAccountIssuerOpenIDKeyset", _TEXT, ("application/jwk-set+json",)),
        "version": _get("version", "getCodeVersion", reference(VERSION_INFO)),
    }
    for group in registry.groups():
        words = group_words(group.name)
        called = words[0].upper() + words[1:]
        if group.name:
            schema = reference(f"{META}APIGroup")
            found[f"apis/{group.name}"] = _get(words, f"get{called}APIGroup", schema, _OBJECTS)
        for version in group.versions:
            root = f"apis/{group.name}/{version}" if group.name else f"api/{version}"
            name = f"get{called}{version[0].upper()}{version[1:]}APIResources"
            found[root] = _get(f"{words}_{version}", name, reference(f"{META}APIResourceList"), _OBJECTS)
    return {path: {f"/{path}/": item} for path, item in found.items()}


def _get(tag: str, name: str, schema: JSONObject, media_types: Sequence[str] = (JSON,)) -> JSONObject:
    content = {media_type: {"schema": schema} for media_type in media_types}
    return {"get": {"tags": [tag], "operationId": name, "responses": {"200": {"content": content}, "401": {}}}}
