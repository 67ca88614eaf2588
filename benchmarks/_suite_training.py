"""Templates of the classes that train; a change here does not make times of gradients stale."""

from __future__ import annotations

from typing import Any

import impls
from benchmarks import _grid, _suite, _training
from benchmarks._cell import Cell
from benchmarks._journal import Skipped


class OnGridWithSolver(_suite.OnGrid):
    """Template over implementation, solver, n_samples and n_features, for epochs on drawn data."""

    param_names = ("implementation", "solver", "n_samples", "n_features")
    epochs: _training.Epochs

    @staticmethod
    def list_params(problem: str) -> list[list[Any]]:
        implementations, *sizes = _suite.OnGrid.list_params(problem)
        return [implementations, _grid.SOLVERS, *sizes]

    def open(self, *params: Any) -> Cell:
        implementation, solver, n_samples, n_features = params
        _training.refuse_untrainable(self.problem)
        cell = super().open(implementation, n_samples, n_features)
        _weights, X, y = impls.make(self.problem, n_samples, n_features)
        self.epochs = _training.open_epochs(cell.implementation, solver, X, y)
        return cell


class OnDatasetsWithSolver(_suite.OnDatasets):
    """Template over implementation, solver and dataset, for trainings on real data."""

    param_names = ("implementation", "solver", "dataset")

    @staticmethod
    def list_params(problem: str) -> list[list[Any]]:
        implementations, datasets = _suite.OnDatasets.list_params(problem)
        return [implementations, _grid.SOLVERS, datasets]

    def open(self, *params: Any) -> Cell:
        batches, implementation, _solver, dataset = params
        if not _grid.runs(self.module()):
            raise Skipped("not in this preset")
        _training.refuse_untrainable(self.problem)
        return super().open(batches, implementation, dataset)
