"""Numbers and amounts of memory from the command line."""

from __future__ import annotations

import re

from scripts._common.errors import UserError

_UNITS: dict[str, int] = {"": 1, "b": 1} | {
    f"{prefix}{binary}b": base ** (power + 1)
    for binary, base in (("", 1000), ("i", 1024))
    for power, prefix in enumerate("kmgt")
}
_WHOLE = re.compile(r"\d{1,3}(?:,\d{3})+|\d+(?:_\d+)*", re.ASCII)
_MOST_DIGITS = 18  # what is larger is a mistake, and no float in the end
_AMOUNT = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*([a-z]*)", re.ASCII)


def parse_whole(what: str, text: str, least: int = 1) -> int:
    """A whole number of up to 18 digits; commas may part thousands, and underscores any digits.

    Raises
    ------
    UserError
        If it is none, or below `least`.
    """
    expected = f"expected a whole number of at least {least}"
    if not _WHOLE.fullmatch(text.strip()):
        raise UserError(f"{what} is {text!r}, {expected}")
    digits = re.sub("[,_]", "", text).strip().lstrip("0") or "0"
    if len(digits) > _MOST_DIGITS:
        raise UserError(f"{what} has {len(digits)} digits, {expected} and {_MOST_DIGITS} at most")
    if int(digits) < least:
        raise UserError(f"{what} is {text!r}, {expected}")
    return int(digits)


def parse_bytes(what: str, text: str) -> float:
    """Bytes: a number and a unit, B (or none), kB, MB, GB, TB, or KiB, MiB, GiB, TiB.

    Raises
    ------
    UserError
        If it is none.
    """
    found = _AMOUNT.fullmatch(text.strip().lower())
    if not found or found[2] not in _UNITS:
        raise UserError(f"{what} is {text!r}, expected bytes such as 4096, 10MB or 1.5GiB")
    return float(found[1]) * _UNITS[found[2]]
