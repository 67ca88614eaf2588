"""Errors of the plug-in table; their messages say what to do."""

from __future__ import annotations

_LONGEST = 500
_LONGEST_VALUE = 60  # characters of a value that a message shows
_MOST_BITS = 200  # of a whole number; Python refuses to write very long ones


class TableError(Exception):
    """A fault of a problem or an implementation that its user can mend."""


class UnknownName(TableError):
    """No problem, implementation or data set has this name; the message lists those that exist."""


class Unavailable(TableError):
    """The implementation needs a package, a tool or a processor feature that is missing here."""


class BadPlugin(TableError):
    """A file or entry point breaks the contract; the message names it and what is missing."""


class BadTuning(TableError):
    """The file of numbers that were tuned on this machine cannot be read; the message names it."""


class Diverged(ArithmeticError):
    """The loss of a training grows without bound: the step is too large."""


class Unfit(ValueError):
    """The implementation's storage cannot hold the data; the message says why."""


class WorkerLost(RuntimeError):
    """A worker or the scheduler of a cluster is gone, and with it what is needed for a result."""


def one_line(text: str) -> str:
    """What foreign code or a file says, as one line that every file and terminal takes."""
    shown = "".join(sign if sign.isprintable() else " " for sign in text[: 10 * _LONGEST])
    line = " ".join(shown.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST].rstrip()} (and more)"


def told(value: object) -> str:
    """What a caller handed over, in a few words: a literal, or the type where that may be long."""
    if isinstance(value, str | bytes):
        text = repr(value[:_LONGEST_VALUE])
        return text if len(value) <= _LONGEST_VALUE else f"{text}..."
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return f"a whole number of {value.bit_length()} bits"
    if isinstance(value, int | float | complex | None):
        return repr(value)
    return f"a {type(value).__name__}"
