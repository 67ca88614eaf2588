"""Advice: which implementation to use for a shape, from what was measured around it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from scripts._advice.estimate import Estimator, known_of
from scripts._advice.mesh import Mesh, Size
from scripts._advice.ranking import Choice, rank
from scripts._common import units
from scripts._common.families import BLOCKS, LIBRARY
from scripts._common.fastest import EXACT, SINGLE, is_exact

FARTHEST = 10.0  # no advice beyond so many times a measured size
WIDTHS = {"any": None, "float64": 8, "float32": 4}  # bytes per value, by data type
_MUCH_FASTER = 1.2


@dataclass(frozen=True)
class Question:
    """What is asked for.

    Attributes
    ----------
    max_error : float
    max_workspace : float
        Bytes.
    calls : int or None
        Gradients on the same data; None: preparation does not count.
    bytes_per_value : int or None
        One of `WIDTHS`.
    libraries : bool
        Whether libraries besides NumPy and numba may be needed.
    """

    n_samples: int
    n_features: int
    max_error: float = EXACT
    max_workspace: float = math.inf
    calls: int | None = None
    bytes_per_value: int | None = None
    libraries: bool = True

    @property
    def dtype(self) -> str:
        """The data type, as in `WIDTHS`."""
        return next(name for name, width in WIDTHS.items() if width == self.bytes_per_value)


@dataclass(frozen=True)
class Advice:
    """The answer.

    Attributes
    ----------
    kind : str
        Of the place among the measured sizes.
    factor : float
        How far outside of them.
    sizes : tuple of (n_samples, n_features)
        The measured sizes that it comes from.
    chance : float
        How far equal implementations differ at these sizes, relative; NaN if that is not known.
    band : float
        Times that differ by so much, relative, are a tie.
    choices : tuple of Choice
        The best first.
    left_out : dict[str, str]
        Why other implementations are no choice.
    rougher : Choice or None
        What is much faster, and exact to float32 only.
    """

    kind: str
    factor: float
    sizes: tuple[Size, ...]
    chance: float
    band: float
    choices: tuple[Choice, ...]
    left_out: Mapping[str, str]
    rougher: Choice | None = None


def measured_sizes(cells: pd.DataFrame) -> list[Size]:
    """Sizes of drawn data at which anything has a time."""
    own = cells[(cells["n_samples"] > 0) & (cells["state"] == "ok")]
    return sorted(set(zip(own["n_samples"], own["n_features"], strict=True)))


def advise(cells: pd.DataFrame, mesh: Mesh, question: Question) -> Advice:
    """Rank the implementations for a shape.

    Parameters
    ----------
    cells : DataFrame
        Rows of `cells_of`, of one problem and one number of threads.
    mesh : Mesh
        Of the `measured_sizes`.
    """
    advice = _advise(cells, mesh, question)
    if not advice.choices or question.max_error >= SINGLE:
        return advice
    rough = _advise(cells, mesh, replace(question, max_error=SINGLE)).choices[0]
    gain = advice.choices[0].cost(question.calls) / rough.cost(question.calls)
    return replace(advice, rougher=rough if gain > _MUCH_FASTER else None)


def smallest_error(cells: pd.DataFrame) -> tuple[str, float]:
    """The most exact implementation, and its largest error on any data."""
    row = cells.sort_values(["worst", "implementation"]).iloc[0]
    return str(row["implementation"]), float(row["worst"])


def _advise(cells: pd.DataFrame, mesh: Mesh, question: Question) -> Advice:
    estimator = Estimator(known_of(cells), mesh, question.n_samples, question.n_features)
    exact = set(cells.loc[is_exact(cells, question.max_error), "implementation"])
    choices, left_out = [], {}
    for name in sorted(set(cells["implementation"])):
        if reason := estimator.lacking(name):
            left_out[name] = reason
            continue
        choice = estimator.estimate(name)
        if reason := _unfit(choice, question, name in exact, estimator.rows(name)[0]):
            left_out[name] = reason
        else:
            choices.append(choice)
    place, sizes = estimator.place, estimator.sizes
    chance, band = _bands(cells, sizes)
    ranking = rank(choices, band, question.calls, chance)
    return Advice(place.kind, place.factor, sizes, chance, band, ranking, left_out)


def _bands(cells: pd.DataFrame, sizes: Sequence[Size]) -> tuple[float, float]:
    """The largest ``chance_band``, NaN if any is not known, and ``tie_band`` of the sizes."""
    is_there = pd.MultiIndex.from_frame(cells[["n_samples", "n_features"]]).isin(sizes)
    own = cells[is_there & (cells["state"] == "ok")]  # what was never run has no threads
    return float(own["chance_band"].max(skipna=False)), float(own["tie_band"].max())


def _unfit(choice: Choice, question: Question, is_exact: bool, row: Any) -> str:
    """Why a choice is none, if it is none."""
    if not is_exact:
        return _error_of(row, question.max_error)
    if question.bytes_per_value not in (None, choice.bytes_per_value):
        return f"works with {choice.bytes_per_value:.0f} bytes per value"
    if choice.family == BLOCKS:
        return "is for an X that is not in memory"
    if choice.family == LIBRARY and not question.libraries:
        return "needs a library besides NumPy and numba"
    if math.isfinite(question.max_workspace) and not choice.workspace <= question.max_workspace:
        return f"allocates {units.n_bytes(choice.workspace)} per call"
    if question.calls and math.isnan(choice.prepare):
        return "its preparation was not measured"
    return ""


def _error_of(row: Any, max_error: float) -> str:
    if math.isnan(row.worst):
        return "its error was not measured"
    if row.worst <= max_error:
        return f"states a tolerance of {units.error(row.rtol)}"
    return f"has an error of up to {units.error(row.worst)}"
