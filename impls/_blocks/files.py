"""Opening a file as rows: .npy, .zarr, .parquet; nothing is read but what tells the shape."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from impls._blocks.rows import Rows, rows_of
from impls._errors import Unavailable

Array = np.ndarray[Any, Any]
_FORMS = (".npy", ".zarr", ".parquet")


def open_rows(
    path: str | Path, columns: str | Sequence[str] | None = None, *, without: Sequence[str] = ()
) -> Rows:
    """Rows of a file that may be larger than memory, for ``memmap_stream`` and ``dask_blocks``.

    Parameters
    ----------
    path : str or Path
        A .npy file, a .zarr array or a .parquet file; values keep their type.
    columns : str or sequence of str, optional
        Of a .parquet file: one name for rows of one value each, such as y; several, or all by
        default, for X. Columns of several types get the least type that holds each.
    without : sequence of str
        Columns to leave out.

    Returns
    -------
    Rows
        With ``shape`` and ``dtype``.

    Raises
    ------
    Unavailable
        If zarr or pyarrow is not installed.
    TypeError, ValueError, OSError
        Names the file, what was found and what was expected.

    Examples
    --------
    >>> X = impls.open_rows("big.parquet", without=["label"])  # doctest: +SKIP
    >>> y = impls.open_rows("big.parquet", "label")  # doctest: +SKIP
    >>> impls.objective("logistic", "memmap_stream", X, y)  # doctest: +SKIP
    """
    path = Path(path)
    if path.suffix not in _FORMS:
        raise ValueError(
            f"{path}: its name ends in {path.suffix or 'no ending'!r}, expected {', '.join(_FORMS)}"
        )
    if path.suffix != ".parquet" and (columns is not None or without):
        raise ValueError(f"{path}: only a .parquet file has columns with names; leave them out")
    if path.suffix == ".npy":
        return rows_of(str(path), _mapped(path))
    if path.suffix == ".zarr":
        return rows_of(str(path), _open_zarr(path))
    names = _names(path, columns, without)
    return ParquetRows(str(path.absolute()), tuple(names), isinstance(columns, str))


def _mapped(path: Path) -> Array:
    if not path.is_file():  # a pipe would be waited for
        raise FileNotFoundError(f"{path} is no file; numpy.save(path, X) writes one")
    try:
        array: Array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise ValueError(
            f"{path} cannot be read as .npy: {error}; write it again with numpy.save"
        ) from error
    return array


def _open_zarr(path: Path) -> Any:
    try:
        import zarr
    except ImportError:
        raise Unavailable(f"{path} needs zarr; try: pip install zarr") from None
    if not path.exists():
        raise FileNotFoundError(f"there is no {path}; zarr.save(path, X) writes one")
    found = zarr.open(path, mode="r")
    if not isinstance(found, zarr.Array):
        raise ValueError(f"{path} is a group of arrays, expected one array: open one of them")
    return found


def _parquet() -> Any:
    try:
        import pyarrow.parquet
    except ImportError:
        raise Unavailable("a .parquet file needs pyarrow; try: pip install pyarrow") from None
    return pyarrow.parquet


def _names(path: Path, columns: str | Sequence[str] | None, without: Sequence[str]) -> list[str]:
    if not path.is_file():
        raise FileNotFoundError(f"{path} is no file")
    parquet = _parquet()
    try:
        known = parquet.ParquetFile(path).schema_arrow.names
    except Exception as error:  # Arrow has errors of its own
        raise ValueError(f"{path} cannot be read as .parquet: {error}") from error
    asked = known if columns is None else [columns] if isinstance(columns, str) else list(columns)
    for name in (*asked, *without):
        if name not in known:
            raise ValueError(f"{path} has no column {name!r}; it has: {', '.join(known[:20])}")
    return [name for name in asked if name not in without]


@dataclass(frozen=True)
class ParquetRows:
    """Rows of columns of a Parquet file, row group by row group."""

    path: str
    columns: tuple[str, ...]
    is_one: bool = False

    @functools.cached_property
    def _groups(self) -> Array:
        """First row of each row group, and the number of rows."""
        metadata = _parquet().ParquetFile(self.path).metadata
        sizes = [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]
        return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])

    @functools.cached_property
    def dtype(self) -> np.dtype[Any]:
        """Least type that holds each column.

        Raises
        ------
        TypeError
            Names a column that holds no numbers.
        """
        schema = _parquet().ParquetFile(self.path).schema_arrow
        types = []
        for name in self.columns:
            dtype = np.dtype(schema.field(name).type.to_pandas_dtype())
            if dtype.kind not in "fiub":
                raise TypeError(
                    f"{self.path}: column {name!r} is {schema.field(name).type}, expected real "
                    "numbers: encode it as numbers, or leave it out"
                )
            types.append(dtype)
        return np.result_type(*types)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of X, or of y."""
        n_rows = int(self._groups[-1])
        return (n_rows,) if self.is_one else (n_rows, len(self.columns))

    @property
    def unit(self) -> int:
        """Rows of the largest row group."""
        return max(1, int(np.diff(self._groups).max(initial=1)))

    def read(self, start: int, stop: int, buffer: Array | None = None) -> Array:
        """Rows of the row groups that hold them.

        Raises
        ------
        ValueError
            If a value is missing, with its column.
        """
        first = int(np.searchsorted(self._groups, start, "right")) - 1
        last = int(np.searchsorted(self._groups, stop, "left"))
        # Blocks of X share row groups of y, which are small.
        read = _read_groups_once if self.is_one else _read_groups
        values = read(self, first, last)
        begin = start - int(self._groups[first])
        return values[begin : begin + stop - start]

    def iterate(self, n_rows: int) -> Iterator[tuple[int, Array]]:
        """First row and values of one block after the other; never a whole row group in memory."""
        start = 0
        file = _parquet().ParquetFile(self.path)
        batches = file.iter_batches(n_rows, columns=list(self.columns), use_threads=False)
        for batch in batches:
            yield start, self.values(batch)
            start += batch.num_rows

    def values(self, table: Any) -> Array:
        """A table of Arrow's as an array."""
        result = np.empty((table.num_rows, len(self.columns)), self.dtype)
        for j, name in enumerate(self.columns):
            column = table.column(name)
            if column.null_count:
                raise ValueError(
                    f"{self.path}: column {name!r} lacks {column.null_count:,} value(s), expected "
                    "none missing: fill them in, or drop the rows"
                )
            result[:, j] = column.to_numpy(zero_copy_only=False)
        return result[:, 0] if self.is_one else result


def _read_groups(rows: ParquetRows, first: int, last: int) -> Array:
    file = _parquet().ParquetFile(rows.path)
    table = file.read_row_groups(range(first, last), columns=list(rows.columns))
    return rows.values(table.combine_chunks())


_read_groups_once = functools.lru_cache(maxsize=2)(_read_groups)
