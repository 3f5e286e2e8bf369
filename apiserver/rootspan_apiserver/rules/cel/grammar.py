"""The grammar of CEL, by recursive descent.

Upstream: github.com/google/cel-go/parser/gen/CEL.g4, parser/parser.go, helper.go
"""

from collections.abc import Iterator, Sequence

from rootspan_apiserver.rules.cel.ast import (
    Expression,
    FieldEntry,
    FunctionCall,
    Identifier,
    ListLiteral,
    Literal,
    MapEntry,
    MapLiteral,
    ObjectLiteral,
    Select,
)
from rootspan_apiserver.rules.cel.errors import CELIssue, IssuePlaces
from rootspan_apiserver.rules.cel.escaping import KEYWORDS
from rootspan_apiserver.rules.cel.macros import KUBERNETES_MACROS, MacroCall, MacroError, Macros, NodeIds
from rootspan_apiserver.rules.cel.tokens import NoParseError, Token, TokenReader, constant

DEEPEST = 250
"""How deep rules of the grammar may stand in themselves."""
_OR, _AND, _RELATION, _SUM, _PRODUCT = range(1, 6)
_BINARY = {
    "||": (_OR, "_||_"),
    "&&": (_AND, "_&&_"),
    "<": (_RELATION, "_<_"),
    "<=": (_RELATION, "_<=_"),
    ">=": (_RELATION, "_>=_"),
    ">": (_RELATION, "_>_"),
    "==": (_RELATION, "_==_"),
    "!=": (_RELATION, "_!=_"),
    "in": (_RELATION, "@in"),
    "+": (_SUM, "_+_"),
    "-": (_SUM, "_-_"),
    "*": (_PRODUCT, "_*_"),
    "/": (_PRODUCT, "_/_"),
    "%": (_PRODUCT, "_%_"),
}


class TooDeepError(Exception):
    """The text nests too deep."""


