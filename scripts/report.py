"""Write tables, figures and data from the results of `scripts.run` or `asv run`."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from tabulate import tabulate
from tqdm import tqdm

import impls
from impls import _table
from scripts import _experiments, _figures, _tables
from scripts._common import isolated
from scripts._common.cli import make_out_folder, make_parser
from scripts._common.errors import UserError
from scripts._common.facts import read_facts
from scripts._common.families import OTHER
from scripts._common.names import pick
from scripts._common.project import ROOT
from scripts._common.records import Facts, MemoryCurve
from scripts._common.signals import run_stoppable
from scripts._common.tree import Tree, committed_tree, working_tree
from scripts._measured.curves import load_curves
from scripts._measured.results import facts_of, last_state, load_results
from scripts._measured.state import State, state_of
from scripts._tables._index import Picture
from scripts._tables._index import render as render_index
from scripts._tables._rows import FASTEST_HEADERS, fastest_rows

_TOLD = ("bytes_per_value", "family", "rtol")
_NOT_KNOWN = isolated.Description("", "", 8.0, OTHER, math.nan)  # cannot be asked any more
_EXAMPLES = """examples:
  python -m scripts.report
  python -m scripts.report --out reports/monday
  python -m scripts.report --threads 1
  python -m scripts.report --highlight numba_parallel fused_float32
  python -m scripts.report --commit HEAD~1
"""


def main() -> int:
    """Load the results, write the report, print a summary and the paths of the files."""
    arguments = _parse()
    folder = make_out_folder(arguments.out)
    with committed_tree(arguments.commit) if arguments.commit else _working_tree() as tree:
        state, results = _choose_results(tree, arguments)
        curves = load_curves(state)
    _check_names(arguments.highlight, results)
    facts = _facts_of(results, state, arguments.threads)
    pages = _write_tables(results, facts, folder)
    shown = results.assign(highlighted=results["implementation"].isin(arguments.highlight))
    pictures = _write_figures(shown, curves, facts, folder)
    _write_data(results, folder)
    index = _write_index(results, pages, pictures, facts, folder)
    print(tabulate(fastest_rows(results), FASTEST_HEADERS, disable_numparse=True))
    print(f"\n{len(pages)} tables and {len(pictures)} figures are written. Open {index}")
    return 0


def _parse() -> argparse.Namespace:
    parser = make_parser("report", __doc__, _EXAMPLES)
    parser.add_argument("--out", default=str(ROOT / "reports"), help="folder; default: reports")
    parser.add_argument(
        "--threads", default="all", help="of the results: all (default) or a number"
    )
    parser.add_argument("--environment", help="asv's name of it; default: the last one used")
    parser.add_argument("--commit", help="default: the working tree, else the last one measured")
    parser.add_argument(
        "--highlight",
        nargs="+",
        default=[],
        metavar="NAME",
        help="implementations to draw in colour and with their names, besides the usual ones",
    )
    return parser.parse_args()


def _check_names(wanted: list[str], results: pd.DataFrame) -> None:
    for name in wanted:
        pick("implementation", name, sorted(set(results["implementation"])))


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
        return state, _describe(results)
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
    facts = read_facts(facts_of(made["commit"], made["environment"]), threads)
    versions = {n: state.provenance.versions.get(n, v) for n, v in facts.versions.items()}
    return replace(facts, commit=state.title, versions=versions)


def _describe(results: pd.DataFrame) -> pd.DataFrame:
    """The results with what each row's implementation and problem say.

    Columns: `_TOLD` by the implementation, ``compulsory_bytes`` of its gradient at this size, and
    ``working_set``, which is the same in float64.
    """
    described = [_describe_problem(str(name), rows) for name, rows in results.groupby("problem")]
    return pd.concat(described).sort_index()


def _describe_problem(problem: str, rows: pd.DataFrame) -> pd.DataFrame:
    found = isolated.describe(problem, rows["implementation"].unique())
    told = [found[name] for name in rows["implementation"]]
    known = [_NOT_KNOWN if isinstance(each, impls.TableError) else each for each in told]
    rows = rows.assign(**{key: [getattr(each, key) for each in known] for key in _TOLD})
    least = partial(_least_bytes, problem, rows["n_samples"], rows["n_features"])
    return rows.assign(
        compulsory_bytes=least(rows["bytes_per_value"]), working_set=least([8] * len(rows))
    )


def _least_bytes(
    problem: str, n_samples: Sequence[Any], n_features: Sequence[Any], widths: Sequence[float]
) -> list[float]:
    """Least bytes that a gradient must move, of each row; NaN where there is no size."""
    least = _table.problem_module(problem).compulsory_bytes
    rows = zip(n_samples, n_features, widths, strict=True)
    return [math.nan if pd.isna(n) else float(least(int(n), int(d), each)) for n, d, each in rows]


def _write_data(results: pd.DataFrame, folder: Path) -> None:
    results.to_csv(folder / "results.csv", index=False)
    results.to_parquet(folder / "results.parquet", index=False)


def _write_tables(results: pd.DataFrame, facts: Facts, folder: Path) -> list[str]:
    """Write the tables that have something to show; return their names."""
    footer = facts.footer.replace("\n", "  \n")
    texts = {name: _tables.render(name, results) for name in _tables.names("results")}
    written = {name: f"{text}\n---\n\n{footer}\n" for name, text in texts.items() if text}
    for name, text in written.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    return list(written)


def _write_figures(
    results: pd.DataFrame, curves: list[MemoryCurve], facts: Facts, folder: Path
) -> list[Picture]:
    """Draw what there is to draw of each problem; the pictures in the order of the index page."""
    drawings = [
        (str(problem), subject, name)
        for problem in results["problem"].unique()
        for subject in ("results", "curves")
        for name in _figures.names(subject)
    ]
    pictures = []
    for problem, subject, name in tqdm(drawings, unit="figure", disable=None, leave=False):
        own = {
            "results": results[results["problem"] == problem],
            "curves": [curve for curve in curves if curve.problem == problem],
        }
        if figure := _figures.draw(name, own[subject], facts):
            stem = f"{problem}-{name}"
            _figures.save(figure, folder, stem)
            pictures.append(Picture(problem, stem, _figures.sentence(name)))
    return pictures


def _write_index(
    results: pd.DataFrame, tables: list[str], pictures: list[Picture], facts: Facts, folder: Path
) -> Path:
    """Write README.md: this report, and what a race and experiments have left in its folder."""
    races = [
        Picture("race", name, _figures.sentence(name))
        for name in _figures.names("race")
        if (folder / f"{name}.png").is_file()
    ]
    sentences = {name: _tables.sentence(name) for name in tables}
    others = {name: _tables.sentence(name) for name in _tables.names("race")}
    others |= {name: _experiments.describe(name) for name in _experiments.names()}
    sentences |= {n: text for n, text in others.items() if (folder / f"{n}.md").is_file()}
    pages = {f"{name}.md": sentence for name, sentence in sentences.items()}
    text = render_index(list(results["problem"].unique()), [*pictures, *races], pages, facts)
    (folder / "README.md").write_text(text, encoding="utf-8")
    return folder / "README.md"


if __name__ == "__main__":
    run_stoppable(main, "What has been written is complete; the rest is not there.")
