"""The common part of create, update and patch: from the object of the client to the object that is stored.

Who manages its fields is recorded, admission plugins see it, warnings are collected, and the store gets it in its own version.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/create.go, update.go, patch.go
"""

from collections.abc import Awaitable, Callable
from functools import partial

from rootspan_apiserver.admission.attributes import AdmissionAttributes, Operation
from rootspan_apiserver.admission.chain import AdmissionChain
from rootspan_apiserver.handlers.call import Call
from rootspan_apiserver.handlers.field_managers import FieldManagers
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.handlers.unenforced import warnings_of_unenforced
from rootspan_apiserver.http.query import WriteOptions, manager_of
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import bad_request, forbidden
from rootspan_apiserver.kube.times import timestamp
from rootspan_apiserver.managed_fields import FieldManager
from rootspan_apiserver.processes.calculating import calculated
from rootspan_apiserver.registry.escalation_check import EscalationCheck, RoleWrite
from rootspan_apiserver.registry.options import CreateOptions, UpdateOptions
from rootspan_apiserver.registry.store import Store
from rootspan_apiserver.resources.hooks import WriteContext
from rootspan_apiserver.storage.stored_object import StoredObject


class Admitting:
    """Admission of one request. Objects are in the version of the path; `options` is the request's options object."""

    def __init__(
        self, admission: AdmissionChain, request: Request, target: Target, options: JSONObject, *, dry_run: bool
    ) -> None:
        self._admission = admission
        self._request = request
        self._target = target
        self._options = options
        self._dry_run = dry_run

    def _attributes(
        self, operation: Operation, name: str, obj: JSONObject | None, old: JSONObject | None
    ) -> AdmissionAttributes:
        request, target = self._request, self._target
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
            user=request.user,
            dry_run=self._dry_run,
            warnings=request.warnings,
            audit_annotations=request.audit_annotations,
        )

    async def mutate(
        self, operation: Operation, name: str, obj: JSONObject | None, old: JSONObject | None
    ) -> JSONObject | None:
        """Return the object as the mutating plugins leave it.

        Raises:
            StatusError: a plugin refuses it; 403, the definition of its kind is being deleted.
        """
        if operation == "CREATE" and self._target.resource.is_terminating:
            words = "create not allowed while custom resource definition is terminating"
            raise forbidden(self._target.resource.group_resource, name, words)
        return await self._admission.mutate(self._attributes(operation, name, obj, old))

    async def validate(self, operation: Operation, name: str, obj: JSONObject | None, old: JSONObject | None) -> None:
        """Raises StatusError where a validating plugin refuses."""
        await self._admission.validate(self._attributes(operation, name, obj, old))

    async def delete(self, stored: JSONObject) -> None:
        """Admit the deletion of a stored object, which has no name for plugins where a collection is deleted.

        Raises:
            StatusError: a plugin refuses.
        """
        old, name = await calculated(partial(self._target.from_storage, stored)), self._target.name
        await self.mutate("DELETE", name, None, old)
        await self.validate("DELETE", name, None, old)


class Writer:
    """Writes objects to the store for create, update and patch."""

    def __init__(
        self,
        store: Store,
        admission: AdmissionChain,
        managers: FieldManagers,
        *,
        escalation: EscalationCheck,
        enforces_roles: bool,
    ) -> None:
        self.store = store
        self.admission = admission
        self.managers = managers
        self.escalation = escalation
        self.enforces_roles = enforces_roles

    def write(self, call: Call, options: WriteOptions) -> "WriteRequest":
        return WriteRequest(self, call, options)


Change = Callable[[JSONObject | None], Awaitable[JSONObject]]
"""From the object in the version of the path, None where there is none, to the object that replaces it."""


