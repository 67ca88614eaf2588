"""Addresses in asv's pages: where the history of a value is shown.

The pages read everything from the part after ``#``. They have to be served (``asv preview``); a
browser does not let them read their data from a disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import quote

# asv's pages as a report in the folder ``reports`` sees them.
PAGES = "../.asv/html/index.html"


def address(
    problem: str, implementation: str, size: tuple[int, int] | str, metric: str = "time"
) -> str:
    """The history of one value: what follows `PAGES` in a link.

    Parameters
    ----------
    problem, implementation : str
    size : (n_samples, n_features), or the name of a data set
    metric : str
        One that ``benchmarks/gradient.py`` lists.
    """
    chosen = {"p-implementation": repr(implementation)}
    if isinstance(size, str):
        return page(f"datasets.{problem}.track_{metric}", chosen | {"p-dataset": repr(size)})
    n_samples, n_features = (str(int(number)) for number in size)
    chosen |= {"p-n_samples": n_samples, "p-n_features": n_features}
    return page(f"gradient.{problem}.track_{metric}", chosen)


def page(benchmark: str, chosen: Mapping[str, str | Iterable[str]]) -> str:
    """The page of a benchmark with these choices, in the form that asv's JavaScript reads."""
    pairs = [
        f"{quote(name, safe='')}={quote(value, safe='')}"
        for name, values in chosen.items()
        for value in ([values] if isinstance(values, str) else values)
    ]
    return f"#{benchmark}?{'&'.join(pairs)}"
