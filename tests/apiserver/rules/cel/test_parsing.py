"""The parser of CEL: its trees, and the words with which kube-apiserver refuses what is not an expression."""

import pytest
from cel_expr_python import cel  # type: ignore[import-untyped] # The library has no marker of its types.

from rootspan_apiserver.rules.cel.ast import Comprehension, FunctionCall, Identifier, Literal, Select, UInt
from rootspan_apiserver.rules.cel.errors import CELSyntaxError
from rootspan_apiserver.rules.cel.parsing import parse

_OPERAND = (
    "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"
)
_ARGUMENT = "{'[', '{', '(', ')', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"
_REFUSED = (
    ("self.`a-b`", [(1, 5, "unsupported syntax: '`'")]),
    ("as", [(1, 0, "reserved identifier: as")]),
    ("has(1)", [(1, 4, "invalid argument to has() macro")]),
    ("self.x +", [(1, 8, f"Syntax error: mismatched input '<EOF>' expecting {_OPERAND}")]),
    ("1 +\n (2", [(2, 3, "Syntax error: missing ')' at '<EOF>'")]),
    (
        "'abc",
        [
            (1, 0, "Syntax error: token recognition error at: ''abc'"),
            (1, 4, f"Syntax error: mismatched input '<EOF>' expecting {_OPERAND}"),
        ],
    ),
    ("a &&", [(1, 4, f"Syntax error: mismatched input '<EOF>' expecting {_OPERAND}")]),
    ("if", [(1, 0, "reserved identifier: if")]),
    ("self{`b-c`: 2} == 1", [(1, 5, "unsupported syntax: '`'")]),
    ("a ? b", [(1, 5, "Syntax error: mismatched input '<EOF>' expecting ':'")]),
    ("99999999999999999999", [(1, 0, "invalid int literal")]),
    ("b'\\u0041' == b''", [(1, 0, "unable to unescape string")]),
    (
        "self.in",
        [
            (1, 5, "Syntax error: no viable alternative at input '.in'"),
            (1, 7, f"Syntax error: mismatched input '<EOF>' expecting {_OPERAND}"),
        ],
    ),
    (
        "a.all(in, true)",
        [
            (1, 6, f"Syntax error: mismatched input 'in' expecting {_ARGUMENT}"),
            (1, 8, f"Syntax error: extraneous input ',' expecting {_OPERAND}"),
            (1, 14, "Syntax error: extraneous input ')' expecting <EOF>"),
        ],
    ),
    (
        "é + 1",
        [
            (1, 0, "Syntax error: token recognition error at: 'é'"),
            (1, 2, f"Syntax error: extraneous input '+' expecting {_OPERAND}"),
        ],
    ),
    ("x == 'é' && y +", [(1, 15, f"Syntax error: mismatched input '<EOF>' expecting {_OPERAND}")]),
    ("a == = b", [(1, 5, "Syntax error: token recognition error at: '= '")]),
    ("a.b(x,)", [(1, 6, f"Syntax error: mismatched input ')' expecting {_OPERAND}")]),
    ("f(,)", [(1, 2, f"Syntax error: extraneous input ',' expecting {_ARGUMENT}")]),
    (
        "a # b",
        [
            (1, 2, "Syntax error: token recognition error at: '#'"),
            (1, 4, "Syntax error: extraneous input 'b' expecting <EOF>"),
        ],
    ),
    (
        "'\\z'",
        [
            (1, 0, "Syntax error: token recognition error at: ''\\z'"),
            (1, 3, "Syntax error: token recognition error at: '''"),
            (1, 4, f"Syntax error: mismatched input '<EOF>' expecting {_OPERAND}"),
        ],
    ),
    ("a.b.c.map(x", [(1, 11, "Syntax error: missing ')' at '<EOF>'")]),
    ("[1,2,3", [(1, 6, "Syntax error: mismatched input '<EOF>' expecting {']', ','}")]),
    ("{1:2", [(1, 4, "Syntax error: mismatched input '<EOF>' expecting {'}', ','}")]),
    ("@x", [(1, 0, "Syntax error: token recognition error at: '@'")]),
    ("x.@y", [(1, 2, "Syntax error: token recognition error at: '@'")]),
    ("a$", [(1, 1, "Syntax error: token recognition error at: '$'")]),
    ("[].all(x.y, true)", [(1, 8, "argument must be a simple name")]),
    ("[].map(1, true)", [(1, 7, "argument is not an identifier")]),
    ("[].filter(__result__, true)", [(1, 10, "iteration variable overwrites accumulator variable")]),
    ("[].all(i,i,true)", [(1, 9, "duplicate variable name: i")]),
    ("[].transformList(1,v,v)", [(1, 17, "argument must be a simple name")]),
    ("[].exists(__result__,true)", [(1, 10, "iteration variable overwrites accumulator variable")]),
    ("has(self.a.b) && has(self)", [(1, 21, "invalid argument to has() macro")]),
    ("[1].optMap(1+1, 2)", [(1, 12, "optMap() variable name must be a simple identifier")]),
    (
        "'a'.sortBy(x, x)",
        [(1, 0, "sortBy can only be applied to a list, identifier, comprehension, call or select expression")],
    ),
    ("[].sortBy(1, x)", [(1, 10, "argument is not an identifier")]),
    ("1e999", [(1, 0, "invalid double literal")]),
    ("18446744073709551616u", [(1, 0, "invalid uint literal")]),
    ("-9223372036854775809", [(1, 0, "invalid int literal")]),
    ("'\\ud800'", [(1, 0, "invalid unicode code point")]),
    ("'\\U00110000'", [(1, 0, "invalid unicode code point")]),
    ("b'\\ud800'", [(1, 0, "unable to unescape string")]),
    ("var + 1", [(1, 0, "reserved identifier: var")]),
    ("function(1)", [(1, 0, "reserved identifier: function")]),
    (".if", [(1, 0, "reserved identifier: if")]),
    ("null.foo(", [(1, 9, f"Syntax error: mismatched input '<EOF>' expecting {_ARGUMENT}")]),
    ("true ? 1 : ", [(1, 11, f"Syntax error: mismatched input '<EOF>' expecting {_OPERAND}")]),
    ("true ? 1 2", [(1, 9, "Syntax error: missing ':' at '2'")]),
    (
        "a[",
        [
            (
                1,
                2,
                "Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', '?', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}",
            )
        ],
    ),
    (
        "a[]",
        [
            (
                1,
                2,
                "Syntax error: mismatched input ']' expecting {'[', '{', '(', '.', '-', '!', '?', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}",
            )
        ],
    ),
    ("a[?]", [(1, 3, f"Syntax error: mismatched input ']' expecting {_OPERAND}")]),
    ("{}{}", [(1, 2, "Syntax error: mismatched input '{' expecting <EOF>")]),
    ("{1:2,,}", [(1, 5, "Syntax error: extraneous input ',' expecting '}'")]),
    ("[,,]", [(1, 2, "Syntax error: extraneous input ',' expecting ']'")]),
    ("1 2 3", [(1, 2, "Syntax error: mismatched input '2' expecting <EOF>")]),
    ("a b c d e f", [(1, 2, "Syntax error: mismatched input 'b' expecting <EOF>")]),
    ("((((((((", [(1, 8, f"Syntax error: mismatched input '<EOF>' expecting {_OPERAND}")]),
    ("))))))", [(1, 0, f"Syntax error: mismatched input ')' expecting {_OPERAND}")]),
    (")))))) (", [(1, 0, f"Syntax error: mismatched input ')' expecting {_OPERAND}")]),
    ("a in", [(1, 4, f"Syntax error: mismatched input '<EOF>' expecting {_OPERAND}")]),
    (
        "in in in",
        [
            (1, 0, f"Syntax error: mismatched input 'in' expecting {_OPERAND}"),
            (1, 3, f"Syntax error: mismatched input 'in' expecting {_OPERAND}"),
            (1, 6, f"Syntax error: mismatched input 'in' expecting {_OPERAND}"),
            (1, 8, f"Syntax error: mismatched input '<EOF>' expecting {_OPERAND}"),
        ],
    ),
    ("!", [(1, 1, f"Syntax error: extraneous input '<EOF>' expecting {_OPERAND}")]),
    (
        "-",
        [
            (1, 1, "Syntax error: no viable alternative at input '-'"),
            (1, 1, f"Syntax error: mismatched input '<EOF>' expecting {_OPERAND}"),
        ],
    ),
    ("- -1 -", [(1, 6, f"Syntax error: mismatched input '<EOF>' expecting {_OPERAND}")]),
    (
        "a.?",
        [
            (1, 3, "Syntax error: mismatched input '<EOF>' expecting {IDENTIFIER, ESC_IDENTIFIER}"),
            (1, 3, "unsupported ident kind"),
        ],
    ),
    ("a.?b.c(", [(1, 7, f"Syntax error: mismatched input '<EOF>' expecting {_ARGUMENT}")]),
    ("a.?b(1)", [(1, 4, "Syntax error: mismatched input '(' expecting <EOF>")]),
    ("a.?`b-c`", [(1, 3, "unsupported syntax: '`'")]),
    ("x{?a: 1, b}", [(1, 10, "Syntax error: mismatched input '}' expecting ':'")]),
    ("x{a: 1,,}", [(1, 7, "Syntax error: extraneous input ',' expecting '}'")]),
    (
        "/* c */ 1",
        [
            (1, 0, f"Syntax error: mismatched input '/' expecting {_OPERAND}"),
            (1, 1, f"Syntax error: extraneous input '*' expecting {_OPERAND}"),
            (1, 6, f"Syntax error: extraneous input '/' expecting {_OPERAND}"),
        ],
    ),
    ("// only comment", [(1, 15, f"Syntax error: mismatched input '<EOF>' expecting {_OPERAND}")]),
    ('"""abc', [(1, 2, "Syntax error: token recognition error at: '\"abc'")]),
    ("0x", [(1, 1, "Syntax error: extraneous input 'x' expecting <EOF>")]),
    ("0xg", [(1, 1, "Syntax error: extraneous input 'xg' expecting <EOF>")]),
    ("1u2", [(1, 2, "Syntax error: extraneous input '2' expecting <EOF>")]),
    ("1..2", [(1, 2, "Syntax error: no viable alternative at input '..2'")]),
    (".5.5", [(1, 2, "Syntax error: extraneous input '.5' expecting <EOF>")]),
    ("5.", [(1, 2, "Syntax error: no viable alternative at input '.'")]),
    ("a.1", [(1, 1, "Syntax error: extraneous input '.1' expecting <EOF>")]),
    ("a.b.1", [(1, 3, "Syntax error: extraneous input '.1' expecting <EOF>")]),
    ("1.0.0", [(1, 3, "Syntax error: extraneous input '.0' expecting <EOF>")]),
    ("'a' 'b'", [(1, 4, "Syntax error: extraneous input ''b'' expecting <EOF>")]),
    ("a === b", [(1, 4, "Syntax error: token recognition error at: '= '")]),
    ("a <> b", [(1, 3, f"Syntax error: extraneous input '>' expecting {_OPERAND}")]),
    ("a && && b", [(1, 5, f"Syntax error: extraneous input '&&' expecting {_OPERAND}")]),
    ("a || | b", [(1, 5, "Syntax error: token recognition error at: '| '")]),
    (
        "a & b",
        [
            (1, 2, "Syntax error: token recognition error at: '& '"),
            (1, 4, "Syntax error: extraneous input 'b' expecting <EOF>"),
        ],
    ),
    (
        "a = b",
        [
            (1, 2, "Syntax error: token recognition error at: '= '"),
            (1, 4, "Syntax error: extraneous input 'b' expecting <EOF>"),
        ],
    ),
    (
        "a := 1",
        [
            (1, 2, "Syntax error: mismatched input ':' expecting <EOF>"),
            (1, 3, "Syntax error: token recognition error at: '= '"),
        ],
    ),
    ("a;", [(1, 1, "Syntax error: token recognition error at: ';'")]),
    ("if (a) { b }", [(1, 0, "reserved identifier: if"), (1, 7, "Syntax error: mismatched input '{' expecting <EOF>")]),
    ("for x in y", [(1, 0, "reserved identifier: for"), (1, 4, "Syntax error: mismatched input 'x' expecting <EOF>")]),
    ("x -> y", [(1, 3, f"Syntax error: extraneous input '>' expecting {_OPERAND}")]),
    (
        "\\",
        [
            (1, 0, "Syntax error: token recognition error at: '\\'"),
            (1, 1, f"Syntax error: mismatched input '<EOF>' expecting {_OPERAND}"),
        ],
    ),
    ("`abc`", [(1, 0, f"Syntax error: mismatched input '`abc`' expecting {_OPERAND}")]),
    (
        "`abc",
        [
            (1, 0, "Syntax error: token recognition error at: '`abc'"),
            (1, 4, f"Syntax error: mismatched input '<EOF>' expecting {_OPERAND}"),
        ],
    ),
    ("a.`b c`", [(1, 2, "unsupported syntax: '`'")]),
    (
        "a.`b!c`",
        [
            (1, 2, "Syntax error: token recognition error at: '`b!'"),
            (1, 6, "Syntax error: token recognition error at: '`'"),
        ],
    ),
    ("a\tb", [(1, 2, "Syntax error: extraneous input 'b' expecting <EOF>")]),
    ("\ta +", [(1, 4, f"Syntax error: mismatched input '<EOF>' expecting {_OPERAND}")]),
    ("a +\r\n b +", [(2, 4, f"Syntax error: mismatched input '<EOF>' expecting {_OPERAND}")]),
    ("x\n.y\n.z(\n)\n+\n", [(6, 0, f"Syntax error: mismatched input '<EOF>' expecting {_OPERAND}")]),
    (
        "日本 + 1",
        [
            (1, 0, "Syntax error: token recognition error at: '日'"),
            (1, 1, "Syntax error: token recognition error at: '本'"),
            (1, 3, f"Syntax error: extraneous input '+' expecting {_OPERAND}"),
        ],
    ),
    ("'日本' + ", [(1, 7, f"Syntax error: mismatched input '<EOF>' expecting {_OPERAND}")]),
    ("a.all(x, x > 1", [(1, 14, "Syntax error: missing ')' at '<EOF>'")]),
    ("a.all(x x)", [(1, 8, "Syntax error: extraneous input 'x' expecting ')'")]),
    ("size(a", [(1, 6, "Syntax error: missing ')' at '<EOF>'")]),
    ("size a)", [(1, 5, "Syntax error: mismatched input 'a' expecting <EOF>")]),
    ("a ? b : c ? d : e ? f", [(1, 21, "Syntax error: mismatched input '<EOF>' expecting ':'")]),
    ("[1,2,3", [(1, 6, "Syntax error: mismatched input '<EOF>' expecting {']', ','}")]),
    ("[1 2]", [(1, 3, "Syntax error: extraneous input '2' expecting {']', ','}")]),
    ("{'a' 1}", [(1, 5, "Syntax error: missing ':' at '1'")]),
    ("{'a': 1 'b': 2}", [(1, 8, "Syntax error: mismatched input ''b'' expecting {'}', ','}")]),
    ("{a}", [(1, 2, "Syntax error: mismatched input '}' expecting ':'")]),
    ("a.b.c.", [(1, 6, "Syntax error: no viable alternative at input '.'")]),
    ("a..b", [(1, 2, "Syntax error: no viable alternative at input '..'")]),
    ("..a", [(1, 1, "Syntax error: no viable alternative at input '..'")]),
    (".", [(1, 1, "Syntax error: no viable alternative at input '.'")]),
    ("1 in [1,2", [(1, 9, "Syntax error: mismatched input '<EOF>' expecting {']', ','}")]),
    ("true.true", [(1, 5, "Syntax error: mismatched input 'true' expecting IDENTIFIER")]),
    ("a.true", [(1, 2, "Syntax error: mismatched input 'true' expecting IDENTIFIER")]),
    ("a.null.b", [(1, 2, "Syntax error: mismatched input 'null' expecting IDENTIFIER")]),
    ("self.null()", [(1, 5, "Syntax error: mismatched input 'null' expecting IDENTIFIER")]),
    ("null()", [(1, 4, "Syntax error: mismatched input '(' expecting <EOF>")]),
    ("a.b.in.c", [(1, 4, "Syntax error: no viable alternative at input '.in'")]),
    ("while.x", [(1, 0, "reserved identifier: while")]),
    ("self.true", [(1, 5, "Syntax error: mismatched input 'true' expecting IDENTIFIER")]),
    ("( a ( a ( a ( a ( a", [(1, 19, "Syntax error: mismatched input '<EOF>' expecting ')'")]),
    ("x????????????????????????????????????????", [(1, 2, f"Syntax error: mismatched input '?' expecting {_OPERAND}")]),
)
_VALUES = (
    ("1", 1),
    ("0x1F", 31),
    ("-9223372036854775808", -(1 << 63)),
    ("--7", 7),
    ("7u", UInt(7)),
    ("0xffU", UInt(255)),
    (".5", 0.5),
    ("-1e3", -1000.0),
    ("'a\\tb'", "a\tb"),
    ("'\\xff\\u00e9\\101'", "\xff\u00e9A"),
    ("b'\\xff\\101\u00e9'", b"\xffA\xc3\xa9"),
    ("r'a\\n'", "a\\n"),
    ('"""a\n"b"""', 'a\n"b'),
    ('"""a\r\nb"""', "a\nb"),
    ("true", True),
    ("null", None),
)
_ACCEPTED = (
    "a.b[0].?c[?'d']",
    "[1, ?x, 3,]",
    "{'a': 1, ?'b': x,}",
    "[,].size() == {,}.size()",
    "a.b.C{d: 1, ?e: x}",
    ".a.b(.c(1))",
    "x in [1, 2] ? -y : !!z",
    "a // comment\n + b",
    "self.while.for",
    "1 + 2 * 3 - 4 % 5 / 6",
    "a && b || c && d || e",
)


