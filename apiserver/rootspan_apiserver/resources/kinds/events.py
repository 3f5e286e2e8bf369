"""Event, in the form of the core group in which both groups' events are kept."""

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.kinds.builtin_strategy import BuiltinStrategy


class EventStrategy(BuiltinStrategy):
    def validate(self, obj: JSONObject) -> list[FieldError]:
        about = obj.get("involvedObject") or {}
        namespace, expected = obj["metadata"].get("namespace") or "", about.get("namespace") or ""
        if expected == namespace or (not expected and namespace in ("default", "kube-system")):
            return []
        return [FieldError.invalid("involvedObject.namespace", expected, "does not match event.namespace")]
