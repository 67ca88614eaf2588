"""The metrics, which ``benchmarks/metrics.json`` states for the suite and the reports."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass

from scripts._common.project import ROOT

OTHERS = "others"  # the table that shows what no other does
BASELINE = "matrix"  # speed-ups are over this implementation


@dataclass(frozen=True)
class Metric:
    """A measured quantity.

    Attributes
    ----------
    name : str
        Its name in the results.
    label : str
        Description for figures and tables.
    unit : str
        Unit of the values, as asv shows it; empty for a plain number.
    page : str
        The table that shows it in its own way, or ``others``.
    """

    name: str
    label: str
    unit: str
    page: str


@functools.cache
def metrics() -> Mapping[str, Metric]:
    """Metrics by method: asv's name of a benchmark is module.problem.method."""
    records = json.loads((ROOT / "benchmarks" / "metrics.json").read_text(encoding="utf-8"))
    return {method: Metric(**record) for method, record in records.items()}


def metric_of(method: str) -> Metric:
    """The metric of a method; if the file has none, one with the method's own name."""
    return metrics().get(method, Metric(method, method, "", OTHERS))
