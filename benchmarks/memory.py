"""Peak memory of a process that calls one gradient, and of one that does not.

The peak includes Python, NumPy, the libraries and the inputs; the peak with a call minus the peak
without is what a call adds to the process, and `workspace` is what it allocates. On Linux, a first
call, whose compiler would count as the gradient's, is made before the peak starts again. Elsewhere
the difference includes what a first call loads.
"""

from pathlib import Path
from typing import Any

from benchmarks import _suite
from benchmarks._cell import Cell, Check

_CLEAR = Path("/proc/self/clear_refs")


class _Memory(_suite.OnGrid):
    check = Check.NONE  # verifying would call the gradient, and peakmem_inputs must not
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
