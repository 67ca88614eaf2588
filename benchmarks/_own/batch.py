"""Data of a file: X and y checked as a whole, with weights drawn for them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import impls
from benchmarks._own.files import BadData, Table, read_table
from benchmarks._session.judging import Batch, batch_of
from impls import _numerics
from impls._casting import check_fits
from impls._errors import one_line
from impls._frames import shown
from impls._table import problem_module

_SEED = 0
_LEAST_SPREAD = 1e-300  # its inverse is finite
_LEAST_SAMPLES = 2
_LONGEST_NAME = 40
_UNSAFE = re.compile(r"[^\w.+ -]")
_SPARE_BYTES = 100 * 1024**2


@dataclass(frozen=True)
class OwnBatch:
    """Data of a file, in the types of the file, and weights.

    Attributes
    ----------
    name : str
        The file's name, shortened and without special characters.
    target : str
        What y is called in the file.
    """

    problem: str
    name: str
    target: str
    weights: Any
    X: Any
    y: Any

    @property
    def title(self) -> str:
        """``mine.csv, 1,000 x 100``."""
        return f"{self.name}, {len(self.X):,} x {self.X.shape[1]:,}"

    @property
    def needed_bytes(self) -> int:
        """Memory to measure on them: a session's file, and what the baseline makes of X.

        The baseline casts to float64 what is of another type.
        """
        cast = 0 if self.X.dtype == np.float64 else np.dtype(np.float64).itemsize
        n_bytes: int = (self.X.itemsize + cast) * self.X.size + _SPARE_BYTES
        return n_bytes

    def describe(self) -> str:
        """A line: what was read, and which column is y."""
        return f"{self.title} of {self.X.dtype}; y is {self.target}"

    def lacks_single(self) -> str:
        """Why float32 does not hold the data; empty if it does."""
        try:
            check_fits(self.X, np.float32, "X")
        except impls.Unfit as reason:
            return str(reason)
        return ""

    def judged(self) -> Batch:
        """The data with their references and losses, to judge implementations on."""
        return batch_of(self.problem, self.name, (self.weights, self.X, self.y))


def load(problem: str, path: Path, target: str | None = None) -> OwnBatch:
    """Data of a file, checked against the problem.

    Raises
    ------
    BadData
        One sentence: the file, the place, what was found, what was expected and what to do.
    OSError
        If the file cannot be read.
    """
    table = read_table(path, target)
    try:
        X, y = check_table(table)
        check_labels(problem, X, y, table.target)
    except (TypeError, ValueError) as error:
        raise BadData(f"{one_line(str(path))}: {error}") from error
    return OwnBatch(problem, _title(path.name), table.target, draw_weights(problem, X, y), X, y)


def _title(name: str) -> str:
    """A file's name for headings and figures, without what Markdown or matplotlib would read."""
    plain = _UNSAFE.sub("_", name)
    return plain if len(plain) <= _LONGEST_NAME else f"{plain[:_LONGEST_NAME]}..."


def check_table(table: Table) -> tuple[Any, Any]:
    """X and y of a table, if they are at least two samples of finite real numbers.

    A y of one column is taken as a vector. Neither is copied.

    Raises
    ------
    TypeError, ValueError
        Names the place, what was found, what was expected and what to do.
    """
    X, y = table.X, table.y
    for name, array in (("X", X), (table.target, y)):
        if array.dtype.kind not in "fiub":
            raise TypeError(
                f"{name} has dtype {array.dtype}, expected real numbers: encode it as numbers"
            )
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if X.ndim != 2:
        raise ValueError(
            f"X has shape {X.shape}, expected (n_samples, n_features); "
            f"save X.reshape({'-1, 1' if X.ndim < 2 else 'len(X), -1'})"
        )
    if y.shape != X.shape[:1]:
        raise ValueError(
            f"{table.target} has shape {y.shape}, expected {X.shape[:1]}: one number for each of "
            f"the {len(X):,} rows of X"
        )
    if len(X) < _LEAST_SAMPLES or not X.shape[1]:
        raise ValueError(
            f"X has {len(X):,} row(s) and {X.shape[1]:,} column(s), expected at least "
            f"{_LEAST_SAMPLES} samples and a feature"
        )
    _check_values(X, table.names, "X")
    _check_values(y[:, None], (table.target,), "y")
    return X, y


def _check_values(X: Any, names: Any, kind: str) -> None:
    """Refuse values that are missing or infinite; names the first, by rows."""
    if X.dtype.kind != "f":
        return
    for rows in _numerics.blocks(X):
        finite = np.isfinite(X[rows])
        if finite.all():
            continue
        row, j = (int(i) for i in np.unravel_index(int(np.argmin(finite)), finite.shape))
        value = X[rows][row, j]
        row += rows.start
        if names is None:
            where = f"{kind}[{row}, {j}]"
        else:
            column = names[j] if kind == "y" else f"column {shown(names[j])}"
            where = f"{column}, row {row}, counted from 0,"
        what = "a missing value (NaN)" if np.isnan(value) else f"{value}"
        raise ValueError(f"{where} is {what}, expected a finite number: replace it or drop the row")


def check_labels(problem: str, X: Any, y: Any, target: str) -> None:
    """Refuse labels that the problem refuses; names problems that take them.

    Raises
    ------
    TypeError, ValueError
        The problem's own, and what to do.
    """
    try:
        problem_module(problem).check(X, y)
    except (TypeError, ValueError) as error:
        fitting = [other for other in impls.problems() if _takes(other, X, y)]
        others = f", or take --problem {' or '.join(fitting)}" * bool(fitting)
        raise type(error)(
            f"{error}, for {problem}; y is {target}: encode it so, name another --target{others}"
        ) from error


def _takes(problem: str, X: Any, y: Any) -> bool:
    try:
        problem_module(problem).check(X, y)
    except (TypeError, ValueError):
        return False
    return True


def draw_weights(problem: str, X: Any, y: Any) -> Any:
    """Seeded weights for which the mean of ``<w, x>^2`` is about 1, whatever the features' scales.

    Each feature contributes alike; one of zeros alone counts as one of ones.
    """
    spread = _root_mean_squares(X)
    spread = np.where(spread > _LEAST_SPREAD, spread, 1)
    shape = problem_module(problem).zero_weights(X, y).shape
    drawn = np.random.default_rng(_SEED).standard_normal(shape)
    return drawn / np.sqrt(X.shape[1]) / spread


def _root_mean_squares(X: Any) -> Any:
    """Of each feature, in float64 and block by block; neither large nor small values overflow."""
    most = np.zeros(X.shape[1])
    for rows in _numerics.blocks(X):
        np.maximum(most, np.abs(X[rows].astype(np.float64)).max(axis=0), out=most)
    unit = np.where(most > 0, most, 1)
    squares = np.zeros(X.shape[1])
    for rows in _numerics.blocks(X):
        squares += ((X[rows] / unit) ** 2).sum(axis=0)
    return unit * np.sqrt(squares / len(X))
