"""Share of an epoch that its gradients take: the most that a faster kernel can save."""

from typing import Any

from benchmarks import _suite, _suite_training


class _KernelShare(_suite_training.OnGridWithSolver):
    def track_kernel_share(self, *_: Any) -> float:
        return self.epochs.kernel_share()


globals().update(_suite.per_problem(_KernelShare))
