"""No file of the server but the dialects names a span, an event or an attribute key.

What is forbidden is read from the dialects themselves. Names that are ordinary words (`Create`, `key`, `len`) are forbidden where spans are
made; names that nothing else can be (`Create etcd3`, `http.target`) are forbidden everywhere.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain
from pathlib import Path
from types import CodeType, FunctionType

import pytest

import rootspan_apiserver
from rootspan_apiserver.dialects.etcd_rpcs import RPCS
from rootspan_apiserver.dialects.versions import DIALECTS

PACKAGE = Path(rootspan_apiserver.__file__).parent
OTHER_SERVERS = ("collector", "sample_webhooks", "trace_page")
"""They have spans and attributes of their own, or those of anybody."""
RECORDING = frozenset(
    {
        "span",
        "verb_span",
        "verb",
        "event",
        "step",
        "begin",
        "add_event",
        "set_attribute",
        "set_attributes",
        "update_name",
        "start_span",
        "start_as_current_span",
    }
)
"""The functions that make spans, or record something in one."""


@cache
def names() -> frozenset[str]:
    """The names of spans and events and the attribute keys of all dialects."""
    found = set(RPCS.values())
    for dialect in DIALECTS.values():
        for span in (*dialect.spans.values(), *dialect.text_traces.values()):
            found |= {span.name, *span.keys.values()}
        for event in dialect.events.values():
            found |= {event.name, *event.keys.values()}
        keys = dialect.conformance
        found |= {*keys.requests, *keys.numbers, *keys.ids, *keys.objects, *keys.revisions}
        for transport in (dialect.server_span, dialect.http_client, dialect.etcd_client):
            for method in vars(transport).values():
                function = method.__func__ if isinstance(method, staticmethod) else method
                if isinstance(function, FunctionType):
                    found |= set(constants(function.__code__))
    return frozenset(found)


def constants(code: CodeType) -> Iterator[str]:
    """The texts in a function that can be attribute keys: dotted names."""
    for constant in chain.from_iterable(each if isinstance(each, tuple) else (each,) for each in code.co_consts):
        if isinstance(constant, str) and re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", constant):
            yield constant


@cache
def unmistakable() -> frozenset[str]:
    """The names that are no ordinary words: of several parts, and never a name of Python, JSON or HTTP."""
    headers = {"user-agent", "audit-id"}
    return frozenset(name for name in names() if re.search(r"[ .(/-]", name)) - headers


@cache
def key_sets() -> frozenset[frozenset[str]]:
    """The sets of two or more attribute keys that a span has together."""
    described = [each for dialect in DIALECTS.values() for each in dialect.text_traces.values()]
    return frozenset(frozenset(each.keys.values()) for each in described if len(each.keys) > 1)


def faults(source: str) -> list[str]:
    """The literals in a module that name a span, an event or an attribute."""
    tree = ast.parse(source)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if node.body and isinstance(node.body[0], ast.Expr)
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and called(node) in RECORDING:
            found += [f"{node.lineno}: {text!r}" for text in literals([*node.args, *(k.value for k in node.keywords)])]
        if isinstance(node, ast.Dict) and frozenset(map(text_of, node.keys)) in key_sets():
            found.append(f"{node.lineno}: {ast.unparse(node)}")
        if isinstance(node, ast.Constant) and id(node) not in docstrings and node.value in unmistakable():
            found.append(f"{node.lineno}: {node.value!r}")
        if isinstance(node, ast.JoinedStr) and (name := formatted(node)):
            found.append(f"{node.lineno}: {ast.unparse(node)} can be {name!r}")
    return found


def text_of(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def called(call: ast.Call) -> str:
    match call.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def literals(nodes: Sequence[ast.expr]) -> Iterator[str]:
    """The names among the texts in expressions."""
    for node in nodes:
        for inner in ast.walk(node):
            if isinstance(inner, ast.Constant) and inner.value in names():
                yield str(inner.value)


def formatted(node: ast.JoinedStr) -> str:
    """The name of several words that an f-string can be, at least half of which stands in it; "" if there is none."""
    parts = [str(part.value) if isinstance(part, ast.Constant) else None for part in node.values]
    written = sum(len(part) for part in parts if part is not None)
    pattern = re.compile("".join(".+" if part is None else re.escape(part) for part in parts))
    words = (name for name in unmistakable() if " " in name)
    return next((name for name in words if 2 * written >= len(name) and pattern.fullmatch(name)), "")


def modules() -> list[Path]:
    every = (path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))
    return sorted(path for path in every if path.parts[0] not in ("dialects", *OTHER_SERVERS))


@pytest.mark.parametrize("module", modules(), ids=str)
def test_module_names_no_span(module: Path) -> None:
    """The module has no literal that is the name of a span or an event, or an attribute key."""
    assert faults((PACKAGE / module).read_text()) == []


@pytest.mark.parametrize(
    "source",
    [
        'tracing.span("Create")',
        'self._tracing.span("audit", scope=scope)',
        '@verb("Get")\ndef get(): ...',
        "span.event(events.ENCODED, **{'len': 3})",
        'span.event("Ready")',
        'span.set_attribute("http.target", path)',
        'NAME = "GuaranteedUpdate etcd3"',
        'name = f"Call {kind} webhook"',
        'if span.name == "SerializeObject" or span.name == "cacher.Get": ...',
        'keys = {"audit-id": given, "type": kind}',
        'RPC = "etcdserverpb.KV/Range"',
    ],
)
def test_literal_is_found(source: str) -> None:
    """The search finds each way to write such a name."""
    assert faults(source) != []


def test_names_are_those_of_all_versions() -> None:
    """Names are read from the dialects: spans, events, keys of internal spans and of the spans of otelhttp and otelgrpc."""
    assert names() >= {
        "constrainedimpersonation",
        "Create etcd3",
        "decode succeeded",
        "len",
        "mediaType",
        "http.response.status_code",
        "http.server_name",
        "http.url",
        "rpc.response.status_code",
        "rpc.grpc.status_code",
        "etcdserverpb.KV/Txn",
    }
