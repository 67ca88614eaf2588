"""What can go wrong with the plug-in table, each with a sentence that says what to do."""

from __future__ import annotations

_LONGEST = 500


class TableError(Exception):
    """Something about a problem or an implementation that its user can mend."""


class UnknownName(TableError):
    """No problem, implementation or data set has this name; tells what exists."""


class Unavailable(TableError):
    """The implementation needs what is missing here: a package, a tool, a processor's feature."""


class BadPlugin(TableError):
    """A file or entry point breaks the contract; tells which one and what is missing."""


class Diverged(ArithmeticError):
    """A training whose loss grows without bounds: the step is too large."""


class Unfit(ValueError):
    """The data do not fit the way in which an implementation stores them; tells why."""


def one_line(text: str) -> str:
    """What foreign code or a file says, as one line that every file and terminal takes."""
    shown = "".join(sign if sign.isprintable() else " " for sign in text[: 10 * _LONGEST])
    line = " ".join(shown.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST].rstrip()} (and more)"
