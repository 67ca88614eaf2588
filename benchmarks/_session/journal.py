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
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import astuple, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import time
from typing import IO, Any

from benchmarks._session.inputs import Data
from benchmarks._session.measured import BASELINE, TWIN, Measured, Round
from benchmarks._session.notes import leave_aside
from benchmarks._session.parsing import parse_json
from benchmarks._session.process import Out
from impls._errors import one_line
from impls._files import FORMAT, Unreadable, check_file, write_whole

OK = "ok"
MOST_BYTES = 64 * 2**20  # of a file; the preset `full` writes some 20
# What a line that does not fit leads to.
MISFITS = (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError)
_COMMIT = re.compile("[0-9a-f]{40}")
_N_DATA = 6  # fields of `Data`
_CELL = b'{"kind": "cell"'
_OWN_FORM = ("data", "recorded_at")  # fields of a `Cell` that its line has in another form, or not
_INFOS = {
    "bytes_per_value": (int,),
    "passes": (int, type(None)),
    "peer": (str,),
    "limited": (bool,),
    "rtol": (float, int),
}
_INFOS_OF_DATA = {"width": (int,), "casts": (bool,)}  # what older journals lack


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


@dataclass
class Known:
    """The contents of a journal.

    Attributes
    ----------
    source : Source or None
    facts : dict or None
        The last ones.
    format : int
        Of the lines; above `FORMAT` if a newer version has written them.
    recorded_at : float
        Of the last cell.
    cells : dict
        Cells by data and name, in the order of their lines.
    rounds : dict
        Rounds by measurement and data.
    digests : dict[str, str]
        Digest of the state by measurement.
    finished : dict
        Rounds until a generation had finished, by measurement, data, name and number of
        generations. One that an interrupt has cut in two has rounds of two generations of
        processes.
    """

    source: Source | None = None
    facts: dict[str, Any] | None = None
    format: int = FORMAT
    recorded_at: float = 0.0
    cells: dict[tuple[Data, str], list[Cell]] = field(default_factory=dict)
    rounds: dict[tuple[str, Data], list[Round]] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    finished: dict[tuple[str, Data, str, int], int] = field(default_factory=dict)

    def last(self, data: Data, name: str, holds: Callable[[Cell], bool]) -> Cell | None:
        """The last cell for which `holds` is true."""
        cells = reversed(self.cells.get((data, name), []))
        return next((cell for cell in cells if holds(cell)), None)

    def measured(self, cells: Iterable[Cell]) -> Measured:
        """These cells of one measurement, with its rounds."""
        cells = list(cells)
        first = cells[0]
        measured = Measured(first.data, first.shape)
        measured.rounds = self.rounds.get((first.measurement, first.data), [])
        for cell in cells:
            measured.infos[cell.name] = cell.info
            measured.costs[cell.name] = cell.costs
            if cell.state != OK:
                measured.out[cell.name] = Out(cell.state, cell.reason)
            if cell.flag:
                measured.flags[cell.name] = cell.flag
        return measured

    def begun(self, data: Data, names: Iterable[str], digest: str) -> Begun | None:
        """The last measurement of these contenders that an interrupt has cut off, if any."""
        ids = [key for key, other in self.rounds if other == data and self.digests[key] == digest]
        wanted = set(names)
        for measurement in reversed(ids):
            cells = self._cells_of(measurement, data)
            if not cells or wanted <= cells.keys():
                return self._begun(measurement, data, wanted, cells)
        return None

    def _begun(
        self, measurement: str, data: Data, names: set[str], cells: dict[str, Cell]
    ) -> Begun:
        rounds = self.rounds[measurement, data]
        n_done = min((cells[name].generations for name in names if cells), default=0)
        ends = [self.finished.get((measurement, data, name, n_done), 0) for name in names]
        after = rounds[max(ends, default=0) :]
        n_left = sum(not names.isdisjoint(each.seconds) for each in after)  # without others' rounds
        last = max(each.generation for each in rounds)
        kept = [cell for name, cell in cells.items() if name in (*names, BASELINE, TWIN)]
        return Begun(measurement, n_done, n_left, last + 1, kept)

    def _cells_of(self, measurement: str, data: Data) -> dict[str, Cell]:
        """The last cell of each contender of a measurement."""
        own = (cells for (other, _), cells in self.cells.items() if other == data)
        found = (cell for cells in own for cell in cells if cell.measurement == measurement)
        return {cell.name: cell for cell in found}


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


def is_cut(line: bytes) -> bool:
    """Whether a kill has cut a line off."""
    return line.startswith(b'{"kind": "') and not line.rstrip().endswith(b"}")


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
            data=_line_of(data),
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
            self._write(kind="cell", data=_line_of(cell.data), **own)

    def _write(self, **record: Any) -> None:
        if self._path and not self._is_begun:
            self._begin(self._path)
        if record["kind"] == "cell" and self._seconds_behind:
            record |= {"clock_behind": self._seconds_behind}
        add(self.known, json.loads(json.dumps(record)))
        if self._path is None:
            return
        self._lines.append(_line(record))
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
        return _line({"kind": "source", "format": FORMAT, **vars(self._source)})


