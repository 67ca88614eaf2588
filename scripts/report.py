"""Write tables, figures and data from the results of `scripts.run` or `asv run`."""

from __future__ import annotations

import argparse
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
from tabulate import tabulate

from scripts import _figures, _tables
from scripts._common import units
from scripts._common.baseline import explain, relative_to
from scripts._common.cli import make_out_folder, make_parser
from scripts._common.errors import UserError, checks_usage
from scripts._common.facts import read_facts
from scripts._common.history import pages_from
from scripts._common.metrics import BASELINE
from scripts._common.names import pick
from scripts._common.project import ROOT
from scripts._common.records import Facts, LossCurve, MemoryCurve
from scripts._common.selection import check_names, select
from scripts._common.signals import run_stoppable
from scripts._common.tree import Tree, committed_tree, working_tree
from scripts._common.unread import refuse
from scripts._fleet.choice import Choice
from scripts._measured.chosen import choose_results, with_all_threads
from scripts._measured.curves import load_curves
from scripts._measured.losses import load_losses
from scripts._measured.results import facts_of
from scripts._measured.state import State
from scripts._report.files import (
    PAGE_SENTENCE,
    left_there,
    write_data,
    write_index,
    write_page,
    write_tables,
)
from scripts._report.machines import load_machines, select_rows, write_machines
from scripts._report.pictures import Style, drawn_aside
from scripts._tables._summary import SUMMARY_HEADERS, summary_rows
from scripts._tables.machines import STANDING_HEADERS, standing_rows

_LISTS = {
    "--problem": "these problems; default: all",
    "--impl": "these implementations, and the baseline; default: all",
    "--only": "these pictures and tables, such as winners or timing; default: all",
    "--format": f"of the pictures: {', '.join(_figures.FORMATS)}; default: png",
    "--highlight": "implementations to draw in colour and with their names, besides the usual ones",
}
_EXAMPLES = """examples:
  python -m scripts.report
  python -m scripts.report --out reports/monday
  python -m scripts.report --threads 1
  python -m scripts.report --problem logistic --only winners timing --format svg pdf
  python -m scripts.report --problem logistic --impl fused sklearn --baseline numexpr
  python -m scripts.report --highlight numba_parallel fused_float32
  python -m scripts.report --commit HEAD~1
  python -m scripts.report --machines
  python -m scripts.report --results colleagues/anna colleagues/ben
"""


@dataclass(frozen=True)
class _Loaded:
    """What a report shows.

    Attributes
    ----------
    results : DataFrame
        Of one setting of threads, with everything that the options leave.
    of_all : DataFrame
        Of every setting of threads, for the page.
    n_threads : int
        That the setting ``all`` stands for.
    """

    results: pd.DataFrame
    of_all: pd.DataFrame
    curves: list[MemoryCurve]
    losses: list[LossCurve]
    facts: Facts
    n_threads: int


def main() -> int:
    """Load the results, write the report, print a summary and the page to open."""
    arguments = _parse()
    folder = make_out_folder(arguments.out)
    if arguments.has_machines:
        return _report_machines(arguments, folder)
    loaded = _load(arguments)
    shown = relative_to(loaded.results, arguments.baseline)
    shown["highlighted"] = shown["implementation"].isin(arguments.highlight)
    style = Style(arguments.only, arguments.format)
    with drawn_aside(shown, loaded.curves, loaded.facts, folder, style) as collect:
        tables = write_tables(shown, loaded.facts, folder, arguments.only)
        write_data(loaded.results, folder)
        page = None if arguments.only else _write_page(loaded, folder, arguments.baseline)
        pictures = collect()
    n_pictures, pages = len(pictures), tables
    if page:
        races, others = left_there(folder)
        pictures, pages = [*pictures, *races], PAGE_SENTENCE | tables | others
    notes = _notes(shown, arguments)
    index = write_index(loaded.results, pages, pictures, loaded.facts, folder, notes)
    print(tabulate(summary_rows(shown), SUMMARY_HEADERS, disable_numparse=True))
    print(f"\n{len(tables)} tables and {n_pictures} figures are beside it. Open {page or index}")
    return 0


def _report_machines(arguments: argparse.Namespace, folder: Path) -> int:
    """Write the report of several machines, and print how many each implementation wins on."""
    with _tree(arguments.commit) as tree:
        commit = tree.name if arguments.commit else None
        choice = Choice(arguments.threads, arguments.environment, commit)
        loaded = load_machines(arguments.results, arguments.machines or [], tree, choice)
    baseline = arguments.baseline
    loaded = select_rows(loaded, arguments.problem, arguments.impl, baseline)
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    fleet = loaded.fleet(baseline, now)
    style = Style(arguments.only, arguments.format)
    path = write_machines(loaded, fleet, folder, style, baseline)
    print(tabulate(standing_rows(fleet), STANDING_HEADERS, disable_numparse=True))
    for note in loaded.notes:
        print(f"note: {note}", file=sys.stderr)
    print(f"\n{units.listed(fleet.names)}. Open {path}")
    return 0


def _tree(commit: str | None) -> AbstractContextManager[Tree]:
    """The files that results have to be valid for."""
    return committed_tree(commit) if commit else nullcontext(working_tree())


