"""Compare two commits, machines or implementations: what became slower, and what faster?

A and B are commits, machines (folders of .asv/session) or implementations; a dot is the working
tree. Ratios are those of B over A. Stored results are compared by the ratio to the baseline of
their own session; --fresh measures both now, in the same rounds. A change is called one if its
whole interval, corrected for the number of comparisons, lies outside the band of equal kernels.
Exit status 1: a slow-down is certain (--fail-above); 2: an implementation is faulty (--fresh).
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import pandas as pd

import impls
from impls._files import write_whole
from scripts import _figures
from scripts._common.cli import make_out_folder, make_parser
from scripts._common.csv_text import to_csv
from scripts._common.errors import UserError, checks_usage
from scripts._common.facts import collect_facts
from scripts._common.lock import only_one_at_a_time
from scripts._common.names import all_implementations, check_threads, pick
from scripts._common.presets import presets
from scripts._common.signals import run_stoppable
from scripts._common.tree import working_tree
from scripts._common.unread import refuse, require
from scripts._compare import records, text
from scripts._compare.choice import Choice
from scripts._compare.comparison import Comparison
from scripts._compare.named import IMPLEMENTATION, MACHINE, Named, check_kinds, resolve
from scripts._compare.now import measure_implementations, measure_trees
from scripts._compare.results import find_commit, find_machine, from_journals

_EXAMPLES = """examples:
  python -m scripts.compare HEAD~1 HEAD                        stored results of two commits
  python -m scripts.compare origin/main . --fresh              both measured now, in turns
  python -m scripts.compare origin/main HEAD --fresh --fail-above 1.1 --markdown
  python -m scripts.compare matrix fused --problem logistic    two implementations
  python -m scripts.compare machine:laptop machine:server      two machines, by their baselines
