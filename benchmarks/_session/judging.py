"""Judging an implementation on easy and on extreme batches, in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

import impls
from benchmarks._session import guardian
from benchmarks._session.process import Out, Process
from benchmarks._session.worker import decode
from impls import _accuracy, _table, _verify
from impls._files import save_array

EASY_SIZES = ((10, 10), (1000, 10), (10, 1000), (1000, 100))
# Time limit of one batch; a first one compiles.
_BATCH_SECONDS = 60.0


@dataclass(frozen=True)
class Batch:
    """Inputs, and at each of several weights the reference and, if there is one, the loss."""

    name: str
    weights: Any
    X: Any
    y: Any
    references: list[_verify.Reference]
    losses: list[float]


@dataclass
class Findings:
    """Result of checking one implementation.

    Attributes
    ----------
    errors : dict[str, float]
        Error by batch: infinite if no gradient came back, NaN if the batch was refused.
    states : dict[str, str]
        State by batch, in one word, for batches without an error.
    limit : float
        Largest error that counts as right.
    problems : list[str]
        What is wrong; empty if nothing is.
    unavailable : str
        Reason why it could not be checked; empty if it was.
    """

    name: str
    errors: dict[str, float] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    limit: float = np.nan
    problems: list[str] = field(default_factory=list)
    unavailable: str = ""

    @property
    def is_wrong(self) -> bool:
        """Whether a gradient differs from the reference; False if none could be compared."""
        compared = {batch: e for batch, e in self.errors.items() if batch not in self.states}
        return any(error > self.limit for error in compared.values())

    @property
    def breaks_contract(self) -> bool:
        """Whether a gradient is wrong, or is none: see `_verify.Misbehaves`."""
        return self.is_wrong or "wrong" in self.states.values()


def draw_easy(problem: str) -> Iterator[Batch]:
    """Batches as the suite draws them."""
    for size in EASY_SIZES:
        yield batch_of(problem, f"{size[0]} x {size[1]}", impls.make(problem, *size))


def draw_extreme(problem: str) -> Iterator[Batch]:
    """The edge cases of the problem."""
    extreme = _table.problem_module(problem).extreme_batches(np.random.default_rng(1))
    for name, batch in extreme.items():
        yield batch_of(problem, name, batch)


def judge_batches(findings: Findings, process: Process, batches: Sequence[Batch]) -> None:
    """Compare the gradients of a process that is loaded with the references of each batch.

    Raises
    ------
    Unavailable
        If it lacks something that only `prepare` needs.
    Out
        If the process has ended.
    """
    with TemporaryDirectory(dir=guardian.folder()) as folder:
        for batch in batches:
            _judge_batch(findings, batch, process, folder)


def batch_of(problem: str, name: str, drawn: tuple[Any, Any, Any]) -> Batch:
    """Weights, X and y with their references and losses, also at other weights."""
    first, X, y = drawn
    weights = _verify.vectors(first)
    references = [_accuracy.exact_gradient(problem, each, X, y) for each in weights]
    loss = getattr(_table.problem_module(problem), "loss", None)
    losses = [loss(each, X, y) for each in weights] if loss else []
    return Batch(name, weights, X, y, references, losses)


def _judge_batch(findings: Findings, batch: Batch, process: Process, folder: str) -> None:
    files = _write(batch, folder)
    reply = _ask(findings, batch, process, "prepare", files=files, own_copy=True)
    if reply is None:
        return
    shape, count = batch.weights[0].shape, len(batch.references) + 1
    gradients = decode(reply["gradients"], shape, count)
    found = _verify.judge(gradients, batch.references, findings.limit)
    findings.errors[batch.name] = found.error
    if found.fault:
        findings.problems.append(f"{batch.name}: {found.fault}")
        return
    reply = _ask(findings, batch, process, "losses")
    if reply and reply["losses"] and (problem := _judge_losses(batch, reply, findings.limit)):
        findings.problems.append(f"{batch.name}: loss_gradient: {problem}")


def _ask(
    findings: Findings, batch: Batch, process: Process, step: str, **arguments: Any
) -> dict[str, Any] | None:
    """The answer to a step; None, and a note of the reason, if there is none."""
    try:
        return process.ask(step, _BATCH_SECONDS, **arguments)
    except Out as out:
        _note(findings, batch.name, out)
        if not process.is_alive:
            raise
        return None


def _judge_losses(batch: Batch, reply: dict[str, Any], rtol: float) -> str:
    """What is wrong with an implementation's own losses and their gradients; empty if nothing."""
    gradients = decode(reply["gradients"], batch.weights[0].shape, len(batch.weights))
    found = _verify.judge([*gradients, gradients[0]], batch.references, rtol)
    if found.fault or not batch.losses:
        return found.fault
    return _judge_numbers(batch, reply["losses"], rtol)


def _judge_numbers(batch: Batch, losses: Sequence[float], rtol: float) -> str:
    """Compare losses with the problem's, relative to its absolute terms.

    Rounding of the inner products changes the loss by their size times that of the residuals, which
    is at most the weights times the gradient's absolute terms.
    """
    for own, expected, weights, (_, terms) in zip(
        losses, batch.losses, batch.weights, batch.references, strict=True
    ):
        scale = abs(expected) + float(np.vdot(np.abs(weights), terms))
        if not abs(own - expected) <= rtol * scale:
            return f"got a loss of {own:.17g}, expected {expected:.17g}"
    return ""


def _note(findings: Findings, batch: str, out: Out) -> None:
    """Record why there is no gradient for a batch."""
    if out.state == "unavailable":
        raise impls.Unavailable(out.reason)
    findings.states[batch] = out.state
    findings.errors[batch] = np.nan if out.state == "refused" else np.inf
    if out.state != "refused":
        findings.problems.append(f"{batch}: {out.reason}")


def _write(batch: Batch, folder: str) -> dict[str, str]:
    """Save a batch to files, so that the process gets its own arrays."""
    arrays = {"weights": np.stack(batch.weights), "X": batch.X, "y": batch.y}
    files = {name: f"{folder}/{name}.npy" for name in arrays}
    for name, array in arrays.items():
        save_array(files[name], array)
    return files
