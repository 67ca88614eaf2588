"""Compare each implementation with the reference in extended precision.

The error of a component is divided by the sum of the absolute values of its terms, so that
cancellation is not blamed on the implementation. 1.1e-16 is half a unit in the last place of
float64, 6.0e-08 of float32. Easy inputs are drawn as in the benchmarks; extreme inputs are the edge
cases of the problem. Exit status 1: an implementation is wrong.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from tabulate import tabulate
from tqdm import tqdm

import impls
from benchmarks._session.judging import EASY_SIZES, Batch, Findings, draw_easy, draw_extreme
from scripts._common import isolated
from scripts._common.cli import make_parser
from scripts._common.errors import UserError
from scripts._common.judging import judge
from scripts._common.names import pick
from scripts._common.signals import run_stoppable

_EXAMPLES = """examples:
  python -m scripts.check
  python -m scripts.check logistic
  python -m scripts.check logistic/chunked
  python -m scripts.check logistic --file mine.py
"""


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
    batches = [*draw_easy(problem), *draw_extreme(problem)]
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
    batches = [*draw_easy(problem), *draw_extreme(problem)]
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


def _print(problem: str, verdicts: list[Findings], batches: list[Batch]) -> None:
    """Print a table of the easy batches and one of the extreme ones, a row per implementation."""
    names = [batch.name for batch in batches]
    print(f"{problem}: error relative to the sum of absolute terms\n")
    for part in (names[: len(EASY_SIZES)], names[len(EASY_SIZES) :]):
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


def _cell(verdict: Findings, batch: str) -> str:
    error = verdict.errors.get(batch)
    if verdict.unavailable:
        return "unavailable"
    if error is None:
        return "not reached" if verdict.errors else "broken"
    state = verdict.states.get(batch) or (f"{error:.1e}" if np.isfinite(error) else "not finite")
    wrong = not error <= verdict.limit and state not in ("refused", "wrong")
    return f"{state}{' WRONG' * wrong}".replace("wrong", "WRONG")


def _limit(verdict: Findings) -> str:
    return "" if np.isnan(verdict.limit) else f"{verdict.limit:.0e}"


if __name__ == "__main__":
    run_stoppable(main, "Nothing was written.")
