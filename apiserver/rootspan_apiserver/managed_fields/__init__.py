"""`metadata.managedFields` and server-side apply."""

from rootspan_apiserver.managed_fields.field_manager import (
    FieldManager,
    ignore_timestamps,
    manager_name,
    with_managed_fields,
)

__all__ = ["FieldManager", "ignore_timestamps", "manager_name", "with_managed_fields"]
