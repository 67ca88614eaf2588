"""The journal of what sessions have measured: a file of JSON lines that grows round by round.

A line is written whole, after each round and after each set of data, so that a kill loses at most
the round in hand. There are four kinds:

``round``
    One sample of each contender of a measurement.
``source``
    The first line: commit, environment and threads that all others belong to, and the format.
``facts``
    What a command has said of the machine and of itself.
``cell``
    What a measurement has found of one contender: how it ended, costs, and the digest of the state
    (files, versions, settings) that it holds for.

A measurement is one set of data in one session; its generations and what an interrupt has cut in
two share its id. Later lines win.

Cells of several journals are ordered by `Cell.recorded_at`, which no clock that is set back turns
round: within a journal it never falls, and a session whose clock shows less than another journal of
the machine has recorded writes how far it is behind.
"""

from __future__ import annotations

import errno
import json
import math
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from time import time
from typing import IO, Any

from benchmarks._session.cell import OK, Begun, Cell, Source
from benchmarks._session.inputs import Data
from benchmarks._session.known import Known
from benchmarks._session.lines import MISFITS, add, data_line, is_cut, line_of, recorded_at
from benchmarks._session.measured import Round
from benchmarks._session.notes import leave_aside
from benchmarks._session.parsing import parse_json
from impls._errors import one_line
from impls._files import FORMAT, Unreadable, check_file, write_whole

__all__ = ("MOST_BYTES", "OK", "Begun", "Cell", "Journal", "Known", "Source", "read")
MOST_BYTES = 64 * 2**20  # of a file; the preset `full` writes some 20
_CELL = b'{"kind": "cell"'
_OWN_FORM = ("data", "recorded_at")  # fields of a `Cell` that its line has in another form, or not


def read(path: Path) -> Known:
    """Read a journal; what does not fit is left aside and named, once.

    The commands read journals with `scripts._measured.journals`, whose sentences say more. A suite
    runs where the libraries of the implementations alone are installed.
    """
    try:
        known, misfits = _read(path)
    except FileNotFoundError:
        return Known()
    except Unreadable as error:
        leave_aside(str(error))
        return Known()
    if misfits:
        lines = f"{len(misfits):,} line{'s' * (len(misfits) > 1)}"
        where = f"the journal {one_line(str(path))}"
        leave_aside(f"{lines} of {where} ({misfits[0]}); what they held is measured again")
    return known


def _read(path: Path) -> tuple[Known, list[str]]:
    """What fits, and a sentence for each line that does not."""
    known, misfits = Known(), []
    try:
        check_file(path, MOST_BYTES)
    except Unreadable as error:
        where = one_line(str(path))
        raise Unreadable(f"the journal {where} cannot be read ({error}); move it away") from None
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                if line.strip() and not is_cut(line):
                    add(known, parse_json(line))
            except MISFITS as error:
                misfits.append(f"line {number}: {_why(error)}")
    return known, misfits


def _why(error: Exception) -> str:
    """Why a line does not fit."""
    return f"it has no {error}" if isinstance(error, KeyError) else one_line(str(error))


class Journal:
    """Appends to a journal.

    Parameters
    ----------
    path : Path or None
        None: keep it in memory alone.
    source : Source
        Of everything that is written.
    digest : str
        Of the state in which everything is measured.
    """

    def __init__(self, path: Path | None, source: Source, digest: str) -> None:
        self._path = path
        self._source = source
        self.digest = digest
        self.known = Known()  # all that was written
        self._lines: list[bytes] = []
        self._is_begun = False
        self._seconds_behind = 0

    def add_facts(self, record: dict[str, Any]) -> None:
        """Write what is known of the machine."""
        self._write(kind="facts", facts=record)

    def add_round(self, measurement: str, data: Data, found: Round) -> None:
        """Write one round."""
        self._write(
            kind="round",
            measurement=measurement,
            data=data_line(data),
            digest=self.digest,
            generation=found.generation,
            seconds=found.seconds,
            roofs=found.roofs,
            processors=found.processors,
        )

    def add_cells(self, cells: Iterable[Cell]) -> None:
        """Write what has been found of each contender."""
        for cell in cells:
            own = {key: value for key, value in vars(cell).items() if key not in _OWN_FORM}
            self._write(kind="cell", data=data_line(cell.data), **own)

    def _write(self, **record: Any) -> None:
        if self._path and not self._is_begun:
            self._begin(self._path)
        if record["kind"] == "cell" and self._seconds_behind:
            record |= {"clock_behind": self._seconds_behind}
        add(self.known, json.loads(json.dumps(record)))
        if self._path is None:
            return
        self._lines.append(line_of(record))
        if self._path.exists():
            _append(self._path, self._lines[-1])
        else:  # the first line, or the folder was moved or deleted meanwhile
            write_whole(self._path, b"".join([self._first_line(), *self._lines]))

    def _begin(self, path: Path) -> None:
        """Write the first line where another has it: without it, nothing would be read."""
        self._seconds_behind = _seconds_behind(path.parent)
        with suppress(FileNotFoundError):
            known, _ = _read(path)
            if known.format > FORMAT:
                raise Unreadable(f"a newer version of Gradmark has written {path}: move it away")
            if known.source != self._source:
                _append(path, self._first_line())
        self._is_begun = True

    def _first_line(self) -> bytes:
        return line_of({"kind": "source", "format": FORMAT, **vars(self._source)})


def _append(path: Path, lines: bytes) -> None:
    """Append whole lines or nothing, in a single write: those of several processes do not mix.

    Raises
    ------
    OSError
        Names the file.
    """
    with path.open("a+b", buffering=0) as file:
        whole = _end_of_a_cut_line(file) + lines
        try:
            written = file.write(whole)
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(path)) from error
        if written < len(whole):  # the disk is full
            file.truncate(file.tell() - written)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def _end_of_a_cut_line(file: IO[bytes]) -> bytes:
    """A newline if a kill has cut off the last line of the file."""
    if not file.seek(0, os.SEEK_END):
        return b""
    file.seek(-1, os.SEEK_END)
    return b"" if file.read(1) == b"\n" else b"\n"


def _seconds_behind(folder: Path) -> int:
    """How far this clock is behind what the journals of a machine have recorded; 0 if it is not."""
    times = (recorded_at(record) for path in folder.glob("*.jsonl") for record in _cells(path))
    return max(0, math.ceil(max(times, default=0.0) - time()))


def _cells(path: Path) -> Iterator[Any]:
    """Lines of cells, as they stand in a journal."""
    with suppress(OSError, Unreadable):
        check_file(path, MOST_BYTES)
        with path.open("rb") as file:
            for line in file:
                if line.startswith(_CELL):
                    with suppress(*MISFITS):
                        yield json.loads(line)
