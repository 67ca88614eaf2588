"""A user's own data in the commands: the options, and a session on them."""

from __future__ import annotations

import shlex
import sys
from argparse import ArgumentParser, Namespace
from dataclasses import astuple
from pathlib import Path
from typing import Any

from benchmarks._own import batch
from benchmarks._own.batch import OwnBatch
from benchmarks._own.files import FORMS, BadData
from benchmarks._session.inputs import Data
from impls._errors import one_line
from impls._machine import available_memory
from scripts._common import units
from scripts._common.errors import UserError, explain


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
        """Refuse data that memory does not hold.

        Raises
        ------
        UserError
        """
        own: OwnBatch = vars(self)["_batch"]
        needed = own.needed_bytes
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
    try:
        return batch.load(problem, path, target)
    except BadData as error:
        raise UserError(str(error)) from error
    except OSError as error:
        raise UserError(one_line(explain(error))) from error
