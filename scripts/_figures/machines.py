"""A map per machine: the fastest at each size, and its speed-up over that machine's baseline."""

from __future__ import annotations

from textwrap import shorten

import pandas as pd
from matplotlib.figure import Figure

from scripts._common.baseline import baseline_of, explain
from scripts._common.fastest import EXACT, UNCERTAIN, winners
from scripts._common.fleet import Fleet, Machine
from scripts._common.records import Footed
from scripts._figures._data import spread
from scripts._figures._map import ROW_HEIGHT, axes_of, draw_map, key_of
from scripts._figures._style import finish, make_grid, title_of

_MOST = 12  # maps
_FEW = 3  # columns of a map of which three stand beside each other


def draw(fleet: Fleet, facts: Footed) -> Figure | None:
    """Maps of n_samples by n_features, of gradients that are exact to float64."""
    found = {machine: winners(_drawn(machine), EXACT) for machine in fleet.machines}
    shown = spread([machine for machine, own in found.items() if own], _MOST)
    if not shown:
        return None
    maps = [found[machine] for machine in shown]
    samples, features = axes_of(maps)
    grid = make_grid(len(shown), 3 if len(features) <= _FEW else 2)
    results = shown[0].results
    for axes, machine, own in zip(grid.panels, shown, maps, strict=True):
        axes.set_title(_title(machine, 130 // grid.n_columns))
        draw_map(axes, own, samples, features, baseline_of(results), grid.n_columns)
    grid.label("n_features", "n_samples")
    n_rows = -(-len(shown) // grid.n_columns)
    height = 0.4 + n_rows * (0.6 + ROW_HEIGHT * len(samples))
    title = title_of("The fastest at each size on each machine", results)
    return finish(grid.figure, height, title, key_of(maps), facts, _note(fleet, len(shown)))


def _title(machine: Machine, width: int) -> str:
    """Name, and below it what the machine is, each in a line of so many letters at most."""
    lines = (machine.name, machine.hardware)
    return "\n".join(shorten(line, width, placeholder="…") for line in lines)


def _drawn(machine: Machine) -> pd.DataFrame:
    """Its results of data that were drawn, which have a size."""
    return machine.results[machine.results["dataset"] == ""]


def _note(fleet: Fleet, n_shown: int) -> str:
    """How to read a cell, what is left out, and what other speed-ups are relative to."""
    results = fleet.machines[0].results
    n_out = len(fleet.machines) - n_shown
    left_out = f" {n_out} more machines are in machines.md." if n_out else ""
    return (
        f"Exact to float64 (error up to {EXACT:.0e}). Each cell: the fastest implementation, its "
        f"speed-up over {baseline_of(results)} on the same machine, and its lead over the next. "
        f"≈: speed-up uncertain by more than {UNCERTAIN:.0%}.{left_out} {explain(results)}"
    )
