"""ResourceQuota: rejects what would exceed the quotas of its namespace, and counts in their status what it admits.

The operations in one namespace are checked one batch after another, so that each sees what the ones before it use. The counts are written
before the objects: where an object is not stored in the end, the controller of quotas corrects them.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/resourcequota/admission.go, controller.go, resource_access.go
"""

import asyncio
import logging
from collections.abc import Sequence
from contextvars import Context
from dataclasses import dataclass

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.quota.checking import Quota, check_request
from rootspan_apiserver.admission.quota.evaluator import Evaluator
from rootspan_apiserver.admission.quota.evaluators import Evaluators
from rootspan_apiserver.clients.api_path import APIPath
from rootspan_apiserver.clients.loopback import LoopbackClient
from rootspan_apiserver.kube.meta import GroupResource
from rootspan_apiserver.kube.status import StatusError, internal_error
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage.object_cache import ObjectCache

logger = logging.getLogger(__name__)
SECONDS = 10.0
"""How long an operation waits to be checked."""
RETRIES = 3
"""How often counts are written again that another writer of the quota has overtaken."""
_NAMESPACES = GroupResource("", "namespaces")


@dataclass(frozen=True, slots=True, eq=False)
class AdmissionWaiter:
    """An operation that waits to be checked."""

    attributes: AdmissionAttributes
    evaluator: Evaluator
    admitted: asyncio.Future[None]

    def finish(self, error: StatusError | None = None) -> None:
        """Admit the operation, or reject it with `error`."""
        if self.admitted.done():
            return
        if error is None:
            self.admitted.set_result(None)
        else:
            self.admitted.set_exception(error)


class ResourceQuota:
    """Enforces quotas; `resource` is that of quotas."""

    def __init__(
        self, cache: ObjectCache, resource: Resource, evaluators: Evaluators, loopback: LoopbackClient
    ) -> None:
        self._cache = cache
        self._resource = resource
        self._evaluators = evaluators
        self._loopback = loopback
        self._waiting: dict[str, list[AdmissionWaiter]] = {}
        self._workers: dict[str, asyncio.Task[None]] = {}

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Check the object against the quotas of its namespace, and count it.

        Raises:
            StatusError: 403, it would exceed a quota; 409, the counts could not be written; 500, it has not been checked in time.
        """
        if not attributes.namespace or attributes.resource.group_resource == _NAMESPACES:
            return
        if attributes.operation not in ("CREATE", "UPDATE"):
            return
        evaluator = await self._evaluators.of(attributes.resource.group_resource, attributes.namespace)
        if evaluator is None or not evaluator.handles(attributes):
            return
        if not await self._cache.cached(self._resource, attributes.namespace):
            return
        waiter = AdmissionWaiter(attributes, evaluator, asyncio.get_running_loop().create_future())
        self._enqueue(waiter)
        try:
            async with asyncio.timeout(SECONDS):
                await waiter.admitted
        except TimeoutError as exc:
            raise internal_error("resource quota evaluation timed out") from exc

    async def aclose(self) -> None:
        """Stop checking."""
        workers = list(self._workers.values())
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    def _enqueue(self, waiter: AdmissionWaiter) -> None:
        namespace = waiter.attributes.namespace
        self._waiting.setdefault(namespace, []).append(waiter)
        if namespace not in self._workers:
            # Not in the trace of the request: what it writes is counted for several.
            work = asyncio.create_task(self._work(namespace), context=Context())
            self._workers[namespace] = work

    async def _work(self, namespace: str) -> None:
        try:
            while batch := self._waiting.pop(namespace, None):
                await self._check(namespace, batch)
        finally:
            del self._workers[namespace]

    async def _check(self, namespace: str, batch: Sequence[AdmissionWaiter]) -> None:
        try:
            await self._check_quotas(await self._quotas(namespace), batch)
        except StatusError as exc:
            error = exc
        except Exception:
            logger.exception("the quotas of %s cannot be checked", namespace)
            error = internal_error("resource quota evaluation failed")
        else:
            return
        for waiter in batch:
            waiter.finish(error)

    async def _quotas(self, namespace: str) -> list[Quota]:
        return [Quota.of(stored.decode()) for stored in await self._cache.cached(self._resource, namespace)]

    async def _check_quotas(
        self, quotas: list[Quota], batch: Sequence[AdmissionWaiter], retries: int = RETRIES
    ) -> None:
        """Check every operation of a batch, then write the counts of those that are admitted."""
        counted = self._count(quotas, batch)
        changed = [new for old, new in zip(quotas, counted, strict=True) if not new.has_same_usage(old)]
        failed: dict[str, StatusError] = {}
        for quota in changed:
            try:
                await self._write(quota)
            except StatusError as exc:
                failed[quota.name] = exc
        pending = [waiter for waiter in batch if not waiter.admitted.done()]
        if failed and not retries:
            raise list(failed.values())[-1]
        if failed and pending:
            again = await self._quotas(pending[0].attributes.namespace)
            await self._check_quotas([quota for quota in again if quota.name in failed], pending, retries - 1)
            return
        for waiter in pending:
            waiter.finish()

    def _count(self, quotas: list[Quota], batch: Sequence[AdmissionWaiter]) -> list[Quota]:
        """Return the quotas with the batch counted. What is rejected, or uses nothing, is finished."""
        for waiter in batch:
            try:
                counted = check_request(quotas, waiter.attributes, waiter.evaluator)
            except StatusError as exc:
                waiter.finish(exc)
                continue
            if waiter.attributes.dry_run or all(map(Quota.has_same_usage, counted, quotas)):
                waiter.finish()
            else:
                quotas = counted
        return quotas

    async def _write(self, quota: Quota) -> None:
        document = quota.as_written()
        metadata = document["metadata"]
        path = APIPath.of_object(self._resource, metadata["namespace"], metadata["name"])
        await self._loopback.request("PUT", path.subresource("status"), document)
