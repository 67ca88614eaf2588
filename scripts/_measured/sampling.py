"""Sample memory over time of an implementation in this process, by memory_profiler.

Little is imported here: each implementation has a process of its own.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from itertools import pairwise
from time import sleep, time

import impls
from benchmarks._session.worker import keep_input, keep_output
from scripts._common.records import MemoryCurve

_SAMPLE_SECONDS = 0.005
_REST_SECONDS = 0.05  # pause before and after the calls, so that they stand out in the figure
_N_CALLS = 3


def main() -> None:
    """Print the curve of the implementation and size on the command line, and nothing else."""
    keep_input()
    pipe = keep_output()
    problem, name, *size = sys.argv[1:]
    curve = None
    with suppress(impls.TableError, impls.Unfit):  # the suite's results say why
        curve = _sample(problem, name, *map(int, size))
    if curve:
        print(json.dumps(asdict(curve)), file=pipe)


def _sample(problem: str, name: str, n_samples: int, n_features: int) -> MemoryCurve | None:
    """Draw data, prepare and call in this process while memory_profiler samples its memory.

    None if the implementation would take too long at this size, or the clock was set back.
    """
    from memory_profiler import memory_usage

    calls: list[float] = []

    def work() -> None:
        implementation = impls.load(problem, name)
        if implementation.reason_to_skip(n_samples, n_features):
            return
        weights, X, y = impls.make(problem, n_samples, n_features)
        X, y = implementation.prepare(X, y)
        implementation.kernel(weights, X, y)  # loads machine code, starts threads
        sleep(_REST_SECONDS)
        calls.append(time())
        for _ in range(_N_CALLS):
            implementation.kernel(weights, X, y)
        calls.append(time())
        sleep(_REST_SECONDS)

    start = time()
    samples = memory_usage((work, (), {}), interval=_SAMPLE_SECONDS, timestamps=True)
    if not calls or not _rise([start, *(moment for _, moment in samples)]):
        return None
    return MemoryCurve(
        problem=problem,
        implementation=name,
        n_samples=n_samples,
        n_features=n_features,
        seconds=tuple(round(moment - start, 4) for _, moment in samples),
        mebibytes=tuple(round(mebibytes, 2) for mebibytes, _ in samples),
        call_seconds=(round(calls[0] - start, 4), round(calls[1] - start, 4)),
    )


def _rise(moments: Sequence[float]) -> bool:
    return all(a <= b for a, b in pairwise(moments))
