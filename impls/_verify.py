"""Verification of an implementation: the calls, the contract, the verdict and its words.

`python -m scripts.check`, the suite and the race verify with this module alone. An implementation
is called at several weights and again at the first ones. All are passed in one array that changes
between the calls, so that a cached answer is wrong.

Inputs are compared by checksum before and after each call. They are not made read-only, because
numba compiles other code for a read-only array, and the verified code would not be the timed code.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from impls import _accuracy
from impls._table import Implementation

Array = np.ndarray[Any, Any]
Reference = tuple[Array, Array]  # the exact gradient and the sum of its absolute terms

_SEED = 20
_FEW_SAMPLES = 20_000


class Misbehaves(Exception):
    """The implementation breaks the contract, even with right numbers; the message says how."""


@dataclass(frozen=True)
class Verdict:
    """Verdict on the gradients of one batch.

    Attributes
    ----------
    error : float
        Largest error at any of the weights, relative to the sum of the absolute terms.
    rtol : float
        Largest error that counts as right.
    fault : str
        What is wrong with the gradients; empty if they are right.
    """

    error: float
    rtol: float
    fault: str

    @property
    def reason(self) -> str:
        """Error, tolerance and fault in one line; empty if the gradients are right."""
        if not self.fault:
            return ""
        return (
            f"error {self.error:.1e} of the sum of absolute terms, at most {self.rtol:.0e} "
            f"allowed: {self.fault}"
        )


def vectors(weights: Array) -> list[Array]:
    """Weights to verify at: the given ones, a permutation with other signs halved, and zeros."""
    return [weights, other_weights(weights, _SEED) / 2, np.zeros_like(weights)]


def other_weights(weights: Array, seed: int) -> Array:
    """`weights` permuted and with random signs; normal random numbers if all are 0."""
    return next(draw_weights(weights, seed))


def draw_weights(weights: Array, seed: int) -> Iterator[Array]:
    """Any number of such weights, of which `other_weights` are the first."""
    generator = np.random.default_rng(seed)
    while not weights.any():
        yield generator.standard_normal(weights.shape) / np.sqrt(weights.shape[-1])
    while True:
        signs = generator.choice([-1.0, 1.0], weights.shape)
        yield signs * generator.permutation(weights.ravel()).reshape(weights.shape)


def prepare(implementation: Implementation, X: Array, y: Array) -> tuple[Any, Any]:
    """X and y as the implementation prepares them.

    Raises
    ------
    Misbehaves
        If `prepare` writes into X or y.
    Exception
        Any error of the implementation.
    """
    before = _checksums(X=X, y=y)
    prepared: tuple[Any, Any] = _call(implementation.prepare, X, y)
    _refuse_changes("its prepare", before, _checksums(X=X, y=y))
    return prepared


def observe(
    implementation: Implementation, weights: Sequence[Array], X: Any, y: Any
) -> list[Array]:
    """Gradients at each of `weights` and again at the first, for prepared X and y.

    Raises
    ------
    Misbehaves
        If the implementation writes into an input, or a gradient is no new NumPy array of real
        numbers in the shape of the weights.
    Exception
        Any error of the implementation.
    """
    handed = np.array(weights[0], dtype=np.float64, order="C")
    given: list[Array] = []  # the returned arrays; a later one may not share memory with them
    copies: list[Array] = []
    before = _checksums(X=X, y=y)
    # The kernel is what is timed; the checked entry point is called once.
    calls = [implementation.kernel] * len(weights) + [implementation.gradient]
    for call, values in zip(calls, [*weights, weights[0]], strict=True):
        handed[...] = values
        given_weights = _checksums(weights=handed)
        gradient = _call(call, handed, X, y)
        _refuse_changes("it", given_weights, _checksums(weights=handed))
        if y.shape[0] <= _FEW_SAMPLES:  # elsewhere after the last call: X takes a while
            _refuse_changes("it", before, _checksums(X=X, y=y))
        _check_form(gradient, handed.shape)
        _check_memory(gradient, given, {"weights": handed, "X": X, "y": y})
        given.append(gradient)
        copies.append(gradient.copy(order="K"))  # as its checksum is read
    _refuse_changes("it", before, _checksums(X=X, y=y))
    if any(_checksum(one) != _checksum(copy) for one, copy in zip(given, copies, strict=True)):
        raise Misbehaves("it writes into a gradient that it has returned")
    return copies


def judge(gradients: Iterable[Any], references: Sequence[Reference], rtol: float) -> Verdict:
    """Compare the gradients of `observe` with the references at the same weights."""
    found = [np.asarray(gradient) for gradient in gradients]
    expected = [*references, references[0]]
    errors = [_accuracy.compare(*each) for each in _together(found, expected)]
    wrong = [number for number, error in enumerate(errors) if not error <= rtol]
    fault = _explain(wrong[0], found, expected, rtol) if wrong else ""
    return Verdict(max(errors), rtol, fault)


def _together(
    found: Sequence[Array], expected: Sequence[Reference]
) -> list[tuple[Array, Array, Array]]:
    return [(gradient, *reference) for gradient, reference in zip(found, expected, strict=True)]


def _explain(
    number: int, found: Sequence[Array], expected: Sequence[Reference], rtol: float
) -> str:
    """What is wrong with gradient `number`, the first that is wrong."""
    if number and np.array_equal(found[number], found[0]):
        return "it gives the answer of the first call again for other weights"
    place = _place(found[number], *expected[number], rtol)
    if number == 0:
        return place
    if number == len(found) - 1:
        return f"it gives another answer when it is called again with the same weights: {place}"
    return f"at other weights than the first, {place}"


def _place(gradient: Array, exact: Array, terms: Array, rtol: float) -> str:
    """First wrong component, its expected value, and the number of others."""
    if gradient.shape != exact.shape:
        return f"shape {gradient.shape}, expected {exact.shape}"
    off = ~(np.abs(gradient - exact) <= rtol * terms)
    first = np.unravel_index(int(np.argmax(off)), off.shape)
    where = ", ".join(map(str, first))
    more = f", {off.sum() - 1} more components wrong" if off.sum() > 1 else ""
    return f"component {where}: got {gradient[first]:.9g}, expected {exact[first]:.9g}{more}"


def _call(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call foreign code; an exception that would end the process becomes a RuntimeError."""
    try:
        return function(*arguments)
    except Exception:
        raise
    except BaseException as error:
        raise RuntimeError(f"it raises {error!r}") from error


