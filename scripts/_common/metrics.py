"""What the suite measures: ``benchmarks/metrics.json`` states it for the suite and for reports."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass

from scripts._common.project import ROOT

BASELINE = "matrix"  # the implementation that every speed-up is over


@dataclass(frozen=True)
class Metric:
    """A measured quantity.

    Attributes
    ----------
    name : str
        Its name in tables of results.
    label : str
        What it is, for people.
    unit : str
        The unit of its values, as asv shows it.
    """

    name: str
    label: str
    unit: str


@functools.cache
def metrics() -> Mapping[str, Metric]:
    """Metrics by method of the suite: asv's benchmark is module.problem.method."""
    records = json.loads((ROOT / "benchmarks" / "metrics.json").read_text(encoding="utf-8"))
    return {method: Metric(**record) for method, record in records.items()}


def metric_of(method: str) -> Metric:
    """The metric of a method; of one that nobody has stated, the method's own name."""
    return metrics().get(method, Metric(method, method, ""))
