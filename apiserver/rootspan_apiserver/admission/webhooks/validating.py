"""ValidatingAdmissionWebhook: webhooks that may only refuse, asked side by side."""

import asyncio

from rootspan_apiserver.admission.attributes import Attributes
from rootspan_apiserver.admission.webhooks.dispatch import Dispatcher, check_dry_run, encoded, new_uid
from rootspan_apiserver.admission.webhooks.errors import CallFailedError, RejectedError
from rootspan_apiserver.admission.webhooks.matching import Invocation
from rootspan_apiserver.kube.status import StatusError, internal_error


class ValidatingWebhooks:
    name = "ValidatingAdmissionWebhook"

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

    async def aclose(self) -> None:
        await self._dispatcher.aclose()

    async def validate(self, attributes: Attributes) -> None:
        webhooks = await self._dispatcher.webhooks(attributes)
        matched = [await self._dispatcher.invocation(webhook, attributes) for webhook in webhooks]
        invocations = [invocation for invocation in matched if invocation is not None]
        if not invocations:
            return
        if len(invocations) == 1:
            verdicts = [await self._call(invocations[0], attributes, 0)]
        else:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._call(each, attributes, i)) for i, each in enumerate(invocations)]
            verdicts = [task.result() for task in tasks]
        for verdict in verdicts:
            if verdict is not None:
                raise verdict

    async def _call(self, invocation: Invocation, attributes: Attributes, index: int) -> StatusError | None:
        """Why the request is refused, or None. All webhooks are waited for, so a refusal is a value here."""
        webhook, uid = invocation.webhook, new_uid()
        try:
            check_dry_run(webhook, attributes)
            with self._dispatcher.span(invocation, attributes, uid) as step:
                await self._dispatcher.call(invocation, attributes, encoded(attributes, invocation), step, uid)
        except CallFailedError as exc:
            if not webhook.ignores_failure:
                return internal_error(str(exc))
            place = f"failed-open.validating.webhook.admission.k8s.io/round_0_index_{index}"
            attributes.audit_annotations[place] = webhook.name
        except RejectedError as exc:
            return exc.status
        except StatusError as exc:
            return exc
        return None