@pytest.mark.parametrize(("text", "issues"), _REFUSED, ids=[row[0] for row in _REFUSED])
def test_text_outside_grammar_is_refused_in_words_of_cel_go(text: str, issues: list[tuple[int, int, str]]) -> None:
    """The places and messages are those of a real kube-apiserver."""
    with pytest.raises(CELSyntaxError) as raised:
        parse(text)
    assert [(issue.line, issue.column, issue.message) for issue in raised.value.issues] == issues


def test_error_shows_line_with_mark_below_character() -> None:
    """A tab is one space, and below a character that is not ASCII stands a wide mark."""
    with pytest.raises(CELSyntaxError) as raised:
        parse("1 ==\n\t'\u00e9' & 2")
    assert str(raised.value) == (
        "ERROR: <input>:2:6: Syntax error: token recognition error at: '& '\n |  '\u00e9' & 2\n | ..\uff0e..^\n"
        "ERROR: <input>:2:8: Syntax error: extraneous input '2' expecting <EOF>\n |  '\u00e9' & 2\n | ..\uff0e....^"
    )


@pytest.mark.parametrize(("text", "value"), _VALUES, ids=[row[0] for row in _VALUES])
def test_literal_has_value_and_type(text: str, value: object) -> None:
    """Numbers, strings and bytes get the values that their notation means."""
    root = parse(text).root
    assert isinstance(root, Literal)
    assert (root.value, type(root.value)) == (value, type(value))


