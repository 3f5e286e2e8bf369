"""The rules of the house: each check takes a module and yields what breaks the rule in it."""

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator, Mapping

from tests.house.sources import Source

Check = Callable[[Source], Iterator[str]]

MAX_POSITIONAL_ARGUMENTS = 5
MAX_FUNCTION_LINES = 60
MAX_MODULE_LINES = 300

BY_POSITION = frozenset({"datetime", "sdk._Span", "self.sampler.should_sample", "tracer.sampler.should_sample"})
"""Callables of other libraries that take their arguments by position: samplers may name the parameters differently."""

DATA_TABLES = frozenset(
    {
        "rootspan_apiserver.conformance.operations",  # one line for each request of the conformance run
    }
)
"""Modules that may be longer than MAX_MODULE_LINES, because they are a table."""

TWINS = frozenset({"AsyncTracingTransport", "TracingTransport", "PolicyRule"})
"""Public names that the library offers once for httpx and once for httpx2, and one that upstream has in audit.k8s.io and in
rbac.authorization.k8s.io."""

PLAIN_WORDS: Mapping[str, str] = {
    r"the anonymous(?! (?:user|request|group|identity|authenticator)s?\b)": "anonymous users",
    r"nobody(?:'s)?": "no user, no client, unknown",
    r"whoever": "the caller, the client, the code that",
    r"everybody(?:'s)?": "all users, all clients",
    r"strangers?(?:'s)?": "an untrusted client",
    r"minds": "checks, considers",
    r"rooms?": "module, package, layer, space",
    r"the house": "the server, the package",
    r"by the front door": "through its own API",
    r"in force": "effective, configured",
    r"lets? go": "released, removed",
    r"told": "reported, informed, given",
    r"gone": "deleted, closed, missing",
    r"knows nothing": "does not depend on, has no",
}
"""Expressions of the private dialect, and the plain technical terms to choose from instead."""
_PRIVATE_DIALECT = re.compile(rf"\b(?:{'|'.join(PLAIN_WORDS)})\b", re.IGNORECASE)

POOLS = frozenset(
    {
        "rootspan.ids",  # random ids drawn a block at a time, cleared in the child of a fork
    }
)
"""Modules whose state is a pool that no caller can observe."""

_MUTABLE_DISPLAYS = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
_MUTABLE_TYPES = frozenset({"list", "dict", "set", "defaultdict", "OrderedDict", "Counter", "deque", "bytearray"})
_MUTATING_METHODS = frozenset(
    {
        "add",
        "append",
        "appendleft",
        "clear",
        "discard",
        "extend",
        "insert",
        "pop",
        "popitem",
        "remove",
        "setdefault",
        "sort",
        "update",
    }
)
_IMMUTABLE_ANNOTATIONS = ("Mapping", "Sequence", "Set[", "frozenset", "tuple")

_Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def many_positional_arguments(source: Source) -> Iterator[str]:
    """Calls with more than MAX_POSITIONAL_ARGUMENTS arguments by position: nobody sees that two of them are transposed."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and len(node.args) > MAX_POSITIONAL_ARGUMENTS:
            name = ast.unparse(node.func)
            if name not in BY_POSITION:
                yield f"line {node.lineno}: {name}() has {len(node.args)} positional arguments"


def long_functions(source: Source) -> Iterator[str]:
    """Functions of more than MAX_FUNCTION_LINES lines."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MAX_FUNCTION_LINES:
                yield f"line {node.lineno}: {node.name}() has {lines} lines"


def long_modules(source: Source) -> Iterator[str]:
    """Modules of more than MAX_MODULE_LINES lines that are no data table."""
    lines = len(source.text.splitlines())
    if lines > MAX_MODULE_LINES and source.module not in DATA_TABLES:
        yield f"{lines} lines"


def mutable_module_state(source: Source) -> Iterator[str]:
    """Containers at module level that the module mutates, and `global` statements."""
    if source.module in POOLS:
        return
    containers = {
        target.id
        for node in source.tree.body
        for target in _targets(node)
        if isinstance(target, ast.Name) and _is_mutable(_value(node))
    }
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Global):
            yield f"line {node.lineno}: global {', '.join(node.names)}"
        elif (name := _mutated(node)) in containers:
            yield f"line {getattr(node, 'lineno', 0)}: {name} is mutated"


def mutable_class_attributes(source: Source) -> Iterator[str]:
    """Lists, dicts and sets that all instances of a class share."""
    for owner in ast.walk(source.tree):
        if not isinstance(owner, ast.ClassDef):
            continue
        for node in owner.body:
            if not _is_mutable(_value(node)):
                continue
            annotation = ast.unparse(node.annotation) if isinstance(node, ast.AnnAssign) else ""
            constant = annotation.startswith("ClassVar[") and any(t in annotation for t in _IMMUTABLE_ANNOTATIONS)
            if not constant:
                yield f"line {node.lineno}: {owner.name} has a mutable class attribute"


def missing_docstrings(source: Source) -> Iterator[str]:
    """Modules, public classes and public functions without a docstring."""
    if not ast.get_docstring(source.tree):
        yield "the module has no docstring"
    for node in source.tree.body:
        if isinstance(node, _Definition) and not node.name.startswith("_") and not ast.get_docstring(node):
            yield f"line {node.lineno}: {node.name} has no docstring"


def private_dialect(source: Source) -> Iterator[str]:
    """Words of the private dialect in docstrings, comments and the messages of errors."""
    for line, text in _prose(source):
        for match in _PRIVATE_DIALECT.finditer(text):
            yield f"line {line}: {match[0]!r} in {_around(text, match)!r}"


def _prose(source: Source) -> Iterator[tuple[int, str]]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, node.value.value
        elif isinstance(node, ast.Raise) and node.exc is not None:
            for part in ast.walk(node.exc):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.lineno, part.value
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def _around(text: str, match: re.Match[str]) -> str:
    return " ".join(text[max(0, match.start() - 30) : match.end() + 30].split())


def _targets(node: ast.stmt) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, ast.AnnAssign) else []


def _value(node: ast.stmt) -> ast.expr | None:
    return node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None


def _is_mutable(value: ast.expr | None) -> bool:
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and value.func.id in _MUTABLE_TYPES
    return isinstance(value, _MUTABLE_DISPLAYS)


def _mutated(node: ast.AST) -> str | None:
    """Return the name of the variable whose value the node mutates, None if it mutates none."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attribute)) if attribute in _MUTATING_METHODS:
            return name
        case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
            return name
        case ast.AugAssign(target=ast.Name(id=name)):
            return name
    return None


CHECKS: tuple[Check, ...] = (
    many_positional_arguments,
    long_functions,
    long_modules,
    mutable_module_state,
    mutable_class_attributes,
    missing_docstrings,
    private_dialect,
)
