"""Run 100,000 epochs of which each needs the last: Python loop, compiled loop, closed form.

Training set, epochs and start are those of the neural-network text; the closed form is its answer's
pseudo-inverse with err = 1e-8.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from tqdm import tqdm

from impls import _measure, _numerics
from impls.sigmoid_net import _closed_form, _epochs
from scripts._common import units
from scripts._common.records import Facts
from scripts._experiments import Options, Outcome, TextTable
from scripts._figures._panels import draw_times_and_marks

Array = np.ndarray[Any, Any]
Train = Callable[[Array, Array, Array, int], Array]

# Printed in the text: layers after 100,000 epochs minus those of the closed form.
PRINTED = (0.00301781, 0.00246096, -0.00200824, -0.0024629)
TOLERANCE = 1e-5
_N_EPOCHS = 100_000
_N_PIECES = 100  # steps of the progress bar
_ERR = 1e-8
_N_SAMPLES = 7  # of the closed form
# Numerical code has no annotations.
text_batch: Any = _epochs.text_batch
train_loop: Any = _epochs.train_loop
train_compiled: Any = _epochs.train_compiled
closed_form: Any = _closed_form.closed_form


@dataclass(frozen=True)
class Way:
    """One way to compute the weights: its time, and the layer with these weights."""

    seconds: float
    layer: Array


@dataclass(frozen=True)
class Findings:
    """The three ways, and the first call of the compiled loop.

    Attributes
    ----------
    first_seconds : float
        Seconds of that first call, which runs one epoch: imports numba, and compiles the code or
        loads it.
    was_cached : bool
        Whether numba found the code in its cache.
    """

    loop: Way
    compiled: Way
    closed: Way
    first_seconds: float
    was_cached: bool

    @property
    def difference(self) -> Array:
        """Layer of the loop minus that of the closed form, sample by sample."""
        return self.loop.layer - self.closed.layer

    @property
    def deviation(self) -> float:
        """Largest deviation of `difference` from the text's numbers."""
        return float(np.abs(self.difference - PRINTED).max())

    @property
    def agrees(self) -> bool:
        """Whether `deviation` is within the tolerance."""
        return self.deviation <= TOLERANCE


def run(settings: Options) -> Outcome:
    """Train in all three ways, make the tables and the figure."""
    findings = find(settings.seed)
    return Outcome(
        [make_times(findings), make_differences(findings)],
        {"recursion": lambda facts: _draw(findings, facts)},
    )


def find(seed: int) -> Findings:
    """Train in all three ways from the text's start."""
    X, y = text_batch()
    weights = 2 * np.random.default_rng(seed).random(X.shape[1]) - 1
    first_seconds, was_cached = _call_first(weights, X, y)
    solve = partial(closed_form, X, y, _ERR)
    n_calls, _ = _measure.count_calls(solve)
    samples = [_measure.seconds_per_call(solve, n_calls) for _ in range(_N_SAMPLES)]
    return Findings(
        loop=_train(train_loop, weights, X, y),
        compiled=_train(train_compiled, weights, X, y),
        closed=Way(median(samples), _layer(solve(), X)),
        first_seconds=first_seconds,
        was_cached=was_cached,
    )


def _call_first(weights: Array, X: Array, y: Array) -> tuple[float, bool]:
    begin = perf_counter()
    train_compiled(weights, X, y, 1)
    seconds = perf_counter() - begin
    from impls.sigmoid_net import _kernels

    return seconds, bool(_kernels.descend.stats.cache_hits)


def _train(loop: Train, weights: Array, X: Array, y: Array) -> Way:
    """Run all epochs, in pieces for the progress bar."""
    begin = perf_counter()
    for _ in tqdm(range(_N_PIECES), desc="epochs, in %", delay=2, disable=None, leave=False):
        weights = loop(weights, X, y, _N_EPOCHS // _N_PIECES)
    return Way(perf_counter() - begin, _layer(weights, X))


def _layer(weights: Array, X: Array) -> Array:
    return _numerics.sigmoid(X @ weights)


def make_times(findings: Findings) -> TextTable:
    """Time and layer of each way."""
    rows = [
        [name, units.seconds(way.seconds), _speed_up(findings, way.seconds), *_cells(way.layer)]
        for name, way in _ways(findings).items()
    ]
    first = _first_call(findings)
    seconds = units.seconds(findings.first_seconds)
    rows.insert(1, [first, seconds, "", *[""] * len(PRINTED)])
    headers = ["", "time", "speed-up", *(f"layer {i}" for i in range(1, len(PRINTED) + 1))]
    note = (
        f"{_N_EPOCHS:,} epochs. The first call of the compiled loop runs one epoch: it imports "
        "numba, and compiles the code or loads it from the cache. The compiled loop's time is "
        "without it."
    )
    return TextTable("Time", headers, rows, note)


def make_differences(findings: Findings) -> TextTable:
    """Loop minus closed form, beside the text's numbers, and whether they agree."""
    rows = [
        [str(i), f"{ours:.8f}", f"{text:.8f}", f"{ours - text:.1e}"]
        for i, (ours, text) in enumerate(zip(findings.difference, PRINTED, strict=True), start=1)
    ]
    headers = ["sample", "loop - closed form", "printed in the text", "deviation"]
    compiled = float(np.abs(findings.compiled.layer - findings.loop.layer).max())
    note = (
        f"Largest deviation {findings.deviation:.1e}; within 1e-5: "
        f"{'yes' if findings.agrees else 'no'}. The compiled loop's layer differs from the "
        f"Python loop's by at most {units.error(compiled)}."
    )
    return TextTable("Difference of the layers", headers, rows, note)


def _ways(findings: Findings) -> dict[str, Way]:
    return {
        "Python loop": findings.loop,
        "compiled loop": findings.compiled,
        "closed form": findings.closed,
    }


def _first_call(findings: Findings) -> str:
    return f"first call ({'loaded' if findings.was_cached else 'compiled'})"


def _speed_up(findings: Findings, seconds: float) -> str:
    return units.ratio(findings.loop.seconds / seconds)


def _cells(layer: Array) -> list[str]:
    return [f"{value:.8f}" for value in layer]


def _draw(findings: Findings, facts: Facts) -> Figure:
    seconds = {name: way.seconds for name, way in _ways(findings).items()}
    seconds = {
        "Python loop": seconds.pop("Python loop"),
        _first_call(findings): findings.first_seconds,
    } | seconds
    marks = {"printed in the text": PRINTED, "here": list(findings.difference)}
    title = f"{_N_EPOCHS:,} epochs of which each needs the last"
    note = (
        f"Largest deviation from the text's numbers: {findings.deviation:.1e}. The first call of "
        "the compiled loop runs one epoch."
    )
    return draw_times_and_marks(seconds, marks, title, facts, note)
