"""CertificateSigningRequest: what it asks for never changes, approval and status have doors of their own."""

import re
from base64 import b64decode
from binascii import Error as NotBase64Error

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import path_segment
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.kube.users import user_info
from rootspan_apiserver.resources.definition import NO_CONTEXT, WriteContext
from rootspan_apiserver.resources.kinds.builtin_strategy import BuiltinStrategy
from rootspan_apiserver.resources.kinds.checks import duplicates, one_of

DECIDED = {"Approved", "Denied"}


USAGES = (
    "any",
    "cert sign",
    "client auth",
    "code signing",
    "content commitment",
    "crl sign",
    "data encipherment",
    "decipher only",
    "digital signature",
    "email protection",
    "encipher only",
    "ipsec end system",
    "ipsec tunnel",
    "ipsec user",
    "key agreement",
    "key encipherment",
    "microsoft sgc",
    "netscape sgc",
    "ocsp signing",
    "s/mime",
    "server auth",
    "signing",
    "timestamping",
)


class CertificateSigningRequestStrategy(BuiltinStrategy):
    name_rule = staticmethod(path_segment)

    def prepare_for_create(self, obj: JSONObject, context: WriteContext = NO_CONTEXT) -> None:
        """Put the user who makes the request into the spec, whatever the client wrote there."""
        super().prepare_for_create(obj, context)
        spec = obj["spec"]
        for field in ("username", "uid", "groups", "extra"):
            spec.pop(field, None)
        if (user := context.user) is not None:
            spec.update(user_info(user))

    def prepare_for_update(
        self, obj: JSONObject, old: JSONObject, subresource: str, context: WriteContext = NO_CONTEXT
    ) -> None:
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
        if reason := _request_fault(spec.get("request") or ""):
            errors.append(FieldError.invalid("spec.request", spec.get("request") or "", reason))
        usages = spec.get("usages") or []
        if not usages:
            errors.append(FieldError.required("spec.usages"))
        for index, usage in enumerate(usages):
            errors += one_of(usage, USAGES, f"spec.usages[{index}]")
        errors += duplicates([(f"spec.usages[{index}]", usage) for index, usage in enumerate(usages)])
        signer = spec.get("signerName") or ""
        if not signer:
            errors.append(FieldError.required("spec.signerName"))
        elif "/" not in signer:
            detail = "must be a fully qualified domain and path of the form 'example.com/signer-name'"
            errors.append(FieldError.invalid("spec.signerName", signer, detail))
        return errors


def _request_fault(request: str) -> str:
    """What is wrong with the PEM of a request, "" if nothing is that its frame shows."""
    try:
        text = b64decode(request, validate=True)
    except NotBase64Error:
        text = b""
    ends = {end[1]: end.start() for end in re.finditer(rb"-----END ([^-]+)-----", text)}
    begins = re.finditer(rb"-----BEGIN ([^-]+)-----\s", text)
    framed = next((begin[1] for begin in begins if ends.get(begin[1], -1) >= begin.end()), b"")
    return "" if framed == b"CERTIFICATE REQUEST" else "PEM block type must be CERTIFICATE REQUEST"
