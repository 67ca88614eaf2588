"""What can go wrong with the plug-in table, each with a sentence that says what to do."""

from __future__ import annotations


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
