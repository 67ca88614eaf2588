"""Reading X and y from .npz, .npy, .csv and .parquet files; nothing in them is unpickled or run."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import os
import warnings
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from benchmarks._own.limits import check_columns, check_names, check_size
from impls._errors import one_line
from impls._files import Unreadable, check_file
from impls._frames import check_column, shown, stacked

_TARGETS = ("y", "target", "label")  # names of a column that is y unless another is named
_SHOWN_NAMES = 10
_NPY = b"\x93NUMPY"
_NEWEST_NPY = (3, 0)
_PARQUET = b"PAR1"
_VALUE_BYTES = 8  # pandas' of most numbers
_PARQUET_LIBRARIES = ("pyarrow", "fastparquet")
# What NumPy and zipfile raise for damaged, encrypted or unknown contents.
_UNREADABLE = (
    *(ValueError, EOFError, KeyError, OSError, RuntimeError, NotImplementedError, MemoryError),
    *(TypeError, SyntaxError, zipfile.BadZipFile, zlib.error),
)


class BadData(Exception):
    """A file that holds no X and y; the message says what is wrong and what to do."""


class _Finding(ValueError):
    """A fault of contents that can be read, which are not damaged."""


@dataclass(frozen=True)
class Table:
    """X and y of a file.

    Attributes
    ----------
    names : sequence of str or None
        Of the columns of X, if they have any.
    target : str
        What y is in the file: the subject of a message about it.
    """

    X: Any
    y: Any
    names: Sequence[str] | None
    target: str


def read_table(path: Path, target: str | None = None) -> Table:
    """X and y of a file, by the ending of its name; an array of .npy is mapped, not read.

    Raises
    ------
    BadData
        If there is no such file, or it does not hold X and y in its form: one sentence with the
        file, what was found, what was expected and what to do.
    OSError
        If it cannot be read.
    """
    reader = _FORMS.get(path.suffix.lower())
    with _named(path):
        _check_file(path)
        if reader is None:
            raise ValueError(
                f"its name ends in {path.suffix or 'no ending'!r}, expected {', '.join(_FORMS)}; "
                "numpy.savez(path, X=X, y=y) writes such a file"
            )
        return reader(path, target)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Errors with the file in front."""
    try:
        yield
    except (TypeError, ValueError) as error:
        raise BadData(f"{one_line(str(path))}: {error}") from error


def _check_file(path: Path) -> None:
    """Refuse what is no file, before it is opened: a pipe would be waited for."""
    try:
        found = check_file(path)
    except Unreadable as error:
        raise ValueError(f"{error}: save the data to one") from error
    except FileNotFoundError:
        near = _nearest(path.name, _neighbours(path))
        raise BadData(f"there is no file {one_line(str(path))}{near}") from None
    if not found.st_size:
        raise ValueError("it is empty, expected X and y: write it again")
    with path.open("rb"):  # raises if it may not be read, and says so
        pass


def _neighbours(path: Path) -> list[str]:
    try:
        return [each.name for each in path.parent.iterdir()]
    except OSError:
        return []


