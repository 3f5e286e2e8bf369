"""MutatingAdmissionWebhook: webhooks that change objects, one after the other, each seeing what those before it did."""

from dataclasses import replace

import orjson

from rootspan_apiserver.admission.attributes import Attributes
from rootspan_apiserver.admission.chain import Reinvocation
from rootspan_apiserver.admission.webhooks.dispatch import Dispatcher, check_dry_run, encoded, new_uid
from rootspan_apiserver.admission.webhooks.errors import CallFailedError, RejectedError
from rootspan_apiserver.admission.webhooks.matching import Invocation
from rootspan_apiserver.admission.webhooks.patching import operations, patched, read_again
from rootspan_apiserver.dialects import events
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import internal_error
from rootspan_apiserver.resources.conversion import convert


class MutatingWebhooks:
    name = "MutatingAdmissionWebhook"

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

    async def aclose(self) -> None:
        await self._dispatcher.aclose()

    async def mutate(self, attributes: Attributes, reinvocation: Reinvocation) -> JSONObject | None:
        webhooks = await self._dispatcher.webhooks(attributes)
        if not webhooks:
            return attributes.object
        if reinvocation.repeated and attributes.object != reinvocation.output:
            reinvocation.changed()
        index = 0
        for webhook in webhooks:
            invocation = await self._dispatcher.invocation(webhook, attributes)
            if invocation is None or (reinvocation.repeated and webhook.uid not in reinvocation.again):
                continue
            check_dry_run(webhook, attributes)
            place = f"round_{int(reinvocation.repeated)}_index_{index}"
            index += 1
            changed = await self._call(invocation, attributes, place)
            if changed is not None:
                attributes = replace(attributes, object=changed)
                reinvocation.changed()
            if webhook.reinvocation:
                reinvocation.called.add(webhook.uid)
        if reinvocation.wanted and not reinvocation.repeated:
            reinvocation.output = orjson.loads(orjson.dumps(attributes.object))
        return attributes.object

    async def _call(self, invocation: Invocation, attributes: Attributes, place: str) -> JSONObject | None:
        """The object the webhook made of the request's, if it is another one."""
        webhook, notes = invocation.webhook, attributes.audit_annotations
        changed = None
        try:
            changed = await self._ask(invocation, attributes)
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

    async def _ask(self, invocation: Invocation, attributes: Attributes) -> JSONObject | None:
        sent, uid = encoded(attributes, invocation), new_uid()
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
        if attributes.resource.custom and (after["apiVersion"], after["kind"]) != (kind.api_version, kind.kind):
            return after
        if attributes.subresource not in ("", "status"):
            return convert(after, attributes.kind)
        stored = convert(after, attributes.resource.storage_kind)
        attributes.resource.strategy.default(stored)
        return convert(stored, attributes.kind)
