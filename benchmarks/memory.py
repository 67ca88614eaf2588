"""Peak memory of a process that calls one gradient, and of one that does not.

The peak includes Python, NumPy, the inputs and, for a numba kernel, numba itself. A call on one
sample comes before either, so that libraries and compiled code are loaded in both. The peak with a
call minus the peak without is what the call adds to the process; `workspace` is what it allocates.
"""

from typing import Any

from benchmarks import _suite
from benchmarks._cell import Check


class _Memory(_suite.OnGrid):
    check = Check.NONE  # verifying would call the gradient, and peakmem_inputs must not

    def setup(self, *params: Any) -> None:
        super().setup(*params)
        self.cell.call_small()

    def peakmem_gradient(self, *_: Any) -> None:
        self.cell.gradient()

    def peakmem_inputs(self, *_: Any) -> None:
        pass


globals().update(_suite.per_problem(_Memory))
