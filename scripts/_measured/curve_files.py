"""Curves in files of JSON: one curve each, with the digest of the state that it holds for."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any, overload

from pydantic import model_validator

from impls._provenance import Subject
from scripts._common import checked
from scripts._common.checked import Count, Many, Name, Number, Record, Text, Whole
from scripts._common.records import LossCurve, MemoryCurve
from scripts._measured.state import State

_Numbers = Many[Number]


class _Curve(Record):
    """What the records of all curves hold."""

    problem: Name
    implementation: Name
    n_samples: Count
    n_features: Count
    seconds: _Numbers
    state: Text


class MemoryRecord(_Curve):
    """The record of a `MemoryCurve`."""

    mebibytes: _Numbers
    call_seconds: tuple[Number, Number]

    def made(self) -> MemoryCurve:
        """The curve."""
        return MemoryCurve(**_without_state(self))

    @model_validator(mode="after")
    def _check(self) -> MemoryRecord:
        _check_lengths(seconds=self.seconds, mebibytes=self.mebibytes)
        return self


class LossRecord(_Curve):
    """The record of a `LossCurve`."""

    solver: Name
    seed: Whole
    epochs: Many[Count]
    losses: _Numbers
    least_loss: Number

    def made(self) -> LossCurve:
        """The curve."""
        return LossCurve(**_without_state(self))

    @model_validator(mode="after")
    def _check(self) -> LossRecord:
        _check_lengths(epochs=self.epochs, seconds=self.seconds, losses=self.losses)
        for name, values in (("epochs", self.epochs), ("seconds", self.seconds)):
            if values[0] <= 0 or not all(a < b for a, b in pairwise(values)):
                raise ValueError(f"expected {name} that rise from above 0")
        return self


@overload
def load_all(
    folder: Path, model: type[MemoryRecord], state: State, again: str
) -> list[MemoryCurve]: ...
@overload
def load_all(
    folder: Path, model: type[LossRecord], state: State, again: str
) -> list[LossCurve]: ...
def load_all(folder: Path, model: Any, state: State, again: str) -> list[Any]:
    """Curves of a folder that are valid in a state; a damaged file is named and left aside.

    `again` is the command that makes such files.
    """
    advice = f"delete it and make it again: {again}"
    paths = sorted(folder.glob("*.json"))
    found = (checked.read_or_name(path, model, "the curve", advice) for path in paths)
    return [record.made() for record in found if record and is_valid(record, state)]


def is_valid(record: MemoryRecord | LossRecord, state: State) -> bool:
    """Whether nothing has changed that a curve depends on."""
    cell = Subject(record.problem, record.implementation, getattr(record, "solver", ""))
    return state.has(cell) and not state.changes(cell, record.state)


def _without_state(record: _Curve) -> dict[str, Any]:
    return {key: value for key, value in record if key != "state"}


def _check_lengths(**columns: tuple[float, ...]) -> None:
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1 or not all(lengths.values()):
        counts = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise ValueError(f"expected lists of the same length, not empty: {counts}")
