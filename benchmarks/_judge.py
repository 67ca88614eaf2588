"""The judge of a cell's gradients: a process that is forked before foreign code is imported.

An implementation that changes NumPy or the verifier in its own process affects neither the verdict
nor the exact gradients on disk, which all implementations share.
"""

from __future__ import annotations

import multiprocessing
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from impls import _exact, _verify

_KEPT = Path(__file__).resolve().parent.parent / ".asv" / "exact"
Draw = Callable[[], Any]


class Judge:
    """Exact gradients of one batch, and the verdict on an implementation's gradients.

    Parameters
    ----------
    problem : str
    draw : callable
        Returns ``(weights, X, y)``, the same at each call.
    """

    def __init__(self, problem: str, draw: Draw) -> None:
        self._problem = problem
        self._draw = draw
        self._references: list[_verify.Reference] = []

    def look_up(self) -> None:
        """Compute the exact gradients or read them from disk; the batch is not kept."""
        weights, X, y = self._draw()
        self._references = [
            _exact.exact_gradient(self._problem, each, X, y, _KEPT)
            for each in _verify.vectors(weights)
        ]

    def judge(self, gradients: Sequence[Any], rtol: float) -> _verify.Verdict:
        """Verdict of `_verify.judge` against the exact gradients."""
        return _verify.judge(gradients, self._references, rtol)


class Elsewhere(Judge):
    """A judge in a forked process, which ends when this process closes the pipe or ends."""

    def __init__(self, problem: str, draw: Draw) -> None:
        super().__init__(problem, draw)
        self._pipe, its = multiprocessing.Pipe()
        with warnings.catch_warnings():
            # Python warns of threads that the child lacks. It uses those of BLAS alone, which
            # BLAS starts again.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._pid = os.fork()
        if not self._pid:
            self._pipe.close()
            _serve(its, Judge(problem, draw))
        its.close()

    def look_up(self) -> None:
        """`Judge.look_up` in the other process."""
        self._ask("look_up")

    def judge(self, gradients: Sequence[Any], rtol: float) -> _verify.Verdict:
        """`Judge.judge` in the other process."""
        verdict: _verify.Verdict = self._ask("judge", gradients, rtol)
        return verdict

    def close(self) -> None:
        """End the process."""
        self._pipe.close()
        os.waitpid(self._pid, 0)

    def _ask(self, method: str, *arguments: Any) -> Any:
        self._pipe.send((method, *arguments))
        answer = self._pipe.recv()
        if isinstance(answer, Exception):
            raise answer
        return answer


@contextmanager
def judging(problem: str, draw: Draw) -> Iterator[Judge]:
    """A judge of a batch, in a process of its own if the system can fork."""
    if not hasattr(os, "fork"):
        yield Judge(problem, draw)
        return
    judge = Elsewhere(problem, draw)
    try:
        yield judge
    finally:
        judge.close()


def _serve(pipe: Connection, judge: Judge) -> None:
    """Answer until the pipe is closed; never returns into the code of the parent."""
    try:
        while True:
            method, *arguments = pipe.recv()
            try:
                answer = getattr(judge, method)(*arguments)
            except Exception as error:
                answer = error
            pipe.send(answer)
    except (EOFError, OSError):
        os._exit(0)
    finally:
        os._exit(1)
