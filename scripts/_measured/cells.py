"""Cells of the suite: asv's name of each, and what it measures."""

from __future__ import annotations

import ast
from dataclasses import dataclass

Param = str | int


@dataclass(frozen=True)
class Cell:
    """One value to measure: a benchmark of the suite on one combination of parameters.

    Attributes
    ----------
    benchmark : str
        asv's name, ``module.problem.method``.
    params : tuple
        An implementation, a solver if there is training, then n_samples and n_features or the name
        of a data set.
    """

    benchmark: str
    params: tuple[Param, ...]

    @classmethod
    def parse(cls, benchmark: str, texts: tuple[str, ...]) -> Cell:
        """Make a cell from parameters as asv writes them, which is Python's repr.

        Raises
        ------
        ValueError
            If a parameter is neither a number of at most 64 bits nor a text that can be shown.
        """
        params = tuple(ast.literal_eval(text) for text in texts)
        for param in params:
            if not (param.isprintable() if isinstance(param, str) else _is_size(param)):
                raise ValueError(f"parameter {param!r:.40} of {benchmark}")
        return cls(benchmark, params)

    @property
    def name(self) -> str:
        """asv's name of the cell, which ``--bench`` is matched against."""
        return f"{self.benchmark}({', '.join(map(repr, self.params))})"

    @property
    def module(self) -> str:
        """Kind of measurement: the module of the suite."""
        return self.benchmark.split(".")[0]

    @property
    def problem(self) -> str:
        """Name of the problem."""
        return self.benchmark.split(".")[1]

    @property
    def method(self) -> str:
        """Method that measures: a key of ``benchmarks/metrics.json``."""
        return self.benchmark.split(".")[2]

    @property
    def implementation(self) -> str:
        """Name of the implementation."""
        return str(self.params[0])

    @property
    def solver(self) -> str:
        """Name of the solver; empty if nothing is trained."""
        return str(self.params[1]) if len(self.params) == (4 if self.size else 3) else ""

    @property
    def size(self) -> tuple[int, int] | None:
        """n_samples and n_features; None on a data set."""
        n_samples, n_features = (None, *self.params)[-2:]
        if isinstance(n_samples, int) and isinstance(n_features, int):
            return n_samples, n_features
        return None

    @property
    def dataset(self) -> str:
        """Name of the data set; empty on drawn data."""
        return "" if self.size else str(self.params[-1])

    @property
    def measures_process(self) -> bool:
        """Whether it measures the memory of its whole process."""
        return self.method.startswith("peakmem_")


def _is_size(param: object) -> bool:
    return isinstance(param, int) and 0 <= param < 2**63
