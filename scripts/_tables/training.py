"""Speed-up of a whole training by a faster kernel; time, loss and accuracy of trainings."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd

from impls import solvers
from scripts._common import escape, units
from scripts._common.baseline import baseline_of
from scripts._tables import _rows

_WHY = """\
An epoch consists of updates. An update draws a batch, computes one gradient and takes a step. `gd`
makes one update per epoch from all samples, so that the training speeds up by as much as the
kernel. `sgd` makes an update per sample. Its kernel gets a single row, with nothing to share among
threads, to vectorise over samples or to keep in cache; the cost of the call exceeds the arithmetic,
and drawing and stepping take the same time with any kernel. `minibatch` lies between the two. The
share p of an epoch that gradients take limits the gain: a kernel that is 3x as fast makes the
training 1 / (1 - p + p / 3) times as fast."""


def render(results: pd.DataFrame) -> str:
    """Kernel speed-up against training speed-up, kernel shares, epochs, and runs on real data."""
    parts = ["# Training", "## Kernel speed-up against training speed-up", _WHY]
    parts += _speed_ups(results)
    for metric, (title, show) in _RUNS.items():
        found = list(_rows.sections(results, metric, show))
        parts += [f"## {title}", *found] if found else []
    return _rows.page(parts)


_RUNS: dict[str, tuple[str, Callable[[_rows.Row], str]]] = {
    "kernel_share": (
        "Share of an epoch that gradients take, and speed-up of the epoch by a kernel 3x as fast",
        lambda row: _share_cell(row.value),
    ),
    "epoch": ("Time of one epoch", lambda row: units.seconds(row.value)),
    "time_to_loss": (
        "Time until the loss is within 1 % of the optimum (or at 1 % of the initial loss)",
        lambda row: units.seconds(row.value),
    ),
    "final_loss": ("Loss after 20 epochs", lambda row: f"{row.value:.6g}"),
    "test_accuracy": ("Held-out samples predicted right", lambda row: f"{row.value:.1%}"),
    "updates": ("Updates of 20 epochs", lambda row: f"{row.value:,.0f}"),
}


def _share_cell(share: float) -> str:
    return f"{share:.0%}, {units.ratio(1 / (1 - share + share / 3))}"


def _speed_ups(results: pd.DataFrame) -> Iterable[str]:
    """A table per problem and size: speed-ups of one gradient and of an epoch of each solver."""
    baseline = baseline_of(results)
    epochs = results[(results["metric"] == "epoch") & (results["state"] == "ok")]
    for (problem, n, d), rows in epochs.groupby(["problem", "n_samples", "n_features"]):
        at = (results["problem"] == problem) & (results["n_samples"] == n)
        kernels = results[at & (results["n_features"] == d) & (results["metric"] == "time")]
        columns = {f"one gradient of {n:,}": _over(baseline, kernels)}
        columns |= {_headline(s, n): _over(baseline, own) for s, own in rows.groupby("solver")}
        names = sorted({name for column in columns.values() for name in column})
        body = [
            [name, *(units.ratio(c.get(name, math.nan)) for c in columns.values())]
            for name in names
        ]
        title = f"{escape.markdown(problem)}, {n:,} x {d:,}"
        yield f"### {title}: speed-up over {escape.markdown_code(baseline)}"
        yield _rows.table(body, ["", *columns])


def _headline(solver: str, n_samples: int) -> str:
    size = solvers.load(solver).choose_batch_size(n_samples, None)
    n_updates = -(-n_samples // size)
    return f"epoch of {solver}, {n_updates:,} update{'s' * (n_updates > 1)} of {size:,}"


def _over(baseline: str, rows: pd.DataFrame) -> dict[str, float]:
    """Speed-up over the baseline's value, by implementation."""
    seconds: dict[str, Any] = dict(zip(rows["implementation"], rows["value"], strict=True))
    return {name: seconds.get(baseline, math.nan) / value for name, value in seconds.items()}
