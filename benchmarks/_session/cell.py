"""What a session knows of one contender, and the words that journals and sessions share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from benchmarks._session.inputs import Data

OK = "ok"


@dataclass(frozen=True)
class Cell:
    """What is known of one contender on one set of data.

    Attributes
    ----------
    measurement : str
        Id of the measurement that it is part of.
    state : str
        ``ok``, or the word of an `Out`.
    digest : str
        Of the state that it was measured in.
    measured_at : str
        UTC, in ISO 8601.
    generations : int
        Generations of processes that have finished.
    reasons : dict[str, str]
        Why a metric has no value, though the contender has a time.
    recorded_at : float
        Seconds since 1970 by which cells of several journals are ordered; 0 if it was not read.
    """

    data: Data
    name: str
    measurement: str
    state: str
    reason: str
    digest: str
    measured_at: str
    generations: int
    flag: str = ""
    shape: tuple[int, int] = (0, 0)
    info: dict[str, Any] = field(default_factory=dict)
    costs: dict[str, float] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    recorded_at: float = field(default=0.0, compare=False, repr=False)


@dataclass(frozen=True)
class Source:
    """Commit, asv's name of the environment, and threads (``all`` or a number)."""

    commit: str
    environment: str
    threads: str


@dataclass(frozen=True)
class Begun:
    """A measurement that can go on.

    Attributes
    ----------
    n_done : int
        Generations that have finished.
    n_rounds : int
        Rounds of the generation that has not.
    next : int
        Number for the next generation of processes.
    cells : list of Cell
        What the finished generations have found.
    """

    measurement: str
    n_done: int
    n_rounds: int
    next: int
    cells: list[Cell]
