"""Fit logistic regression to one optimum with scipy and our objective, and with scikit-learn.

L2 penalty of strength 1 and an intercept. Every contender's tolerance is tightened until its result
is the optimum, judged by the gradient at it and by its distance from a solution that Newton's
method finds in higher precision. Then all are timed in turn, from X and y to coefficients.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from tqdm import tqdm

from scripts._common import units
from scripts._common.records import Facts
from scripts._experiments import Options, Outcome, TextTable, _fitting
from scripts._experiments._fitting import Contender, Entry
from scripts._figures._panels import Bar, draw_bars

OPTIONS = ("sets", "rounds")
_AGAINST = "scikit-learn lbfgs"
_HEADERS = [
    *("", "time", "fastest to slowest", f"over {_AGAINST}", "iterations", "evaluations"),
    *("Hessian products", "gradient / n", "error", "tolerance"),
]


@dataclass(frozen=True)
class Findings:
    """What all contenders come to on one data set."""

    name: str
    n_samples: int
    n_features: int
    note: str
    entries: list[Entry]

    def speed_up(self, entry: Entry) -> float:
        """Median over the rounds of the time of scikit-learn's lbfgs over that of the entry."""
        base = next((e for e in self.entries if e.contender.name == _AGAINST), None)
        if base is None or not base.seconds or not entry.seconds:
            return float("nan")
        return median(a / b for a, b in zip(base.seconds, entry.seconds, strict=True))


def run(settings: Options) -> Outcome:
    """Fit every data set with every contender; make the tables, the rows and the figure."""
    found = [find(name, settings) for name in settings.sets or _fitting.SETS]
    return Outcome(
        [make_table(findings) for findings in found],
        {"fit": lambda facts: _draw(found, facts)},
        rows=[row for findings in found for row in make_rows(findings)],
    )


def find(name: str, settings: Options, contenders: Sequence[Contender] | None = None) -> Findings:
    """Tune every contender on a data set, then time those that reach the optimum."""
    running = _fitting.contenders() if contenders is None else contenders
    data = _fitting.load_set(name, settings.seed)
    optimum = _fitting.find_optimum(data)
    bar: Any
    with tqdm(running, f"{name}, tolerances", delay=2, disable=None, leave=False) as bar:
        entries = [_fitting.tune(contender, data, optimum) for contender in bar]
    n_fits = settings.rounds * sum(not entry.reason for entry in entries)
    with tqdm(
        total=n_fits, desc=f"{name}, rounds", unit="fit", delay=2, disable=None, leave=False
    ) as bar:
        _fitting.time_in_turn(entries, data, settings.rounds, settings.seed, bar.update)
    return Findings(name, len(data.y), data.X.shape[1], data.note, entries)


def make_table(findings: Findings) -> TextTable:
    """Time to the optimum and how it was reached, or why it was not."""
    rows = [_describe(findings, entry) for entry in findings.entries]
    title = f"{findings.name}: {findings.n_samples:,} x {findings.n_features:,}"
    note = (
        f"{findings.note[0].upper()}{findings.note[1:]}. Time: median of "
        f"{max((len(e.seconds) for e in findings.entries), default=0)} fits in turn, from X and y "
        "to coefficients; checks, preparation and copies count, imports and compiling do not. "
        f"Over {_AGAINST}: median of the ratios within a round. Gradient / n: largest component "
        f"of the gradient per sample, at most {_fitting.MOST_GRADIENT:.0e}. Error: of a "
        "coefficient, relative to the largest, against a solution by Newton's method in "
        f"longdouble; at most {_fitting.MOST_ERROR:.0e}. Tolerance: the loosest, in half decades, "
        "that reaches both, as a gradient per sample."
    )
    return TextTable(title, _HEADERS, rows, note)


def _describe(findings: Findings, entry: Entry) -> list[str]:
    fit, seconds = entry.fit, entry.seconds
    spread = f"{units.seconds(min(seconds))} to {units.seconds(max(seconds))}" if seconds else ""
    speed_up = findings.speed_up(entry)
    counts = [fit.n_iterations, fit.n_evaluations, fit.n_products] if fit else [None] * 3
    return [
        entry.contender.name,
        entry.reason or units.seconds(entry.median),
        spread,
        units.ratio(speed_up) if np.isfinite(speed_up) else "",
        *("" if count is None else f"{count:,}" for count in counts),
        *(f"{value:.1e}" if fit else "" for value in (entry.gradient, entry.error)),
        f"{entry.tolerance:.0e}" if np.isfinite(entry.tolerance) else "",
    ]


def make_rows(findings: Findings) -> list[dict[str, object]]:
    """The same as numbers, a row per contender."""
    return [
        {
            "data": findings.name,
            "n_samples": findings.n_samples,
            "n_features": findings.n_features,
            "contender": entry.contender.name,
            "reason": entry.reason,
            "seconds": entry.median,
            "fastest": min(entry.seconds, default=np.nan),
            "slowest": max(entry.seconds, default=np.nan),
            "rounds": len(entry.seconds),
            "speed_up": findings.speed_up(entry),
            "iterations": entry.fit and entry.fit.n_iterations,
            "evaluations": entry.fit and entry.fit.n_evaluations,
            "hessian_products": entry.fit and entry.fit.n_products,
            "gradient_per_sample": entry.gradient,
            "error": entry.error,
            "tolerance": entry.tolerance,
        }
        for entry in findings.entries
    ]


def _draw(found: Sequence[Findings], facts: Facts) -> Figure:
    panels = {
        f"{findings.name} ({findings.n_samples:,} × {findings.n_features:,})": {
            entry.contender.name: Bar(entry.contender.family, entry.seconds, entry.reason)
            for entry in findings.entries
        }
        for findings in found
    }
    title = "Time to the optimum of logistic regression, with L2 penalty and intercept"
    note = "Median of the rounds; the line goes from the fastest to the slowest."
    return draw_bars(title, panels, facts, note)
