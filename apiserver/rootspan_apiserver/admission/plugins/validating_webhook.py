"""ValidatingAdmissionWebhook: calls the validating webhooks concurrently.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/validating/dispatcher.go
"""

import asyncio

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.webhooks.dispatcher import WebhookDispatcher, check_dry_run, encoded, new_uid
from rootspan_apiserver.admission.webhooks.matcher import WebhookInvocation
from rootspan_apiserver.admission.webhooks.webhook_errors import CallFailedError, RejectedError
from rootspan_apiserver.kube.status import StatusError, internal_error


class ValidatingAdmissionWebhook:
    """Calls the webhooks of all ValidatingWebhookConfigurations."""

    def __init__(self, dispatcher: WebhookDispatcher) -> None:
        self._dispatcher = dispatcher

    async def aclose(self) -> None:
        """Close the connections to the webhooks."""
        await self._dispatcher.aclose()

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Call every webhook that matches.

        Raises:
            StatusError: the first rejection, in the order of the webhooks.
        """
        webhooks = await self._dispatcher.webhooks(attributes)
        matched = [await self._dispatcher.invocation(webhook, attributes) for webhook in webhooks]
        invocations = [invocation for invocation in matched if invocation is not None]
        if not invocations:
            return
        if len(invocations) == 1:
            rejections = [await self._call(invocations[0], attributes, 0)]
        else:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._call(each, attributes, i)) for i, each in enumerate(invocations)]
            rejections = [task.result() for task in tasks]
        for rejection in rejections:
            if rejection is not None:
                raise rejection

    async def _call(
        self, invocation: WebhookInvocation, attributes: AdmissionAttributes, index: int
    ) -> StatusError | None:
        """Call one webhook. Return its rejection, which is not raised because all calls are to end first."""
        webhook, uid = invocation.webhook, new_uid()
        try:
            with self._dispatcher.measured(webhook, attributes.operation):
                check_dry_run(webhook, attributes)
                with self._dispatcher.span(invocation, attributes, uid) as step:
                    sent = await encoded(attributes.resource, attributes.object, invocation)
                    await self._dispatcher.call(invocation, attributes, sent, step, uid)
        except CallFailedError as exc:
            if not webhook.ignores_failure:
                return internal_error(str(exc))
            place = f"failed-open.validating.webhook.admission.k8s.io/round_0_index_{index}"
            attributes.audit_annotations.add(place, webhook.name)
        except RejectedError as exc:
            return exc.status
        except StatusError as exc:
            return exc
        return None
