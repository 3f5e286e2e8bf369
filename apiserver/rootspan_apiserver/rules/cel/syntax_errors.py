"""The words of syntax errors, which are those of Google's grammar: `mismatched input '<EOF>' expecting {…}`.

The library `cel-expr-python` has that grammar. It is asked only about texts that do not parse: it refuses expressions deeper than 32,
where kube-apiserver allows 250, and takes 80 ms to load.

Upstream: github.com/google/cel-go/parser/errors.go
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from rootspan_apiserver.rules.cel.errors import CELIssue

if TYPE_CHECKING:
    from cel_expr_python.cel import Env  # type: ignore[import-untyped] # The library has no marker of its types.

_ISSUE = re.compile(
    r"^(?:INVALID_ARGUMENT: )?ERROR: <input>:(\d+):(\d+): "
    r"(Syntax error: (?!More than).*|reserved identifier: .*|unsupported syntax .*|[A-Za-z_]+\(\) .*)$",
    re.MULTILINE,
)
_NO_NAME = "expecting {IDENTIFIER, ESC_IDENTIFIER}"
_MACROS = {
    "has() argument must be a field selection": "invalid argument to has() macro",
    "map() variable name must be a simple identifier": "argument is not an identifier",
    "filter() variable name must be a simple identifier": "argument is not an identifier",
    "all() variable name must be a simple identifier": "argument must be a simple name",
    "exists() variable name must be a simple identifier": "argument must be a simple name",
    "exists_one() variable name must be a simple identifier": "argument must be a simple name",
}
"""cel-go's words for faults of macros, by the library's."""
_RESERVED = re.compile(r"no viable alternative at input '.(true|false|null)'")


def syntax_issues(text: str) -> Sequence[CELIssue]:
    """Return what is wrong with a text that does not parse; nothing if the grammar does not say."""
    try:
        _grammar().compile(text, disable_check=True)
    except RuntimeError as error:
        found = _ISSUE.findall(str(error).removesuffix(" [INVALID_ARGUMENT]"))
        # The end of an empty text is before its first character.
        start = 1 if text else 2
        issues = [CELIssue(int(line), int(column) - start, _as_in_go(message, text)) for line, column, message in found]
        # cel-go complains once more of a name that is missing after `.?`.
        more = [
            replace(issue, message="unsupported ident kind") for issue in issues if issue.message.endswith(_NO_NAME)
        ]
        return [*issues, *more]
    return ()


def _as_in_go(message: str, text: str) -> str:
    _, token, rest = message.partition("token recognition error at: ")
    if token and rest[1:-1] not in text:
        # Here the library escapes control characters.
        return message.replace(r"\n", "\n").replace(r"\r", "\r").replace(r"\t", "\t")
    if message in _MACROS:
        return _MACROS[message]
    return _RESERVED.sub(r"mismatched input '\1' expecting IDENTIFIER", message).replace(r"'\u003F'", "'?'")


@cache
def _grammar() -> "Env":
    from cel_expr_python import cel  # type: ignore[import-untyped] # The library has no marker of its types.

    return cel.NewEnv(config=cel.NewEnvConfigFromYaml("name: syntax\nextensions:\n- name: optional\n"))
