"""A user's own data, from a file: checked as a whole, with weights drawn for them."""

from __future__ import annotations

import re
import shlex
import sys
from argparse import ArgumentParser, Namespace
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import numpy as np

import impls
from benchmarks._session.inputs import Data
from benchmarks._session.judging import Batch, batch_of
from impls import _numerics
from impls._casting import check_fits
from impls._errors import one_line
from impls._frames import shown
from impls._machine import available_memory
from impls._table import problem_module
from scripts._common import units
from scripts._common.errors import UserError
from scripts._common.own_files import FORMS, Table, read_table

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


class OwnData(Data):
    """Own data in a session, in the types of the file."""

    def __init__(self, batch: OwnBatch) -> None:
        n_samples, n_features = batch.X.shape
        super().__init__(batch.problem, n_samples, n_features, batch.title)
        object.__setattr__(self, "_batch", batch)

    @property
    def known_as(self) -> Data:
        """The data's name in what a session has found."""
        return Data(*astuple(self))

    @property
    def dtype(self) -> Any:
        """Type of X."""
        batch: OwnBatch = vars(self)["_batch"]
        return batch.X.dtype

    def draw(self) -> tuple[Any, Any, Any]:
        """The batch as it is in the file."""
        batch: OwnBatch = vars(self)["_batch"]
        return batch.weights, batch.X, batch.y

    def require_memory(self) -> None:
        """Refuse data that memory does not hold: in the session's file, and as the baseline's.

        The baseline casts to float64 what is of another type.

        Raises
        ------
        UserError
        """
        cast = 0 if self.dtype == np.float64 else 8
        each = self.dtype.itemsize + cast
        needed = each * self.n_samples * self.n_features + _SPARE_BYTES
        if needed > (available := available_memory()):
            raise UserError(
                f"{self.title} of {self.dtype} needs {units.n_bytes(needed)} of memory, "
                f"{units.n_bytes(available)} are available; take fewer rows"
            )


def add_data_options(parser: ArgumentParser, group: Any = None) -> None:
    """Add ``--data`` and ``--target``; `group`, if given, gets the first."""
    (group or parser).add_argument(
        "--data", metavar="FILE", help=f"your own data: {', '.join(FORMS)}"
    )
    parser.add_argument(
        "--target",
        metavar="COLUMN",
        help="of --data, what y is: a column's name (.npy: its number from 0; .npz: an array's "
        "name); default: y, target or label, else the last column",
    )


def check_data_options(arguments: Namespace) -> None:
    """Refuse ``--target`` without ``--data``."""
    if arguments.target is not None and arguments.data is None:
        raise UserError("--target names a column of --data, which is missing: add --data FILE")


def command_options(arguments: Namespace) -> str:
    """The options of `add_data_options` as they were given, for a command to show."""
    words = ["--data", one_line(arguments.data)]
    if arguments.target is not None:
        words += ["--target", one_line(arguments.target)]
    return shlex.join(words)


def read_own(problem: str, arguments: Namespace) -> OwnBatch:
    """Data of the file that the options name, checked against the problem; tells what was read.

    Raises
    ------
    UserError
        One sentence: the file, the place, what was found, what was expected and what to do.
    """
    batch = load_own(problem, Path(arguments.data), arguments.target)
    print(batch.describe(), file=sys.stderr)
    return batch


def load_own(problem: str, path: Path, target: str | None = None) -> OwnBatch:
    """As `read_own`, without a word."""
    file = one_line(str(path))
    table = read_table(path, target)
    try:
        X, y = check_table(table)
        check_labels(problem, X, y, table.target)
    except (TypeError, ValueError) as error:
        raise UserError(f"{file}: {error}") from error
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
