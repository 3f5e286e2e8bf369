"""What the write handlers share: the admission attributes of a request, and the two halves of admission around the store."""

from collections.abc import Awaitable, Callable

from rootspan_apiserver.admission.attributes import AdmissionAttributes, Operation
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.times import timestamp


def now() -> str:
    """Return the time like objects have it."""
    return timestamp()


class Admitting:
    """Admission for one request. Objects come and go in the version of the path; `options` is the request's options document."""

    __slots__ = ("_dry_run", "_options", "_request", "_target")

    def __init__(self, request: Request, target: Target, options: JSONObject, *, dry_run: bool) -> None:
        self._request = request
        self._target = target
        self._options = options
        self._dry_run = dry_run

    def attributes(
        self, operation: Operation, name: str, obj: JSONObject | None, old: JSONObject | None
    ) -> AdmissionAttributes:
        context = self._request.context
        target = self._target
        return AdmissionAttributes(
            operation=operation,
            resource=target.resource,
            kind=target.kind,
            subresource=target.part,
            namespace=target.namespace,
            name=name,
            object=obj,
            old_object=old,
            options=self._options,
            user=context.user,
            dry_run=self._dry_run,
            warnings=context.warnings,
            audit_annotations=context.audit_annotations,
        )

    async def mutate(
        self, operation: Operation, name: str, obj: JSONObject | None, old: JSONObject | None
    ) -> JSONObject | None:
        """The object as admission leaves it. Raises StatusError where a plugin refuses."""
        return await self._request.parts.admission.mutate(self.attributes(operation, name, obj, old))

    async def validate(self, operation: Operation, name: str, obj: JSONObject | None, old: JSONObject | None) -> None:
        """Raises StatusError where a plugin refuses."""
        await self._request.parts.admission.validate(self.attributes(operation, name, obj, old))

    def validating_create(self, name: str) -> Callable[[JSONObject], Awaitable[None]]:
        async def validate(stored: JSONObject) -> None:
            obj = self._target.from_storage(stored)
            await self.validate("CREATE", name or obj["metadata"].get("name", ""), obj, None)

        return validate

    def validating_update(self) -> Callable[[JSONObject, JSONObject | None], Awaitable[None]]:
        async def validate(stored: JSONObject, old: JSONObject | None) -> None:
            if old is None:
                await self.validate("CREATE", self._target.name, self._target.from_storage(stored), None)
                return
            obj, before = self._target.from_storage(stored), self._target.from_storage(old)
            await self.validate("UPDATE", self._target.name, obj, before)

        return validate
