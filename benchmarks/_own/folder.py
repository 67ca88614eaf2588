"""Named data sets: the files of a folder, which has a subfolder for each problem.

The file is the registration: ``data/logistic/churn.csv`` is the data set ``churn`` of logistic
regression. Names are listed without reading a file, and values belong to the contents of a file: an
edited one is another data set of the same name.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks._own.files import FORMS
from impls._errors import TableError, one_line
from impls._files import Unreadable, check_file
from impls._provenance import hash_file

VARIABLE = "GRADMARK_DATA"
_DEFAULT = Path(__file__).resolve().parents[2] / "data"
_LONGEST = 60
_NAME = re.compile(r"\w[\w.+ -]*")
_SIZE = re.compile(r"\d+ x \d+")  # what drawn data are called


class BadFolder(TableError):
    """The folder is none, or holds two data sets of one name; the message names both."""


@dataclass
class Found:
    """What a problem's subfolder holds.

    Attributes
    ----------
    paths : dict[str, Path]
        File of each data set, by its name.
    left_aside : list of str
        A sentence for each entry that is no data set.
    """

    paths: dict[str, Path] = field(default_factory=dict)
    left_aside: list[str] = field(default_factory=list)


def place() -> Path:
    """The folder: that of GRADMARK_DATA, or ``data`` in the tree.

    Raises
    ------
    BadFolder
        If the variable names no folder.
    """
    given = os.environ.get(VARIABLE)
    if not given:
        return _DEFAULT
    path = Path(given).absolute()
    if not path.is_dir():
        raise BadFolder(
            f"{VARIABLE} is {one_line(given)}, which is no folder: make it, or unset the variable"
        )
    return path


def variables() -> dict[str, str]:
    """GRADMARK_DATA for a process in another folder."""
    return {VARIABLE: str(place())} if os.environ.get(VARIABLE) else {}


def find(problem: str, built_in: Collection[str] = ()) -> Found:
    """Data sets of a problem, sorted by name; reads none.

    Parameters
    ----------
    built_in : collection of str
        Names that are taken.

    Raises
    ------
    BadFolder
        If a name is taken or two files have it, or as `place` raises it.
    """
    found = Found()
    for path in _entries(place() / problem, found):
        try:
            _check(path)
        except (OSError, ValueError) as error:
            reason = error.strerror or error if isinstance(error, OSError) else error
            found.left_aside.append(f"{one_line(str(path))} is left aside: {reason}")
            continue
        name = path.stem
        if name in built_in:
            raise BadFolder(
                f"{path} has the name of {problem}'s own data set {name}: rename the file"
            )
        if name in found.paths:
            raise BadFolder(
                f"{found.paths[name]} and {path} are both named {name}: rename one of them"
            )
        found.paths[name] = path
    return found


def strays(problems: Collection[str]) -> list[str]:
    """A sentence for each entry of the folder that is no problem's subfolder."""
    expected = f"expected a folder for a problem: one of {', '.join(problems)}"
    names = [path.name for path in _listed(place()) if path.name not in problems]
    return [f"{one_line(str(place() / name))} is left aside: {expected}" for name in names]


def contents(path: Path) -> str:
    """Digest of a file's contents; not computed again before the file has changed.

    Raises
    ------
    Unreadable, OSError
        If it is no file, or cannot be read.
    """
    found = check_file(path)
    return _hash(path, found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


@functools.cache
def _hash(path: Path, *_signature: int) -> str:
    return hash_file(path)


def _entries(folder: Path, found: Found) -> Iterator[Path]:
    """Entries of a problem's subfolder; notes what is in its place."""
    try:
        yield from _listed(folder)
    except NotADirectoryError:
        found.left_aside.append(f"{one_line(str(folder))} is left aside: it is no folder")
    except OSError as error:
        found.left_aside.append(f"{one_line(str(folder))} is left aside: {error.strerror}")


def _listed(folder: Path) -> list[Path]:
    """Entries without those that begin with a dot or an underscore; none of a missing folder."""
    if not os.path.lexists(folder):
        return []
    return sorted(path for path in folder.iterdir() if path.name[0] not in "._")


def _check(path: Path) -> None:
    """Refuse what is no file of a data set, without reading it.

    Raises
    ------
    ValueError, OSError
        Says what was found, what was expected and what to do.
    """
    found = check_file(path, _memory_bytes())
    if path.suffix.lower() not in FORMS:
        raise ValueError(
            f"its name ends in {path.suffix or 'no ending'!r}, expected {', '.join(FORMS)}"
        )
    if not _is_name(path.stem):
        raise ValueError(
            "its name is that of no data set: rename it to letters and digits, with single blanks, "
            f". + - or _ between them, at most {_LONGEST} in all, and not to a size such as 10 x 10"
        )
    if not found.st_size:
        raise Unreadable("it is empty, expected X and y: write it again")
    with path.open("rb"):  # raises if it may not be read
        pass


@functools.cache
def _memory_bytes() -> int:
    return int(psutil.virtual_memory().total)


def _is_name(stem: str) -> bool:
    """Whether every format shows it as it is, and no drawn data are called so."""
    fits = _NAME.fullmatch(stem) and len(stem) <= _LONGEST and one_line(stem) == stem
    return bool(fits) and not _SIZE.fullmatch(stem)
