"""One call of one webhook, from the object to the answer: what mutating and validating webhooks have in common."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from types import MappingProxyType
from uuid import uuid4

import orjson

from rootspan_apiserver.admission.attributes import Attributes
from rootspan_apiserver.admission.webhooks import review
from rootspan_apiserver.admission.webhooks.client import WebhookClients
from rootspan_apiserver.admission.webhooks.configuration import Webhook
from rootspan_apiserver.admission.webhooks.matching import Invocation, Matcher, exempt
from rootspan_apiserver.admission.webhooks.sources import Source
from rootspan_apiserver.dialects import events, operations
from rootspan_apiserver.dialects.dialect import facts
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import bad_request
from rootspan_apiserver.resources.conversion import convert
from rootspan_apiserver.storage.stored_object import METADATA_ORDER
from rootspan_apiserver.telemetry.tracing import InternalSpan, Tracing

_OPERATIONS = MappingProxyType(
    {"mutating": operations.CALL_MUTATING_WEBHOOK, "validating": operations.CALL_VALIDATING_WEBHOOK}
)
_AFTER_UID = METADATA_ORDER.index("uid") + 1
_METADATA = (*METADATA_ORDER[:_AFTER_UID], "resourceVersion", *METADATA_ORDER[_AFTER_UID:])


class Dispatcher:
    """Finds the webhooks for a request and calls them. `kind` is `mutating` or `validating`."""

    def __init__(self, kind: str, source: Source, matcher: Matcher, clients: WebhookClients, tracing: Tracing) -> None:
        self._kind = kind
        self._source = source
        self._matcher = matcher
        self._clients = clients
        self._tracing = tracing
        self._known: Sequence[Webhook] = ()

    async def webhooks(self, attributes: Attributes) -> Sequence[Webhook]:
        """All webhooks in force; none for the objects that configure admission itself."""
        if exempt(attributes.resource):
            return ()
        current = await self._source.current()
        if current is not self._known:
            self._known = current
            await self._clients.keep(webhook.client for webhook in current)
        return current

    async def invocation(self, webhook: Webhook, attributes: Attributes) -> Invocation | None:
        """See `Matcher.invocation`."""
        return await self._matcher.invocation(webhook, attributes)

    def span(self, invocation: Invocation, attributes: Attributes, uid: str) -> AbstractContextManager[InternalSpan]:
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

    async def call(
        self, invocation: Invocation, attributes: Attributes, obj: bytes | None, step: InternalSpan, uid: str
    ) -> review.Answer:
        """Ask the webhook. `obj` is the object as JSON, in the invocation's kind.

        Raises:
            CallFailedError, RejectedError: no usable answer, or a refusal.
        """
        webhook = invocation.webhook
        client = self._clients.prepare(webhook)
        version = review.version_for(invocation)
        body = review.request(uid, version, invocation, attributes, obj, _as(attributes.old_object, invocation))
        returned = await client.call(webhook, body)
        step.event(events.WEBHOOK_ANSWERED)
        answer = review.answer(webhook.name, uid, version, returned, mutating=self._kind == "mutating")
        attributes.audit_annotations.update({f"{webhook.name}/{k}": v for k, v in answer.audit_annotations.items()})
        attributes.warnings.extend(answer.warnings)
        if not answer.allowed:
            raise review.rejection(webhook.name, answer.status)
        return answer

    async def aclose(self) -> None:
        await self._clients.aclose()


def check_dry_run(webhook: Webhook, attributes: Attributes) -> None:
    """Raises StatusError, 400, if the request must have no effects and the webhook may have some."""
    if attributes.dry_run and webhook.side_effects not in ("None", "NoneOnDryRun"):
        raise bad_request(f"admission webhook {quote(webhook.name)} does not support dry run")


def encoded(attributes: Attributes, invocation: Invocation) -> bytes | None:
    """The request's object as the webhook is to see it."""
    return _as(attributes.object, invocation)


def new_uid() -> str:
    return str(uuid4())


def _as(obj: JSONObject | None, invocation: Invocation) -> bytes | None:
    """The object in the invocation's kind, its metadata in the order in which the API writes it."""
    if obj is None:
        return None
    converted = convert(obj, invocation.kind)
    metadata = converted.get("metadata") or {}
    ordered = {name: metadata[name] for name in _METADATA if name in metadata}
    return orjson.dumps({**converted, "metadata": ordered | metadata})
