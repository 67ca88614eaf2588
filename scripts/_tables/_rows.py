"""Parts of all tables: a page of sections, grids of cells, reasons for absent values."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter, itemgetter
from typing import Any

import pandas as pd
from tabulate import tabulate

from scripts._common import escape, units
from scripts._common.fastest import EXACT, SINGLE, Winner, data_of, less_exact, winners

Row = Any  # a row of the results; pandas has no type for it

_LEGEND = (
    "`skipped`: not run, for the reason given; `failed`: raised an error, hung or died; `wrong`: "
    "the gradient differs from the reference, so its cost means nothing; `too fast`: the time "
    "cannot be true, for the reason given; `missing`: not run yet."
)


FASTEST_HEADERS = [
    *("problem", "data", "exact to float64", "time", "speed-up", "workspace", "error"),
    *("exact to float32", "time", "speed-up", "workspace", "error"),
]
_SHOWN = [
    *("problem", "implementation", "solver", "n_samples", "n_features", "dataset"),
    *("value", "low", "high", "unit", "state", "reason"),
]
_BLANK = ("",) * 4  # columns to the right of a name


def fastest_rows(results: pd.DataFrame) -> list[list[str]]:
    """For all data, the fastest implementation exact to float64 and the fastest exact to float32.

    `FASTEST_HEADERS` names the columns. "same" means that both are the same implementation.
    """
    workspace = lookup(results, "workspace")
    exact, single = (
        {
            data_of(winner.row): _describe(winner, workspace)
            for winner in winners(results, tolerance)
        }
        for tolerance in (EXACT, SINGLE)
    )
    none, same = (["none", *_BLANK], ["same", *_BLANK])
    return [
        [*data, *exact.get(data, none), *(same if own == exact.get(data) else own)]
        for data, own in single.items()
    ]


def _describe(winner: Winner, workspace: dict[Any, float]) -> list[str]:
    """Name, time, speed-up, workspace and error."""
    return [
        winner.row.implementation,
        units.seconds(winner.row.value),
        units.ratio(winner.speed_up),
        units.n_bytes(workspace.get(key_of(winner.row), math.nan)),
        units.error(winner.row.error),
    ]


def page(parts: Iterable[str]) -> str:
    """A page of these parts, followed by the legend of states."""
    return "\n\n".join([*parts, _LEGEND]) + "\n"


def fastest(results: pd.DataFrame) -> str:
    """Table of `fastest_rows`, and the implementations that are faster but less exact than both."""
    rows = fastest_rows(results)
    if not rows:
        return "No times."
    rough = ", ".join(map(escape.markdown, less_exact(results)))
    parts = [
        table(rows, FASTEST_HEADERS),
        f"Exact to float64: error at most {EXACT:.0e}. Exact to float32: at most {SINGLE:.0e}.",
        f"Faster somewhere, but less exact than both: {rough}." if rough else "",
    ]
    return "\n\n".join(filter(None, parts))


def sections(results: pd.DataFrame, metric: str, show: Callable[[Row], str]) -> Iterable[str]:
    """A table per problem and n_features, and one of its data sets, each with its reasons."""
    rows = results.loc[results["metric"] == metric, _SHOWN]
    rows = rows.astype(dict.fromkeys(["n_samples", "n_features"], object))  # faster to iterate
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows.itertuples():
        n_features = math.inf if row.dataset else row.n_features  # data sets come last
        groups.setdefault((row.problem, n_features), []).append(row)
    for (problem, n_features), group in sorted(groups.items(), key=itemgetter(0)):
        is_set = math.isinf(n_features)
        what = "data sets" if is_set else f"{n_features:,} features, by number of samples"
        yield f"### {escape.markdown(problem)}, {what}"
        yield _grid(group, show)


def _grid(group: Sequence[Row], show: Callable[[Row], str]) -> str:
    """A row per implementation, a column per size or data set, and numbered reasons below.

    What is skipped throughout has no row. Its first reason stands below the table.
    """
    ordered = sorted(group, key=lambda row: (0 if row.dataset else row.n_samples, row.solver))
    across = list(dict.fromkeys(map(_column, ordered)))
    shown = {row.implementation for row in group if row.state != "skipped"}
    cells: dict[str, dict[str, str]] = {}
    reasons: dict[str, int] = {}
    for row in sorted(group, key=attrgetter("implementation")):
        if row.implementation in shown:
            text = _mark(row, reasons) or show(row)
            cells.setdefault(row.implementation, {})[_column(row)] = text
    grid = table([[name, *map(of.get, across)] for name, of in cells.items()], ["", *across])
    notes = [f"{number}. {escape.markdown(reason)}" for reason, number in reasons.items()]
    skipped = [row for row in ordered if row.implementation not in shown]
    parts = [grid if cells else "", "\n".join(notes), _skipped(skipped)]
    return "\n\n".join(filter(None, parts))


def _skipped(rows: Iterable[Row]) -> str:
    """A line per first reason, with the names that it keeps from any value."""
    names: dict[str, list[str]] = {}
    first: dict[str, str] = {}
    for row in rows:
        first.setdefault(row.implementation, row.reason)
    for name, reason in sorted(first.items()):
        names.setdefault(reason, []).append(name)
    return "\n".join(
        f"- skipped throughout: {', '.join(map(escape.markdown, own))} ({escape.markdown(why)})"
        for why, own in names.items()
    )


def _mark(row: Row, reasons: dict[str, int]) -> str:
    """Text for an absent value: its state and the number of its reason; empty for a value."""
    if row.state in ("ok", "missing"):
        return "" if row.state == "ok" else "missing"
    return f"{row.state} [{reasons.setdefault(row.reason, len(reasons) + 1)}]"


def time_cell(row: Row, speed_ups: dict[Any, float]) -> str:
    """Time with half its interval, and the speed-up over the baseline in the same rounds."""
    half_width = (row.high - row.low) / 2 / row.value
    interval = f" ±{half_width:.0%}" if math.isfinite(half_width) else ""
    gain = units.ratio(speed_ups.get(key_of(row), math.nan))
    return f"{units.seconds(row.value)}{interval}, {gain}"


def lookup(results: pd.DataFrame, metric: str) -> dict[Any, float]:
    rows = results[(results["metric"] == metric) & (results["state"] == "ok")]
    return {key_of(row): row.value for row in rows.itertuples()}


def data_key(row: Row) -> tuple[Any, ...]:
    return (*data_of(row), row.solver)


def key_of(row: Row) -> tuple[Any, ...]:
    return (*data_key(row), row.implementation)


def _column(row: Row) -> str:
    data = row.dataset or f"{row.n_samples:,}"
    return f"{row.solver}, {data}" if row.solver else data


def table(rows: Iterable[Iterable[Any]], headers: Sequence[str], n_left: int = 1) -> str:
    """Rows in Markdown, which shows each text as it is; `n_left` columns are left-aligned."""
    cells = [[escape.markdown(str(value)) for value in row] for row in (headers, *rows)]
    return plain_table(cells[1:], cells[0], n_left)


def plain_table(rows: Iterable[Iterable[Any]], headers: Sequence[str], n_left: int = 1) -> str:
    """The same for a terminal."""
    align = [*["left"] * n_left, *["right"] * (len(headers) - n_left)]
    return tabulate(rows, headers, tablefmt="github", colalign=align, disable_numparse=True)
