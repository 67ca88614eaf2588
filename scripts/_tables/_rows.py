"""Tables of the report in Markdown: they read well in a terminal and on a code-hosting site."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd
from tabulate import tabulate

from scripts._common import units as _format
from scripts._common.metrics import BASELINE

Row = Any  # a row of the results; pandas has no type for it

_LEGEND = (
    "`skipped`: not run, for the reason given; `failed`: raised an error or died; `wrong`: the "
    "gradient differs from the reference, so its cost means nothing; `missing`: not run yet."
)


def timing(results: pd.DataFrame) -> str:
    """Fastest per size, then time of one gradient with its interval and the speed-up."""
    baseline = _baseline_seconds(results)
    parts = [
        "# Time of one gradient",
        "The kernel alone on inputs that are prepared and in cache where they fit; median, half "
        "the width of asv's 99 % interval, speed-up over `matrix`. `prepare`, which casts or "
        "changes the layout once, has a table of its own.",
        "## Fastest at each size",
        _fastest(results, baseline),
    ]
    parts += sections(results, "time", lambda row: _time_cell(row, baseline))
    parts += ["## Preparation, once per data set"]
    parts += sections(results, "prepare", lambda row: _format.seconds(row.value))
    return page(parts)


def memory(results: pd.DataFrame) -> str:
    """Workspace of a call, and peak of the process."""
    inputs = _lookup(results, "peak_inputs")
    parts = ["# Memory of one gradient", "## Workspace: bytes that one call allocates"]
    parts += sections(results, "workspace", lambda row: _format.n_bytes(row.value))
    parts += [
        "## Peak of the process",
        "With Python, NumPy, the libraries that the implementation imports and the inputs; in "
        "brackets, what the call added to the peak of the same process without a call.",
    ]
    parts += sections(results, "peak_gradient", lambda row: _peak_cell(row, inputs))
    return page(parts)


def bandwidth(results: pd.DataFrame) -> str:
    """Fraction of the read roof, and the roof."""
    parts = [
        "# Bandwidth",
        "## Fraction of the read roof",
        "Least bytes that must move, over the time, over the bandwidth of a pure threaded read of "
        "X in the same process. An implementation that reads X twice reaches at most a half where "
        "X does not fit in cache. In cache, the arithmetic is the limit and not the read.",
    ]
    parts += sections(results, "roof_fraction", lambda row: f"{row.value:.2f}")
    parts += ["## Read roof"]
    parts += sections(results, "read_roof", lambda row: _format.gigabytes_per_second(row.value))
    return page(parts)


def accuracy(results: pd.DataFrame) -> str:
    """Error of each implementation."""
    parts = [
        "# Accuracy",
        "Largest error of a component against the extended-precision reference, relative to the "
        "sum of the absolute terms that it adds up. Half a unit in the last place is 1.1e-16 in "
        "float64 and 6.0e-08 in float32.",
    ]
    parts += sections(results, "error", lambda row: _format.error(row.value))
    return page(parts)


def fastest_rows(results: pd.DataFrame) -> list[list[str]]:
    """Size, fastest implementation, time, speed-up, workspace and error, of every size."""
    return [list(row.values()) for row in _fastest_records(results, _baseline_seconds(results))]


def page(parts: Iterable[str]) -> str:
    """The parts of a page, with the legend of states at its end."""
    return "\n\n".join([*parts, _LEGEND]) + "\n"


def _fastest(results: pd.DataFrame, baseline: dict[Any, float]) -> str:
    records = _fastest_records(results, baseline)
    return table([list(r.values()) for r in records], list(records[0])) if records else "No times."


def _fastest_records(results: pd.DataFrame, baseline: dict[Any, float]) -> list[dict[str, str]]:
    times = results[(results["metric"] == "time") & (results["state"] == "ok")]
    best = times.sort_values("value").drop_duplicates(
        ["problem", "n_samples", "n_features", "dataset"]
    )
    best = best.sort_values(["problem", "n_features", "n_samples", "dataset"])
    workspace, error = _lookup(results, "workspace"), _lookup(results, "error")
    return [
        {
            "problem": row.problem,
            "data": _data(row),
            "fastest": row.implementation,
            "time": _format.seconds(row.value),
            "speed-up": _speed_up(row, baseline),
            "workspace": _format.n_bytes(workspace.get(_key(row), math.nan)),
            "error": _format.error(error.get(_key(row), math.nan)),
        }
        for row in best.itertuples()
    ]


def sections(results: pd.DataFrame, metric: str, show: Callable[[Row], str]) -> Iterable[str]:
    """A table per problem and n_features, and one of the data sets, each with its reasons."""
    rows = results[results["metric"] == metric]
    for problem, of_problem in rows.groupby("problem"):
        drawn = of_problem[of_problem["dataset"] == ""]
        for n_features, group in drawn.groupby("n_features"):
            yield f"### {problem}, {n_features:,} features, by number of samples"
            yield _grid(group, show)
        real = of_problem[of_problem["dataset"] != ""]
        if len(real):
            yield f"### {problem}, real data"
            yield _grid(real, show)


def _grid(group: pd.DataFrame, show: Callable[[Row], str]) -> str:
    """Implementations down, sizes or data sets across; reasons numbered below."""
    ordered = group.sort_values(["n_samples", "solver"])
    across = list(dict.fromkeys(map(_column, ordered.itertuples())))
    cells: dict[str, dict[str, str]] = {}
    reasons: dict[str, int] = {}
    for row in group.sort_values("implementation").itertuples():
        cells.setdefault(row.implementation, {})[_column(row)] = _mark(row, reasons) or show(row)
    grid = table([[name, *map(of.get, across)] for name, of in cells.items()], ["", *across])
    notes = [f"{number}. {reason}" for reason, number in reasons.items()]
    return "\n\n".join([grid, "\n".join(notes)]) if notes else grid


def _mark(row: Row, reasons: dict[str, int]) -> str:
    """What stands for a value that is not there: its state, and the number of its reason."""
    if row.state in ("ok", "missing"):
        return "" if row.state == "ok" else "missing"
    return f"{row.state} [{reasons.setdefault(row.reason, len(reasons) + 1)}]"


def _time_cell(row: Row, baseline: dict[Any, float]) -> str:
    half_width = (row.high - row.low) / 2 / row.value
    interval = f" ±{half_width:.0%}" if math.isfinite(half_width) else ""
    return f"{_format.seconds(row.value)}{interval}, {_speed_up(row, baseline)}"


def _peak_cell(row: Row, inputs: dict[Any, float]) -> str:
    added = row.value - inputs.get(_key(row), math.nan)
    more = f" (+{_format.n_bytes(max(added, 0))})" if math.isfinite(added) else ""
    return f"{_format.n_bytes(row.value)}{more}"


def _speed_up(row: Row, baseline: dict[Any, float]) -> str:
    seconds = baseline.get(_data_key(row), math.nan)
    return _format.ratio(seconds / row.value)


def _baseline_seconds(results: pd.DataFrame) -> dict[Any, float]:
    rows = results[(results["metric"] == "time") & (results["implementation"] == BASELINE)]
    return {_data_key(row): row.value for row in rows.itertuples()}


def _lookup(results: pd.DataFrame, metric: str) -> dict[Any, float]:
    rows = results[(results["metric"] == metric) & (results["state"] == "ok")]
    return {_key(row): row.value for row in rows.itertuples()}


def _data_key(row: Row) -> tuple[Any, ...]:
    return (row.problem, row.solver, _data(row))


def _key(row: Row) -> tuple[Any, ...]:
    return (*_data_key(row), row.implementation)


def _data(row: Row) -> str:
    return row.dataset or f"{row.n_samples:,} x {row.n_features:,}"


def _column(row: Row) -> str:
    data = row.dataset or f"{row.n_samples:,}"
    return f"{row.solver}, {data}" if row.solver else data


def table(rows: list[list[Any]], headers: list[str]) -> str:
    """Rows in Markdown, all but the first column to the right."""
    align = ["left", *["right"] * (len(headers) - 1)]
    return tabulate(rows, headers, tablefmt="github", colalign=align, disable_numparse=True)