def _nearest(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {shown(near[0])}?" if near else ""


def _listed(names: Sequence[str]) -> str:
    more = ", ..." if len(names) > _SHOWN_NAMES else ""
    return ", ".join(map(shown, names[:_SHOWN_NAMES])) + more


def _read_npz(path: Path, target: str | None) -> Table:
    """Arrays named X and y."""
    wanted = "y" if target is None else target
    if not zipfile.is_zipfile(path):
        raise ValueError(
            "it is no .npz, or a damaged one; write it again: numpy.savez(path, X=X, y=y)"
        )
    with _readable("the .npz"), zipfile.ZipFile(path) as archive:
        members = {each.filename.removesuffix(".npy"): each for each in archive.infolist()}
    for name in ("X", wanted):
        if name not in members:
            there = _listed(list(members)) or "nothing"
            to_do = "name it with --target" if name == wanted != "X" else "save it under this name"
            near = _nearest(name, list(members)) or f"; {to_do}"
            raise ValueError(f"it has no array {shown(name)}, it has {there}{near}")
    if wanted == "X":
        raise ValueError("--target is X, the array of the features; name the one of the labels")
    needed = sum(members[name].file_size for name in ("X", wanted))
    check_size(f"X and {shown(wanted)}", needed, path)
    with zipfile.ZipFile(path) as archive:
        X, y = (_read_member(archive, name, members[name]) for name in ("X", wanted))
    return Table(X, y, None, "y" if wanted == "y" else f"the array {shown(wanted)}")


def _read_member(archive: zipfile.ZipFile, name: str, member: zipfile.ZipInfo) -> Any:
    """An array of a .npz."""
    what = f"the array {shown(name)}"
    with _readable(what), archive.open(member) as file:
        dtype = _read_header(file, what)
    if dtype.fields:
        raise TypeError(f"{what} has fields, expected plain numbers: save it as .npy")
    with _readable(what), archive.open(member) as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def _read_npy(path: Path, target: str | None) -> Table:
    """Columns of an array, or of a structured one its fields."""
    with _readable("the .npy"), path.open("rb") as file:
        dtype = _read_header(file, "the array")
    with _readable("the .npy"):
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    if dtype.fields:
        return _split_fields(array, target)
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(
            f"its array has shape {array.shape}, expected (n_samples, n_features + 1), with y as a "
            "column; or write a .npz: numpy.savez(path, X=X, y=y)"
        )
    j = _column(target, array.shape[1])
    if j == array.shape[1] - 1:
        X = array[:, :-1]
    else:
        X = array[:, 1:] if j == 0 else np.delete(array, j, axis=1)
    return Table(X, np.array(array[:, j]), None, f"column {j}")


def _column(target: str | None, n_columns: int) -> int:
    """Number of the column that is y."""
    if target is None:
        return n_columns - 1
    if not (target.isascii() and target.isdigit() and int(target) < n_columns):
        raise ValueError(
            f"--target is {shown(target)}, expected the number of a column, from 0 to "
            f"{n_columns - 1}, because a .npy has no names"
        )
    return int(target)


def _split_fields(array: Any, target: str | None) -> Table:
    names = list(array.dtype.names)
    for name in names:
        field = array.dtype[name]
        if field.kind not in "fiub":
            is_text = field.kind in "US" and array.size
            such = f", such as {shown(array[name].flat[0])}" if is_text else ""
            raise TypeError(
                f"field {shown(name)} has dtype {field}{such}, expected real numbers: encode it as "
                "numbers, or leave it out"
            )
    if array.ndim != 1:
        raise ValueError(f"its structured array has shape {array.shape}, expected 1 dimension")
    j = _target_of(names, target)
    own = [name for name in names if name != names[j]]
    dtype = np.result_type(*(array.dtype[name] for name in own)) if own else np.float64
    X = np.empty((len(array), len(own)), dtype)
    for k, name in enumerate(own):
        X[:, k] = array[name]
    return Table(X, array[names[j]], own, f"field {shown(names[j])}")


def _read_header(file: IO[bytes], what: str) -> Any:
    """Dtype that an array's header states; refuses what is no array, newer or of Python objects."""
    magic = file.read(len(_NPY) + 2)
    if len(magic) < len(_NPY) + 2 or not magic.startswith(_NPY):
        raise _Finding(f"{what} is no .npy; write it again: numpy.save(path, array)")
    version = magic[-2], magic[-1]
    if version > _NEWEST_NPY:
        raise _Finding(
            f"{what} is of format {version[0]}.{version[1]}, expected at most "
            f"{_NEWEST_NPY[0]}.{_NEWEST_NPY[1]}: save it with an older NumPy"
        )
    if version == (1, 0):
        dtype = np.lib.format.read_array_header_1_0(file)[2]
    else:  # 3.0 differs in the encoding of names alone
        dtype = np.lib.format.read_array_header_2_0(file)[2]
    if dtype.hasobject:
        raise _Finding(
            f"{what} holds Python objects, which are not unpickled because that can run code, "
            "expected numbers: save X.astype(float)"
        )
    return dtype


@contextmanager
def _readable(what: str) -> Iterator[None]:
    """Errors of damaged contents as a sentence."""
    try:
        yield
    except _Finding:
        raise
    except _UNREADABLE as error:
        said = one_line(str(error)) or type(error).__name__
        raise ValueError(
            f"{what} cannot be read ({said}); it is damaged: write it again"
        ) from error


def _read_csv(path: Path, target: str | None) -> Table:
    """Columns under a line of names."""
    pandas = _import_pandas()
    check_names(path)
    options = {"index_col": False, "skipinitialspace": True}
    with _parsed(pandas):
        head = pandas.read_csv(
            path, header=None, nrows=1, dtype=str, keep_default_na=False, **options
        )
        names = [str(name) for name in head.iloc[0]]
        check_columns(len(names))
        _check_names(names)
        frame = pandas.read_csv(path, low_memory=False, **options)
    return _split_frame(frame, names, target)


@contextmanager
def _parsed(pandas: Any) -> Iterator[None]:
    """pandas' errors and warnings about a file as a sentence."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pandas.errors.ParserWarning)
            yield
    except pandas.errors.EmptyDataError:
        raise ValueError("it holds no table, expected a line of names and rows") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"it is no text in UTF-8 (byte {error.start}); save it as such") from error
    except (pandas.errors.ParserError, pandas.errors.ParserWarning, OverflowError) as error:
        raise ValueError(
            f"it is no table with a value for each name ({one_line(str(error))}); expected "
            "columns separated by commas"
        ) from error


def _check_names(names: Sequence[str]) -> None:
    """Refuse a first line that is no line of column names, each given and different."""
    if len(names) < 2:
        raise ValueError(
            f"its first line, {shown(names[0])}, names one column, expected at least two, "
            "separated by commas"
        )
    if all(map(_is_number, names)) and not _counts(names):
        raise ValueError(
            f"its first line, {shown(','.join(names))}, holds numbers, expected names of the "
            "columns: write them above"
        )
    if "" in names:
        raise ValueError(
            f"column {names.index('')} from 0 has no name; if it is an index, leave it out: "
            "frame.to_csv(path, index=False)"
        )
    _check_different(names)


def _check_different(names: Sequence[str]) -> None:
    for name, count in Counter(names).items():
        if count > 1:
            raise _Finding(
                f"{count} columns are named {shown(name)}, expected different names: rename or "
                "drop one"
            )


def _counts(names: Sequence[str]) -> bool:
    """Whether names are 0, 1, 2, ... or 1, 2, 3, ..., as libraries number columns."""
    return any(list(names) == [str(j + first) for j in range(len(names))] for first in (0, 1))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _read_parquet(path: Path, target: str | None) -> Table:
    """Columns of a table, by pandas with pyarrow or fastparquet."""
    pandas = _import_pandas()
    if not any(map(importlib.util.find_spec, _PARQUET_LIBRARIES)):
        raise ValueError(
            f"a .parquet needs {' or '.join(_PARQUET_LIBRARIES)}, neither is installed: "
            f"pip install {_PARQUET_LIBRARIES[0]}"
        )
    with path.open("rb") as file:
        begin = file.read(len(_PARQUET))
        file.seek(-min(path.stat().st_size, len(_PARQUET)), os.SEEK_END)
        end = file.read()
    if not begin == end == _PARQUET:
        raise ValueError("it is no .parquet, or cut off; write it again: frame.to_parquet(path)")
    try:
        if importlib.util.find_spec("pyarrow"):  # it takes equal names for a fault of its own
            _check_parquet(importlib.import_module("pyarrow.parquet").ParquetFile(path), path)
        frame = pandas.read_parquet(path)
    except _Finding:
        raise
    except Exception as error:  # each library has errors of its own
        raise ValueError(
            f"it cannot be read ({one_line(str(error))}); it is damaged, or newer than the "
            "library: write it again, or update pyarrow"
        ) from error
    names = [str(name) for name in frame.columns]
    if not names:
        raise ValueError("it has no columns, expected features and y")
    _check_different(names)
    return _split_frame(frame, names, target)


def _check_parquet(file: Any, path: Path) -> None:
    """Refuse what is too large, and columns of one name."""
    names = file.schema_arrow.names
    try:
        check_columns(len(names))
        check_size("its columns", _VALUE_BYTES * file.metadata.num_rows * len(names), path)
    except ValueError as error:
        raise _Finding(str(error)) from error
    _check_different(names)


def _import_pandas() -> Any:
    try:
        import pandas
    except ImportError as error:
        raise ValueError(
            f"to read it needs pandas, which cannot be imported ({one_line(str(error))}): "
            "pip install pandas"
        ) from error
    return pandas


def _split_frame(frame: Any, names: list[str], target: str | None) -> Table:
    """X and y of a table of pandas' whose columns are named."""
    if not len(frame):
        raise ValueError("it has no rows below the names, expected samples")
    columns = [frame.iloc[:, j] for j in range(len(names))]
    for name, column in zip(names, columns, strict=True):
        check_column(f"column {shown(name)}", column)
    j = _target_of(names, target)
    own = [column for k, column in enumerate(columns) if k != j]
    y = stacked([columns[j]], len(frame))[:, 0]
    X = stacked(own, len(frame)) if own else np.empty((len(frame), 0))
    return Table(X, y, names[:j] + names[j + 1 :], f"column {shown(names[j])}")


def _target_of(names: Sequence[str], target: str | None) -> int:
    """Number of the column that is y: by its name, the usual names, or the last."""
    if target is not None:
        if target not in names:
            near = _nearest(target, names)
            raise ValueError(
                f"it has no column {shown(target)}{near or ';'} It has {_listed(names)}"
            )
        return names.index(target)
    usual = [j for j, name in enumerate(names) if name.lower() in _TARGETS]
    if len(usual) > 1:
        both = " and ".join(shown(names[j]) for j in usual)
        raise ValueError(f"it has {both}, and one is y: name it with --target")
    return usual[0] if usual else len(names) - 1


_FORMS: dict[str, Callable[[Path, str | None], Table]] = {
    ".npz": _read_npz,
    ".npy": _read_npy,
    ".csv": _read_csv,
    ".parquet": _read_parquet,
}
FORMS = tuple(_FORMS)
