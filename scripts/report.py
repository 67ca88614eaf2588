"""Write tables, figures and data from the results of `scripts.run` or `asv run`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pandas as pd
from tabulate import tabulate
from tqdm import tqdm

import impls
from scripts import _figures, _tables
from scripts._common import isolated
from scripts._common.cli import make_out_folder, make_parser
from scripts._common.errors import UserError
from scripts._common.facts import load_facts
from scripts._common.project import ROOT
from scripts._common.records import Facts, MemoryCurve
from scripts._common.signals import run_stoppable
from scripts._common.tree import Tree, committed_tree, working_tree
from scripts._measured.curves import load_curves
from scripts._measured.results import last_state, load_results, result_path
from scripts._measured.state import State, state_of
from scripts._tables._rows import fastest_rows

_EXAMPLES = """examples:
  python -m scripts.report
  python -m scripts.report --out reports/monday
  python -m scripts.report --threads 1
  python -m scripts.report --commit HEAD~1
"""


def main() -> int:
    """Load the results, write the report, print a summary and the paths of the files."""
    arguments = _parse()
    folder = make_out_folder(arguments.out)
    with committed_tree(arguments.commit) if arguments.commit else _working_tree() as tree:
        state, results = _choose_results(tree, arguments)
        curves = load_curves(state)
    facts = _facts_of(results, state, arguments.threads)
    _write_data(results, folder)
    _write_tables(results, facts, folder)
    _write_figures(results, curves, facts, folder)
    headers = ["problem", "data", "fastest", "time", "speed-up", "workspace", "error"]
    print(tabulate(fastest_rows(results), headers, disable_numparse=True))
    print("\nWritten:", *(f"  {path}" for path in sorted(folder.glob("*.*"))), sep="\n")
    return 0


def _parse() -> argparse.Namespace:
    parser = make_parser("report", __doc__, _EXAMPLES)
    parser.add_argument("--out", default=str(ROOT / "reports"), help="folder; default: reports")
    parser.add_argument(
        "--threads", default="all", help="of the results: all (default) or a number"
    )
    parser.add_argument("--environment", help="asv's name of it; default: the last one used")
    parser.add_argument("--commit", help="default: the working tree, else the last one measured")
    return parser.parse_args()


@contextmanager
def _working_tree() -> Iterator[Tree]:
    yield working_tree()


def _choose_results(tree: Tree, arguments: argparse.Namespace) -> tuple[State, pd.DataFrame]:
    """The first of `_states` that has results, and these, with each row's bytes per value.

    Raises
    ------
    UserError
        If there are none; says why the first state has none.
    """
    reasons = []
    for state in _states(tree, arguments):
        try:
            results = load_results(state, arguments.environment, arguments.threads)
        except UserError as error:
            reasons.append(str(error))
            continue
        if reasons:
            print(f"{reasons[0]}. These are of {state.title}.", file=sys.stderr)
        return state, results.assign(bytes_per_value=_bytes_per_value(results))
    raise UserError(reasons[0])


def _states(tree: Tree, arguments: argparse.Namespace) -> Iterator[State]:
    """States to look for results of, best first.

    The present libraries and settings come before those of the last results. Without --commit, the
    files of the last results come last.
    """
    now = state_of(tree)
    if not arguments.environment:
        yield now
    commit = tree.name if arguments.commit else None
    last = last_state(commit, arguments.environment, arguments.threads)
    if last is None:
        yield now
        return
    yield state_of(tree, like=last)
    if not arguments.commit:
        yield now.as_measured(last, "what was measured last")


def _facts_of(results: pd.DataFrame, state: State, threads: str) -> Facts:
    """Facts of the last run, with the versions that the values hold for."""
    made = results.dropna(subset="measured").sort_values("measured").iloc[-1]
    facts = load_facts(result_path(made["commit"], made["environment"]), threads)
    versions = {n: state.provenance.versions.get(n, v) for n, v in facts.versions.items()}
    return replace(facts, commit=state.title, versions=versions)


def _bytes_per_value(results: pd.DataFrame) -> list[float]:
    """Bytes per value of each row's implementation; 8 if that cannot be loaded any more."""
    found: dict[tuple[str, str], float] = {}
    for problem, names in results.groupby("problem")["implementation"].unique().items():
        for name, told in isolated.describe(str(problem), names).items():
            bytes_per_value = 8.0 if isinstance(told, impls.TableError) else told.bytes_per_value
            found[str(problem), name] = bytes_per_value
    return [found[pair] for pair in zip(results["problem"], results["implementation"], strict=True)]


def _write_data(results: pd.DataFrame, folder: Path) -> None:
    results.to_csv(folder / "results.csv", index=False)
    results.to_parquet(folder / "results.parquet", index=False)


def _write_tables(results: pd.DataFrame, facts: Facts, folder: Path) -> None:
    footer = facts.footer.replace("\n", "  \n")
    for name in _tables.names("results"):
        text = f"{_tables.render(name, results)}\n---\n\n{footer}\n"
        (folder / f"{name}.md").write_text(text, encoding="utf-8")


def _write_figures(
    results: pd.DataFrame, curves: list[MemoryCurve], facts: Facts, folder: Path
) -> None:
    drawings = [
        (problem, subject, name)
        for problem in results["problem"].unique()
        for subject in ("results", "curves")
        for name in _figures.names(subject)
    ]
    for problem, subject, name in tqdm(drawings, unit="figure", disable=None, leave=False):
        own = {
            "results": results[results["problem"] == problem],
            "curves": [curve for curve in curves if curve.problem == problem],
        }
        if figure := _figures.draw(name, own[subject], facts):
            _figures.save(figure, folder, f"{problem}-{name}")


if __name__ == "__main__":
    run_stoppable(main, "What has been written is complete; the rest is not there.")
