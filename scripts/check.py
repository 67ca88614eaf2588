"""Compare each implementation with the reference in extended precision.

The error of a component is divided by the sum of the absolute values of its terms, so that
cancellation is not blamed on the implementation. 1.1e-16 is half a unit in the last place of
float64, 6.0e-08 of float32. Easy inputs are drawn as in the benchmarks; extreme inputs are the edge
cases of the problem; with --data, yours take their place. Exit status 1: an implementation is
wrong.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from tabulate import tabulate
from tqdm import tqdm

import impls
from benchmarks._session.judging import EASY_SIZES, Batch, Findings, draw_easy, draw_extreme
from scripts._common import isolated
from scripts._common.cli import add_json_option, make_parser, print_json
from scripts._common.errors import UserError, checks_usage
from scripts._common.finite import finite
from scripts._common.judging import judge
from scripts._common.names import all_problems, pick
from scripts._common.own_data import add_data_options, check_data_options, read_own
from scripts._common.signals import run_stoppable

_EXAMPLES = """examples:
  python -m scripts.check
  python -m scripts.check logistic
  python -m scripts.check logistic/chunked
  python -m scripts.check logistic --file mine.py
  python -m scripts.check logistic --json
  python -m scripts.check logistic --data mine.csv --target label
"""


def main() -> int:
    """Print a table of errors per problem, or all as JSON; return 1 if one is wrong."""
    parser = make_parser("check", __doc__, _EXAMPLES)
    parser.add_argument("what", nargs="?", metavar="PROBLEM[/NAME]", help="default: everything")
    parser.add_argument(
        "--file", metavar="PATH", help="check this file, which need not be in the table"
    )
    add_data_options(parser)
    add_json_option(parser)
    arguments = parser.parse_args()
    chosen = _chosen(arguments)
    found = {}
    for problem, sources in chosen.items():
        if arguments.data is None:
            batches, n_first = _draw(problem), len(EASY_SIZES)
        else:
            batches, n_first = [read_own(problem, arguments).judged()], 1
        found[problem] = _judge(problem, sources, batches, may_refuse=arguments.data is not None)
        if not arguments.json:
            _print(problem, found[problem], batches, n_first)
    if arguments.json:
        print_json({problem: _records(own) for problem, own in found.items()})
    return int(any(verdict.problems for own in found.values() for verdict in own))


@checks_usage
def _chosen(arguments: Namespace) -> Mapping[str, Sequence[str | Path]]:
    """Names or a file of each problem."""
    check_data_options(arguments)
    if arguments.data is not None and arguments.what is None:
        raise UserError(f"--data needs a problem: one of {', '.join(impls.problems())}")
    if arguments.file is None:
        return _select(arguments.what)
    return _select_file(arguments.what, arguments.file)


def _draw(problem: str) -> list[Batch]:
    """Easy and extreme batches, with their references."""
    batches = chain(draw_easy(problem), draw_extreme(problem))
    return list(tqdm(batches, f"{problem}, references", disable=None, leave=False))


def _judge(
    problem: str, sources: Sequence[str | Path], batches: list[Batch], may_refuse: bool
) -> list[Findings]:
    """A verdict on each of these implementations."""
    one = partial(judge, problem, batches=batches, may_refuse=may_refuse)
    judged = isolated.each(one, sources)
    return list(tqdm(judged, problem, len(sources), disable=None, leave=False))


def _records(verdicts: list[Findings]) -> dict[str, Any]:
    return {verdict.name: _record(verdict) for verdict in verdicts}


def _record(verdict: Findings) -> dict[str, Any]:
    """A verdict for JSON; an error that is no number is null, and `states` says why."""
    state = "unavailable" if verdict.unavailable else "wrong" if verdict.problems else "right"
    return {
        "state": state,
        "reasons": [verdict.unavailable] if verdict.unavailable else list(verdict.problems),
        "limit": finite(float(verdict.limit)),
        "errors": {batch: finite(float(error)) for batch, error in verdict.errors.items()},
        "states": dict(verdict.states),
    }


def _select_file(problem: str | None, path: str) -> dict[str, tuple[Path]]:
    """One file, as an implementation of a problem."""
    known = ", ".join(impls.problems())
    if problem is None:
        raise UserError(f"--file needs the name of its problem too: one of {known}")
    if "/" in problem:
        raise UserError(f"--file needs a problem alone, not {problem!r}: one of {known}")
    pick("problem", problem, impls.problems())
    if not Path(path).is_file():
        raise UserError(f"there is no file {path}")
    return {problem: (Path(path),)}


def _select(wanted: str | None) -> dict[str, tuple[str, ...]]:
    if wanted is None:
        return {problem: impls.names(problem) for problem in all_problems()}
    problem, _, name = wanted.partition("/")
    pick("problem", problem, impls.problems())
    known = impls.names(problem)
    return {problem: (pick(f"implementation of {problem}", name, known),) if name else known}


def _print(problem: str, verdicts: list[Findings], batches: list[Batch], n_first: int) -> None:
    """Print a table of the first batches and one of the others, a row per implementation."""
    names = [batch.name for batch in batches]
    print(f"{problem}: error relative to the sum of absolute terms\n")
    for part in filter(None, (names[:n_first], names[n_first:])):
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
