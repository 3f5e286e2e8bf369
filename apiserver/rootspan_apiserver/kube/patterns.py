r"""Regular expressions in Go's syntax, as CustomResourceDefinitions have them, run by RE2: its time is linear in the text.

RE2 and Go's `regexp` have one syntax and one meaning. The few constructs on which they differ are refused or rewritten here: `\C`,
names of groups with letters beyond ASCII, counts of nine digits and more, and `\p{…}`, where Go knows the long names of categories too
and disregards case, spaces, hyphens and underscores. What remains different:

* RE2 counts in bytes of UTF-8: a class of very many letters repeated very often (`\pL{500}`) is "too large" here but not in Go;
* Go refuses groups that are nested 1,000 deep;
* `\p{ASCII}`, `\p{Assigned}`, `\p{Cn}` and `\p{LC}` are refused;
* which letters belong to a class follows the Unicode version of the installed RE2.

Upstream: Go's regexp/syntax/parse.go
"""

import re
from typing import Any

_TOKEN = r"""(?xs)(?P<literal>\\Q.*?(?:\\E|\Z))
    |\\(?P<sign>[pP])\{(?P<class>[^}\\]*)\}
    |(?P<escape>\\.)
    |(?P<set>\[\^?\]?(?>\[:\^?[a-z]*:\]|\\.|[^\]\\])*)
    |\(\?P?<(?P<group>\w+)>
    |(?P<count>\{(?:[0-9]+,)?[1-9][0-9]{8,}(?:,[0-9]*)?\})"""
_IN_SET = r"(?s)\\(?P<sign>[pP])\{(?P<class>[^}\\]*)\}|(?P<escape>\\.)"
_NAMES = (
    "C Other, Cc Control Cntrl, Cf Format, Co Privateuse, Cs Surrogate, L Letter, Ll Lowercaseletter, Lm Modifierletter, "
    "Lo Otherletter, Lt Titlecaseletter, Lu Uppercaseletter, M Mark Combiningmark, Mc Spacingmark, Me Enclosingmark, "
    "Mn Nonspacingmark, N Number, Nd Decimalnumber Digit, Nl Letternumber, No Othernumber, P Punctuation Punct, "
    "Pc Connectorpunctuation, Pd Dashpunctuation, Pe Closepunctuation, Pf Finalpunctuation, Pi Initialpunctuation, "
    "Po Otherpunctuation, Ps Openpunctuation, S Symbol, Sc Currencysymbol, Sk Modifiersymbol, Sm Mathsymbol, So Othersymbol, "
    "Z Separator, Zl Lineseparator, Zp Paragraphseparator, Zs Spaceseparator"
)
"""The categories of Unicode, each with its long names."""
_CATEGORIES = {name: category for category, *names in map(str.split, _NAMES.split(",")) for name in names}
_WORDS = {
    "bad repetition operator": "invalid nested repetition operator",
    "invalid named capture group": "invalid named capture",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid repetition size": "invalid repeat count",
    "missing )": "missing closing )",
    "missing ]": "missing closing ]",
    "no argument for repetition operator": "missing argument to repetition operator",
    "trailing \\": "trailing backslash at end of expression",
}


class Pattern:
    """A regular expression, compiled when it is first used; every use of a wrong one raises ValueError, in Go's words."""

    __slots__ = ("_compiled", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._compiled: Any = None

    def found_in(self, value: str) -> bool:
        """Return whether it matches somewhere in `value`."""
        return self._regexp().search(value.encode()) is not None

    def all_in(self, value: str, limit: int = -1) -> list[str]:
        """Return the matches in `value` that do not overlap, at most `limit` of them, like Go's `FindAllString`."""
        data, regexp = value.encode(), self._regexp()
        found: list[str] = []
        position, previous_end = 0, -1
        while position <= len(data) and len(found) != limit:
            match = regexp.search(data, position)
            if match is None:
                break
            start, end = match.span()
            is_repeated = end == position and start == previous_end
            position = _after(data, position) if end == position else end
            previous_end = end
            if not is_repeated:
                found.append(data[start:end].decode())
        return found

    def steps(self) -> int:
        """Return how many steps a search takes at most for each byte of the value."""
        steps: int = self._regexp().programsize
        return steps

    def _regexp(self) -> Any:
        if self._compiled is None:
            self._compiled = _compiled(self.text)
        return self._compiled


def _after(data: bytes, position: int) -> int:
    """Return the position after the character at `position`."""
    position += 1
    while position < len(data) and data[position] & 0xC0 == 0x80:
        position += 1
    return position


def _compiled(text: str) -> Any:
    import re2  # type: ignore[import-untyped]  # google-re2 ships no types; here, because few servers need it when they start

    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    try:
        return re2.compile(_for_re2(text), options)
    except re2.error as error:
        raise _refusal(*_in_go_words(error.args[0].decode(), text)) from error


def _refusal(what: str, where: str) -> ValueError:
    return ValueError(f"error parsing regexp: {what}: `{where}`")


def _for_re2(text: str) -> str:
    """Return the pattern that means to RE2 what `text` means to Go."""
    return re.sub(_TOKEN, _token_for_re2, text)


def _token_for_re2(token: re.Match[str]) -> str:
    text = token[0]
    if token["class"] is not None:
        return _class_for_re2(token)
    if token["set"]:
        return re.sub(_IN_SET, _class_for_re2, text)
    if text == r"\C":
        raise _refusal("invalid escape sequence", text)
    if token["count"]:
        raise _refusal("invalid repeat count", text)
    if token["group"] and not token["group"].isascii():
        raise _refusal("invalid named capture", text)
    return text


def _class_for_re2(token: re.Match[str]) -> str:
    r"""`\p{decimal number}` becomes `\p{Nd}`; what is no such name is left to RE2."""
    if token["class"] is None:
        return token[0]
    name = token["class"].removeprefix("^")
    plain = re.sub("[ _-]", "", name).capitalize()
    caret = "^" if name != token["class"] else ""
    return rf"\{token['sign']}{{{caret}{_CATEGORIES.get(plain, plain if len(plain) == len(name) else name)}}}"


def _in_go_words(error: str, text: str) -> tuple[str, str]:
    """Return what Go says where RE2 says `error` of the pattern `text`, and the piece of it that Go shows."""
    what, _, where = error.partition(": ")
    if what.startswith("pattern too large"):
        return "expression too large", text
    if what in ("missing )", "unexpected )"):
        return _WORDS.get(what, what), text
    if where in ("(?<=", "(?<!"):
        rest = text[text.index(where) :]
        return "invalid named capture", rest[: rest.find(">") + 1] or rest
    return _WORDS.get(what, what), where
