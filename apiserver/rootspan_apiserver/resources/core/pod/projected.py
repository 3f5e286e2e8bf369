"""Projected volumes: files of several sources in one directory.

Upstream: pkg/apis/core/validation/validation.go (validateProjectionSources)
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_subdomain
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.core.pod.go_structs import shown_as_go
from rootspan_apiserver.resources.core.pod.projections import DOWNWARD_FILE, FILE_MODE, FILE_PATH, KEY_TO_PATH
from rootspan_apiserver.rules import ABSENT, Path, RuleContext, function, struct
from rootspan_apiserver.rules.file_paths import local_path
from rootspan_apiserver.rules.label_selectors import label_selector, shown_in_errors

TEN_MINUTES = 600
LONGEST_TOKEN = 1 << 32
KINDS = ("secret", "configMap", "downwardAPI", "serviceAccountToken", "clusterTrustBundle", "podCertificate")
_CONFLICT = "conflicting duplicate paths"
_SELECTOR = label_selector()


@function("validateProjectionSources")
def _sources(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Each source is of one kind and valid, and no two files have the same path."""
    seen: set[str] = set()
    for index, source in enumerate(value.get("sources") or []):
        at = path / "sources" / index
        for kind in ("secret", "configMap"):
            if (found := source.get(kind)) is not None:
                yield from _of_keys(found, path, at / kind, seen, context)
        for file in (source.get("downwardAPI") or {}).get("items") or []:
            yield from DOWNWARD_FILE.check(file, ABSENT, at / "downwardAPI", context)
            yield from _conflicts(file.get("path"), file.get("path"), path, seen)
        if (token := source.get("serviceAccountToken")) is not None:
            yield from _token(token, path, at / "serviceAccountToken", context)
        if (bundle := source.get("clusterTrustBundle")) is not None:
            yield from _trust(bundle, path, at / "clusterTrustBundle", seen, context)
        if sum(source.get(kind) is not None for kind in KINDS) > 1:
            yield FieldError.forbidden(at, "may not specify more than 1 volume type per source")


def _conflicts(place: str | None, shown: str | None, path: Path, seen: set[str]) -> Iterator[FieldError]:
    """Yield an error for a path that is taken, and take it."""
    if place:
        if place in seen:
            yield FieldError.invalid(path, shown or "", _CONFLICT)
        seen.add(place)


def _of_keys(source: JSONObject, path: Path, at: Path, seen: set[str], context: RuleContext) -> Iterator[FieldError]:
    if not source.get("name"):
        yield FieldError.required(at / "name")
    for index, item in enumerate(source.get("items") or []):
        yield from KEY_TO_PATH.check(item, ABSENT, at / "items" / index, context)
        yield from _conflicts(item.get("path"), source.get("name"), path, seen)


def _token(token: JSONObject, path: Path, at: Path, context: RuleContext) -> Iterator[FieldError]:
    """Yield what is wrong with a token; upstream has the errors of its path at the volume."""
    seconds, place = token.get("expirationSeconds") or 0, token.get("path") or ""
    if seconds < TEN_MINUTES:
        yield FieldError.invalid(at / "expirationSeconds", seconds, "may not specify a duration less than 10 minutes")
    if seconds > LONGEST_TOKEN:
        words = "may not specify a duration larger than 2^32 seconds"
        yield FieldError.invalid(at / "expirationSeconds", seconds, words)
    if not place:
        yield FieldError.required(path / "path")
    else:
        yield from local_path.check(place, ABSENT, path / "path", context)


def _trust(bundle: JSONObject, path: Path, at: Path, seen: set[str], context: RuleContext) -> Iterator[FieldError]:
    name, signer, selector = bundle.get("name"), bundle.get("signerName"), bundle.get("labelSelector")
    if name is not None and signer is not None:
        shown = shown_as_go(bundle, "ClusterTrustBundleProjection")
        yield FieldError.invalid(at, shown, "only one of name and signerName may be used")
    elif name is not None:
        if not name:
            yield FieldError.required(at / "name", "must be a valid object name")
        for reason in dns_subdomain(name.replace(":", ".")):
            yield FieldError.invalid(at / "name", name, f"not a valid clustertrustbundlename: {reason}")
        if selector is not None:
            words = "labelSelector must be unset if name is specified"
            yield FieldError.invalid(at / "labelSelector", shown_in_errors(selector), words)
    elif signer is not None:
        if not signer:
            yield FieldError.required(at / "signerName", "must be a valid signer name")
        yield from _SELECTOR.check(selector or {}, ABSENT, at / "labelSelector", context)
    else:
        yield FieldError.required(at, "either name or signerName must be specified")
    yield from FILE_PATH.check(bundle, ABSENT, at, context)
    yield from _conflicts(bundle.get("path"), bundle.get("path"), path, seen)


PROJECTED = struct(defaultMode=FILE_MODE) & _sources
