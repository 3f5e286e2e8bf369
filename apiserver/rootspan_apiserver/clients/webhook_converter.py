"""The conversion webhook of a CustomResourceDefinition (`strategy: Webhook`).

A call belongs to no trace of a request: like kube-apiserver's it is the root of a trace of its own, whose context the webhook receives.
Objects that are to be converted together, those of a list, are sent in one call.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/conversion/webhook_converter.go
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass
from time import perf_counter
from uuid import uuid4

import orjson

from rootspan_apiserver.clients import conversion_review
from rootspan_apiserver.clients.conversion_review import InvalidReviewError, kind_of, shown
from rootspan_apiserver.clients.webhook_client_config import WebhookClientConfig
from rootspan_apiserver.clients.webhook_clients import ClientConfigError, WebhookCallError, WebhookClients
from rootspan_apiserver.codec import custom
from rootspan_apiserver.dialects import events, operations
from rootspan_apiserver.dialects.dialect import facts
from rootspan_apiserver.kube.go_values import json_type
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.telemetry.conversion_metrics import ConversionMetrics, Failure
from rootspan_apiserver.telemetry.tracing import Tracing
from rootspan_apiserver.types.problems import NotDecodableError, Problems
from rootspan_apiserver.types.schema import Schema

SECONDS = 30
"""How long a call may take: the default of webhook clients, which a definition cannot change."""


class ConversionError(Exception):
    """A conversion that failed: the message is upstream's, `failure` its name in the metrics."""

    def __init__(self, failure: Failure, message: str) -> None:
        super().__init__(message)
        self.failure = failure


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionSettings:
    """The conversion webhook of the definition `name`.

    Attributes:
        stored: The group-version in which objects are stored.
        schemas: The schema of each version, by group-version.
        review_versions: The versions of ConversionReview that the webhook understands, the preferred one first.
    """

    name: str
    stored: str
    schemas: Mapping[str, Schema]
    client: WebhookClientConfig
    review_versions: tuple[str, ...]


