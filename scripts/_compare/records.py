"""A comparison as plain data: a record per cell, and one object for JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from scripts._common.finite import finite
from scripts._compare.comparison import WORDS, Comparison, Verdict


def records(verdicts: Iterable[Verdict]) -> list[dict[str, Any]]:
    """A flat record per cell, in the order of the verdicts; None for what is no finite number."""
    return [finite(_record(each)) for each in verdicts]


def as_json(comparison: Comparison) -> dict[str, Any]:
    """One object; null for numbers that are not finite."""
    return {
        "a": comparison.a,
        "b": comparison.b,
        "quantity": comparison.quantity,
        "counts": {word: len(comparison.called(word)) for word in WORDS},
        "comparisons": comparison.n_judged,
        "resolution": finite(comparison.resolution),
        "geometric_means": {name: finite(mean) for name, (mean, _) in comparison.means.items()},
        "notes": list(comparison.notes),
        "cells": records(comparison.verdicts),
    }


def _record(each: Verdict) -> dict[str, Any]:
    return {
        "problem": each.pair.problem,
        "implementation": each.pair.implementation,
        "data": each.pair.data,
        "verdict": each.word,
        "ratio": each.ratio.value,
        "low": each.ratio.low,
        "high": each.ratio.high,
        "band": each.pair.band,
        "generations": each.pair.n_generations,
        "roof_fraction_a": each.pair.roof_fractions[0],
        "roof_fraction_b": each.pair.roof_fractions[1],
        "reason": each.reason,
    }
