"""The client of a webhook that answers TokenReviews or SubjectAccessReviews.

Each call has a CLIENT span whose context the webhook receives, unlike in kube-apiserver, which does not trace these calls.

Upstream: staging/src/k8s.io/apiserver/plugin/pkg/authorizer/webhook/webhook.go, staging/src/k8s.io/client-go/rest/request.go
"""

from collections.abc import Mapping

import httpx
import orjson

from rootspan_apiserver.clients.kubeconfig_client import KubeconfigCallError, KubeconfigClient
from rootspan_apiserver.codec import yaml_body
from rootspan_apiserver.codec.json_body import load_object
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.go_values import json_type
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.remote_reviews import ReviewError
from rootspan_apiserver.types.problems import NotDecodableError, Problems
from rootspan_apiserver.types.tables import go_types

_SCHEME = "k8s.io/client-go/kubernetes/scheme/register.go:82"
_TYPE_META = 'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'


class ReviewClient:
    """Asks one webhook. The reviews are sent as they are, to the exact URL of its kubeconfig."""

    def __init__(self, client: KubeconfigClient) -> None:
        self._client = client

    async def ask(self, review: JSONObject) -> JSONObject:
        """Send a review, and return the `status` of the answer. Raises ReviewError."""
        try:
            answer = await self._client.post(orjson.dumps(review) + b"\n")
        except KubeconfigCallError as exc:
            raise ReviewError(
                str(exc), code=exc.code, timed_out=exc.timed_out, connection_reset=exc.connection_reset
            ) from exc
        try:
            return _status(_decoded(answer), review)
        except (ValueError, NotDecodableError) as exc:
            raise ReviewError(str(exc), code=answer.status_code) from exc

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _status(answer: JSONObject, asked: Mapping[str, str]) -> JSONObject:
    """Return the status of a review of the kind and version that was asked for. Raises ValueError or NotDecodableError."""
    wanted = asked["kind"], asked["apiVersion"]
    kind, version = answer.get("kind") or wanted[0], answer.get("apiVersion") or wanted[1]
    package, _, wanted_version = wanted[1].partition("/")
    if (kind, version) != wanted:
        known = {("Status", "v1")} | {(wanted[0], f"{package}/{each}") for each in ("v1", "v1beta1")}
        if (kind, version) not in known:
            told = f"no kind {quote(str(kind))} is registered for version {quote(str(version))}"
            raise ValueError(f"{told} in scheme {quote(_SCHEME)}")
        found = f"{version.rpartition('/')[2]}.{kind}"
        raise ValueError(f"converting ({found}) to ({wanted_version}.{wanted[0]}): unknown conversion")
    review = go_types().struct(f"{package.partition('.')[0]}/v1.{kind}")
    status: JSONObject = review.read_object({"status": answer.get("status") or {}}, Problems([])).get("status") or {}
    return status


def _decoded(answer: httpx.Response) -> JSONObject:
    content_type, content = answer.headers["content-type"], answer.content
    if not content:
        raise ValueError(f"0-length response with status code: {answer.status_code} and content type: {content_type}")
    if content.lstrip().startswith(b"{"):
        return load_object(content, duplicates=False)
    # What does not look like JSON is YAML for kube-apiserver's decoder, to which the page of a proxy is a string.
    value, _ = yaml_body.load(content)
    if isinstance(value, dict):
        return value
    told = f"json: cannot unmarshal {json_type(value)} into Go value of type {_TYPE_META}"
    raise ValueError(f"couldn't get version/kind; json parse error: {told}")