@pytest.mark.parametrize("text", _ACCEPTED)
def test_text_in_grammar_is_accepted_as_by_library(text: str) -> None:
    """What the grammar of the library accepts has a tree."""
    config = cel.NewEnvConfigFromYaml("name: syntax\nextensions:\n- name: optional\n")
    cel.NewEnv(config=config).compile(text, disable_check=True)
    assert parse(text).root


def test_operators_bind_by_precedence_and_keep_their_place() -> None:
    """`a + b * c == d` is a comparison whose left side is a sum, and each node stands where its operator does."""
    parsed = parse("a + b * c == d")
    equal = parsed.root
    assert isinstance(equal, FunctionCall)
    total, right = equal.arguments
    assert isinstance(total, FunctionCall)
    product = total.arguments[1]
    assert isinstance(product, FunctionCall)
    assert [node.function for node in (equal, total, product)] == ["_==_", "_+_", "_*_"]
    assert [parsed.offsets[node.id] for node in (equal, total, product, right)] == [10, 2, 6, 13]


def test_chain_of_and_is_balanced() -> None:
    """Four terms make a tree of depth two, as in cel-go."""
    root = parse("a && b && c && d").root
    assert isinstance(root, FunctionCall)
    assert [isinstance(side, FunctionCall) and side.function for side in root.arguments] == ["_&&_", "_&&_"]


