"""The files of the page, and how its modules find one another.

The modules import each other by names such as `page/list.js`, which an import map resolves: to URLs of the server, or to `data:` URLs in
the page that is one file.
"""

import base64
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from importlib.resources import files

import orjson

MODULES = (
    "main.js",
    "source.js",
    "query.js",
    "list.js",
    "tree.js",
    "waterfall.js",
    "details.js",
    "compare.js",
    "dom.js",
)
START = 'import "page/main.js"'
"""The script in the document that starts the page."""
_MEDIA_TYPES = {"js": "text/javascript", "css": "text/css"}


@cache
def asset(name: str) -> str:
    """Return the text of a file of the page."""
    return (files(__package__) / "static" / name).read_text("utf-8")


def media_type(name: str) -> str:
    """Return the media type of a file of the page."""
    return f"{_MEDIA_TYPES[name.rpartition('.')[2]]}; charset=utf-8"


def import_map(url: Callable[[str], str]) -> str:
    """Return the import map in which each module has the URL that `url` returns for its name."""
    return orjson.dumps({"imports": {f"page/{name}": url(name) for name in MODULES}}).decode()


def data_url(name: str) -> str:
    """Return a URL that contains the module."""
    return "data:text/javascript;base64," + base64.b64encode(asset(name).encode()).decode()


def csp_hash(inline: str) -> str:
    """Return the source expression of a Content-Security-Policy that allows this inline script."""
    return f"'sha256-{base64.b64encode(sha256(inline.encode()).digest()).decode()}'"


def document(*, style: str, imports: str, data: str) -> str:
    """Return the HTML document with the element of the style sheet, the import map, and the JSON of the traces it contains, if any."""
    page = asset("index.html")
    for name, text in (("style", style), ("imports", imports), ("start", START), ("data", data)):
        page = page.replace(f"<!-- {name} -->", text, 1)
    return page
