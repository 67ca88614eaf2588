"""The experiments: a file without a leading underscore is one, and its stem is the name.

The first line of its docstring describes the experiment. ``run(settings)`` returns an `Outcome`.
``OPTIONS`` lists the fields of `Options` that it reads besides the seed.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from scripts._common.records import Facts, LossCurve
from scripts._tables._rows import plain_table, table

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Options:
    """Options of the command line.

    Attributes
    ----------
    seed : int
        Seed of data, splits, starts and the order of samples.
    data : str
        Images: ``digits``, ``mnist`` or the path of an .npz file.
    pixel_max : float, optional
        Divisor of a file's pixels; for the default see `impls.softmax._files.load_npz`.
    impl : str
        Implementation of the linear problem.
    sets : sequence of str
        Data sets of `fit`; empty for its default ones.
    rounds : int
        Times that `fit` times each contender.
    """

    seed: int = 0
    data: str = "digits"
    pixel_max: float | None = None
    impl: str = "matrix"
    sets: Sequence[str] = ()
    rounds: int = 7


@dataclass(frozen=True)
class TextTable:
    """A table of text cells, with a note on how to read it."""

    title: str
    headers: list[str]
    rows: list[list[str]]
    note: str = ""

    @property
    def text(self) -> str:
        """Heading, table and note, for a terminal."""
        return self._join(plain_table)

    @property
    def markdown(self) -> str:
        """The same for a page, which shows each cell as it is."""
        return self._join(table)

    def _join(self, as_table: Callable[[list[list[str]], list[str]], str]) -> str:
        parts = [f"## {self.title}", as_table(self.rows, self.headers), self.note]
        return "\n\n".join(part for part in parts if part)


@dataclass(frozen=True)
class Outcome:
    """What an experiment has found.

    Attributes
    ----------
    figures : mapping
        Functions that draw the figures, by file name.
    losses : sequence of LossCurve
        Trainings that the report's page draws.
    rows : sequence of mapping
        Numbers of the tables, which are written as CSV.
    """

    tables: list[TextTable]
    figures: Mapping[str, Callable[[Facts], Figure]] = field(default_factory=dict)
    losses: Sequence[LossCurve] = ()
    rows: Sequence[Mapping[str, object]] = ()


def names() -> list[str]:
    """Names of the experiments, sorted."""
    return sorted(path.stem for path in _FOLDER.glob("[!_]*.py"))


def describe(name: str) -> str:
    """First line of an experiment's docstring; imports nothing."""
    text = (_FOLDER / f"{name}.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]


def load(name: str) -> Any:
    """Import one experiment."""
    return importlib.import_module(f"{__name__}.{name}")
