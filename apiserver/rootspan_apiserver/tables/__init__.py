"""Objects as rows of a table: what `kubectl get` prints, computed here so that no client needs to know each kind."""

from rootspan_apiserver.tables.partial import partial_object_metadata
from rootspan_apiserver.tables.table import TableRows, table

__all__ = ["TableRows", "partial_object_metadata", "table"]
