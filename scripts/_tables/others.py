"""What benchmarks of your own measure: every metric that no other table shows."""

from __future__ import annotations

import pandas as pd

from scripts._common import escape, units
from scripts._common.metrics import OTHERS, metrics
from scripts._tables._rows import page, sections


def render(results: pd.DataFrame) -> str:
    """A section per metric; an empty text if there is none."""
    elsewhere = {metric.name for metric in metrics().values() if metric.page != OTHERS}
    labels = {metric.name: metric.label for metric in metrics().values()}
    parts = []
    for name in sorted(set(results["metric"]) - elsewhere):
        own = sections(results, name, lambda row: units.value(row.value, row.unit))
        parts += [f"## {escape.markdown(labels.get(name, name))}", *own]
    return page(["# Other metrics", *parts]) if parts else ""