def test_has_tests_presence() -> None:
    """`has(a.b)` is a selection that only tests."""
    root = parse("has(a.b)").root
    assert isinstance(root, Select)
    assert root.test_only
    assert isinstance(root.operand, Identifier)


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("x.all(i, i > 0)", ("i", "")),
        ("x.exists_one(i, true)", ("i", "")),
        ("x.map(i, i > 0, i)", ("i", "")),
        ("x.all(i, v, v > i)", ("i", "v")),
        ("x.transformMapEntry(k, v, {v: k})", ("k", "v")),
    ],
)
def test_loop_macro_becomes_comprehension(text: str, variables: tuple[str, str]) -> None:
    """A macro over a range is a loop with its variables and the accumulator `@result`."""
    root = parse(text).root
    assert isinstance(root, Comprehension)
    assert (root.variable, root.variable2, root.accumulator) == (*variables, "@result")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a" + "+1" * 250, None),
        ("a" + "+1" * 251, "max recursion depth exceeded"),
        ("a" + ".b" * 251, "max recursion depth exceeded"),
        ("(" * 249 + "a" + ")" * 249, None),
        ("(" * 250 + "a" + ")" * 250, "expression recursion limit exceeded: 250"),
        ("1 == (" * 124 + "a" + ")" * 124, None),
        ("1 == (" * 125 + "a" + ")" * 125, "expression recursion limit exceeded: 250"),
        ("'" + "a" * 99_998 + "'", None),
        ("'" + "a" * 99_999 + "'", "expression code point size exceeds limit: size: 100001, limit 100000"),
    ],
    ids=[
        "sum",
        "deep sum",
        "deep fields",
        "nested",
        "deeply nested",
        "nested relations",
        "deeply nested relations",
        "large",
        "too large",
    ],
)
def test_depth_and_size_are_limited(text: str, message: str | None) -> None:
    """An expression nests at most 250 deep and has at most 100,000 characters."""
    if message is None:
        assert parse(text).root
        return
    with pytest.raises(CELSyntaxError, match=f"^ERROR: <input>:-1:0: {message}$"):
        parse(text)
