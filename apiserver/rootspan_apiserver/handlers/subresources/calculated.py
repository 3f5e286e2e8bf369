"""Kinds that are created and never stored: the answer is calculated from the object.

Reviews, bindings, evictions and token requests are such kinds.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/create.go
"""

from collections.abc import Awaitable, Callable
from functools import partial

from rootspan_apiserver.admission.chain import AdmissionChain
from rootspan_apiserver.dialects import operations
from rootspan_apiserver.handlers.bodies import check_content_type, decode_object, metadata_of, place
from rootspan_apiserver.handlers.call import WITHOUT_TABLE, Call, Verb
from rootspan_apiserver.handlers.field_managers import FieldManagers
from rootspan_apiserver.handlers.output import calculated_response
from rootspan_apiserver.handlers.recorded import log_request_object
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.handlers.writing import Admitting
from rootspan_apiserver.http.query import manager_of, write_options
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.http.responses import Response
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.times import timestamp
from rootspan_apiserver.managed_fields import FieldManager
from rootspan_apiserver.processes.calculating import calculated
from rootspan_apiserver.resources.hooks import Default
from rootspan_apiserver.types.normal_form import written

Calculate = Callable[[Request, Target, JSONObject, bool], Awaitable[JSONObject]]
"""From the object as admitted to the answer; the last argument says whether this is a dry run."""


def success() -> JSONObject:
    """Return the `Status` of a subresource that was created and has no state of its own."""
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}


class CalculatedVerbs:
    """Makes the handlers of create for such kinds. The managers of the fields that the client set are recorded in the object."""

    def __init__(self, admission: AdmissionChain, managers: FieldManagers) -> None:
        self._admission = admission
        self._managers = managers

    def verb(self, calculate: Calculate, *, default: Default | None = None) -> Verb:
        """Return the handler that answers with what `calculate` makes of the object, once `default` has set its defaults in place."""

        async def create(call: Call) -> Response:
            check_content_type(call)
            request, target = call.request, call.target
            body = await request.body(call.span)
            options = write_options(request, "CreateOptions")
            obj = await calculated(partial(decode_object, call, body, options))
            if default is not None:
                default(obj)
            log_request_object(request, target, obj, calculated=True)
            place(obj, target)
            obj = {"kind": obj["kind"], "apiVersion": obj["apiVersion"], "metadata": metadata_of(obj)} | obj
            manager, now = manager_of(request, options), timestamp()
            obj = await self._managers.run(target, partial(_managed, obj=obj, manager=manager, now=now))
            with call.storing(len(body)):
                admitting = Admitting(self._admission, request, target, options.document(), dry_run=options.dry_run)
                admitted = await admitting.mutate("CREATE", target.name, obj, None) or obj
                await admitting.validate("CREATE", target.name, admitted, None)
                answer = await calculate(request, target, admitted, options.dry_run)
            if answer["kind"] == target.kind.kind:
                answer = written(answer, target.kind)
            return calculated_response(call, answer)

        return Verb(create, operations.CREATE, offer=WITHOUT_TABLE)


def _managed(fields: FieldManager, *, obj: JSONObject, manager: str, now: str) -> JSONObject:
    return fields.update(None, obj, manager, now)