def _load(arguments: argparse.Namespace) -> _Loaded:
    threads = arguments.threads
    commit = arguments.commit
    with _tree(commit) as tree:
        state, everything = choose_results(
            tree, threads, arguments.environment, is_named=bool(commit)
        )
        curves, losses = load_curves(state), load_losses(state)
    facts = _facts_of(everything, state, threads)
    names = arguments.impl and [*arguments.impl, BASELINE]  # the page tells chance by the latter
    of_all = with_all_threads(everything, state, threads, arguments.environment)
    with_all = of_all[of_all["threads"] == "all"]
    of_all = select(of_all, arguments.problem, names, arguments.baseline)
    results = select(everything, arguments.problem, arguments.impl, arguments.baseline)
    _check_highlighted(arguments.highlight, everything, results)
    own = set(zip(results["problem"], results["implementation"], strict=True))
    return _Loaded(
        results,
        of_all,
        [curve for curve in curves if (curve.problem, curve.implementation) in own],
        [curve for curve in losses if (curve.problem, curve.implementation) in own],
        facts,
        _facts_of(with_all, state, "all").n_threads if len(with_all) else facts.n_threads,
    )


def _check_highlighted(names: list[str], everything: pd.DataFrame, shown: pd.DataFrame) -> None:
    """Check that what is to be highlighted is known, and shown."""
    check_names("implementation", names, everything)
    if hidden := sorted({*names} - {*shown["implementation"]}):
        raise UserError(
            f"--highlight is {hidden[0]}, which --problem or --impl leaves out; leave it out here "
            "too, or name it there"
        )


def _write_page(loaded: _Loaded, folder: Path, baseline: str) -> Path:
    return write_page(
        loaded.of_all,
        loaded.curves,
        loaded.facts,
        folder,
        base=baseline,
        history=pages_from(folder),
        n_threads=loaded.n_threads,
        losses=loaded.losses,
    )


@checks_usage
def _parse() -> argparse.Namespace:
    parser = make_parser("report", __doc__, _EXAMPLES)
    parser.add_argument("--out", help="folder; default: reports, of machines: reports/machines")
    parser.add_argument(
        "--threads", default="all", help="of the results: all (default) or a number"
    )
    parser.add_argument("--environment", help="asv's name of it; default: the last one used")
    parser.add_argument("--commit", help="default: the working tree, else the last one measured")
    parser.add_argument(
        "--baseline",
        default=BASELINE,
        metavar="NAME",
        help=f"implementation that speed-ups are relative to; default: {BASELINE}",
    )
    parser.add_argument(
        "--machines",
        nargs="*",
        metavar="NAME",
        help="compare machines, by ratios: these of .asv/session and --results; default: all",
    )
    parser.add_argument(
        "--results",
        nargs="+",
        default=[],
        metavar="FOLDER",
        help="compare this machine with those of other folders .asv",
    )
    for option, text in _LISTS.items():
        metavar = option.strip("-").upper() if option == "--format" else "NAME"
        parser.add_argument(option, nargs="+", default=[], metavar=metavar, help=text)
    arguments = parser.parse_args()
    arguments.has_machines = bool(arguments.results) or arguments.machines is not None
    default = ROOT / "reports" / "machines" if arguments.has_machines else ROOT / "reports"
    arguments.out = arguments.out or str(default)
    _check_outputs(arguments)
    return arguments


def _check_outputs(arguments: argparse.Namespace) -> None:
    """Check names that do not depend on the results, and complete the formats."""
    subjects = ("fleet",) if arguments.has_machines else ("results", "curves")
    pictures = {name for each in subjects for name in _figures.names(each)}
    tables = {name for each in subjects for name in _tables.names(each)}
    if arguments.has_machines:
        reason = "a report of several machines has no lines to colour"
        refuse(arguments, ["highlight"], reason)
    for name in arguments.only:
        pick("picture or table", name, sorted(pictures | tables))
    if arguments.only and not pictures & {*arguments.only}:
        refuse(arguments, ["format", "highlight"], "--only names tables alone, and no picture")
    for name in arguments.format:
        pick("format", name, _figures.FORMATS)
    arguments.format = arguments.format or ["png"]


def _facts_of(results: pd.DataFrame, state: State, threads: str) -> Facts:
    """Facts of the last run, with the versions that the values hold for."""
    made = results.dropna(subset="measured").sort_values("measured").iloc[-1]
    facts = read_facts(facts_of(made["commit"], made["environment"]), threads)
    versions = {n: state.provenance.versions.get(n, v) for n, v in facts.versions.items()}
    return replace(facts, commit=state.title, versions=versions)


def _notes(results: pd.DataFrame, arguments: argparse.Namespace) -> list[str]:
    """What the report leaves out, and what its speed-ups are relative to."""
    names = ", ".join(sorted(set(results["implementation"])))
    some = [f"Of the implementations: {names}."] if arguments.impl else []
    return [text for text in (*some, explain(results)) if text]


if __name__ == "__main__":
    run_stoppable(main, "What has been written is complete; the rest is not there.")
