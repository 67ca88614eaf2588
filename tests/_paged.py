"""Pages of made-up results, written to a file."""

from __future__ import annotations

import pandas as pd

from scripts._common.metrics import metrics
from scripts._common.records import Facts, LossCurve, MemoryCurve
from scripts._page import page_data, render
from tests._rows import KERNELS, SIZES, made_rows

VIEWS = ("which", "curves", "roofline", "memory", "threads", "training", "measured", "table")
FACTS = Facts(
    *("python -m scripts.run", "commit 01234567", "2026-11-26 12:00 UTC", "a CPU", "Linux"),
    *(2, 8 << 30, {1: 32 << 10, 2: 1 << 20}, {"numpy": "2.4"}, "openblas", 0.1),
)
CURVE = MemoryCurve("logistic", "fused", 1000, 100, (0.0, 0.1), (50.0, 60.0), (0.05, 0.1))


def loss_curve(name="fused", solver="sgd", problem="logistic", **changes):
    """A training of three epochs."""
    losses = {"epochs": (1, 2, 3), "seconds": (0.01, 0.02, 0.03), "losses": (3.0, 1.5, 1.125)}
    given = {"n_samples": 1000, "n_features": 2, "seed": 0, "least_loss": 1.0} | losses | changes
    return LossCurve(problem, name, solver, **given)


def write(path, rows, facts=FACTS, curves=(CURVE,), losses=None, **options):
    """Write the page of these rows; `options` are those of `page_data`."""
    losses = [loss_curve()] if losses is None else losses
    data = page_data(rows, curves, facts, metrics(), losses=losses, **options)
    path.write_text(render(data), encoding="utf-8")
    return path


def all_rows(kernels=KERNELS):
    """Drawn and real data, with one and with all threads, and trainings."""
    rows = made_rows(kernels)
    one = made_rows(kernels, threads="1")
    one.loc[one["metric"] == "time", ["value", "low", "high"]] *= 1.7
    return pd.concat([rows, one, real(rows), trainings(rows)], ignore_index=True)


def real(rows):
    """The rows of one size, as if of a data set."""
    own = rows[(rows["n_samples"] == SIZES[2][0]) & (rows["n_features"] == SIZES[2][1])]
    return own.assign(dataset="digits", n_samples=pd.NA, n_features=pd.NA).astype(rows.dtypes)


def trainings(rows):
    """Epochs that take as long as the gradients of these rows."""
    own = rows[(rows["metric"] == "time") & (rows["n_samples"] == 1000)]
    each = [own.assign(metric="epoch", solver=solver) for solver in ("gd", "sgd")]
    return pd.concat(each)
