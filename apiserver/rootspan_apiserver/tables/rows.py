"""The cells of the kinds whose tables show more than a name and an age."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.tables import cluster_rows, network_rows

Row = Callable[[JSONObject, datetime], list[Any]]

ROWS: dict[tuple[str, str], Row] = {
    **cluster_rows.ROWS,
    **network_rows.ROWS,
}
