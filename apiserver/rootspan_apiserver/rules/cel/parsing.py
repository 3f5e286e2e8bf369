"""The parser: text into a syntax tree, with the macros expanded.

Upstream: github.com/google/cel-go/parser/parser.go
"""

import sys

from rootspan_apiserver.rules.cel.ast import Expression, FunctionCall, ParsedExpression, Select, children
from rootspan_apiserver.rules.cel.errors import CELIssue, CELSyntaxError
from rootspan_apiserver.rules.cel.grammar import DEEPEST, CELParser, TooDeepError
from rootspan_apiserver.rules.cel.macros import KUBERNETES_MACROS, Macros
from rootspan_apiserver.rules.cel.syntax_errors import syntax_issues
from rootspan_apiserver.rules.cel.tokens import NoParseError

_LARGEST = 100_000
"""In code points."""
_STACK = 10_000
"""Frames. The deepest expression needs some 2,000 in the parser and in each of the passes after it."""
_BRANCHES = frozenset(("_&&_", "_||_", "!_", "-_"))
"""Operators that do not deepen an expression."""


def parse(text: str, macros: Macros = KUBERNETES_MACROS) -> ParsedExpression:
    """Return the syntax tree of an expression.

    Raises:
        CELSyntaxError: The text is not an expression, or larger or deeper than allowed.
    """
    if len(text) > _LARGEST:
        message = f"expression code point size exceeds limit: size: {len(text)}, limit {_LARGEST}"
        raise CELSyntaxError(text, [CELIssue(-1, -1, message)])
    if sys.getrecursionlimit() < _STACK:
        sys.setrecursionlimit(_STACK)
    try:
        parser = CELParser(text, macros)
        root = parser.whole()
    except NoParseError:
        issues = syntax_issues(text) or [CELIssue(1, 0, "Syntax error")]
        raise CELSyntaxError(text, issues) from None
    except TooDeepError:
        raise CELSyntaxError(text, [CELIssue(-1, -1, f"expression recursion limit exceeded: {DEEPEST}")]) from None
    if parser.size > DEEPEST and _depth(CELParser(text, {}).whole()) > DEEPEST:
        raise CELSyntaxError(text, [CELIssue(-1, -1, "max recursion depth exceeded")])
    if parser.issues:
        raise CELSyntaxError(text, parser.issues)
    return ParsedExpression(text=text, root=root, offsets=parser.ids.offsets)


def _depth(node: Expression) -> int:
    """Return how many operators with two or three operands, fields and calls of members of the tree stand in one another."""
    is_level = isinstance(node, Select) or (
        isinstance(node, FunctionCall)
        and (
            node.target is not None
            or node.function == "@in"
            or (node.function[-1:] == "_" and node.function not in _BRANCHES)
        )
    )
    return is_level + max(map(_depth, children(node)), default=0)
