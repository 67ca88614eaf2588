"""asv plug-in: asv's pages list what has values, and nothing else.

The suite lists the sizes of every preset and the trainings of all data sets, whatever has been
measured. Benchmarks and values of parameters that have no value are taken out before asv's
publishers see them, so that its grid, its list and its buttons agree.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from asv.publishing import OutputPublisher
from asv.util import is_na
from numpy.typing import NDArray

from scripts._measured.views import Values, opening_view, place, tooltip

# Between `SafePages`, which checks the sources, and asv's own publishers.
ORDER = -0.5


class ValuesOnly(OutputPublisher):  # type: ignore[misc]
    """Take out what has no value; note with each benchmark which view its page opens with."""

    order = ORDER

    @classmethod
    def publish(cls, conf: Any, repo: Any, benchmarks: Any, graphs: Any, revisions: Any) -> None:
        """asv calls this after it has written the graphs, and lists `benchmarks` afterwards."""
        for name, benchmark in list(benchmarks.items()):
            own = graphs.get_graph_group(name)
            if not _narrow(benchmark, own):
                del benchmarks[name]
                _rewrite(own, Path(conf.html_dir), keep=False)
                continue
            _rewrite(own, Path(conf.html_dir), keep=True)
            last = max(own, key=_last_revision)
            view = opening_view(benchmark["param_names"], _latest(benchmark, last))
            benchmark |= {"opening": view, "series": dict(last.params)}
            benchmark |= {"code": tooltip(benchmark), "place": place(name)}


def _narrow(benchmark: dict[str, Any], graphs: Sequence[Any]) -> bool:
    """Drop values of parameters for which no graph has a value; whether anything is left."""
    shape = [len(values) for values in benchmark["params"]]
    known = np.zeros(int(np.prod(shape)), dtype=bool)
    for row in itertools.chain.from_iterable(map(_rows, graphs)):
        known |= [not is_na(value) for value in row]
    kept = [np.flatnonzero(_along(known.reshape(shape), axis)) for axis in range(len(shape))]
    if not known.any():
        return False
    places = np.ravel_multi_index(np.ix_(*kept), shape).ravel() if shape else np.array([0])
    pairs = zip(benchmark["params"], kept, strict=True)
    benchmark["params"] = [[values[i] for i in own] for values, own in pairs]
    for graph in graphs:
        _take(graph, places)
    return True


def _along(known: NDArray[np.bool_], axis: int) -> NDArray[np.bool_]:
    """Which values of one parameter have a value with any of the others."""
    others = tuple(other for other in range(known.ndim) if other != axis)
    return np.asarray(known.any(axis=others))


def _rows(graph: Any) -> Iterator[Sequence[float | None]]:
    """Each revision's values; a revision without any has no row."""
    return itertools.chain.from_iterable(graph.data_points.values())


def _take(graph: Any, places: NDArray[np.intp]) -> None:
    """Keep the series at these places, with the steps that asv has found in them."""
    steps = graph.get_steps()
    if graph.scalar_series:
        return
    for table in (graph.data_points, graph.data_weights):
        for revision, rows in table.items():
            table[revision] = [[row[i] for i in places] for row in rows]
    graph.n_series = len(places)
    graph._steps = [steps[i] for i in places]


def _rewrite(graphs: Sequence[Any], folder: Path, *, keep: bool) -> None:
    for graph in graphs:
        if keep:
            graph.save(str(folder))
        else:
            (folder / f"{graph.path}.json").unlink(missing_ok=True)


def _last_revision(graph: Any) -> int:
    """The last one with a value; -1 without any."""
    valued = (
        revision
        for revision, rows in graph.data_points.items()
        if not all(is_na(value) for row in rows for value in row)
    )
    return max(valued, default=-1)


def _latest(benchmark: dict[str, Any], graph: Any) -> Values:
    """The last value of each combination of parameters that has one."""
    points = sorted(graph.data_points.items())
    latest: dict[tuple[str, ...], float] = {}
    for row in itertools.chain.from_iterable(rows for _, rows in points):
        combinations = itertools.product(*benchmark["params"])
        pairs = zip(combinations, row, strict=True)
        latest |= {at: value for at, value in pairs if not is_na(value)}
    return latest
