"""Peak memory of a process that calls one gradient, and of one that does not.

The peak holds Python, NumPy, the inputs and, for a numba kernel, numba itself: the peak with a call
minus the peak without is what the call added. What the call itself allocates is its workspace.
"""

from typing import Any

from benchmarks import _suite
from benchmarks._cell import Check


class _Memory(_suite.OnGrid):
    check = Check.NONE  # it calls the gradient, which is what peakmem_inputs must leave out

    def peakmem_gradient(self, *_: Any) -> None:
        self.cell.gradient()

    def peakmem_inputs(self, *_: Any) -> None:
        pass


globals().update(_suite.per_problem(_Memory))
