"""What is recorded of the request that is being served, until an event is made of it at one of its stages.

Upstream: staging/src/k8s.io/apiserver/pkg/audit/context.go, staging/src/k8s.io/apiserver/pkg/audit/request.go
"""

from collections.abc import Callable
from dataclasses import dataclass

import orjson

from rootspan_apiserver.audit.annotations import AuditAnnotations
from rootspan_apiserver.audit.event import AuditEvent
from rootspan_apiserver.audit.level import Level, Stage
from rootspan_apiserver.audit.policy import RequestAuditConfig
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.request_info import RequestInfo
from rootspan_apiserver.kube.times import now, write_micro_time
from rootspan_apiserver.kube.users import User, user_info

_STATUS = b'{"kind":"Status","apiVersion":"v1"'
STATUS_FIELDS = ("status", "message", "reason", "details", "code")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestMetadata:
    """What every event of a request says.

    Attributes:
        uri: The path and the query, as the client wrote them.
        user: Who makes it; None where authentication failed.
        received: When it arrived.
    """

    audit_id: str
    uri: str
    info: RequestInfo
    user: User | None
    source_ips: tuple[str, ...]
    user_agent: str
    received: str


class AuditContext:
    """The record of one request.

    Attributes:
        impersonated_user: In whose name the request is made.
        impersonation_constraint: The verb that allows this in constrained impersonation, else "".
        response_status: The `Status` of the answer, None before that.
    """

    def __init__(
        self, config: RequestAuditConfig, metadata: RequestMetadata, annotations: AuditAnnotations | None = None
    ) -> None:
        self._config = config
        self._metadata = metadata
        self._annotations = annotations if annotations is not None else AuditAnnotations()
        self._reference = _reference(metadata.info)
        self._request_object: orjson.Fragment | None = None
        self._response_object: orjson.Fragment | None = None
        self.impersonated_user: User | None = None
        self.impersonation_constraint = ""
        self.response_status: JSONObject | None = None

    @property
    def enabled(self) -> bool:
        """Whether anything is recorded of the request."""
        return self._config.level is not Level.NONE

    @property
    def records_response(self) -> bool:
        """Whether the object that is answered is recorded."""
        return self._config.level is Level.REQUEST_RESPONSE

    def omits(self, stage: Stage) -> bool:
        """Return whether there is no event at a stage."""
        return stage in self._config.omit_stages

    def log_request_object(self, metadata: JSONObject, encode: Callable[[], JSONObject]) -> None:
        """Record the object in the request.

        Args:
            metadata: The metadata of the object, empty if it has none.
            encode: Returns a copy of the object, as Go writes it. It is called only if the object is recorded.
        """
        if not self.enabled:
            return
        found = {
            "namespace": metadata.get("namespace"),
            "name": metadata.get("name"),
            "uid": metadata.get("uid"),
            "resourceVersion": metadata.get("resourceVersion"),
        }
        self._reference = {key: value for key, value in found.items() if value} | self._reference
        if self._config.level < Level.REQUEST:
            return
        obj = encode()
        if self._config.omit_managed_fields:
            _forget_managers(obj)
        self._request_object = orjson.Fragment(orjson.dumps(obj))

    def log_request_patch(self, document: Callable[[], bytes]) -> None:
        """Record a patch; `document` returns it as JSON, and is called only if it is recorded."""
        if self._config.level >= Level.REQUEST:
            self._request_object = orjson.Fragment(document())

    def log_response(self, code: int, document: bytes | None) -> None:
        """Record the answer: its status, and its object as JSON, None where it has none."""
        if not self.enabled:
            return
        self.response_status = {}
        if document is not None:
            if document.startswith(_STATUS):
                status = orjson.loads(document)
                self.response_status = {key: status[key] for key in STATUS_FIELDS if key in status}
            if self.records_response:
                self._response_object = self._answered(document)
        self.response_status["code"] = code

    def _answered(self, document: bytes) -> orjson.Fragment:
        if self._config.omit_managed_fields and b'"managedFields"' in document:
            obj = orjson.loads(document)
            _forget_managers(obj)
            document = orjson.dumps(obj)
        return orjson.Fragment(document)

    def event(self, stage: Stage) -> AuditEvent:
        """Return the event at a stage that has been reached just now."""
        metadata, config = self._metadata, self._config
        reached = metadata.received if stage is Stage.REQUEST_RECEIVED else write_micro_time(now())
        document: JSONObject = {
            "level": config.level.text,
            "auditID": metadata.audit_id,
            "stage": str(stage),
            "requestURI": metadata.uri,
            "verb": metadata.info.verb,
            "user": user_info(metadata.user) if metadata.user is not None else {},
        }
        if self.impersonated_user is not None:
            document["impersonatedUser"] = user_info(self.impersonated_user)
        if self.impersonation_constraint:
            document["authenticationMetadata"] = {"impersonationConstraint": self.impersonation_constraint}
        if metadata.source_ips:
            document["sourceIPs"] = list(metadata.source_ips)
        if metadata.user_agent:
            document["userAgent"] = metadata.user_agent
        if metadata.info.is_resource_request:
            document["objectRef"] = {key: self._reference[key] for key in _REFERENCE if key in self._reference}
        if self.response_status is not None:
            document["responseStatus"] = {"metadata": {}} | self.response_status
        if self._request_object is not None:
            document["requestObject"] = self._request_object
        if self._response_object is not None:
            document["responseObject"] = self._response_object
        document["requestReceivedTimestamp"] = metadata.received
        document["stageTimestamp"] = reached
        if annotations := self._annotations.of(config.level):
            document["annotations"] = dict(sorted(annotations.items()))
        return AuditEvent(config.level, document)


_REFERENCE = ("resource", "namespace", "name", "uid", "apiGroup", "apiVersion", "resourceVersion", "subresource")


def _reference(info: RequestInfo) -> dict[str, str]:
    named = {
        "resource": info.resource,
        "namespace": info.namespace,
        "name": info.name,
        "apiGroup": info.api_group,
        "apiVersion": info.api_version,
        "subresource": info.subresource,
    }
    return {key: value for key, value in named.items() if value}


def _forget_managers(obj: JSONObject) -> None:
    """Remove the managers of the fields of an object, of the items of a list, and of the objects in the rows of a Table."""
    held = [obj, *(obj.get("items") or ()), *(row.get("object") or {} for row in obj.get("rows") or ())]
    for each in held:
        if isinstance(each, dict) and isinstance(metadata := each.get("metadata"), dict):
            metadata.pop("managedFields", None)
