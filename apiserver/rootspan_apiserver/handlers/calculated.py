"""Kinds that are created and never stored: the object is answered with a status calculated for it."""

from collections.abc import Awaitable, Callable

import orjson

from rootspan_apiserver.dialects import operations
from rootspan_apiserver.handlers.admitting import Admitting
from rootspan_apiserver.handlers.bodies import check_content_type, decode_object, metadata_of, place
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.handlers.verb import answering, storing, verb
from rootspan_apiserver.http.negotiation import Representation
from rootspan_apiserver.http.query import write_options
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.http.responses import write
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.telemetry.tracing import InternalSpan

Calculate = Callable[[Request, Target, JSONObject, bool], Awaitable[JSONObject]]
"""From the object as admitted to the answer; the last argument tells a dry run."""

SUCCESS: JSONObject = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}


def calculated(calculate: Calculate) -> Callable[[Request, Target], Awaitable[None]]:
    """The handler of create for such a kind."""

    @verb(operations.CREATE, transformations=False)
    async def create(request: Request, target: Target, shown: Representation, span: InternalSpan) -> None:
        check_content_type(request, target)
        body = await request.body(span)
        options = write_options(request, "CreateOptions")
        obj = decode_object(request, target, body, options, span)
        place(obj, target)
        obj = {"kind": obj["kind"], "apiVersion": obj["apiVersion"], "metadata": metadata_of(obj)} | obj
        with storing(span, len(body)):
            admitting = Admitting(request, target, options.document(), dry_run=options.dry_run)
            admitted = await admitting.mutate("CREATE", target.name, obj, None) or obj
            await admitting.validate("CREATE", target.name, admitted, None)
            answer = await calculate(request, target, admitted, options.dry_run)
        with answering(span):
            await write(request, 201, orjson.dumps(answer), shown, target.group_version)

    return create
