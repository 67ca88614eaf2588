"""Who judges a cell's gradients: a process that was forked before foreign code was imported.

Whatever an implementation does to NumPy or to the verifier reaches neither the verdict nor the
exact gradients, which are kept for all.
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
    """Exact gradients of one batch, and what the gradients of an implementation come to.

    Parameters
    ----------
    problem : str
    draw : callable
        Gives ``(weights, X, y)``, the same at each call.
    """

    def __init__(self, problem: str, draw: Draw) -> None:
        self._problem = problem
        self._draw = draw
        self._references: list[_verify.Reference] = []

    def look_up(self) -> None:
        """Compute the exact gradients, or find them; keeps nothing of the batch."""
        weights, X, y = self._draw()
        self._references = [
            _exact.exact_gradient(self._problem, each, X, y, _KEPT)
            for each in _verify.vectors(weights)
        ]

    def judge(self, gradients: Sequence[Any], rtol: float) -> _verify.Verdict:
        """As `_verify.judge`, against the exact gradients."""
        return _verify.judge(gradients, self._references, rtol)


class Elsewhere(Judge):
    """A judge in a forked process, which ends with this one: its pipe is closed then."""

    def __init__(self, problem: str, draw: Draw) -> None:
        super().__init__(problem, draw)
        self._pipe, its = multiprocessing.Pipe()
        with warnings.catch_warnings():
            # Of threads that the child lacks: it calls none but BLAS's, which start anew.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._pid = os.fork()
        if not self._pid:
            self._pipe.close()
            _serve(its, Judge(problem, draw))
        its.close()

    def look_up(self) -> None:
        """As `Judge.look_up`."""
        self._ask("look_up")

    def judge(self, gradients: Sequence[Any], rtol: float) -> _verify.Verdict:
        """As `Judge.judge`."""
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
    """A judge of a batch; in this process where the system forks none."""
    if not hasattr(os, "fork"):
        yield Judge(problem, draw)
        return
    judge = Elsewhere(problem, draw)
    try:
        yield judge
    finally:
        judge.close()


def _serve(pipe: Connection, judge: Judge) -> None:
    """Answer until the pipe is closed; never returns to what was forked."""
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