class CELParser(TokenReader):
    """Reads the tokens of one text. Faults that do not stop the reading are kept in `issues`."""

    def __init__(self, text: str, macros: Macros = KUBERNETES_MACROS) -> None:
        super().__init__(text)
        self._macros = macros
        self.ids = NodeIds()
        self.issues: list[CELIssue] = []
        self._places = IssuePlaces(text)
        self._nested = self._relations = self._sums = 0

    def whole(self) -> Expression:
        """Return the tree of the whole text."""
        root = self._expression()
        self._expect("end")
        return root

    def _fault(self, offset: int, message: str) -> Literal:
        self.issues.append(self._places.issue(offset, message))
        return Literal(self.ids.next(offset), None)

    def _expression(self) -> Expression:
        self._nested += 1
        if self._nested > DEEPEST:
            raise TooDeepError
        condition = self._binary(_OR)
        if self._kind == "?":
            node = self.ids.next(self._next().offset)
            then = self._binary(_OR)
            self._expect(":")
            condition = FunctionCall(node, None, "_?_:_", (condition, then, self._expression()))
        self._nested -= 1
        return condition

    def _binary(self, least: int) -> Expression:
        """Return an expression of operators that bind at least so tight."""
        # cel-go limits the depth of each rule of its grammar by itself: both operands of a relation are relations.
        is_relation = least <= _SUM
        self._relations += is_relation
        self._sums += 1
        if max(self._relations, self._sums) > DEEPEST:
            raise TooDeepError
        left = self._unary()
        while (found := _BINARY.get(self._kind)) and found[0] >= least:
            precedence, function = found
            if precedence <= _AND:
                left = self._logical(left, precedence, function)
            else:
                node = self.ids.next(self._next().offset)
                left = FunctionCall(node, None, function, (left, self._binary(precedence + 1)))
        self._relations -= is_relation
        self._sums -= 1
        return left

    def _logical(self, left: Expression, precedence: int, function: str) -> Expression:
        terms, nodes = [left], []
        while (found := _BINARY.get(self._kind)) and found[0] == precedence:
            offset = self._next().offset
            terms.append(self._binary(precedence + 1))
            nodes.append(self.ids.next(offset))
        return _balanced(function, terms, nodes)

    def _unary(self) -> Expression:
        if (operator := self._kind) not in ("!", "-"):
            return self._member()
        start = self._position
        while self._skip(operator):
            pass
        if operator == "-" and self._position == start + 1 and self._kind in ("int", "double"):
            # A single sign belongs to the number: `-1` is a constant.
            return self._member(sign=self._tokens[start])
        if (self._position - start) % 2 == 0:
            return self._operand()
        node = self.ids.next(self._tokens[start].offset)
        return FunctionCall(node, None, f"{operator}_", (self._operand(),))

    def _operand(self) -> Expression:
        """Return what follows signs: in `!-1` the second one belongs to the number."""
        if self._kind == "-" and self._tokens[self._position + 1].kind in ("int", "double"):
            return self._member(sign=self._next())
        return self._member()

    def _member(self, sign: Token | None = None) -> Expression:
        node = self._constant(sign) if sign is not None else self._primary()
        while (kind := self._kind) in (".", "["):
            node = self._field_or_call(node) if kind == "." else self._index(node)
        return node

    def _field_or_call(self, operand: Expression) -> Expression:
        dot = self._next()
        optional = self._skip("?")
        name = self._name(quoted=True)
        if not optional and name.kind == "name" and self._kind == "(":
            return self._call(name.text, operand)
        if name.kind == "quoted":
            self._fault(name.offset, "unsupported syntax: '`'")
        if optional:
            node = self.ids.next(dot.offset)
            return FunctionCall(node, None, "_?._", (operand, Literal(self.ids.next(name.offset), name.text)))
        return Select(self.ids.next(dot.offset), operand, name.text)

    def _index(self, operand: Expression) -> Expression:
        node = self.ids.next(self._next().offset)
        function = "_[?_]" if self._skip("?") else "_[_]"
        index = self._expression()
        self._expect("]")
        return FunctionCall(node, None, function, (operand, index))

    def _call(self, function: str, target: Expression | None) -> Expression:
        offset = self._expect("(").offset
        arguments: list[Expression] = []
        if self._kind != ")":
            arguments.append(self._expression())
            while self._skip(","):
                arguments.append(self._expression())
        self._expect(")")
        macro = self._macros.get((function, len(arguments), target is not None))
        if macro is None:
            return FunctionCall(self.ids.next(offset), target, function, tuple(arguments))
        try:
            expanded = macro(MacroCall(self.ids, offset, target, arguments))
        except MacroError as error:
            return self._fault(error.offset, str(error))
        return expanded or FunctionCall(self.ids.next(offset), target, function, tuple(arguments))

    def _primary(self) -> Expression:
        kind = self._kind
        if kind in (".", "name"):
            return self._name_or_call()
        if kind == "(":
            self._next()
            node = self._expression()
            self._expect(")")
            return node
        if kind == "[":
            return self._list(self._next())
        if kind == "{":
            return self._map(self._next())
        return self._constant(None)

    def _constant(self, sign: Token | None) -> Literal:
        token = self._next()
        offset = (sign or token).offset
        try:
            value = constant(token, negative=sign is not None)
        except ValueError as error:
            return self._fault(offset, str(error))
        return Literal(self.ids.next(offset), value)

    def _name(self, quoted: bool = False) -> Token:
        if self._kind != "name" and not (quoted and self._kind == "quoted"):
            raise NoParseError
        return self._next()

    def _name_or_call(self) -> Expression:
        start = self._tokens[self._position].offset
        if self._object_follows():
            return self._object()
        leading = "." if self._skip(".") else ""
        name = self._name()
        is_call = self._kind == "("
        node = self._call(leading + name.text, None) if is_call else None
        if name.text in KEYWORDS:
            return self._fault(start, f"reserved identifier: {name.text}")
        return node or Identifier(self.ids.next(name.offset), leading + name.text)

    def _object_follows(self) -> bool:
        position = self._position + (self._kind == ".")
        while self._tokens[position].kind == "name" and self._tokens[position + 1].kind == ".":
            position += 2
        return self._tokens[position].kind == "name" and self._tokens[position + 1].kind == "{"

    def _object(self) -> Expression:
        parts = []
        while self._kind != "{":
            parts.append(self._next().text)
        node = self.ids.next(self._next().offset)
        first = self._tokens[self._position].offset
        fields: list[FieldEntry] = []
        for optional in self._entries("}"):
            name = self._name(quoted=True)
            entry = self.ids.next(self._expect(":").offset)
            if name.kind == "quoted":
                self._fault(first, "unsupported syntax: '`'")
            fields.append(FieldEntry(entry, name.text, self._expression(), optional))
        return ObjectLiteral(node, "".join(parts), tuple(fields))

    def _list(self, bracket: Token) -> Expression:
        node = self.ids.next(bracket.offset)
        elements: list[Expression] = []
        optionals: list[bool] = []
        for optional in self._entries("]"):
            optionals.append(optional)
            elements.append(self._expression())
        return ListLiteral(
            node, tuple(elements), frozenset(index for index, optional in enumerate(optionals) if optional)
        )

    def _map(self, brace: Token) -> Expression:
        node = self.ids.next(brace.offset)
        entries: list[MapEntry] = []
        for optional in self._entries("}"):
            key = self._expression()
            entry = self.ids.next(self._expect(":").offset)
            entries.append(MapEntry(entry, key, self._expression(), optional))
        return MapLiteral(node, tuple(entries))

    def _entries(self, end: str) -> Iterator[bool]:
        """Stand before each entry in turn, and say whether it is optional. A comma may follow the last, or stand alone."""
        if self._kind not in (end, ","):
            yield self._skip("?")
            while self._kind == "," and self._tokens[self._position + 1].kind != end:
                self._next()
                yield self._skip("?")
        self._skip(",")
        self._expect(end)


def _balanced(function: str, terms: Sequence[Expression], nodes: Sequence[int]) -> Expression:
    """Return the tree of a chain of `&&` or `||`, as flat as possible."""
    if not nodes:
        return terms[0]
    middle = len(nodes) // 2
    left = _balanced(function, terms[: middle + 1], nodes[:middle])
    return FunctionCall(
        nodes[middle], None, function, (left, _balanced(function, terms[middle + 1 :], nodes[middle + 1 :]))
    )
