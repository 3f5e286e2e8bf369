"""The call of one webhook, from the object to the response: the common part of mutating and validating webhooks.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/generic/webhook.go, mutating/dispatcher.go
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from time import perf_counter
from types import MappingProxyType
from uuid import uuid4

import orjson

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.predicates import configures_admission
from rootspan_apiserver.admission.webhooks import admission_review
from rootspan_apiserver.admission.webhooks.accessors import Webhook
from rootspan_apiserver.admission.webhooks.matcher import WebhookInvocation, WebhookMatcher
from rootspan_apiserver.admission.webhooks.webhook_errors import CallFailedError, RejectedError
from rootspan_apiserver.admission.webhooks.webhook_source import WebhookSource
from rootspan_apiserver.clients.webhook_clients import (
    ClientConfigError,
    WebhookCallError,
    WebhookClient,
    WebhookClients,
)
from rootspan_apiserver.dialects import events, operations
from rootspan_apiserver.dialects.dialect import facts
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError, bad_request
from rootspan_apiserver.resources.conversion import converted
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage.stored_object import METADATA_ORDER
from rootspan_apiserver.telemetry.latency_trackers import Tracked
from rootspan_apiserver.telemetry.tracing import InternalSpan, Tracing
from rootspan_apiserver.telemetry.webhook_metrics import ANSWERED, CALL_FAILED, INTERNAL, AdmissionWebhookMetrics
from rootspan_apiserver.types.normal_form import omitting_empty

_OPERATIONS = MappingProxyType(
    {"mutating": operations.CALL_MUTATING_WEBHOOK, "validating": operations.CALL_VALIDATING_WEBHOOK}
)
_AFTER_UID = METADATA_ORDER.index("uid") + 1
_METADATA = (*METADATA_ORDER[:_AFTER_UID], "resourceVersion", *METADATA_ORDER[_AFTER_UID:])


class WebhookDispatcher:
    """Finds the webhooks that match a request and calls them. `kind` is `mutating` or `validating`."""

    def __init__(
        self,
        *,
        kind: str,
        source: WebhookSource,
        matcher: WebhookMatcher,
        clients: WebhookClients,
        tracing: Tracing,
        metrics: AdmissionWebhookMetrics,
    ) -> None:
        self._kind = kind
        self._phase = "admit" if kind == "mutating" else kind
        self._metrics = metrics
        self._source = source
        self._matcher = matcher
        self._clients = clients
        self._tracing = tracing
        self._latest: Sequence[Webhook] = ()

    async def webhooks(self, attributes: AdmissionAttributes) -> Sequence[Webhook]:
        """Return all configured webhooks; none for the objects that configure admission itself."""
        if configures_admission(attributes.resource):
            return ()
        current = await self._source.current()
        if current is not self._latest:
            self._latest = current
            await self._clients.keep(webhook.client for webhook in current)
        return current

    async def invocation(self, webhook: Webhook, attributes: AdmissionAttributes) -> WebhookInvocation | None:
        """Return how to call the webhook, None if it does not match. See `WebhookMatcher.invocation`."""
        return await self._matcher.invocation(webhook, attributes)

    def span(
        self, invocation: WebhookInvocation, attributes: AdmissionAttributes, uid: str
    ) -> AbstractContextManager[InternalSpan]:
        """Return the span of one call; `uid` is that of the AdmissionReview."""
        kind, webhook = invocation.resource.kind, invocation.webhook
        return self._tracing.span(
            _OPERATIONS[self._kind],
            lambda: facts(
                configuration=webhook.configuration,
                webhook=webhook.name,
                resource=f"{kind.group}/{kind.version}, Resource={invocation.resource.plural}",
                subresource=attributes.subresource,
                operation=attributes.operation,
                uid=uid,
            ),
        )

    @contextmanager
    def measured(self, webhook: Webhook, operation: str) -> Iterator[None]:
        """Count the call of a webhook, which is in the block; what it raises is why the request is rejected."""
        observe, started = partial(self._metrics.called, webhook.name, self._phase, operation), perf_counter()
        try:
            yield
        except CallFailedError as exc:
            error = "" if webhook.ignores_failure else CALL_FAILED
            observe(seconds=perf_counter() - started, code=exc.code, error=error)
            if webhook.ignores_failure:
                self._metrics.failed_open(webhook.name, self._phase)
            raise
        except RejectedError as exc:
            observe(seconds=perf_counter() - started, code=exc.status.code, error=ANSWERED)
            raise
        except StatusError:
            observe(seconds=perf_counter() - started, code=0, error=INTERNAL)
            raise
        observe(seconds=perf_counter() - started)

    async def call(
        self,
        invocation: WebhookInvocation,
        attributes: AdmissionAttributes,
        obj: bytes | None,
        step: InternalSpan,
        uid: str,
    ) -> admission_review.AdmissionResponse:
        """Call the webhook and record its warnings and audit annotations.

        Args:
            obj: The object as JSON, in the invocation's kind.
            step: The span of the call.
            uid: The uid of the AdmissionReview.

        Raises:
            CallFailedError: there is no valid response.
            RejectedError: the webhook rejects the request.
        """
        webhook = invocation.webhook
        client = self._client(webhook)
        version = admission_review.version_for(invocation)
        body = admission_review.request(
            uid=uid,
            version=version,
            invocation=invocation,
            attributes=attributes,
            obj=obj,
            old=await encoded(attributes.resource, attributes.old_object, invocation),
        )
        with Tracked(f"{self._kind}-webhook"):
            returned = await _called(client, webhook, body)
        step.event(events.WEBHOOK_ANSWERED)
        response = admission_review.response(
            returned, webhook=webhook.name, uid=uid, version=version, mutating=self._kind == "mutating"
        )
        for key, value in response.audit_annotations.items():
            attributes.audit_annotations.add(f"{webhook.name}/{key}", value)
        attributes.warnings.extend(response.warnings)
        if not response.allowed:
            raise admission_review.rejection(webhook.name, response.status)
        return response

    def _client(self, webhook: Webhook) -> WebhookClient:
        """Return the client for a webhook. Raises CallFailedError if its configuration is not usable."""
        try:
            return self._clients.prepare(webhook.client)
        except ClientConfigError as exc:
            raise CallFailedError(webhook.name, f"could not get REST client: {exc}", 500) from exc

    async def aclose(self) -> None:
        """Close the connections to the webhooks."""
        await self._clients.aclose()


async def _called(client: WebhookClient, webhook: Webhook, body: bytes) -> JSONObject:
    """Return the answer of a webhook within its timeout. Raises CallFailedError if there is none."""
    try:
        return await client.call(body, seconds=webhook.timeout, query=f"timeout={webhook.timeout}s")
    except WebhookCallError as exc:
        raise CallFailedError(webhook.name, f"failed to call webhook: {exc}", exc.code) from exc


def check_dry_run(webhook: Webhook, attributes: AdmissionAttributes) -> None:
    """Check that the webhook may be called for a dry run.

    Raises:
        StatusError: 400, the request is a dry run and the webhook has side effects.
    """
    if attributes.dry_run and webhook.side_effects not in ("None", "NoneOnDryRun"):
        raise bad_request(f"admission webhook {quote(webhook.name)} does not support dry run")


def new_uid() -> str:
    """Return a uid for an AdmissionReview."""
    return str(uuid4())


async def encoded(resource: Resource, obj: JSONObject | None, invocation: WebhookInvocation) -> bytes | None:
    """Return an object of the request as JSON, in the invocation's kind, its metadata in the field order of the API.

    Raises:
        StatusError: 500, it is of a custom resource whose conversion webhook fails.
    """
    if obj is None:
        return None
    wanted = omitting_empty(await converted(resource, obj, invocation.kind), invocation.kind)
    metadata = wanted.get("metadata") or {}
    ordered = {name: metadata[name] for name in _METADATA if name in metadata}
    return orjson.dumps({**wanted, "metadata": ordered | metadata})
