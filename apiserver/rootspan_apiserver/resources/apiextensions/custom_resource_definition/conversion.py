"""How objects are converted between the versions of a definition, in its internal form.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go (validateCustomResourceConversion)
"""

import ssl
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_1035_label
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.custom.acceptance import is_true
from rootspan_apiserver.rules import (
    Path,
    RuleContext,
    forbidden,
    function,
    not_nil,
    one_of,
    required,
    struct,
    when,
)
from rootspan_apiserver.rules.webhook_clients import webhook_client

REVIEW_VERSIONS = ("v1", "v1beta1")
"""What the server sends to webhooks."""


@function("validateConversionReviewVersions")
def _review_versions(value: list[str], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Labels, each once, and one of them a version that the server sends, unless there was none before."""
    for index, version in enumerate(value):
        if version in value[:index]:
            yield FieldError.invalid(path / index, version, "duplicate version")
        else:
            yield from (FieldError.invalid(path / index, version, reason) for reason in dns_1035_label(version))
    if not _is_known(value) and not (isinstance(old, list) and old and not _is_known(old)):
        yield FieldError.invalid(path, value, f"must include at least one of {', '.join(REVIEW_VERSIONS)}")


def _is_known(versions: list[str]) -> bool:
    return any(version in REVIEW_VERSIONS for version in versions)


@function("ValidateCABundle")
def _ca_bundle(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Certificates in PEM, once the definition is established, unless the bundle before was no such either."""
    bundle, before = value.get("caBundle") or "", context.old_root
    if not bundle or before is None or not is_true(before, "Established"):
        return
    former = ((before["spec"].get("conversion") or {}).get("webhook") or {}).get("clientConfig") or {}
    if _is_bundle(bundle) or (former.get("caBundle") and not _is_bundle(former["caBundle"])):
        return
    words = "unable to load root certificates: unable to parse bytes as PEM block"
    yield FieldError.invalid(path / "caBundle", bundle, words)


def _is_bundle(encoded: str) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=b64decode(encoded).decode("ascii"))
    except (ssl.SSLError, ValueError):
        return False
    return True


def _is_webhook(conversion: JSONObject) -> bool:
    return conversion.get("strategy") == "Webhook"


_NOT_SET = forbidden("should not be set when strategy is not set to Webhook")
CONVERSION = (
    struct(strategy=required & one_of("None", "Webhook"))
    & when(
        _is_webhook,
        struct(
            webhookClientConfig=not_nil("required when strategy is set to Webhook") & webhook_client & _ca_bundle,
            conversionReviewVersions=required & _review_versions,
        ),
        words="strategy is Webhook",
    )
    & when(
        lambda conversion: not _is_webhook(conversion),
        struct(
            webhookClientConfig=forbidden("should not be set when strategy is not set to Webhook", empty=True),
            conversionReviewVersions=_NOT_SET,
        ),
        words="strategy is not Webhook",
    )
)
