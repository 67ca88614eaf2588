"""Lines show how the time of one gradient grows with the number of features: lower is faster."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from scripts._common.records import Facts
from scripts._figures._data import cells_of, group, sizes_of, with_a_course
from scripts._figures._lines import choose
from scripts._figures._style import title_of
from scripts._figures._times import draw_times


def draw(results: pd.DataFrame, facts: Facts) -> Figure | None:
    """Time of one gradient against n_features, a panel per n_samples with enough of them."""
    cells = cells_of(results, "time")
    groups = with_a_course(group(cells, lambda c: c.size[0]))
    panels = {f"n_samples = {n:,}": own for n, own in groups if len(sizes_of(own)) > 1}
    title = title_of("Time of one gradient against the number of features", results)
    return draw_times(panels, lambda c: c.size[1], "n_features", title, choose(results), facts)
