"""What a benchmark's page in asv's pages shows before anything is chosen: few series, one graph.

asv itself would draw the history of the first eight combinations of parameters, which is one point
each after one run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scripts._common.metrics import BASELINE, metrics

MOST_SERIES = 8
View = dict[str, list[str]]
Combination = tuple[str, ...]
Values = Mapping[Combination, float]


def opening_view(param_names: Sequence[str], values: Values) -> View:
    """Choices that a page opens with, as parameters of its address.

    Parameters
    ----------
    param_names : sequence of str
    values : mapping
        The latest value of each combination of parameters that has one.
    """
    if "n_samples" in param_names:
        place = param_names.index("n_samples")
        if len({at[place] for at in values}) > 1:
            return _lines(param_names, values)
    return _bars(param_names, values)


def _lines(names: Sequence[str], values: Values) -> View:
    """Implementations over n_samples, where most of the values are; the largest for a history."""
    fixed = [name for name in names if name not in ("implementation", "n_samples")]
    chosen, values = _most_common(names, fixed, values)
    place = names.index("n_samples")
    largest = max((at[place] for at in values), key=int)
    shown = _best(names, {at: value for at, value in values.items() if at[place] == largest})
    view = {"x-axis": ["n_samples"], "p-implementation": shown, "p-n_samples": [largest]}
    return view | chosen | {"y-axis-scale": ["log"]}


def _bars(names: Sequence[str], values: Values) -> View:
    """A bar for each implementation, where most of the values are; the best for a history."""
    fixed = [name for name in names if name != "implementation"]
    chosen, values = _most_common(names, fixed, values)
    view = {"x-axis": ["implementation"], "p-implementation": _best(names, values)}
    return view | chosen | {"y-axis-scale": ["log"]}


def _most_common(
    names: Sequence[str], fixed: Sequence[str], values: Values
) -> tuple[View, dict[Combination, float]]:
    """The choice of `fixed` parameters with the most values, the later of equals; its values."""
    places = [names.index(name) for name in fixed]
    groups: dict[Combination, dict[Combination, float]] = {}
    for at, value in values.items():
        groups.setdefault(tuple(at[place] for place in places), {})[at] = value
    best = max(groups, key=lambda choice: (len(groups[choice]), list(groups).index(choice)))
    return {f"p-{name}": [text] for name, text in zip(fixed, best, strict=True)}, groups[best]


def _best(names: Sequence[str], values: Values) -> list[str]:
    """The baseline, and the implementations with the least of these values."""
    own = names.index("implementation")
    ranked = sorted(values, key=lambda at: (at[own] != repr(BASELINE), values[at]))
    return sorted(at[own] for at in ranked[:MOST_SERIES])


def place(name: str) -> int:
    """Place of a benchmark among those of its problem: that of its metric."""
    return list(metrics()).index(name.rpartition(".track_")[2])


def tooltip(benchmark: Mapping[str, Any]) -> str:
    """What asv shows for the source code, which is the same for every benchmark here."""
    parameters = ", ".join(benchmark["param_names"])
    return f"{title(benchmark)}\nunit: {benchmark['unit']}\nparameters: {parameters}"


def title(benchmark: Mapping[str, Any]) -> str:
    """Name of a benchmark for people."""
    return str(benchmark.get("pretty_name") or benchmark["name"])
