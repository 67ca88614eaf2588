"""Numbers and amounts of memory from the command line."""

from __future__ import annotations

import re

from scripts._common.errors import UserError

_UNITS: dict[str, int] = {"": 1, "b": 1} | {
    f"{prefix}{binary}b": base ** (power + 1)
    for binary, base in (("", 1000), ("i", 1024))
    for power, prefix in enumerate("kmgt")
}
_AMOUNT = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*([a-z]*)", re.ASCII)


def parse_whole(what: str, text: str, least: int = 1) -> int:
    """A whole number; commas and underscores may group its digits.

    Raises
    ------
    UserError
        If it is none, or below `least`.
    """
    digits = text.strip().replace(",", "").replace("_", "")
    if not (digits.isascii() and digits.isdigit()) or int(digits) < least:
        raise UserError(f"{what} is {text!r}, expected a whole number of at least {least}")
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
