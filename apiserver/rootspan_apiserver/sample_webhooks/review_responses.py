"""The responses of the two webhooks to the request of an AdmissionReview."""

import base64
from collections.abc import Mapping
from typing import Any

import orjson

from rootspan_apiserver.kube.meta import JSONObject

LABEL = "seen-by"
MARK = "sample-webhooks"
ALLOW_LABEL = "sample-webhooks/allow-passwords"
DENIED_DATA = {"password": "hunter2"}
"""Data of a config map that the validating webhook denies."""


def mutated(request: JSONObject) -> JSONObject:
    """Allow the request and add the label `seen-by: sample-webhooks`."""
    labels = ((request.get("object") or {}).get("metadata") or {}).get("labels") or {}
    operation = {"op": "add", "path": "/metadata/labels", "value": {**labels, LABEL: MARK}}
    patch = base64.b64encode(orjson.dumps([operation])).decode()
    return {"uid": request["uid"], "allowed": True, "patchType": "JSONPatch", "patch": patch}


def validated(request: JSONObject, namespace: Mapping[str, Any]) -> JSONObject:
    """Deny a config map with a `password`, unless its namespace is labelled `sample-webhooks/allow-passwords: "true"`."""
    data = (request.get("object") or {}).get("data") or {}
    labels = (namespace.get("metadata") or {}).get("labels") or {}
    if "password" not in data or labels.get(ALLOW_LABEL) == "true":
        return {"uid": request["uid"], "allowed": True}
    status = {"code": 403, "reason": "Forbidden", "message": "a password belongs in a Secret, not in a ConfigMap"}
    return {"uid": request["uid"], "allowed": False, "status": status}
