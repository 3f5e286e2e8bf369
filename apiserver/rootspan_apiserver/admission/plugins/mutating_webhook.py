"""MutatingAdmissionWebhook: calls the mutating webhooks one after the other, each with the changes of those before it.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/mutating/dispatcher.go
"""

from dataclasses import replace

import orjson

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.chain import ReinvocationContext
from rootspan_apiserver.admission.defaulted import defaulted
from rootspan_apiserver.admission.webhooks.accessors import Webhook
from rootspan_apiserver.admission.webhooks.dispatcher import WebhookDispatcher, check_dry_run, encoded, new_uid
from rootspan_apiserver.admission.webhooks.matcher import WebhookInvocation
from rootspan_apiserver.admission.webhooks.response_patch import operations, patched, read_again
from rootspan_apiserver.admission.webhooks.webhook_errors import CallFailedError, RejectedError
from rootspan_apiserver.audit.level import Level
from rootspan_apiserver.dialects import events
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.go_values import go_json
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
        for index, webhook in enumerate(webhooks):
            invocation = await self._dispatcher.invocation(webhook, attributes)
            if invocation is None or (reinvocation.is_reinvocation and webhook.uid not in reinvocation.required):
                continue
            place = f"round_{int(reinvocation.is_reinvocation)}_index_{index}"
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
            with self._dispatcher.measured(webhook, attributes.operation):
                check_dry_run(webhook, attributes)
                changed = await self._patched_object(invocation, attributes, place)
        except CallFailedError as exc:
            if not webhook.ignores_failure:
                raise internal_error(str(exc)) from exc
            notes.add(f"failed-open.mutation.webhook.admission.k8s.io/{place}", webhook.name)
        except RejectedError as exc:
            raise exc.status from exc
        finally:
            called = {"configuration": webhook.configuration, "webhook": webhook.name, "mutated": changed is not None}
            notes.add(f"mutation.webhook.admission.k8s.io/{place}", orjson.dumps(called).decode())
        return changed

    async def _patched_object(
        self, invocation: WebhookInvocation, attributes: AdmissionAttributes, place: str
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
            key = f"patch.webhook.admission.k8s.io/{place}"
            attributes.audit_annotations.add(key, _patch_note(invocation.webhook, steps), level=Level.REQUEST)
        if after == before:
            return None
        kind = invocation.kind
        if resource.custom and (after["apiVersion"], after["kind"]) != (kind.api_version, kind.kind):
            return after
        return await defaulted(after, resource, attributes.subresource, attributes.kind)


def _patch_note(webhook: Webhook, steps: list[JSONObject]) -> str:
    """Return the annotation that records a patch."""
    ordered = [{key: step[key] for key in sorted(step)} for step in steps]
    note = {"configuration": webhook.configuration, "webhook": webhook.name, "patch": ordered}
    return go_json({**note, "patchType": "JSONPatch"})
