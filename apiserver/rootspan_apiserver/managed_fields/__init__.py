"""`metadata.managedFields` and server-side apply."""

from rootspan_apiserver.managed_fields.field_manager import FieldManager, manager_name, with_managed_fields

__all__ = ["FieldManager", "manager_name", "with_managed_fields"]
