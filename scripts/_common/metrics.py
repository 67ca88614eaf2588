"""The metrics, which ``benchmarks/metrics.json`` states for the suite and the reports."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter

from benchmarks import _plan
from benchmarks._session.measured import BASELINE as BASELINE
from scripts._common.checked import ByName, Name, Record, Text, read_own

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


class _Metric(Record):
    label: Text
    unit: Text
    page: Text


_METRICS: TypeAdapter[dict[str, _Metric]] = TypeAdapter(ByName[Name, _Metric])


@functools.cache
def metrics() -> Mapping[str, Metric]:
    """Metrics by name."""
    records = read_own(_plan.METRICS, _METRICS)
    return {name: Metric(name, **dict(record)) for name, record in records.items()}
