"""The options of the store's methods, as values.

Upstream: staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/types.go, staging/src/k8s.io/apiserver/pkg/registry/rest/rest.go
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.hooks import NO_CONTEXT, WriteContext
from rootspan_apiserver.storage.list_options import ListOptions

__all__ = ["CreateOptions", "DeleteOptions", "ListOptions", "UpdateOptions"]

ValidateObject = Callable[[JSONObject], Awaitable[None]]
ValidateUpdate = Callable[[JSONObject, JSONObject | None], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateOptions:
    """Options of `Store.create`.

    Attributes:
        validate: validating admission, called with the object as it will be stored; it raises StatusError to refuse.
        dry_run: do everything but store the object.
        context: the request as strategies see it.
    """

    validate: ValidateObject | None = None
    dry_run: bool = False
    context: WriteContext = NO_CONTEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateOptions:
    """Options of `Store.update`.

    Attributes:
        subresource: the subresource that is written, "" for the object itself.
        validate: validating admission, called with the new object and the old one, which is None if the update creates the object.
        precondition_uid: the uid that the present object must have, "" for any.
        dry_run: do everything but store the object.
        create_on_missing: create the object if there is none, whatever the resource allows (server-side apply).
        context: the request as strategies see it.
    """

    subresource: str = ""
    validate: ValidateUpdate | None = None
    precondition_uid: str = ""
    dry_run: bool = False
    create_on_missing: bool = False
    context: WriteContext = NO_CONTEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteOptions:
    """Options of `Store.delete` and `Store.delete_collection`.

    Attributes:
        grace_period_seconds: how long the object may take to stop, None for its own default.
        propagation_policy: `Background`, `Foreground`, `Orphan`, or "" for the resource's default.
        orphan_dependents: the deprecated form of `propagation_policy`, None if not given.
        precondition_uid: the uid that the present object must have, "" for any.
        precondition_resource_version: the version that the present object must have, "" for any.
        dry_run: do everything but change or delete the object.
        validate: admission, called with the object that is deleted; it raises StatusError to refuse.
    """

    grace_period_seconds: int | None = None
    propagation_policy: str = ""
    orphan_dependents: bool | None = None
    precondition_uid: str = ""
    precondition_resource_version: str = ""
    dry_run: bool = False
    validate: ValidateObject | None = None


CREATE, UPDATE, DELETE = CreateOptions(), UpdateOptions(), DeleteOptions()
"""The defaults."""
