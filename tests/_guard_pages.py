"""A process that calls every kernel with arrays between unreadable pages.

    python -m tests._guard_pages "as it is" --cases 1000

Each call is named on standard output before it is made, so that the last line tells which one
crashed. All that is passed to a kernel is guarded, and whatever it allocates with NumPy, its result
included. Inputs cannot be written to, not even for a moment.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import impls
from impls import _accuracy
from impls._onepass import caches, kernel, limbs, load, threads
from impls._onepass import terms as engine_terms
from impls._onepass.storage import Levels
from impls._onepass.tuning import tuning
from impls.softmax import _one_pass
from tests._guarded import guarded

WAYS = ("as it is", "from afar")
DIFFERS, DONE, LIBRARY, UNAVAILABLE = "differs:", "done", "takes arrays of a library", "unavailable"
# Shares of the cases, samples and features: less and more than vectors, blocks of rows and chunks
# of samples; rows that are narrow, long, and so long that threads share out the features.
_SHAPES = (
    (0.6, (1, 70), (1, 140)),
    (0.2, (1, 40), (130, 700)),
    (0.15, (200, 1100), (1, 40)),
    (0.05, (1, 34), (4000, 4100)),
)
_MOST_CLASSES = 40


def main() -> None:
    """Call the implementations that come after `--after`, or these alone."""
    parser = argparse.ArgumentParser()
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("--cases", type=int, required=True)
    parser.add_argument("--after", default="")
    parser.add_argument("--only", nargs="+")
    arguments = parser.parse_args()
    with pytest.MonkeyPatch.context() as patch, np.errstate(all="ignore"):
        if arguments.way == "from afar":
            keep_nothing_near(patch)
        for name in arguments.only or all_names():
            if name > arguments.after:
                say(name, try_all(name, arguments.cases))


def all_names() -> list[str]:
    return sorted(f"{each}/{name}" for each in impls.problems() for name in impls.names(each))


def keep_nothing_near(patch: pytest.MonkeyPatch) -> None:
    """Make small data take the ways of large ones: from memory, shared out to threads, in limbs."""
    patch.setattr(caches, "long_rows_bytes", lambda: 0)
    patch.setattr(caches, "short_rows_bytes", lambda: 0)
    patch.setattr(engine_terms, "tuning", lambda: replace(tuning(), resident_bytes=0))
    for module in (threads, kernel):
        patch.setattr(module, "threads_pay_from", lambda: 0)
    patch.setattr(kernel, "ALONE_VALUES", 0)
    patch.setattr(load.Load, "asks_for_threads", lambda self, now: True)
    patch.setattr(limbs, "_FEWEST_FEATURES", {32: 1, 16: 1})
    patch.setattr(limbs, "_FEWEST_LEVELS", 1)
    patch.setattr(_one_pass, "own_cache_bytes", lambda: 0)
    patch.setattr(_one_pass, "_THREADS_PAY_FROM", 0)


def say(*words: str) -> None:
    """Write a line at once: a crash would lose what is buffered."""
    os.write(1, f"{' '.join(words)}\n".encode())


def try_all(name: str, n_cases: int) -> str:
    """Call an implementation in `n_cases` cases, and say how it went."""
    try:
        implementation = impls.load(*name.split("/"))
    except impls.Unavailable:
        return UNAVAILABLE
    for case in range(n_cases):
        batch = draw(implementation, np.random.default_rng(case))
        prepared = implementation.prepare(*batch[1:3])
        if not all(isinstance(each, np.ndarray | Levels) for each in prepared):
            return LIBRARY
        try_one(implementation, batch, prepared)
    return DONE


def draw(implementation: Any, generator: np.random.Generator) -> tuple[Any, ...]:
    """Weights, X whose features are levels, y and sample weights."""
    shares, *ranges = zip(*_SHAPES, strict=True)
    which = generator.choice(len(shares), p=shares)
    n, d = (int(generator.integers(*each[which], endpoint=True)) for each in ranges)
    if implementation.reason_to_skip(n, 10 * d):
        d = 1 + d % 50
    weights, _, y = impls.make(implementation.problem, n, d)
    if weights.ndim == 2:
        weights = generator.standard_normal((int(generator.integers(1, _MOST_CLASSES)), d))
        y %= len(weights)
    return weights / 8, generator.integers(0, 101, (n, d)) / 8, y, generator.random(n)


def try_one(implementation: Any, batch: tuple[Any, ...], prepared: tuple[Any, Any]) -> None:
    """Compare what each function returns for guarded arrays and for ordinary ones."""
    weights, X, y, sample_weight = batch
    arrays = weights, *prepared, sample_weight
    terms = _accuracy.terms(implementation.problem, weights, X, y)
    for function, call in functions(implementation):
        case = f"{implementation.problem}/{implementation.name} {function} of {X.shape}"
        case += f", weights {weights.shape}"
        say(case, "on ordinary arrays")
        expected = call(*arrays)  # compiles, too
        for at_end in (False, True):
            side = "flush against the end" if at_end else "flush against the start"
            say(case, side)
            given = [guard(each, at_end) for each in arrays]
            with guarded_results(at_end):
                found = call(*given)
            if not all(map(is_near(implementation, terms), found, expected)):
                say(DIFFERS, case, side)


def functions(implementation: Any) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Functions of (weights, X, y, sample_weight) that return numbers and arrays."""
    parts = implementation.parts
    yield "gradient", lambda w, X, y, s: (implementation.kernel(w, X, y),)
    if "loss_gradient" in parts:
        yield "loss_gradient", lambda w, X, y, s: parts["loss_gradient"](w, X, y)
    if "evaluate" in parts:
        yield "evaluate", lambda w, X, y, s: parts["evaluate"](w, X, y, s, 0.25)
    if "make_hessian" in parts:
        yield "make_hessian", lambda w, X, y, s: parts["make_hessian"](w, X, y, s, 0.25)(w, 0.5)


def guard(values: Any, at_end: bool) -> Any:
    if isinstance(values, Levels):
        return replace(values, levels=guarded(values.levels, at_end, read_only=True))
    return guarded(values, at_end, read_only=True)


@contextmanager
def guarded_results(at_end: bool) -> Iterator[None]:
    """Guard what Python code allocates with numpy.empty and numpy.zeros."""

    def guarding(make: Callable[..., Any]) -> Callable[..., Any]:
        def made(*arguments: Any, **options: Any) -> Any:
            array = make(*arguments, **options)
            return guarded(array, at_end) if array.size else array

        return made

    with pytest.MonkeyPatch.context() as patch:
        for name in ("empty", "zeros"):
            patch.setattr(np, name, guarding(getattr(np, name)))
        yield


def is_near(implementation: Any, terms: Any) -> Callable[[Any, Any], bool]:
    """Whether two results differ by rounding: a library may add in another order elsewhere."""

    def near(one: Any, other: Any) -> bool:
        scale = terms + np.abs(other) if np.shape(other) == terms.shape else np.abs(other) + 1e3
        return bool((np.abs(one - other) <= 8 * implementation.rtol * scale).all())

    return near


if __name__ == "__main__":
    main()
