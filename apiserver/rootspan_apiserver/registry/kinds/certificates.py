"""CertificateSigningRequest: what it asks for never changes, approval and status have doors of their own."""

from typing import Any

from rootspan_apiserver.registry.names import path_segment
from rootspan_apiserver.registry.strategy import BuiltinStrategy
from rootspan_apiserver.status import FieldError

JSONObject = dict[str, Any]
DECIDED = {"Approved", "Denied"}


class CertificateSigningRequestStrategy(BuiltinStrategy):
    name_rule = staticmethod(path_segment)

    def prepare_for_update(self, obj: JSONObject, old: JSONObject, subresource: str) -> None:
        wanted = (obj.get("status") or {}).get("conditions") or []
        kept = (old.get("status") or {}).get("conditions") or []
        if subresource == "approval":
            self.keep(obj, old, except_for=())
            obj["status"] = {**(old.get("status") or {}), "conditions": wanted}
        elif subresource == "status":
            others = [condition for condition in wanted if condition.get("type") not in DECIDED]
            obj["status"]["conditions"] = [c for c in kept if c.get("type") in DECIDED] + others
        else:
            self.keep(obj, old, except_for=())
        super().prepare_for_update(obj, old, subresource)

    def validate(self, obj: JSONObject) -> list[FieldError]:
        spec = obj["spec"]
        errors = []
        if not spec.get("request"):
            errors.append(FieldError.invalid("spec.request", "", "PEM block type must be CERTIFICATE REQUEST"))
        if not spec.get("usages"):
            errors.append(FieldError.required("spec.usages"))
        signer = spec.get("signerName") or ""
        if not signer:
            errors.append(FieldError.required("spec.signerName"))
        elif "/" not in signer:
            detail = "must be a fully qualified domain and path of the form 'example.com/signer-name'"
            errors.append(FieldError.invalid("spec.signerName", signer, detail))
        return errors
