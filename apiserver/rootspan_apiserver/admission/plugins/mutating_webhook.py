"""MutatingAdmissionWebhook: calls the mutating webhooks one after the other, each with the changes of those before it.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/mutating/dispatcher.go
"""

from dataclasses import replace

import orjson

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.chain import ReinvocationContext
from rootspan_apiserver.admission.defaulted import defaulted
from rootspan_apiserver.admission.webhooks.dispatcher import WebhookDispatcher, check_dry_run, encoded, new_uid
from rootspan_apiserver.admission.webhooks.matcher import WebhookInvocation
from rootspan_apiserver.admission.webhooks.response_patch import operations, patched, read_again
from rootspan_apiserver.admission.webhooks.webhook_errors import CallFailedError, RejectedError
from rootspan_apiserver.dialects import events
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import internal_error


class MutatingAdmissionWebhook:
    """Calls the webhooks of all MutatingWebhookConfigurations, in the order of their names."""

    def __init__(self, dispatcher: WebhookDispatcher) -> None:
        self._dispatcher = dispatcher

    async def aclose(self) -> None:
        """Close the connections to the webhooks."""
        await self._dispatcher.aclose()

    async def mutate(self, attributes: AdmissionAttributes, reinvocation: ReinvocationContext) -> JSONObject | None:
        """Return the object as the webhooks leave it.

        Raises:
            StatusError: a webhook rejects the request, or fails and its failurePolicy is Fail.
        """
        webhooks = await self._dispatcher.webhooks(attributes)
        if not webhooks:
            return attributes.object
        if reinvocation.is_reinvocation and attributes.object != reinvocation.output:
            reinvocation.require_reinvocation()
        index = 0
        for webhook in webhooks:
            invocation = await self._dispatcher.invocation(webhook, attributes)
            if invocation is None or (reinvocation.is_reinvocation and webhook.uid not in reinvocation.required):
                continue
            check_dry_run(webhook, attributes)
            place = f"round_{int(reinvocation.is_reinvocation)}_index_{index}"
            index += 1
            changed = await self._call(invocation, attributes, place)
            if changed is not None:
                attributes = replace(attributes, object=changed)
                reinvocation.require_reinvocation()
            if webhook.reinvocation:
                reinvocation.reinvocable.add(webhook.uid)
        if reinvocation.requested and not reinvocation.is_reinvocation:
            reinvocation.output = orjson.loads(orjson.dumps(attributes.object))
        return attributes.object

    async def _call(
        self, invocation: WebhookInvocation, attributes: AdmissionAttributes, place: str
    ) -> JSONObject | None:
        """Call one webhook and write its audit annotations. Return the changed object, None if it did not change."""
        webhook, notes = invocation.webhook, attributes.audit_annotations
        changed = None
        try:
            changed = await self._patched_object(invocation, attributes)
        except CallFailedError as exc:
            if not webhook.ignores_failure:
                raise internal_error(str(exc)) from exc
            notes[f"failed-open.mutating.webhook.admission.k8s.io/{place}"] = webhook.name
        except RejectedError as exc:
            raise exc.status from exc
        finally:
            called = {"configuration": webhook.configuration, "webhook": webhook.name, "mutated": changed is not None}
            notes[f"mutation.webhook.admission.k8s.io/{place}"] = orjson.dumps(called).decode()
        return changed

    async def _patched_object(
        self, invocation: WebhookInvocation, attributes: AdmissionAttributes
    ) -> JSONObject | None:
        resource, uid = attributes.resource, new_uid()
        sent = await encoded(resource, attributes.object, invocation)
        with self._dispatcher.span(invocation, attributes, uid) as step:
            answer = await self._dispatcher.call(invocation, attributes, sent, step, uid)
            steps = operations(invocation.webhook.name, answer)
            if not steps:
                return None
            if sent is None:
                why = "attempted to modify the object, which is not supported for this operation"
                raise internal_error(f"admission webhook {quote(invocation.webhook.name)} {why}")
            before = orjson.loads(sent)
            after = read_again(patched(before, steps), invocation)
            step.event(events.WEBHOOK_PATCH_APPLIED)
        if after == before:
            return None
        kind = invocation.kind
        if resource.custom and (after["apiVersion"], after["kind"]) != (kind.api_version, kind.kind):
            return after
        return await defaulted(after, resource, attributes.subresource, attributes.kind)
