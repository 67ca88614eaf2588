"""A process with one candidate's numbers: prepares data and times gradients, as it is told."""

from __future__ import annotations

import json
import sys
from typing import Any

import impls
from impls import _measure

_PROBLEM, _NAME = "logistic", "fused"


def main() -> None:
    """Answer each line of standard input by a number."""
    impls.set_threads(int(sys.argv[1]))
    implementation = impls.load(_PROBLEM, _NAME)
    batch: tuple[Any, ...] = ()
    n_calls = 0

    def gradient() -> object:
        return implementation.gradient(*batch)

    for line in sys.stdin:
        word, *size = json.loads(line)
        answer = 0.0
        if word == "prepare":
            weights, X, y = impls.make(_PROBLEM, *size)
            batch = weights, *implementation.prepare(X, y)
            n_calls, _ = _measure.count_calls(gradient)
        else:
            gradient()  # caches and threads are other processes' until then
            answer = _measure.seconds_per_call(gradient, n_calls)
        print(answer, flush=True)


if __name__ == "__main__":
    main()
