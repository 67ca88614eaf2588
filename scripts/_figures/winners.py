"""Each cell names the fastest implementation at a size, its speed-up, and its lead on the next."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from scripts._common.baseline import baseline_of, explain
from scripts._common.fastest import EXACT, SINGLE, UNCERTAIN, less_exact, winners
from scripts._common.metrics import BASELINE
from scripts._common.records import Facts
from scripts._figures._map import ROW_HEIGHT, axes_of, draw_map, key_of
from scripts._figures._style import finish, make_grid, title_of

_PANELS = {EXACT: "exact to float64", SINGLE: "exact to float32"}
_BASELINES = {BASELINE: f"{BASELINE} (NumPy's two products, in float64)"}


def draw(results: pd.DataFrame, facts: Facts) -> Figure | None:
    """A map of n_samples by n_features per tolerance; each cell names the fastest."""
    drawn = results[results["dataset"] == ""] if len(results) else results
    baseline = baseline_of(results)
    found = {tolerance: winners(drawn, tolerance) for tolerance in _PANELS}
    if not any(found.values()):
        return None
    samples, features = axes_of(found.values())
    grid = make_grid(len(found))
    for axes, (tolerance, own) in zip(grid.panels, found.items(), strict=True):
        axes.set_title(f"{_PANELS[tolerance]} (error up to {tolerance:.0e})")
        draw_map(axes, own, samples, features, baseline, len(found))
    grid.label("n_features", "n_samples")
    title = title_of(f"The fastest at each size, and its speed-up over {baseline}", results)
    height = 0.75 + ROW_HEIGHT * len(samples)
    return finish(grid.figure, height, title, key_of(found.values()), facts, _note(drawn))


def _note(results: pd.DataFrame) -> str:
    """How to read a cell, and the implementations that are faster but less exact."""
    rough, name = less_exact(results), baseline_of(results)
    beyond = f" Faster somewhere, but less exact than both: {', '.join(rough)}." if rough else ""
    return (
        f"Each cell: the fastest implementation, its speed-up over {_BASELINES.get(name, name)}, "
        "and its lead over the next. ≈: speed-up uncertain by more than "
        f"{UNCERTAIN:.0%}. Errors are relative to the sum of the absolute terms.{beyond} "
        f"{explain(results)}"
    )