def _check_form(gradient: Any, shape: tuple[int, ...]) -> None:
    if type(gradient) is not np.ndarray:
        raise Misbehaves(f"it returns a {type(gradient).__name__}, expected a NumPy array")
    if gradient.dtype.kind != "f":
        raise Misbehaves(f"it returns {gradient.dtype}, expected real floating-point numbers")
    if gradient.shape != shape:
        raise Misbehaves(f"it returns shape {gradient.shape}, expected {shape}, that of weights")


def _check_memory(gradient: Array, earlier: Sequence[Array], inputs: Mapping[str, Any]) -> None:
    for name, value in inputs.items():
        memory = _memory(value)
        if memory is not None and np.may_share_memory(gradient, memory):
            raise Misbehaves(f"it returns a view of its input {name}, expected a new array")
    if any(np.may_share_memory(gradient, other) for other in earlier):
        raise Misbehaves("it returns the same array again, so that an earlier result changes")


def _refuse_changes(who: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    changed = [name for name in before if before[name] != after[name]]
    if changed:
        raise Misbehaves(f"{who} writes into {' and '.join(changed)}")


def _checksums(**inputs: Any) -> dict[str, int | None]:
    return {name: _checksum(value) for name, value in inputs.items()}


def _checksum(value: Any) -> int | None:
    """CRC-32 of an array's memory, at a few tenths of a second per GB; None without memory."""
    memory = _memory(value)
    if memory is None:
        return None
    # order="K" copies strided arrays only.
    return zlib.crc32(memory.ravel(order="K").view(np.uint8).data)


def _memory(value: Any) -> Array | None:
    """A NumPy array over the memory of a prepared input, or None if there is none."""
    with suppress(Exception):  # arrays of other libraries may refuse
        array = np.asarray(value)
        return array if array.size and not array.dtype.hasobject else None
    return None
