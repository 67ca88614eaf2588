"""Templates of the suite's classes; `per_problem` makes a class per problem from each.

Templates are abstract, so that asv ignores them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from time import perf_counter
from typing import Any

import impls
from benchmarks import _grid
from benchmarks._cell import Cell, Check, open_cell, open_dataset
from benchmarks._journal import Skipped, never_skipped, outcome_of
from impls import _measure


class Template(ABC):
    """A class of benchmarks of one problem; `setup` opens the cell once per process."""

    problem: str
    check = Check.REFUSE
    cell: Cell
    timeout = _grid.TIMEOUT_SECONDS  # seconds; 8 GB of data take minutes to draw and to verify
    # Raised by hand when the data or the meaning of a metric changes. asv's default, a hash of the
    # source, would drop every result when a comment is edited.
    version = "1"

    @staticmethod
    @abstractmethod
    def list_params(problem: str) -> list[list[Any]]:
        """Values of each parameter."""

    @abstractmethod
    def open(self, *params: Any) -> Cell:
        """Build and verify what is measured."""

    def setup(self, *params: Any) -> None:
        """Open the cell; asv calls this again before every sample."""
        if not hasattr(self, "cell"):
            named = [value for value in params if isinstance(value, (str, int))]  # no cache
            with outcome_of(self.module(), self.problem, *named):
                self.cell = self.open(*params)

    def module(self) -> str:
        """Name of the module that holds the class: the kind of measurement."""
        return type(self).__module__.rpartition(".")[2]


class OnGrid(Template):
    """Template over implementation, n_samples and n_features, on drawn data."""

    param_names: tuple[str, ...] = ("implementation", "n_samples", "n_features")

    @staticmethod
    def list_params(problem: str) -> list[list[Any]]:
        return [_grid.implementations(problem), _grid.N_SAMPLES, _grid.N_FEATURES]

    def open(self, *params: Any) -> Cell:
        implementation, n_samples, n_features = params
        if not _grid.in_preset(self.module(), n_samples, n_features):
            raise Skipped("not in this preset")
        return open_cell(self.problem, implementation, n_samples, n_features, self.check)


class OnDatasets(Template):
    """Template over implementation and dataset, on real data.

    asv's cache holds the data sets, so that a single process per run imports scikit-learn.
    """

    param_names: tuple[str, ...] = ("implementation", "dataset")

    @staticmethod
    def list_params(problem: str) -> list[list[Any]]:
        return [_grid.implementations(problem), _grid.datasets(problem)]

    def setup_cache(self) -> dict[str, dict[str, Any]]:
        """Data sets by problem and name; asv makes one cache for all classes of a template."""
        return {
            problem: {name: _load_dataset(problem, name) for name in impls.datasets(problem)}
            for problem in impls.problems()
        }

    def open(self, *params: Any) -> Cell:
        batches, implementation, dataset = params
        batch = batches.get(self.problem, {}).get(dataset, "not in this commit")
        return open_dataset(self.problem, implementation, batch, self.check)


class Timed(Template):
    """Template that times a call, by default of the gradient.

    asv repeats the set-up before every call and then times this one call, so that a kernel of 1 us
    reads 5 to 50 us. Here the call that asv times is a sample of many gradients in a row, and the
    clock counts seconds per gradient.
    """

    # At least 5 samples: with fewer than 4, asv's interval is infinite.
    repeat = (5, 200, _grid.SECONDS_PER_CELL)
    warmup_time = 0  # choosing the number of calls has warmed up
    rounds = 1  # asv's default of 2 starts and verifies everything twice
    n_calls = 0

    def setup(self, *params: Any) -> None:
        super().setup(*params)
        if not self.n_calls:
            with never_skipped():
                self.n_calls = _measure.count_calls(self.call)

    @property
    def call(self) -> _measure.Call:
        """The call that is timed."""
        return self.cell.gradient

    def timer(self) -> float:
        return perf_counter() / self.n_calls

    def run_sample(self) -> None:
        """One sample: `n_calls` calls."""
        _measure.call_times(self.call, self.n_calls)


def per_problem(template: type[Template]) -> dict[str, type[Template]]:
    """Make a subclass of `template` for each problem, under the problem's own name."""
    _set_units(template)
    return {
        problem: type(
            problem,
            (template,),
            {
                "problem": problem,
                "params": template.list_params(problem),
                "__module__": template.__module__,
            },
        )
        for problem in _grid.problems()
    }


def _set_units(template: type[Template]) -> None:
    """Give the methods the units of metrics.json, which asv shows."""
    for name, function in vars(template).items():
        if name in _grid.METRICS:
            function.unit = _grid.METRICS[name]["unit"]


def _load_dataset(problem: str, name: str) -> Any:
    try:
        return impls.dataset(problem, name)
    except impls.Unavailable as error:
        return str(error)
