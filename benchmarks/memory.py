"""Memory of one gradient: what a call allocates, and the peak of the whole process.

The process's peak holds Python, NumPy, the inputs and, for a numba kernel, numba itself: the peak
with a call minus the peak without is what the call added. The workspace is exact and is the
figure to compare.
"""

from typing import Any

from benchmarks import _measure, _suite
from benchmarks._cell import Check


class _Memory(_suite.OnGrid):
    check = Check.NONE  # it calls the gradient, which is what peakmem_inputs must leave out

    def peakmem_gradient(self, *_: Any) -> None:
        self.cell.gradient()

    def peakmem_inputs(self, *_: Any) -> None:
        pass

    def track_workspace(self, *_: Any) -> int:
        return _measure.workspace_bytes(self.cell.gradient)

    track_workspace.unit = "bytes"  # type: ignore[attr-defined]


globals().update(_suite.per_problem(_Memory))
