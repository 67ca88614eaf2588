"""Error of each implementation against the extended-precision reference.

The error is relative to the sum of the absolute terms of a component, before anything cancels:
1.1e-16 is half a unit in the last place of a float64, 6.0e-08 of a float32. Easy inputs are drawn
like the benchmark's; extreme ones are the problem's own edges.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from tabulate import tabulate
from tqdm import tqdm

import impls
from impls import _accuracy, _exact, _table
from scripts._cli import make_parser
from scripts._errors import UserError, run_command
from scripts._names import pick

_EXAMPLES = """examples:
  python -m scripts.check
  python -m scripts.check logistic
  python -m scripts.check logistic/chunked
  python -m scripts.check logistic --file mine.py
"""
_EASY_SIZES = ((10, 10), (1000, 10), (10, 1000), (1000, 100))


@dataclass(frozen=True)
class Batch:
    """Inputs with their exact gradient and the sum of its absolute terms."""

    name: str
    weights: Any
    X: Any
    y: Any
    exact: Any
    terms: Any


@dataclass(frozen=True)
class Verdict:
    """What the check of one implementation found: an error per batch, and what is wrong."""

    name: str
    errors: dict[str, float]
    limit: float
    problems: tuple[str, ...]
    unavailable: str = ""


def main() -> int:
    """Print a table of errors per problem; exit 1 if any implementation fails."""
    parser = make_parser("check", __doc__, _EXAMPLES)
    parser.add_argument("what", nargs="?", metavar="PROBLEM[/NAME]", help="default: everything")
    parser.add_argument(
        "--file", metavar="PATH", help="check this file of the problem, not the table"
    )
    arguments = parser.parse_args()
    if arguments.file is not None:
        return _check_file(arguments.what, arguments.file)
    n_failed = 0
    for problem, names in _select(arguments.what).items():
        batches = list(draw_batches(problem))
        verdicts = [
            _check(problem, name, batches) for name in tqdm(names, disable=None, leave=False)
        ]
        _print(problem, verdicts, batches)
        n_failed += sum(bool(verdict.problems) for verdict in verdicts)
    return 1 if n_failed else 0


def _check_file(problem: str | None, path: str) -> int:
    """Print the table of one file's errors; exit 1 if it fails."""
    known = ", ".join(impls.problems())
    if problem is None:
        raise UserError(f"--file needs the problem that it is of: one of {known}")
    if "/" in problem:
        raise UserError(f"--file takes the problem alone, not {problem!r}: one of {known}")
    pick("problem", problem, impls.problems())
    implementation = _table.load_file(problem, path)
    batches = list(draw_batches(problem))
    verdict = judge(implementation, batches)
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
    for name, batch in (drawn | extreme).items():
        weights, X, y = batch
        yield Batch(name, weights, X, y, *_exact.exact_gradient(problem, *batch))


def _check(problem: str, name: str, batches: list[Batch]) -> Verdict:
    try:
        implementation = impls.load(problem, name)
    except impls.Unavailable as error:
        return Verdict(name, {}, np.nan, (), unavailable=str(error))
    except impls.BadPlugin as error:
        return Verdict(name, {}, np.nan, (str(error),))
    return judge(implementation, batches)


def judge(implementation: impls.Implementation, batches: list[Batch]) -> Verdict:
    """Error on each batch, and what is wrong."""
    found = {batch.name: _try(implementation, batch) for batch in batches}
    problems = tuple(f"{batch}: {problem}" for batch, (_, problem) in found.items() if problem)
    errors = {batch: error for batch, (error, _) in found.items()}
    if np.isnan(list(errors.values())).all():
        problems = ("it refuses every batch",)
    return Verdict(implementation.name, errors, implementation.rtol, problems)


def _try(implementation: impls.Implementation, batch: Batch) -> tuple[float, str]:
    """Error on one batch, and what is wrong with it, if anything."""
    try:
        X, y = implementation.prepare(batch.X, batch.y)
        gradient = implementation.gradient(batch.weights, X, y)
    except impls.Unfit:
        return np.nan, ""
    # Foreign code: whatever it raises is a finding.
    except Exception as error:
        return np.inf, f"{type(error).__name__}: {error}"
    off = _accuracy.compare(gradient, batch.exact, batch.terms)
    wrong = not off <= implementation.rtol
    return off, _explain(gradient, batch, implementation.rtol) if wrong else ""


def _explain(gradient: Any, batch: Batch, rtol: float) -> str:
    """Where a gradient is wrong and by how much."""
    if np.shape(gradient) != batch.exact.shape:
        return f"shape {np.shape(gradient)}, expected {batch.exact.shape}"
    off = ~(np.abs(gradient - batch.exact) <= rtol * batch.terms)
    first = np.unravel_index(int(np.argmax(off)), off.shape)
    where = ", ".join(map(str, first))
    more = f", {off.sum() - 1} more components wrong" if off.sum() > 1 else ""
    expected = f"{float(batch.exact[first]):.9g}"
    return f"component {where}: got {gradient[first]:.9g}, expected {expected}{more}"


def _print(problem: str, verdicts: list[Verdict], batches: list[Batch]) -> None:
    """A row per implementation, the easy batches and the extreme ones in a table each."""
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
    if error is None:
        return "unavailable" if verdict.unavailable else "broken"
    if np.isnan(error):
        return "refused"
    mark = "" if error <= verdict.limit else " WRONG"
    return f"{error:.1e}{mark}" if np.isfinite(error) else f"not finite{mark}"


def _limit(verdict: Verdict) -> str:
    return "" if np.isnan(verdict.limit) else f"{verdict.limit:.0e}"


if __name__ == "__main__":
    run_command(main)
