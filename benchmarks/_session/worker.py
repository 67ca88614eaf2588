"""A contender in its own process: reads JSON lines, answers each with a JSON line.

The first line says what to load, each following line is a step. The process ends when its input
does, so that none outlives the command.
"""

from __future__ import annotations

import base64
import importlib
import json
import math
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from time import perf_counter, process_time, sleep
from typing import Any, TextIO

import numpy as np

import impls
from benchmarks._session import pauses
from impls import _machine, _measure, _table, _verify

Reply = dict[str, Any]
# Weight vectors that take turns within a sample, and weight vectors that are used only once.
_N_WEIGHTS, _N_FRESH = 8, 16
_WIDTHS = (1, 2, 4, 8, 16)  # bytes per value
# A process that is at rest uses 0.02 ms of it.
_REST_SECONDS = 0.0002
_LONGEST_REST_SECONDS = 0.3
# A call or a preparation that takes longer is not repeated where that only makes it steadier.
_LONG_SECONDS = 0.1
_N_PREPARATIONS = 3
# CPU time over wall time of one thread, at most; calls before a sample of several, at most.
_ONE_THREAD, _THREADS_SECONDS = 1.2, 0.02


class Contender:
    """An implementation, named or given as a file, that is driven step by step."""

    call: _measure.Call

    def __init__(self, order: Reply) -> None:
        self.order = order
        self.seconds_in_gradients = 0.0

    def load(self) -> Reply:
        """Import it with its threads limited; return its options."""
        # Before the import: JAX counts the processors when it is loaded.
        _machine.limit_processors(self.order["threads"])
        try:
            self.implementation = self._find()
        except impls.Unavailable as error:
            return {"state": "unavailable", "reason": str(error)}
        except impls.UnknownName as error:  # asv measures a commit that does not have it yet
            return {"state": "skipped", "reason": str(error)}
        except impls.TableError as error:
            return {"state": "failed", "reason": str(error)}
        _machine.set_threads(self.order["threads"])
        options = self.implementation.options
        return {
            "bytes_per_value": int(options.get("BYTES_PER_VALUE", 8)),
            "copies": float(options.get("PREPARED_COPIES", 0)),
            # Trees of older commits cast all but float64.
            "x_types": " ".join(getattr(self.implementation, "x_types", ("float64",))),
            "passes": self.implementation.passes,
            "peer": str(options.get("PEER", "")),
            "limited": "MAX_SAMPLES" in options or "MAX_ELEMENTS" in options,
            "kernel": options.get("KERNEL", ""),
            "rtol": self.implementation.rtol,
            "summary": self.implementation.doc.partition("\n")[0],
        }

    def _find(self) -> impls.Implementation:
        problem, name = self.order["problem"], self.order["name"]
        if "file" in self.order:
            return _table.load_file(problem, self.order["file"])
        return impls.load(problem, name)

    def prepare(
        self,
        files: dict[str, str],
        own_copy: bool,
        *,
        limited: bool = False,
        observed: bool = True,
        in_file: bool = False,
    ) -> Reply:
        """Prepare the data; return the bytes per value of X then, and the gradients.

        Parameters
        ----------
        files : dict of str
            Paths of ``weights``, ``X`` and ``y``.
        own_copy : bool
            Work on a copy of X, rather than on the one that all contenders share.
        limited : bool
            Skip sizes that the implementation says are too large for it.
        observed : bool
            If not, `verify` returns the gradients at all weights later.
        in_file : bool
            X stays in its file; `own_copy` is for the reads beside it.
        """
        self.release()
        n_samples, n_features = np.load(files["X"], mmap_mode="r").shape
        more_rows = round(self.order.get("more_rows", 0) * n_samples)
        shape = n_samples + more_rows, n_features
        if reason := limited and self.implementation.reason_to_skip(*shape):
            return {"state": "skipped", "reason": reason}
        weights, X, y = self._read_mapped(files) if in_file else read_batch(files, own_copy)
        if more_rows:
            X, y = (np.concatenate([each, each[:more_rows]]) for each in (X, y))
        try:
            self.prepared = _verify.prepare(self.implementation, X, y)
        except impls.Unfit as error:
            return {"state": "refused", "reason": str(error)}
        except impls.Unavailable as error:
            return {"state": "unavailable", "reason": str(error)}
        self.raw = X, y
        self.all_weights, self.weights = list(weights), weights[0]
        self.call = partial(self.implementation.kernel, self.weights, *self.prepared)
        stated = int(self.implementation.options.get("BYTES_PER_VALUE", 8))
        reply = {"width": width_of(self.prepared[0], X.shape, stated)}
        return reply | (self.verify() if observed else {})

    def _read_mapped(self, files: dict[str, str]) -> tuple[Any, Any, Any]:
        """All weights, X as a mapped file, and y."""
        weights, y = (np.load(files[name]) for name in ("weights", "y"))
        if self.implementation.options.get("KERNEL"):  # it reads the file itself
            return weights, np.load(files["X"], mmap_mode="r"), y
        # Not read-only, for which numba would compile other code; what is written stays private.
        return weights, np.asarray(np.load(files["X"], mmap_mode="c")), y

    def release(self) -> Reply:
        """Forget the data."""
        for name in ("prepared", "raw", "all_weights", "weights", "call"):
            self.__dict__.pop(name, None)
        return {}

    def verify(self, seed: int | None = None) -> Reply:
        """Return the gradients at each of the weights in the files, and again at the first.

        With a seed, at the weights that are drawn from it: requests stay so short that to send one
        never waits for the process.
        """
        own = self.all_weights
        vectors = own if seed is None else [_verify.other_weights(self.weights, seed)]
        with self._in_gradients():
            found = _verify.observe(self.implementation, vectors, *self.prepared)
        return {"gradients": encode(found)}

    def losses(self) -> Reply:
        """Return the losses, and their gradients, where the implementation has its own.

        Its ``loss_gradient`` is called at each of the weights in the files.
        """
        own = self.implementation.parts.get("loss_gradient")
        if own is None:
            return {"losses": []}
        with self._in_gradients():
            found = [own(weights, *self.prepared) for weights in self.all_weights]
        losses, gradients = zip(*found, strict=True)
        return {"losses": [float(loss) for loss in losses], "gradients": encode(gradients)}

    def cost(self) -> Reply:
        """Measure what does not vary from round to round: memory of a call, and preparation."""
        with self._in_gradients():
            workspace = _measure.workspace_bytes(self.call)
            peak = _measure.peak_bytes(self.call)
        prepare = partial(self.implementation.prepare, *self.raw)
        start = perf_counter()
        _, kept = _measure.allocated_bytes(prepare)
        # Tracing allocations slows down short preparations alone.
        seconds = [perf_counter() - start]
        while len(seconds) < _N_PREPARATIONS and seconds[0] < _LONG_SECONDS:
            seconds.append(_measure.seconds_per_call(prepare, 1))
        costs = {"workspace": workspace, "prepare": min(seconds), "prepared": kept}
        costs["openmp"] = _machine.count_openmp_runtimes()
        return costs | ({} if peak != peak else {"peak": peak})

    def count(self) -> Reply:
        """Choose the number of calls per sample; return how long a sample takes."""
        with self._in_gradients():
            start, processor_seconds = perf_counter(), process_time()
            self.n_calls, seconds = _measure.count_calls(self.call, self.order["sample_seconds"])
            wall = max(perf_counter() - start, 1e-9)
            processors = (process_time() - processor_seconds) / wall
        self.warm_seconds = _seconds_to_warm(self.order["warm_seconds"], seconds, processors)
        return {"seconds": seconds + self.warm_seconds, "warm": self.warm_seconds}

    def sample(self, seed: int, times: int = 1, flush: bool = False) -> Reply:
        """Take one sample at weights that are drawn from a seed; return the seconds per call.

        Parameters
        ----------
        seed : int
            Unpredictable, so that answers cannot be computed beforehand.
        times : int
            Multiplier of the number of calls. Where it is given, the session times the answer
            itself, so that no rest precedes it.
        flush : bool
            Evict the caches before each call, which then is timed by itself.
        """
        if flush:
            return self._sample_cold(seed)
        n_calls = times * self.n_calls
        n_weights = min(_N_WEIGHTS, n_calls)
        calls = self._calls(seed, n_weights + min(_N_FRESH, n_calls // 4))
        calls, fresh = calls[n_weights - 1 :: -1], calls[n_weights:]  # the seed's own come last
        with self._in_gradients():
            warm_up(self.call, self.warm_seconds)
            processor_seconds = process_time()
            seconds, gradient = _measure.seconds_in_turn(calls, n_calls)
            if not seconds > 0:
                raise RuntimeError(f"a call took {seconds:.1g} s by a clock that is changed")
            n_done = -(-n_calls // len(calls)) * len(calls)
            processors = (process_time() - processor_seconds) / (seconds * n_done)
            n_made = n_done + len(fresh)
            reply: Reply = {"seconds": seconds, "n_calls": n_made, "processors": processors}
            if fresh:
                reply["fresh"] = _measure.seconds_once(fresh)
        # Of the loop that was timed. In every answer: nothing tells which one is compared.
        return reply if gradient is None else reply | {"gradients": encode([gradient])}

    def _sample_cold(self, seed: int) -> Reply:
        (call,) = self._calls(seed, 1)
        with self._in_gradients():
            seconds, gradient = _measure.seconds_from_memory(call)
        return {"seconds": seconds, "n_calls": 1, "gradients": encode([gradient])}

    def _calls(self, seed: int, count: int) -> list[_measure.Call]:
        """Calls at weights of the same size as those of the data."""
        vectors = islice(_verify.draw_weights(self.weights, seed), count)
        return [partial(self.implementation.kernel, each, *self.prepared) for each in vectors]

    def train(self, what: str, **arguments: Any) -> Reply:
        """Call a function of `benchmarks._session.training` on the data."""
        # Imported by name: the time of a gradient does not depend on trainings.
        training = importlib.import_module("benchmarks._session.training")
        subject = self.implementation.problem if what == "target" else self.implementation
        with self._in_gradients():
            found = getattr(training, what)(subject, X=self.raw[0], y=self.raw[1], **arguments)
        return found if isinstance(found, dict) else {what: found}

    @contextmanager
    def _in_gradients(self) -> Iterator[None]:
        """Count the time of the block as spent in gradients, or in the reads beside them."""
        start = perf_counter()
        try:
            yield
        finally:
            self.seconds_in_gradients += perf_counter() - start


class Read(Contender):
    """The read roof: a pure read of as many bytes as X has with values of a given size."""

    def load(self) -> Reply:
        """Limit the threads; there is nothing to import."""
        _machine.limit_processors(self.order["threads"])
        _machine.set_threads(self.order["threads"])
        return {}

    def prepare(self, files: dict[str, str], own_copy: bool, **_: Any) -> Reply:
        """Take the part of X that has that many bytes; of another type than float64, other values.

        Bytes of other types, read as float64, may form subnormal numbers, which are slow.
        """
        X = np.load(files["X"], mmap_mode="r")
        count = max(1, X.size * self.order["bytes_per_value"] // 8)
        if X.dtype == np.float64:
            part = read_batch(files, own_copy)[1].ravel()[:count]
        else:
            part = np.full(count, 1.0)
        self.calls = _measure.reads_of(part, self.order["threads"])
        return {"bytes": part.nbytes}

    def release(self) -> Reply:
        """Forget the data."""
        self.calls = []
        return {}

    def count(self) -> Reply:
        """Choose the fastest way to read, and its number of calls per sample."""
        with self._in_gradients():
            counts = [
                _measure.count_calls(call, self.order["sample_seconds"]) for call in self.calls
            ]
        each = [seconds / n_calls for n_calls, seconds in counts]
        best = each.index(min(each))
        self.call = self.calls[best]
        self.n_calls, seconds = counts[best]
        self.warm_seconds = min(3 * self.order["warm_seconds"], _THREADS_SECONDS)
        return {"seconds": seconds + self.warm_seconds}

    def sample(self, seed: int, times: int = 1, flush: bool = False) -> Reply:
        """Take one sample; return the seconds per call."""
        if flush:
            return {"seconds": _measure.seconds_from_memory(self.call)[0]}
        with self._in_gradients():
            warm_up(self.call, self.warm_seconds)
            return {"seconds": _measure.seconds_per_call(self.call, self.n_calls)}


def read_batch(files: dict[str, str], own_copy: bool) -> tuple[Any, Any, Any]:
    """Load all weights, X and y; X is a copy, or read-only and shared with other contenders."""
    # Reading is faster than copying what is mapped, page by page.
    X = np.asarray(np.load(files["X"], mmap_mode=None if own_copy else "r"))
    return np.load(files["weights"]), X, np.load(files["y"])


def width_of(X: Any, shape: tuple[int, ...], stated: int) -> int:
    """Bytes per value of a prepared X, padding left out; `stated` if it does not tell."""
    try:
        own, n_bytes = tuple(X.shape), int(X.nbytes)
    except Exception:  # whatever `prepare` has returned
        return stated
    fitting = [width for width in _WIDTHS if width * math.prod(shape) <= n_bytes]
    return fitting[-1] if own == shape and fitting else stated


def encode(gradients: Iterable[Any]) -> list[str]:
    """Gradients as text, in float64 and without rounding."""
    plain = (np.asarray(each, np.float64, order="C") for each in gradients)
    return [base64.b64encode(each.tobytes()).decode() for each in plain]


def decode(texts: list[str], shape: tuple[int, ...], count: int) -> list[Any]:
    """The gradients of `encode`; one of another length keeps its own shape.

    All are empty unless there are `count` of them, and they can be read.
    """
    try:
        flat = [np.frombuffer(base64.b64decode(text), np.float64) for text in texts]
    except ValueError:
        flat = []
    if len(flat) != count:
        flat = [np.empty(0)] * count
    n_values = int(np.prod(shape))
    return [each.reshape(shape) if each.size == n_values else each for each in flat]


def _seconds_to_warm(usual: float, sample_seconds: float, processors: float) -> float:
    """How long to call before a sample: not at all if a call is long, longer for threads.

    Two threads that wake together can start on the same processor; the scheduler takes some
    milliseconds to separate them.
    """
    if sample_seconds >= _LONG_SECONDS:
        return 0.0
    return max(usual, min(3 * usual, _THREADS_SECONDS)) if processors > _ONE_THREAD else usual


def warm_up(call: _measure.Call, seconds: float) -> None:
    """Call for a while, to fill caches, wake sleeping threads and spread them over processors."""
    end = perf_counter() + seconds
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
        return {"state": "failed", "reason": _describe(error)}


def _describe(error: BaseException) -> str:
    """Type and text of an exception, whose text foreign code may have made."""
    try:
        return f"{type(error).__name__}: {error}".rstrip(": ")
    except BaseException:
        return f"{type(error).__name__}, whose text cannot be had"


def keep_output() -> TextIO:
    """Return the pipe to the command, and send what an implementation prints to stderr."""
    pipe = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)
    return pipe


def keep_input() -> TextIO:
    """Return the pipe from the command, and let an implementation read an empty stdin."""
    pipe = os.fdopen(os.dup(0), encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return pipe


def main() -> None:
    """Read the order from the first line, then answer each following line."""
    requests, pipe = keep_input(), keep_output()
    order = json.loads(requests.readline())
    contender = Contender(order) if order["name"] else Read(order)
    was_suspended = pauses.watch()
    for line in requests:
        request = json.loads(line)
        step = request.pop("to")
        was_suspended()  # before
        reply = answer(getattr(contender, request.pop("do")), request) | {"to": step}
        if was_suspended():
            reply["suspended"] = True
        reply["in_gradients"], contender.seconds_in_gradients = contender.seconds_in_gradients, 0.0
        if "warm_seconds" in order and "times" not in request:  # other contenders follow
            rest()
        print(json.dumps(reply), file=pipe)