class WriteRequest:
    """One write, in the name of `manager`."""

    def __init__(self, writer: Writer, call: Call, options: WriteOptions) -> None:
        self._writer = writer
        self._call = call
        self._options = options
        self._admitting = Admitting(
            writer.admission, call.request, call.target, options.document(), dry_run=options.dry_run
        )
        self._warned = False
        self.manager = manager_of(call.request, options)

    async def managed(self, work: Callable[[FieldManager], JSONObject]) -> JSONObject:
        """Return the object that `work` makes with the field manager of the target. Raises StatusError."""
        return await self._writer.managers.run(self._call.target, work)

    async def create(self, obj: JSONObject) -> StoredObject:
        """Store a new object. Raises StatusError."""
        target = self._call.target
        name = obj["metadata"].get("name", "")

        def managed(fields: FieldManager) -> JSONObject:
            return fields.update(None, target.defaulted(obj), self.manager, timestamp())

        new = await self.managed(managed)
        stored = await self._writer.store.create(
            target.resource,
            target.namespace,
            await self._admitted(name, new, None, None),
            CreateOptions(
                validate=lambda stored: self._validate(name, stored, None),
                dry_run=self._options.dry_run,
                context=WriteContext(user=self._call.request.user),
            ),
        )
        self._warn_of_unenforced(stored, created=True)
        return stored

    async def update(
        self, change: Change, *, precondition_uid: str = "", create_on_missing: bool = False
    ) -> tuple[StoredObject, bool]:
        """Store what `change` makes of the object, called again when the object changed meanwhile.

        Returns:
            The stored object, and whether it was created.

        Raises:
            StatusError: What `change`, admission or the store refuse.
        """
        target = self._call.target

        async def transform(current: JSONObject | None) -> JSONObject:
            live = await calculated(partial(target.live, current)) if current is not None else None
            return await self._admitted(target.name, await change(live), live, current)

        stored, created = await self._writer.store.update(
            target.resource,
            target.namespace,
            target.name,
            transform,
            UpdateOptions(
                subresource=target.stored_part,
                validate=lambda stored, old: self._validate(target.name, stored, old),
                precondition_uid=precondition_uid,
                dry_run=self._options.dry_run,
                create_on_missing=create_on_missing and not target.part,
                context=WriteContext(user=self._call.request.user, warn=self._warn),
            ),
        )
        self._warn_of_unenforced(stored, created=created)
        return stored, created

    async def _admitted(
        self, name: str, new: JSONObject, live: JSONObject | None, current: JSONObject | None
    ) -> JSONObject:
        """Return what is stored for `new` in place of `current`, which is `live` in the version of the path."""
        target = self._call.target
        admitted = await self._admitting.mutate("CREATE" if live is None else "UPDATE", name, new, live)
        if admitted is None:
            raise bad_request("admission removed the object")
        stored = await calculated(partial(target.to_storage, admitted, current))
        if not target.part:
            await self._writer.escalation.confirm(
                RoleWrite(
                    user=self._call.request.user,
                    resource=target.resource,
                    namespace=target.namespace,
                    name=target.name,
                    obj=stored,
                    old=current,
                )
            )
        return stored

    async def _validate(self, name: str, stored: JSONObject, old: JSONObject | None) -> None:
        """Warn of an object that the strategy found valid, and let admission plugins validate it."""
        target = self._call.target
        if not self._warned:
            self._warned = True
            warnings = partial(target.resource.strategy.warnings, stored, old, target.stored_part)
            self._call.request.warnings += await calculated(warnings)
        obj = await calculated(partial(target.from_storage, stored))
        if old is None:
            await self._admitting.validate("CREATE", name or obj["metadata"].get("name", ""), obj, None)
        else:
            before = await calculated(partial(target.from_storage, old))
            await self._admitting.validate("UPDATE", name, obj, before)

    def _warn(self, text: str) -> None:
        """Add a warning to the response, once however often the update is tried."""
        if text not in self._call.request.warnings:
            self._call.request.warnings.append(text)

    def _warn_of_unenforced(self, stored: StoredObject, *, created: bool) -> None:
        """A dry run stores nothing, and a change of a subresource asks for nothing."""
        target = self._call.target
        if not self._options.dry_run and not target.part:
            self._call.request.warnings += warnings_of_unenforced(
                target.resource, stored, created=created, enforces_roles=self._writer.enforces_roles
            )
