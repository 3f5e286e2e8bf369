"""The page with its traces as one file, which a browser opens without a server."""

from collections.abc import Iterable
from pathlib import Path

import orjson

from rootspan.spans import Span
from rootspan_apiserver.collector.trees import traces
from rootspan_apiserver.trace_page.assets import asset, data_url, document, import_map
from rootspan_apiserver.trace_page.documents import summary, trace_document


def html_of(spans: Iterable[Span]) -> str:
    """Return the page with the traces of `spans`."""
    found = traces(spans)
    data = orjson.dumps(
        {
            "summaries": [summary(trace_id, each) for trace_id, each in found.items()],
            "traces": {trace_id: trace_document(trace_id, each) for trace_id, each in found.items()},
        }
    ).decode()
    return document(
        style=f"<style>{asset('page.css')}</style>",
        imports=import_map(data_url),
        data=data.replace("<", "\\u003c"),  # so that no text of a span ends the element
    )


def write_html(path: Path, spans: Iterable[Span]) -> None:
    """Write the page with the traces of `spans`. Raises OSError."""
    path.write_text(html_of(spans), "utf-8")
