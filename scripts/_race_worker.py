"""A contender of a race, in a process of its own: JSON lines in, JSON lines out.

The first line says what to load; each that follows is a step to take. The process ends with its
input, so that none outlives the race.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from functools import partial
from time import perf_counter, process_time, sleep
from typing import Any, TextIO

import numpy as np

import impls
from impls import _machine, _measure, _table, _verify

Reply = dict[str, Any]
_REST_SECONDS = 0.001
_WARM_SECONDS = 0.02
_LONGEST_REST_SECONDS = 0.3


class Contender:
    """An implementation of the table, or a file like one, step by step."""

    def __init__(self, order: Reply) -> None:
        self.order = order

    def load(self) -> Reply:
        """Import it under the limit of threads; tell its options."""
        # Before the import: JAX looks at the processors when it is loaded.
        _machine.limit_processors(self.order["threads"])
        try:
            self.implementation = self._find()
        except impls.Unavailable as error:
            return {"state": "unavailable", "reason": str(error)}
        except impls.TableError as error:
            return {"state": "failed", "reason": str(error)}
        _machine.set_threads(self.order["threads"])
        if "size" in self.order:
            reason = self.implementation.reason_to_skip(*self.order["size"])
            if reason:
                return {"state": "skipped", "reason": reason}
        options = self.implementation.options
        if self.order.get("moves_alone"):
            options["MOVES_ALONE"]()
        return {
            "moves_alone": "MOVES_ALONE" in options,
            "bytes_per_value": int(options.get("BYTES_PER_VALUE", 8)),
            "copies": float(options.get("PREPARED_COPIES", 0)),
            "passes": str(self.implementation.passes or "?"),
            "peer": str(options.get("PEER", "")),
            "rtol": self.implementation.rtol,
            "summary": self.implementation.doc.partition("\n")[0],
        }

    def _find(self) -> impls.Implementation:
        problem, name = self.order["problem"], self.order["name"]
        if "file" in self.order:
            return _table.load_file(problem, self.order["file"])
        return impls.load(problem, name)

    def prepare(self, files: dict[str, str], own_copy: bool) -> Reply:
        """Prepare the data of the race; tell the gradients at all weights."""
        weights, X, y = read_batch(files, own_copy)
        try:
            X, y = _verify.prepare(self.implementation, X, y)
        except impls.Unfit as error:
            return {"state": "refused", "reason": str(error)}
        except impls.Unavailable as error:
            return {"state": "unavailable", "reason": str(error)}
        self.prepared = X, y
        self.call = partial(self.implementation.kernel, weights[0], X, y)
        if self.order.get("moves_alone"):  # without its arithmetic there is nothing to compare
            return {"gradients": []}
        return self.verify(list(weights))

    def verify(self, weights: list[Any]) -> Reply:
        """Gradients at each of the weights, and again at the first."""
        gradients = _verify.observe(
            self.implementation, list(map(np.array, weights)), *self.prepared
        )
        return {"gradients": [np.asarray(each, np.float64).tolist() for each in gradients]}

    def count(self) -> Reply:
        """Count the calls of a sample; tell what a sample takes."""
        self.n_calls = _measure.count_calls(self.call)
        seconds = _measure.seconds_per_call(self.call, self.n_calls)
        return {"seconds": seconds * (self.n_calls + 1)}

    def sample(self) -> Reply:
        """Seconds per call of a sample."""
        warm_up(self.call)
        return {"seconds": _measure.seconds_per_call(self.call, self.n_calls)}


class Read(Contender):
    """The roof: a pure read of as many bytes as X has with values of a given size."""

    def load(self) -> Reply:
        """Limit the threads; nothing is imported."""
        _machine.limit_processors(self.order["threads"])
        _machine.set_threads(self.order["threads"])
        return {}

    def prepare(self, files: dict[str, str], own_copy: bool) -> Reply:
        """Take the part of X that has so many bytes."""
        _, X, _ = read_batch(files, own_copy=False)
        part = X.ravel()[: max(1, X.size * self.order["bytes_per_value"] // 8)]
        part = part.copy() if own_copy else part
        self.calls = _measure.reads_of(part, self.order["threads"])
        return {"bytes": part.nbytes}

    def count(self) -> Reply:
        """Count the calls of each way to read."""
        self.counts = [_measure.count_calls(call) for call in self.calls]
        return {"seconds": 2 * len(self.calls) * _measure.SAMPLE_SECONDS}

    def sample(self) -> Reply:
        """Seconds of the faster way."""
        times = []
        for call, n_calls in zip(self.calls, self.counts, strict=True):
            warm_up(call)
            times.append(_measure.seconds_per_call(call, n_calls))
        return {"seconds": min(times)}


def read_batch(files: dict[str, str], own_copy: bool) -> tuple[Any, Any, Any]:
    """All weights, X and y; X is shared with the other contenders and read-only, or a copy."""
    X = np.asarray(np.load(files["X"], mmap_mode="r"))
    return np.load(files["weights"]), X.copy("K") if own_copy else X, np.load(files["y"])


def warm_up(call: _measure.Call) -> None:
    """Call for a while: caches are filled, sleeping threads woken and spread over processors.

    Woken together, two threads can start on one processor; the scheduler takes some milliseconds
    to part them.
    """
    end = perf_counter() + _WARM_SECONDS
    call()
    while perf_counter() < end:
        call()


def rest() -> None:
    """Wait until this process' threads sleep: they spin for a while after a call."""
    for _ in range(int(_LONGEST_REST_SECONDS / _REST_SECONDS)):
        before = process_time()
        sleep(_REST_SECONDS)
        if process_time() - before < _REST_SECONDS / 4:
            return


def answer(step: Callable[..., Reply], arguments: Reply) -> Reply:
    """What a step gives, or what it raises: it may be foreign code."""
    try:
        return step(**arguments)
    except _verify.Misbehaves as fault:
        return {"state": "wrong", "reason": str(fault)}
    except BaseException as error:  # no interrupt: that is the race's alone
        return {"state": "failed", "reason": f"{type(error).__name__}: {error}".rstrip(": ")}


def keep_output() -> TextIO:
    """The pipe to the race, kept from what an implementation prints: that goes to stderr."""
    pipe = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)
    return pipe


def main() -> None:
    """Load what the first line orders, then answer a line per line."""
    pipe = keep_output()
    order = json.loads(sys.stdin.readline())
    contender = Contender(order) if order["name"] else Read(order)
    for line in sys.stdin:
        request = json.loads(line)
        reply = answer(getattr(contender, request.pop("do")), request)
        if "size" in order:  # others race as well
            rest()
        print(json.dumps(reply), file=pipe)


if __name__ == "__main__":
    main()
