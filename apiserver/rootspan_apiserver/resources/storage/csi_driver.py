"""CSIDriver (storage.k8s.io): what a driver of volumes can do, and what it wants to know.

Upstream: pkg/apis/storage/validation/validation.go, pkg/apis/storage/v1/defaults.go, pkg/registry/storage/csidriver/strategy.go,
pkg/printers/internalversion/printers.go
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.cells import joined, spec
from rootspan_apiserver.resources.columns import AGE, NAME, Column, value
from rootspan_apiserver.resources.defaults import default_values
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import Generation, WriteContext
from rootspan_apiserver.rules import Path, RuleContext, each, function, immutable, minimum, one_of, struct
from rootspan_apiserver.rules.metadata import core_metadata_update

PREVENT = "preventPodSchedulingIfMissing"
SHORTEST_TOKEN = 600
LONGEST_TOKEN = 1 << 32
UNSET = (
    "spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in"
    " volume attributes"
)


@function("validateTokenRequests")
def _tokens(value: list[JSONObject], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """No two tokens are for the same audience; each lives from ten minutes to 2^32 seconds."""
    audiences = set()
    for index, request in enumerate(value):
        audience = request.get("audience") or ""
        if audience in audiences:
            yield FieldError.duplicate(path / index / "audience", audience)
            continue
        audiences.add(audience)
        seconds, at = request.get("expirationSeconds"), path / index / "expirationSeconds"
        if seconds is not None and seconds < SHORTEST_TOKEN:
            yield FieldError.invalid(at, seconds, "may not specify a duration less than 10 minutes")
        if seconds is not None and seconds > LONGEST_TOKEN:
            yield FieldError.invalid(at, seconds, "may not specify a duration larger than 2^32 seconds")


@function("validateServiceAccountTokenInSecrets")
def _in_secrets(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Only a driver that gets tokens gets them as secrets."""
    in_secrets = value.get("serviceAccountTokenInSecrets")
    if in_secrets is not None and not value.get("tokenRequests"):
        at = path / "serviceAccountTokenInSecrets"
        yield FieldError.invalid(
            at, in_secrets, "serviceAccountTokenInSecrets is set but no tokenRequests are specified"
        )


SPEC = (
    struct(
        fsGroupPolicy=one_of("File", "None", "ReadWriteOnceWithFSType"),
        tokenRequests=_tokens,
        volumeLifecycleModes=each(one_of("Persistent", "Ephemeral"), indexed=False),
        nodeAllocatableUpdatePeriodSeconds=minimum(10, words="must be greater than or equal to 10 seconds"),
    )
    & _in_secrets
)


@function("ValidateImmutableField")
def _attachment(value: JSONObject, old: JSONObject, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Whether volumes are attached does not change; upstream misspells the field."""
    yield from immutable.check(
        value.get("attachRequired"), old.get("attachRequired"), path / "attachedRequired", context
    )


def _warnings(obj: JSONObject, old: JSONObject | None) -> list[str]:
    """Tokens that a driver gets may be logged, unless it gets them as secrets."""
    new, before = spec(obj), spec(old or {})
    if not new.get("tokenRequests") or new.get("serviceAccountTokenInSecrets") is not None:
        return []
    return [] if same(new["tokenRequests"], before.get("tokenRequests")) else [UNSET]


def _prepare_create(driver: JSONObject, context: WriteContext) -> None:
    _drop_disabled(driver, {})


def _prepare_update(driver: JSONObject, old: JSONObject, context: WriteContext) -> None:
    _drop_disabled(driver, old)


def _drop_disabled(driver: JSONObject, old: JSONObject) -> None:
    """The feature VolumeLimitScaling is off by default: its field is dropped, unless it is in use."""
    if spec(old).get(PREVENT) is None:
        spec(driver).pop(PREVENT, None)


def _audiences(obj: JSONObject, now: datetime) -> str:
    return joined(each.get("audience", "") for each in spec(obj).get("tokenRequests") or []) or "<unset>"


def _modes(obj: JSONObject, now: datetime) -> str:
    return joined(spec(obj).get("volumeLifecycleModes") or [])


definition = Definition(
    "storage.k8s.io/v1",
    "CSIDriver",
    "csidrivers",
    namespaced=False,
    delete_returns_object=True,
    update_needs_resource_version=True,
    generation=Generation(first=0),
    defaults=(
        default_values(
            {
                "spec": {
                    "attachRequired": True,
                    "podInfoOnMount": False,
                    "storageCapacity": False,
                    "fsGroupPolicy": "ReadWriteOnceWithFSType",
                    "volumeLifecycleModes": ["Persistent"],
                    "requiresRepublish": False,
                    "seLinuxMount": False,
                }
            }
        ),
    ),
    spec=SPEC,
    update_rules=struct(metadata=core_metadata_update)
    & struct(spec=SPEC & _attachment & struct(volumeLifecycleModes=immutable)),
    warnings=_warnings,
    prepare_create=_prepare_create,
    prepare_update=_prepare_update,
    columns=(
        NAME,
        Column(
            "AttachRequired",
            value("spec.attachRequired", True),
            "boolean",
            description="Whether volumes are attached to nodes.",
        ),
        Column(
            "PodInfoOnMount",
            value("spec.podInfoOnMount", False),
            "boolean",
            description="Whether mounts tell of the pod.",
        ),
        Column(
            "StorageCapacity",
            value("spec.storageCapacity", False),
            "boolean",
            description="Whether free capacity is published.",
        ),
        Column("TokenRequests", _audiences, description="The audiences of the tokens that the driver gets."),
        Column(
            "RequiresRepublish",
            value("spec.requiresRepublish", False),
            "boolean",
            description="Whether volumes are published again.",
        ),
        Column("Modes", _modes, description="How volumes may live."),
        AGE,
    ),
)
