"""Time of one epoch of training on drawn data, and the share of it that the kernel takes."""

from typing import Any

import impls
from benchmarks import _grid, _suite, _training
from benchmarks._cell import Cell
from impls import _measure


class _Epoch(_suite.OnGrid, _suite.Timed):
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

    @property
    def call(self) -> _measure.Call:
        return self.epochs.run

    def time_epoch(self, *_: Any) -> None:
        self.run_sample()

    def track_kernel_share(self, *_: Any) -> float:
        return self.epochs.kernel_share()

    track_kernel_share.unit = "of an epoch"  # type: ignore[attr-defined]


globals().update(_suite.per_problem(_Epoch))