class WebhookConverter:
    """Converts objects by calls of a webhook."""

    def __init__(
        self, settings: ConversionSettings, clients: WebhookClients, tracing: Tracing, metrics: ConversionMetrics
    ) -> None:
        self._settings = settings
        self._clients = clients
        self._tracing = tracing
        self._metrics = metrics

    @property
    def stored(self) -> str:
        """The group-version in which objects are stored."""
        return self._settings.stored

    async def convert(self, objects: Sequence[JSONObject], api_version: str) -> list[JSONObject]:
        """Return the objects in a group-version; those that are in it already are not sent.

        Raises:
            StatusError: 500, the webhook fails, or what it answers is not valid.
        """
        sent = [each for each in objects if each.get("apiVersion") != api_version]
        if not sent:
            return list(objects)
        work = asyncio.create_task(self._observed(sent, api_version), context=Context())
        answered = iter(await work)
        return [each if each.get("apiVersion") == api_version else next(answered) for each in objects]

    async def _observed(self, objects: list[JSONObject], api_version: str) -> list[JSONObject]:
        """Convert, and observe the outcome. Raises StatusError 500."""
        begun, failure = perf_counter(), None
        try:
            return await self._converted(objects, api_version)
        except ConversionError as exc:
            failure = exc.failure
            raise StatusError(500, "", str(exc)) from exc
        finally:
            self._metrics.observe(
                definition=self._settings.name,
                from_version=kind_of(objects[0]).version,
                to_version=api_version.rpartition("/")[2],
                failure=failure,
                seconds=perf_counter() - begun,
            )

    async def _converted(self, objects: list[JSONObject], api_version: str) -> list[JSONObject]:
        """Raises ConversionError."""
        who = f"conversion webhook for {shown(kind_of(objects[0]))}"
        answered = await self._answered(who, objects, api_version)
        if len(answered) != len(objects):
            words = f"{who} returned {len(answered)} objects, expected {len(objects)}"
            raise ConversionError(Failure.PARTIAL_RESPONSE, words)
        return [
            self._checked(_Words(who, index if len(objects) > 1 else None), original, given, api_version)
            for index, (original, given) in enumerate(zip(objects, answered, strict=True))
        ]

    async def _answered(self, who: str, objects: list[JSONObject], api_version: str) -> list[object]:
        """Return what the webhook makes of the objects. Raises ConversionError."""
        uid, settings = str(uuid4()), self._settings
        try:
            version = conversion_review.version_for(settings.review_versions)
            client = self._clients.prepare(settings.client)
        except (InvalidReviewError, ClientConfigError) as exc:
            raise ConversionError(Failure.CALL, str(exc)) from exc
        body = conversion_review.request(version, uid, objects, api_version)
        with self._tracing.span(
            operations.CALL_CONVERSION_WEBHOOK,
            lambda: facts(definition=settings.name, desired=api_version, count=len(objects), uid=uid),
        ) as step:
            try:
                review = await client.call(body, seconds=SECONDS, query=f"timeout={SECONDS}s")
                review = conversion_review.read(review, version)
            except (WebhookCallError, InvalidReviewError) as exc:
                raise ConversionError(Failure.CALL, f"{who} failed: {exc}") from exc
            step.event(events.WEBHOOK_ANSWERED)
            try:
                return conversion_review.converted_objects(review, version, uid)
            except InvalidReviewError as exc:
                raise ConversionError(Failure.MALFORMED_RESPONSE, f"{who} failed: {exc}") from exc

    def _checked(self, words: "_Words", original: JSONObject, given: object, api_version: str) -> JSONObject:
        """Return an object of the answer with its metadata restored, pruned as its version says. Raises ConversionError."""
        obj = words.object_of(given)
        try:
            conversion_review.check_kind(original, obj, api_version)
        except InvalidReviewError as exc:
            raise words.invalid_kind(exc) from exc
        try:
            conversion_review.check_same(original, obj)
        except InvalidReviewError as exc:
            raise words.invalid_object(exc) from exc
        try:
            obj["metadata"] = conversion_review.restored_metadata(original, obj)
        except InvalidReviewError as exc:
            raise words.invalid_metadata(exc) from exc
        schema = self._settings.schemas.get(api_version)
        try:
            return obj if schema is None else custom.read(obj, schema, Problems())
        except NotDecodableError as exc:
            raise words.invalid_metadata(exc) from exc


@dataclass(frozen=True, slots=True)
class _Words:
    """The errors of one object of an answer; `index` is None where it is the only one."""

    who: str
    index: int | None

    def object_of(self, given: object) -> JSONObject:
        """Return what should be an object. Raises ConversionError."""
        if isinstance(given, dict) and given.get("kind"):
            return given
        if isinstance(given, dict):
            words = f"Object 'Kind' is missing in '{orjson.dumps(given).decode()}'"
        elif given is None:
            words = "unexpected end of JSON input"
        else:
            words = f"json: cannot unmarshal {json_type(given)} into Go value of type map[string]interface {{}}"
        if self.index is None:
            raise ConversionError(Failure.INVALID_OBJECT, words)
        raise self._error(self._at(words))

    def invalid_kind(self, error: Exception) -> ConversionError:
        return self._error(f"invalid object at index 0: {error}" if self.index is None else self._at(error))

    def invalid_object(self, error: Exception) -> ConversionError:
        return self._error(f"invalid object: {error}" if self.index is None else self._at(error))

    def invalid_metadata(self, error: Exception) -> ConversionError:
        where = "" if self.index is None else f" in object at index {self.index}"
        return self._error(f"invalid metadata{where}: {error}")

    def _at(self, words: object) -> str:
        return f"invalid converted object at index {self.index}: {words}"

    def _error(self, words: str) -> ConversionError:
        return ConversionError(Failure.INVALID_OBJECT, f"{self.who} returned {words}")
