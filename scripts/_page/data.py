"""Rows of the results as plain data: columns, each text once, as few digits as matter."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import chain, groupby
from typing import Any

import pandas as pd

from benchmarks._session.statistics import LEAST_BAND, LEAST_GENERATIONS
from scripts._advice.advice import FARTHEST, measured_sizes
from scripts._advice.cells import KEY, cells_of, wide, with_sizes
from scripts._advice.mesh import TOLERANCE, mesh_of
from scripts._advice.verdict import verdicts
from scripts._common.chance import MOST_BAND
from scripts._common.families import BLOCKS, FAMILIES, LIBRARY
from scripts._common.fastest import PROMISED
from scripts._common.metrics import BASELINE, Metric
from scripts._common.problems import by_cells
from scripts._common.records import Facts, LossCurve, MemoryCurve

# Significant digits: an interval is a hundred times as wide. The page decides by some numbers, as
# Python does, and one more keeps the two from differing.
_DIGITS, _MORE_DIGITS = 5, 6
_DECISIVE = {"time", "speed_up", "prepare", "worst", "chance_band", "tie_band"}
_TRAINING = ("epoch", "kernel_share", "time_to_loss", "final_loss", "test_accuracy", "updates")
_VERDICT = ("limit", "why", "help")
_NO_COLUMN = ["reasons"]


def page_data(
    results: pd.DataFrame,
    curves: Iterable[MemoryCurve],
    facts: Facts,
    metrics: Mapping[str, Metric],
    *,
    base: str = BASELINE,
    history: str = "",
    n_threads: int | None = None,
    losses: Iterable[LossCurve] = (),
) -> dict[str, Any]:
    """Everything that the page shows.

    Parameters
    ----------
    results : DataFrame
        Rows as the report has them, of one machine and any number of thread settings.
    curves : iterable of MemoryCurve
    facts : Facts
    metrics : mapping
        By name, as in `scripts._common.metrics`.
    base : str
        What speed-ups are relative to at first.
    history : str
        Address of asv's pages, as seen from the page; empty: no links to them.
    n_threads : int, optional
        What the setting ``all`` stands for; default: the threads of `facts`.
    losses : iterable of LossCurve
        Loss against seconds of trainings.
    """
    n_threads = n_threads or facts.n_threads
    cells = _with_verdicts(cells_of(results), facts, n_threads)
    return {
        "baseline": BASELINE,
        "base": base,
        "n_threads": n_threads,
        "rules": _rules(),
        "families": list(FAMILIES),
        "history": history,
        "facts": asdict(facts) | {"footer": facts.footer},
        "metrics": {name: {"label": m.label, "unit": m.unit} for name, m in metrics.items()},
        "problems": by_cells(cells["problem"]),
        "cells": columns(cells.drop(columns=_NO_COLUMN)),
        "reasons": _reasons([*cells["reasons"]]),
        "trainings": columns(_trainings(results)),
        "meshes": list(_meshes(cells)),
        "curves": [_curve(curve) for curve in curves],
        "losses": [_curve(curve) | {"excess": _excess(curve)} for curve in losses],
    }


def _with_verdicts(cells: pd.DataFrame, facts: Facts, n_threads: int) -> pd.DataFrame:
    found = verdicts(cells, facts.cache_bytes, n_threads)
    texts = {key: [getattr(v, key) if v else "" for v in found] for key in _VERDICT}
    return cells.assign(**texts)


def _rules() -> dict[str, Any]:
    """Numbers and names that decide what is advised."""
    return {
        "promised": sorted(PROMISED.items()),
        "least_generations": LEAST_GENERATIONS,
        "least_band": LEAST_BAND,
        "most_band": MOST_BAND,
        "farthest": FARTHEST,
        "tolerance": TOLERANCE,
        "library": LIBRARY,
        "blocks": BLOCKS,
    }


def columns(frame: pd.DataFrame) -> dict[str, Any]:
    """Columns of a frame: different numbers as they are, null for NaN; others as codes of a list.

    A code that comes several times in a row is a pair: the code, and how often.
    """
    return {str(name): _column(frame[name], str(name)) for name in frame}


def _column(values: pd.Series, name: str) -> Any:
    if not pd.api.types.is_numeric_dtype(values):
        return _coded(values.fillna("").astype(str))
    digits = _MORE_DIGITS if name in _DECISIVE else _DIGITS
    numbers = [_number(value, digits) for value in values]
    return _coded(numbers) if 2 * len({*numbers}) <= len(numbers) else numbers


def _coded(values: Iterable[Any]) -> dict[str, Any]:
    """Each different value once, and its place among them for each value."""
    places: dict[Any, int] = {}
    codes = [places.setdefault(value, len(places)) for value in values]
    runs = ((code, len([*run])) for code, run in groupby(codes))
    short = ([[code, n]] if n > 2 else [code] * n for code, n in runs)
    return {"codes": [*chain.from_iterable(short)], "values": [*places]}


def _number(value: float, digits: int) -> float | int | None:
    if pd.isna(value) or math.isinf(value):
        return None
    short = float(f"{value:.{digits}g}") if not float(value).is_integer() else float(value)
    return int(short) if short.is_integer() and abs(short) < 2**53 else short


def _reasons(of_cells: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """A column per metric that some cell lacks for a reason of its own; null for other cells."""
    metrics = dict.fromkeys(metric for reasons in of_cells for metric in reasons)
    return {metric: _coded(each.get(metric) for each in of_cells) for metric in metrics}


def _trainings(results: pd.DataFrame) -> pd.DataFrame:
    """A row per training, with a column per cost."""
    own, key = with_sizes(results[results["metric"].isin(_TRAINING)]), [*KEY, "solver"]
    epochs = own[own["metric"] == "epoch"].drop_duplicates(key).set_index(key)
    return wide(own, "value", _TRAINING, key=key).join(epochs[["state", "reason"]]).reset_index()


def _meshes(cells: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """The mesh of each problem and thread setting, for advice in the page."""
    for (problem, threads), own in cells.groupby(["problem", "threads"]):
        if sizes := measured_sizes(own):
            mesh = mesh_of(sizes)
            yield {"problem": str(problem), "threads": str(threads)} | asdict(mesh)


def _curve(curve: MemoryCurve | LossCurve) -> dict[str, Any]:
    return {key: _plain(value) for key, value in asdict(curve).items()}


def _excess(curve: LossCurve) -> list[float | int | None]:
    """Loss minus the least loss, which short numbers of both would not give."""
    return [_number(loss - curve.least_loss, _MORE_DIGITS) for loss in curve.losses]


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_number(each, _MORE_DIGITS) for each in value]
    return value
