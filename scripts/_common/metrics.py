"""The metrics, which ``benchmarks/metrics.json`` states for the suite and the reports."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks._session.measured import BASELINE as BASELINE
from scripts._common.project import ROOT

OTHERS = "others"  # the table that shows what no other does


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
    """Metrics by name."""
    records = json.loads((ROOT / "benchmarks" / "metrics.json").read_text(encoding="utf-8"))
    return {name: Metric(name, **record) for name, record in records.items()}
