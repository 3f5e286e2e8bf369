"""Numbers that end with a check digit: of books and of payment cards.

Upstream: k8s.io/kube-openapi/pkg/internal/third_party/govalidator/validator.go
"""

import re

_CARD = re.compile(
    "4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}"
    "|(?:2131|1800|35[0-9]{3})[0-9]{11}"
)
_BETWEEN = re.compile(r"[\t\n\f\r -]+")


def is_credit_card(value: str) -> bool:
    """Return whether the digits of `value` are the number of a payment card."""
    number = re.sub("[^0-9]+", "", value)
    if not _CARD.fullmatch(number):
        return False
    doubled = (2 * int(digit) for digit in number[-2::-2])
    total = sum(map(int, number[::-2])) + sum(each - 9 if each > 9 else each for each in doubled)
    return total % 10 == 0


def is_isbn10(value: str) -> bool:
    """Return whether `value` is an ISBN of ten digits; spaces and hyphens do not count."""
    number = _BETWEEN.sub("", value)
    if not re.fullmatch("[0-9]{9}[0-9X]", number):
        return False
    digits = [10 if digit == "X" else int(digit) for digit in number]
    return sum(place * digit for place, digit in enumerate(digits, 1)) % 11 == 0


def is_isbn13(value: str) -> bool:
    """Return whether `value` is an ISBN of thirteen digits; spaces and hyphens do not count."""
    number = _BETWEEN.sub("", value)
    if not re.fullmatch("[0-9]{13}", number):
        return False
    return (sum(map(int, number[::2])) + 3 * sum(map(int, number[1::2]))) % 10 == 0
