"""Mail addresses as Go reads them: `ann@example.com`, `Ann <ann@example.com>`, with comments in parentheses.

Encoded words in names are read as they stand.

Upstream: Go's src/net/mail/message.go (ParseAddress)
"""

import re
from functools import cache

_ATOM = r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~\u0080-\U0010ffff]+"
_DOTTED = rf"{_ATOM}(?:\.{_ATOM})*"
_QUOTED = r'"(?:[^"\\\x00-\x08\x0a-\x1f\x7f]|\\[^\x00-\x08\x0a-\x1f\x7f])*"'
_LITERAL = r"\[[0-9A-Fa-f.:]+\]"
_SPACE = r"(?:[ \t]|\([^()\x00-\x08\x0a-\x1f\x7f]*\))*"
_ADDRESS = rf"(?:{_DOTTED}|{_QUOTED})@(?:{_DOTTED}|{_LITERAL})"
_NAME = rf"(?:{_QUOTED}|[A-Za-z0-9!#$%&'*+\-/=?^_`{{|}}~.\u0080-\U0010ffff]+)"
_MAIL = rf"{_SPACE}(?:{_ADDRESS}|(?:{_NAME}(?:[ \t]+{_NAME})*)?{_SPACE}<{_SPACE}{_ADDRESS}{_SPACE}>){_SPACE}"


@cache
def _mail() -> re.Pattern[str]:
    """Return the compiled pattern. It takes 30 ms, which a server whose schemas have no mail addresses need not pay."""
    return re.compile(_MAIL)


def is_mail_address(text: str) -> bool:
    """Return whether `text` is one mail address, with or without a name before it."""
    return _mail().fullmatch(text) is not None