def _line(record: dict[str, Any]) -> bytes:
    return json.dumps(record).encode() + b"\n"


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
    times = (_recorded_at(record) for path in folder.glob("*.jsonl") for record in _cells(path))
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


def _recorded_at(record: Mapping[str, Any]) -> float:
    """Seconds since 1970, of a clock that is behind none; 0 if there is no time."""
    with suppress(*MISFITS, OSError):
        behind = float(record.get("clock_behind", 0))
        at = datetime.fromisoformat(record["measured_at"])
        seconds = (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() + behind
        return seconds if math.isfinite(seconds) and behind >= 0 else 0.0
    return 0.0


def add(known: Known, record: dict[str, Any]) -> None:
    """Take up a line; one of `MISFITS` if it does not fit."""
    if record["kind"] == "source":
        known.format = max(known.format, record.get("format", FORMAT))
        texts = [record[key] for key in ("commit", "environment", "threads")]
        if not (all(isinstance(t, str) for t in texts) and _COMMIT.fullmatch(texts[0])):
            raise ValueError("it names no commit")
        known.source = Source(*map(one_line, texts))
    elif record["kind"] == "facts":
        known.facts = dict(record["facts"])
    elif record["kind"] in ("round", "cell"):
        _add_measured(known, record)
    else:
        raise ValueError(
            f"its kind is {record['kind']!r:.40}, expected source, facts, round or cell"
        )


def _add_measured(known: Known, record: dict[str, Any]) -> None:
    data = _read_data(record["data"])
    digest, measurement = str(record["digest"]), str(record["measurement"])
    if record["kind"] == "round":
        found = Round(
            int(record["generation"]),
            _positive(record["seconds"]),
            {int(width): speed for width, speed in _positive(record["roofs"]).items()},
            _numbers(record["processors"]),
        )
        known.rounds.setdefault((measurement, data), []).append(found)
        known.digests[measurement] = digest
    else:
        n_samples, n_features = map(int, record["shape"])
        cell = Cell(
            data,
            one_line(record["name"]),
            measurement,
            one_line(record["state"]),
            one_line(record["reason"]),
            digest,
            one_line(record["measured_at"]),
            int(record["generations"]),
            one_line(record["flag"]),
            (n_samples, n_features),
            _read_info(record["info"]),
            _numbers(record["costs"]),
            {str(key): one_line(text) for key, text in record["reasons"].items()},
            max(known.recorded_at, _recorded_at(record)),
        )
        if cell.state == OK and not cell.info:
            raise ValueError("it is a time of a contender that has said nothing of itself")
        known.cells.setdefault((data, cell.name), []).append(cell)
        known.recorded_at = cell.recorded_at
        if cell.generations:
            n_rounds = len(known.rounds.get((measurement, data), []))
            known.finished.setdefault((measurement, data, cell.name, cell.generations), n_rounds)


def _line_of(data: Data) -> tuple[Any, ...]:
    """Data in a line: the digest of a user's file is there for these alone."""
    return astuple(data)[: None if data.contents else -1]


def _read_data(values: list[Any]) -> Data:
    problem, n_samples, n_features, dataset, pixels, contents = [*values, ""][:_N_DATA]
    sizes = [n_samples, n_features]
    if not all(type(size) is int and 0 <= size < 2**63 for size in sizes):
        raise ValueError(f"its sizes are {sizes!r:.60}, expected whole numbers")
    if not all(isinstance(text, str) for text in (problem, dataset, contents)):
        raise TypeError("the name of its problem or data is no text")
    size = n_samples, n_features
    return Data(one_line(problem), *size, one_line(dataset), bool(pixels), one_line(contents))


def _read_info(info: Mapping[str, Any]) -> dict[str, Any]:
    """What a contender has said of itself; empty if it has said nothing."""
    if not info:
        return {}
    there = {key: types for key, types in _INFOS_OF_DATA.items() if info.get(key) is not None}
    for key, types in (wanted := _INFOS | there).items():
        if not isinstance(info[key], types):
            raise TypeError(f"its info.{key} is {info[key]!r:.40}")
    return {key: info[key] for key in wanted}


def _numbers(values: Mapping[str, Any]) -> dict[str, float]:
    """Finite numbers of at least 0, by name."""
    found = {str(name): float(value) for name, value in values.items()}
    if not all(math.isfinite(value) and value >= 0 for value in found.values()):
        raise ValueError("it holds a number that cannot be measured")
    return found


def _positive(values: Mapping[str, Any]) -> dict[str, float]:
    found = _numbers(values)
    if not all(found.values()):
        raise ValueError("it holds a time or a speed of 0")
    return found
