"""A contender in its own process: reads JSON lines, answers each with a JSON line.

The first line says what to load, each following line is a step. The process ends when its input
does, so that none outlives the command.
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
from scripts._common.families import family_of

Reply = dict[str, Any]
# Weight vectors that take turns within a sample, and weight vectors that are used only once.
_N_WEIGHTS, _N_FRESH = 4, 16
_REST_SECONDS = 0.001
_WARM_SECONDS = 0.02
_LONGEST_REST_SECONDS = 0.3


class Contender:
    """An implementation, named or given as a file, that is driven step by step."""

    def __init__(self, order: Reply) -> None:
        self.order = order

    def load(self) -> Reply:
        """Import it with its threads limited; return its options."""
        # Before the import: JAX counts the processors when it is loaded.
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
            "family": family_of(options, self.implementation.passes),
            "rtol": self.implementation.rtol,
            "summary": self.implementation.doc.partition("\n")[0],
        }

    def _find(self) -> impls.Implementation:
        problem, name = self.order["problem"], self.order["name"]
        if "file" in self.order:
            return _table.load_file(problem, self.order["file"])
        return impls.load(problem, name)

    def prepare(self, files: dict[str, str], own_copy: bool) -> Reply:
        """Prepare the data; return the gradients at all weights."""
        weights, X, y = read_batch(files, own_copy)
        try:
            X, y = _verify.prepare(self.implementation, X, y)
        except impls.Unfit as error:
            return {"state": "refused", "reason": str(error)}
        except impls.Unavailable as error:
            return {"state": "unavailable", "reason": str(error)}
        self.prepared = X, y
        self.weights = weights[0]
        self.call = partial(self.implementation.kernel, self.weights, X, y)
        if self.order.get("moves_alone"):  # without its arithmetic the result is no gradient
            return {"gradients": []}
        return self.verify(list(weights))

    def verify(self, weights: list[Any]) -> Reply:
        """Return the gradients at each of the weights, and again at the first."""
        gradients = _verify.observe(
            self.implementation, list(map(np.array, weights)), *self.prepared
        )
        return {"gradients": [np.asarray(each, np.float64).tolist() for each in gradients]}

    def count(self) -> Reply:
        """Choose the number of calls per sample; return how long a sample takes."""
        self.n_calls = _measure.count_calls(self.call)
        seconds = _measure.seconds_per_call(self.call, self.n_calls)
        return {"seconds": seconds * (self.n_calls + 1)}

    def sample(self, seed: int, tells: bool = False, times: int = 1) -> Reply:
        """Take one sample at weights that are drawn from a seed; return the seconds per call.

        Parameters
        ----------
        seed : int
            Unpredictable, so that answers cannot be computed beforehand.
        tells : bool
            Return the gradient at the last of these weights as well.
        times : int
            Multiplier of the number of calls. Where it is given, the race times the answer itself,
            so that no rest precedes it.
        """
        n_calls = times * self.n_calls
        calls = self._calls(seed, min(_N_WEIGHTS, n_calls))
        fresh = self._calls(seed + _N_WEIGHTS, min(_N_FRESH, n_calls // _N_WEIGHTS))
        warm_up(self.call)
        processor_seconds = process_time()
        seconds = _measure.seconds_in_turn(calls, n_calls)
        n_done = -(-n_calls // len(calls)) * len(calls)
        processors = (process_time() - processor_seconds) / (seconds * n_done)
        n_made = 1 + n_done + len(fresh)  # the first warms up
        reply: Reply = {"seconds": seconds, "n_calls": n_made, "processors": processors}
        if fresh:
            reply["fresh"] = _measure.seconds_in_turn(fresh, len(fresh))
        if tells:
            reply["gradient"] = np.asarray(calls[-1](), np.float64).tolist()
        return reply

    def _calls(self, seed: int, count: int) -> list[_measure.Call]:
        """Calls at weights of the same size as those of the data."""
        seeds = range(seed + count - 1, seed - 1, -1)  # those of `seed` itself come last
        vectors = [_verify.other_weights(self.weights, each) for each in seeds]
        return [partial(self.implementation.kernel, each, *self.prepared) for each in vectors]


class Read(Contender):
    """The read roof: a pure read of as many bytes as X has with values of a given size."""

    def load(self) -> Reply:
        """Limit the threads; there is nothing to import."""
        _machine.limit_processors(self.order["threads"])
        _machine.set_threads(self.order["threads"])
        return {}

    def prepare(self, files: dict[str, str], own_copy: bool) -> Reply:
        """Take the part of X that has that many bytes."""
        _, X, _ = read_batch(files, own_copy=False)
        part = X.ravel()[: max(1, X.size * self.order["bytes_per_value"] // 8)]
        part = part.copy() if own_copy else part
        self.calls = _measure.reads_of(part, self.order["threads"])
        return {"bytes": part.nbytes}

    def count(self) -> Reply:
        """Choose the number of calls per sample for each way to read."""
        self.counts = [_measure.count_calls(call) for call in self.calls]
        return {"seconds": 2 * len(self.calls) * _measure.SAMPLE_SECONDS}

    def sample(self, seed: int, tells: bool = False, times: int = 1) -> Reply:
        """Take one sample of each way to read; return the seconds per call of the fastest."""
        seconds = []
        for call, n_calls in zip(self.calls, self.counts, strict=True):
            warm_up(call)
            seconds.append(_measure.seconds_per_call(call, n_calls))
        return {"seconds": min(seconds)}


def read_batch(files: dict[str, str], own_copy: bool) -> tuple[Any, Any, Any]:
    """Load all weights, X and y; X is a copy, or read-only and shared with other contenders."""
    X = np.asarray(np.load(files["X"], mmap_mode="r"))
    return np.load(files["weights"]), X.copy("K") if own_copy else X, np.load(files["y"])


def warm_up(call: _measure.Call) -> None:
    """Call for a while, to fill caches, wake sleeping threads and spread them over processors.

    Two threads that wake together can start on the same processor; the scheduler takes some
    milliseconds to separate them.
    """
    end = perf_counter() + _WARM_SECONDS
    call()
    while perf_counter() < end:
        call()


def rest() -> None:
    """Wait until this process's threads sleep; they spin for a while after a call."""
    for _ in range(int(_LONGEST_REST_SECONDS / _REST_SECONDS)):
        before = process_time()
        sleep(_REST_SECONDS)
        if process_time() - before < _REST_SECONDS / 4:
            return


def answer(step: Callable[..., Reply], arguments: Reply) -> Reply:
    """Take a step; an exception, which may come from foreign code, becomes the answer."""
    try:
        return step(**arguments)
    except _verify.Misbehaves as fault:
        return {"state": "wrong", "reason": str(fault)}
    except BaseException as error:  # not an interrupt: those go to the command alone
        return {"state": "failed", "reason": f"{type(error).__name__}: {error}".rstrip(": ")}


def keep_output() -> TextIO:
    """Return the pipe to the command, and send what an implementation prints to stderr."""
    pipe = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)
    return pipe


def main() -> None:
    """Read the order from the first line, then answer each following line."""
    pipe = keep_output()
    order = json.loads(sys.stdin.readline())
    contender = Contender(order) if order["name"] else Read(order)
    for line in sys.stdin:
        request = json.loads(line)
        step = request.pop("to")
        reply = answer(getattr(contender, request.pop("do")), request) | {"to": step}
        if "size" in order and "times" not in request:  # a race: other contenders follow
            rest()
        print(json.dumps(reply), file=pipe)


if __name__ == "__main__":
    main()