"""
_FRESH_ONLY = ("preset", "generations", "rounds")
_GENERATIONS, _ROUNDS = 5, 3


def main() -> int:
    """Find out what is compared, compare it, show and write the comparison."""
    arguments = _parse(sys.argv[1:])
    a, b = _sides(arguments)
    folder = make_out_folder(arguments.out) if arguments.out else None
    comparison, faults = _compare(a, b, arguments)
    print(_shown(comparison, arguments))
    for fault in faults:
        print(fault, file=sys.stderr)
    for path in _write(comparison, arguments.threads, folder) if folder else ():
        print(f"written: {path}", file=sys.stderr)
    if arguments.fail_above and (slow := comparison.slowdowns_above(arguments.fail_above)):
        names = ", ".join(f"{verdict.name} at {verdict.pair.data}" for verdict in slow)
        print(f"certainly slower than {arguments.fail_above:g}x: {names}", file=sys.stderr)
        return 1
    return 2 if faults else 0


@checks_usage
def _parse(argv: list[str]) -> argparse.Namespace:
    parser = make_parser("compare", __doc__, _EXAMPLES)
    parser.add_argument("a", metavar="A", help="commit, machine or implementation; prefixes")
    parser.add_argument("b", metavar="B", help="commit:, machine: and impl: say which")
    parser.add_argument("--fresh", action="store_true", help="measure both now, in turns")
    parser.add_argument("--problem", metavar="NAME", help="default: all")
    parser.add_argument("--impl", nargs="+", metavar="NAME", help="these implementations alone")
    parser.add_argument(
        "--size",
        nargs=2,
        type=int,
        action="append",
        metavar=("N_SAMPLES", "N_FEATURES"),
        help="may be repeated; default: all that are stored, or those of the preset",
    )
    parser.add_argument("--preset", help="sizes to measure with --fresh; default: quick")
    parser.add_argument("--threads", default="all", help="all (default) or a number")
    parser.add_argument(
        "--generations",
        type=int,
        help=f"with --fresh: times that all processes are started anew; default: {_GENERATIONS}",
    )
    parser.add_argument(
        "--rounds", type=int, help=f"with --fresh: in each generation; default: {_ROUNDS}"
    )
    parser.add_argument(
        "--fail-above",
        type=float,
        metavar="RATIO",
        help="exit status 1 if a cell's whole interval lies above this ratio, such as 1.1",
    )
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument(
        "--markdown", action="store_true", help="print a comment for a pull request, details folded"
    )
    shown.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--out", metavar="FOLDER", help="write compare.md, .csv, .png and .svg")
    arguments = parser.parse_args(argv)
    _check(arguments)
    return arguments


def _check(arguments: argparse.Namespace) -> None:
    """Check the options against each other and against what exists; fill in defaults."""
    require(arguments, "fresh", _FRESH_ONLY)
    if arguments.size:
        refuse(arguments, ["preset"], "--size takes the place of a preset's sizes")
    arguments.preset = pick("preset", arguments.preset or "quick", presets())
    defaults = {"generations": _GENERATIONS, "rounds": _ROUNDS}
    for name, usual in defaults.items():
        number = getattr(arguments, name)
        if number is not None and number < 1:
            raise UserError(f"--{name} is {number}, expected at least 1")
        setattr(arguments, name, usual if number is None else number)
    if arguments.fail_above is not None and not 1 <= arguments.fail_above < 1000:
        raise UserError(f"--fail-above is {arguments.fail_above:g}, expected a ratio such as 1.1")
    for size in arguments.size or ():
        if min(size) < 1:
            raise UserError(f"--size is {size[0]} {size[1]}, expected two numbers of at least 1")
    if arguments.problem:
        pick("problem", arguments.problem, impls.problems())
    check_threads(arguments.threads)


@checks_usage
def _sides(arguments: argparse.Namespace) -> tuple[Named, Named]:
    known = set(all_implementations())
    finders = {
        "impl": lambda word: word if word in known else "",
        "machine": find_machine,
        "commit": find_commit,
    }
    a, b = (resolve(given, finders) for given in (arguments.a, arguments.b))
    check_kinds(a, b)
    if a.kind == IMPLEMENTATION and arguments.impl:
        raise UserError(
            "--impl restricts what two commits or machines are compared in; leave it out"
        )
    if a.kind == MACHINE and arguments.fresh:
        raise UserError("--fresh measures on this machine; compare two machines without it")
    return a, b


def _compare(a: Named, b: Named, arguments: argparse.Namespace) -> tuple[Comparison, list[str]]:
    choice = Choice(
        arguments.problem,
        tuple(arguments.impl or ()),
        tuple((n, d) for n, d in arguments.size or ()),
        arguments.threads,
        arguments.preset,
        arguments.rounds,
        arguments.generations,
    )
    if not arguments.fresh:
        return from_journals(a, b, choice), []
    measure = measure_implementations if a.kind == IMPLEMENTATION else measure_trees
    with only_one_at_a_time():
        return measure(a, b, choice)


def _shown(comparison: Comparison, arguments: argparse.Namespace) -> str:
    if arguments.json:
        return json.dumps(records.as_json(comparison), indent=1)
    if arguments.markdown:
        return text.comment(comparison)
    return f"{comparison.title}\n\n{text.summary(comparison)}"


def _write(comparison: Comparison, threads: str, folder: Path) -> list[Path]:
    """Write the page, the numbers and the figure; return their paths."""
    facts = collect_facts(threads, working_tree().title)
    written, picture = [folder / "compare.md", folder / "compare.csv"], ""
    for name in _figures.names("comparison"):
        if figure := _figures.draw(name, comparison, facts):
            written += _figures.save(figure, folder, name)
            picture = f"{name}.png"
    page = text.page(comparison, picture, facts.footer)
    write_whole(written[0], page)
    rows = pd.DataFrame(records.records(comparison.verdicts))
    write_whole(written[1], to_csv(rows))
    return written


if __name__ == "__main__":
    run_stoppable(main, "Nothing was written.")
