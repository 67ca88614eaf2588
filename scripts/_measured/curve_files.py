"""Curves in files of JSON: one curve each, with the digest of the state that it holds for."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from impls._errors import one_line
from impls._provenance import Subject
from scripts._common.records import LossCurve, MemoryCurve
from scripts._measured.state import State

_MOST = 1e300  # integers of JSON have no bound
Curve = TypeVar("Curve", MemoryCurve, LossCurve)


def load_all(folder: Path, parse: Callable[[Any], Curve], state: State, again: str) -> list[Curve]:
    """Curves of a folder that are valid in a state; a damaged file is named and left aside.

    `again` is the command that makes such files.
    """
    found = []
    for path in sorted(folder.glob("*.json")):
        try:
            curve = read(path, parse, state)
        except ValueError as error:
            print(
                f"left aside: the curve {path} cannot be read ({error}); delete it and make it "
                f"again: {again}",
                file=sys.stderr,
            )
            continue
        if curve is not None:
            found.append(curve)
    return found


def read(path: Path, parse: Callable[[Any], Curve], state: State) -> Curve | None:
    """The curve in a file; None if it is gone or not valid in the state.

    Raises
    ------
    ValueError
        If the file is damaged; says in what.
    """
    try:
        record = json.loads(path.read_bytes())
        curve, digest = parse(record), _text(record, "state")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from error
    except (ValueError, RecursionError) as error:
        raise ValueError(one_line(str(error))) from error
    cell = Subject(curve.problem, curve.implementation, getattr(curve, "solver", ""))
    return curve if state.has(cell) and not state.changes(cell, digest) else None


def parse_memory_curve(record: Any) -> MemoryCurve:
    """Check a record of `MemoryCurve`; a ValueError names what is wrong with it."""
    seconds, mebibytes = _numbers(record, "seconds"), _numbers(record, "mebibytes")
    _check_lengths(seconds=seconds, mebibytes=mebibytes)
    calls = _numbers(record, "call_seconds")
    if len(calls) != 2:
        raise ValueError(f"call_seconds has {len(calls)} numbers, expected 2")
    return MemoryCurve(
        _name(record, "problem"),
        _name(record, "implementation"),
        _count(record, "n_samples"),
        _count(record, "n_features"),
        seconds,
        mebibytes,
        (calls[0], calls[1]),
    )


def parse_loss_curve(record: Any) -> LossCurve:
    """Check a record of `LossCurve`; a ValueError names what is wrong with it."""
    epochs = tuple(map(int, _numbers(record, "epochs")))
    seconds, losses = _numbers(record, "seconds"), _numbers(record, "losses")
    _check_lengths(epochs=epochs, seconds=seconds, losses=losses)
    for name, values in (("epochs", epochs), ("seconds", seconds)):
        if values[0] <= 0 or not all(a < b for a, b in pairwise(values)):
            raise ValueError(f"{name} do not rise from above 0")
    return LossCurve(
        _name(record, "problem"),
        _name(record, "implementation"),
        _name(record, "solver"),
        _count(record, "n_samples"),
        _count(record, "n_features"),
        _count(record, "seed", 0),
        epochs,
        seconds,
        losses,
        _number(_value(record, "least_loss"), "least_loss"),
    )


def _value(record: Any, key: str) -> Any:
    if not isinstance(record, dict):
        raise ValueError(f"it holds {type(record).__name__}, expected an object")
    if key not in record:
        raise ValueError(f"{key} is missing")
    return record[key]


def _text(record: Any, key: str) -> str:
    value = _value(record, key)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{key} is {_shown(value)}, expected a text")
    return one_line(value)


def _name(record: Any, key: str) -> str:
    """A name, which becomes part of the paths of what a curve depends on."""
    name = _text(record, key)
    if "/" in name or "\\" in name or name.startswith("."):
        raise ValueError(f"{key} is {_shown(name)}, expected a name")
    return name


def _count(record: Any, key: str, least: int = 1) -> int:
    value = _value(record, key)
    if type(value) is not int or not least <= value < 2**63:
        raise ValueError(f"{key} is {_shown(value)}, expected a whole number of at least {least}")
    return value


def _number(value: Any, key: str) -> float:
    if type(value) not in (int, float) or not -_MOST < value < _MOST:
        raise ValueError(f"{key} holds {_shown(value)}, expected a finite number")
    return float(value)


def _numbers(record: Any, key: str) -> tuple[float, ...]:
    values = _value(record, key)
    if not isinstance(values, list):
        raise ValueError(f"{key} is {_shown(values)}, expected a list of numbers")
    return tuple(_number(value, key) for value in values)


def _check_lengths(**columns: tuple[float, ...]) -> None:
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1 or not all(lengths.values()):
        counts = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise ValueError(f"lists of the same length are expected, not empty: {counts}")


def _shown(value: Any) -> str:
    text = one_line(repr(value))
    return text if len(text) <= 40 else f"{text[:40]}..."
