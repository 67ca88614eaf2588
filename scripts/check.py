"""Compare each implementation with the reference in extended precision.

The error of a component is divided by the sum of the absolute values of its terms, so that
cancellation is not blamed on the implementation. 1.1e-16 is half a unit in the last place of
float64, 6.0e-08 of float32. Easy inputs are drawn as in the benchmarks; extreme inputs are the edge
cases of the problem. Exit status 1: an implementation is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from tabulate import tabulate
from tqdm import tqdm

import impls
from impls import _exact, _table, _verify
from scripts._common import isolated
from scripts._common.cli import make_parser
from scripts._common.errors import UserError
from scripts._common.names import pick
from scripts._common.process import Out, Process
from scripts._common.signals import run_stoppable

_EXAMPLES = """examples:
  python -m scripts.check
  python -m scripts.check logistic
  python -m scripts.check logistic/chunked
  python -m scripts.check logistic --file mine.py
"""
_EASY_SIZES = ((10, 10), (1000, 10), (10, 1000), (1000, 100))


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
class Verdict:
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


def main() -> int:
    """Print a table of errors per problem; return 1 if an implementation is wrong."""
    parser = make_parser("check", __doc__, _EXAMPLES)
    parser.add_argument("what", nargs="?", metavar="PROBLEM[/NAME]", help="default: everything")
    parser.add_argument(
        "--file", metavar="PATH", help="check this file, which need not be in the table"
    )
    arguments = parser.parse_args()
    if arguments.file is not None:
        return _check_file(arguments.what, arguments.file)
    n_failed = sum(_check(problem, names) for problem, names in _select(arguments.what).items())
    return 1 if n_failed else 0


def _check(problem: str, names: tuple[str, ...]) -> int:
    """Print the table of these implementations; return how many are wrong."""
    batches = list(draw_batches(problem))
    judged = isolated.each(partial(judge, problem, batches=batches), names)
    verdicts = list(tqdm(judged, total=len(names), disable=None, leave=False))
    _print(problem, verdicts, batches)
    return sum(bool(verdict.problems) for verdict in verdicts)


def _check_file(problem: str | None, path: str) -> int:
    """Print the table of one file's errors; return 1 if it is wrong."""
    known = ", ".join(impls.problems())
    if problem is None:
        raise UserError(f"--file needs the name of its problem too: one of {known}")
    if "/" in problem:
        raise UserError(f"--file needs a problem alone, not {problem!r}: one of {known}")
    pick("problem", problem, impls.problems())
    if not Path(path).is_file():
        raise impls.UnknownName(f"there is no file {path}")
    batches = list(draw_batches(problem))
    verdict = judge(problem, Path(path), batches)
    _print(problem, [verdict], batches)
    return 1 if verdict.problems else 0


def _select(wanted: str | None) -> dict[str, tuple[str, ...]]:
    if wanted is None:
        return {problem: impls.names(problem) for problem in impls.problems()}
    problem, _, name = wanted.partition("/")
    pick("problem", problem, impls.problems())
    known = impls.names(problem)
    return {problem: (pick(f"implementation of {problem}", name, known),) if name else known}


def draw_batches(problem: str) -> Iterator[Batch]:
    """The easy batches, then the extreme ones."""
    drawn = {f"{n} x {d}": impls.make(problem, n, d) for n, d in _EASY_SIZES}
    extreme = _table.problem_module(problem).extreme_batches(np.random.default_rng(1))
    for name, (first, X, y) in (drawn | extreme).items():
        weights = _verify.vectors(first)
        references = [_exact.exact_gradient(problem, each, X, y) for each in weights]
        yield Batch(name, weights, X, y, references)


def judge(problem: str, source: str | Path, batches: list[Batch]) -> Verdict:
    """Check an implementation, named or given as a file, in its own process."""
    verdict = Verdict(source.stem.lstrip("_") if isinstance(source, Path) else source)
    try:
        with isolated.started(problem, source) as process, TemporaryDirectory() as folder:
            verdict.limit = isolated.load(process)["rtol"]
            for batch in batches:
                _judge_batch(verdict, batch, process, folder)
    except impls.Unavailable as error:
        verdict.unavailable = str(error)
    except impls.TableError as error:
        verdict.problems.append(str(error))
    except _Ended:
        pass
    else:
        if np.isnan(list(verdict.errors.values())).all():
            verdict.problems.append("it refuses every batch")
    return verdict


class _Ended(Exception):
    """The process has died: the remaining batches cannot be checked."""


def _judge_batch(verdict: Verdict, batch: Batch, process: Process, folder: str) -> None:
    files = _write(batch, folder)
    try:
        reply = isolated.ask(process, "prepare", _BATCH_SECONDS, files=files, own_copy=True)
    except Out as out:
        _note(verdict, batch.name, out)
        return
    found = _verify.judge(reply["gradients"], batch.references, verdict.limit)
    verdict.errors[batch.name] = found.error
    if found.fault:
        verdict.problems.append(f"{batch.name}: {found.fault}")


def _note(verdict: Verdict, batch: str, out: Out) -> None:
    """Record why there is no gradient for a batch."""
    if out.state == "unavailable":
        raise impls.Unavailable(out.reason)
    verdict.states[batch] = out.state
    verdict.errors[batch] = np.nan if out.state == "refused" else np.inf
    if out.state != "refused":
        verdict.problems.append(f"{batch}: {out.reason}")
    if out.state == "died":
        raise _Ended


def _write(batch: Batch, folder: str) -> dict[str, str]:
    """Save a batch to files, so that the process gets its own arrays."""
    arrays = {"weights": np.stack(batch.weights), "X": batch.X, "y": batch.y}
    files = {name: f"{folder}/{name}.npy" for name in arrays}
    for name, array in arrays.items():
        np.save(files[name], array)
    return files


def _print(problem: str, verdicts: list[Verdict], batches: list[Batch]) -> None:
    """Print a table of the easy batches and one of the extreme ones, a row per implementation."""
    names = [batch.name for batch in batches]
    print(f"{problem}: error relative to the sum of absolute terms\n")
    for part in (names[: len(_EASY_SIZES)], names[len(_EASY_SIZES) :]):
        rows = [[v.name, *(_cell(v, name) for name in part), _limit(v)] for v in verdicts]
        align = ["left", *["right"] * (len(part) + 1)]
        print(tabulate(rows, ["", *part, "limit"], colalign=align, disable_numparse=True))
        print()
    for verdict in verdicts:
        for text in verdict.problems:
            print(f"WRONG {problem}/{verdict.name}: {text}")
        if verdict.unavailable:
            print(f"not checked: {verdict.unavailable}")
    n_wrong = sum(bool(verdict.problems) for verdict in verdicts)
    print(f"{len(verdicts)} checked, {n_wrong} wrong")


def _cell(verdict: Verdict, batch: str) -> str:
    error = verdict.errors.get(batch)
    if verdict.unavailable:
        return "unavailable"
    if error is None:
        return "not reached" if verdict.errors else "broken"
    state = verdict.states.get(batch) or (f"{error:.1e}" if np.isfinite(error) else "not finite")
    wrong = not error <= verdict.limit and state not in ("refused", "wrong")
    return f"{state}{' WRONG' * wrong}".replace("wrong", "WRONG")


def _limit(verdict: Verdict) -> str:
    return "" if np.isnan(verdict.limit) else f"{verdict.limit:.0e}"


if __name__ == "__main__":
    run_stoppable(main, "Nothing was written.")
