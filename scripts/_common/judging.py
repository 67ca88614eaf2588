"""Judging an implementation on easy and on extreme batches, in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

import impls
from impls import _exact, _table, _verify
from scripts._common import isolated
from scripts._common.errors import Out
from scripts._common.process import Process

EASY_SIZES = ((10, 10), (1000, 10), (10, 1000), (1000, 100))
# Time limit for all gradients of one batch; compilers can take minutes.
_BATCH_SECONDS = 300.0


@dataclass(frozen=True)
class Batch:
    """Inputs, and the reference at each of several weight vectors."""

    name: str
    weights: Any
    X: Any
    y: Any
    references: list[_verify.Reference]


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


def draw_batches(problem: str) -> Iterator[Batch]:
    """The easy batches, then the extreme ones."""
    drawn = {f"{n} x {d}": impls.make(problem, n, d) for n, d in EASY_SIZES}
    extreme = _table.problem_module(problem).extreme_batches(np.random.default_rng(1))
    for name, (first, X, y) in (drawn | extreme).items():
        weights = _verify.vectors(first)
        references = [_exact.exact_gradient(problem, each, X, y) for each in weights]
        yield Batch(name, weights, X, y, references)


def judge(problem: str, source: str | Path, batches: list[Batch]) -> Findings:
    """Check an implementation, named or given as a file, in its own process."""
    findings = Findings(source.stem.lstrip("_") if isinstance(source, Path) else source)
    try:
        with isolated.started(problem, source) as process, TemporaryDirectory() as folder:
            findings.limit = isolated.load(process)["rtol"]
            for batch in batches:
                _judge_batch(findings, batch, process, folder)
    except impls.Unavailable as error:
        findings.unavailable = str(error)
    except impls.TableError as error:
        findings.problems.append(str(error))
    except _Ended:
        pass
    else:
        if np.isnan(list(findings.errors.values())).all():
            findings.problems.append("it refuses every batch")
    return findings


class _Ended(Exception):
    """The process has died: the remaining batches cannot be checked."""


def _judge_batch(findings: Findings, batch: Batch, process: Process, folder: str) -> None:
    files = _write(batch, folder)
    try:
        reply = isolated.ask(process, "prepare", _BATCH_SECONDS, files=files, own_copy=True)
    except Out as out:
        _note(findings, batch.name, out)
        return
    found = _verify.judge(reply["gradients"], batch.references, findings.limit)
    findings.errors[batch.name] = found.error
    if found.fault:
        findings.problems.append(f"{batch.name}: {found.fault}")


def _note(findings: Findings, batch: str, out: Out) -> None:
    """Record why there is no gradient for a batch."""
    if out.state == "unavailable":
        raise impls.Unavailable(out.reason)
    findings.states[batch] = out.state
    findings.errors[batch] = np.nan if out.state == "refused" else np.inf
    if out.state != "refused":
        findings.problems.append(f"{batch}: {out.reason}")
    if out.state == "died":
        raise _Ended


def _write(batch: Batch, folder: str) -> dict[str, str]:
    """Save a batch to files, so that the process gets its own arrays."""
    arrays = {"weights": np.stack(batch.weights), "X": batch.X, "y": batch.y}
    files = {name: f"{folder}/{name}.npy" for name in arrays}
    for name, array in arrays.items():
        np.save(files[name], array)
    return files
