"""Peak memory of a process that calls one gradient, and of one that does not.

The peak holds Python, NumPy, the libraries and the inputs; the peak with a call minus the peak
without is what a call adds. A first call, whose compiler would count as the gradient's, is made
before: on Linux, where the peak can be made to start again afterwards. Elsewhere the difference
holds what a first call loads. What the call itself allocates is its workspace.
"""

from pathlib import Path
from typing import Any

from benchmarks import _suite
from benchmarks._cell import Cell, Check

_CLEAR = Path("/proc/self/clear_refs")


class _Memory(_suite.OnGrid):
    check = Check.NONE  # it calls the gradient, which is what peakmem_inputs must leave out
    version = "2"  # without the first call

    def open(self, *params: Any) -> Cell:
        cell = super().open(*params)
        if _forget_peak():
            cell.gradient()
            _forget_peak()
        return cell

    def peakmem_gradient(self, *_: Any) -> None:
        self.cell.gradient()

    def peakmem_inputs(self, *_: Any) -> None:
        pass


def _forget_peak() -> bool:
    """Let the peak start again from the memory in use; whether the system can."""
    try:
        _CLEAR.write_text("5")
    except OSError:
        return False
    return True


globals().update(_suite.per_problem(_Memory))
