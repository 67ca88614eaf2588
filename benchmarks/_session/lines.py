"""Lines of a journal: what one holds, and what does not fit."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import astuple
from datetime import UTC, datetime
from typing import Any

from benchmarks._session.cell import OK, Cell, Source
from benchmarks._session.inputs import Data
from benchmarks._session.known import Known
from benchmarks._session.measured import Round
from impls._errors import one_line
from impls._files import FORMAT

# What a line that does not fit leads to.
MISFITS = (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError)
_COMMIT = re.compile("[0-9a-f]{40}")
_N_DATA = 6  # fields of `Data`
_INFOS = {
    "bytes_per_value": (int,),
    "passes": (int, type(None)),
    "peer": (str,),
    "limited": (bool,),
    "rtol": (float, int),
}
_INFOS_OF_DATA = {"width": (int,), "casts": (bool,)}  # what older journals lack


def is_cut(line: bytes) -> bool:
    """Whether a kill has cut a line off."""
    return line.startswith(b'{"kind": "') and not line.rstrip().endswith(b"}")


def line_of(record: dict[str, Any]) -> bytes:
    """A record as a line."""
    return json.dumps(record).encode() + b"\n"


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
            max(known.recorded_at, recorded_at(record)),
        )
        if cell.state == OK and not cell.info:
            raise ValueError("it is a time of a contender that has said nothing of itself")
        known.cells.setdefault((data, cell.name), []).append(cell)
        known.recorded_at = cell.recorded_at
        if cell.generations:
            n_rounds = len(known.rounds.get((measurement, data), []))
            known.finished.setdefault((measurement, data, cell.name, cell.generations), n_rounds)


def data_line(data: Data) -> tuple[Any, ...]:
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


def recorded_at(record: Mapping[str, Any]) -> float:
    """Seconds since 1970, of a clock that is behind none; 0 if there is no time."""
    with suppress(*MISFITS, OSError):
        behind = float(record.get("clock_behind", 0))
        at = datetime.fromisoformat(record["measured_at"])
        seconds = (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() + behind
        return seconds if math.isfinite(seconds) and behind >= 0 else 0.0
    return 0.0


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
