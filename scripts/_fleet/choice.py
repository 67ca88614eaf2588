"""Which results a report of several machines shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Choice:
    """The options of a report that choose results.

    Attributes
    ----------
    threads : str
        ``all`` or a number.
    environment : str or None
        asv's name of it.
    commit : str or None
        40 hexadecimal digits, if one was named.
    """

    threads: str
    environment: str | None = None
    commit: str | None = None
