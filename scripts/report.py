"""Write tables, figures and data from the results of `scripts.run` or `asv run`."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pandas as pd
from tabulate import tabulate
from tqdm import tqdm

from scripts import _experiments, _figures, _tables
from scripts._common.baseline import explain, relative_to
from scripts._common.cli import make_out_folder, make_parser
from scripts._common.facts import read_facts
from scripts._common.metrics import BASELINE, metrics
from scripts._common.names import pick
from scripts._common.project import ROOT
from scripts._common.records import Facts, MemoryCurve
from scripts._common.selection import check_names, select
from scripts._common.signals import run_stoppable
from scripts._common.tree import Tree, committed_tree, working_tree
from scripts._measured.chosen import choose_results, with_all_threads
from scripts._measured.curves import load_curves
from scripts._measured.results import facts_of
from scripts._measured.state import State
from scripts._page import page_data, render
from scripts._tables._csv import to_csv
from scripts._tables._index import Picture
from scripts._tables._index import render as render_index
from scripts._tables._rows import FASTEST_HEADERS, fastest_rows

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
"""


def main() -> int:
    """Load the results, write the report, print a summary and the paths of the files."""
    arguments = _parse()
    folder = make_out_folder(arguments.out)
    with committed_tree(arguments.commit) if arguments.commit else _working_tree() as tree:
        state, everything = choose_results(
            tree, arguments.threads, arguments.environment, is_named=bool(arguments.commit)
        )
        curves = load_curves(state)
    check_names("implementation", arguments.highlight, everything)
    results = select(everything, arguments.problem, arguments.impl, arguments.baseline)
    facts = _facts_of(everything, state, arguments.threads)
    shown = relative_to(results, arguments.baseline)
    shown["highlighted"] = shown["implementation"].isin(arguments.highlight)
    pages = _write_tables(shown, facts, folder, arguments.only)
    names = set(results["implementation"])
    curves = [curve for curve in curves if curve.implementation in names]
    pictures = _write_figures(shown, curves, facts, folder, arguments)
    _write_data(results, folder)
    page = None
    if not arguments.only:
        of_all = with_all_threads(everything, state, arguments.threads, arguments.environment)
        of_all = select(of_all, arguments.problem, arguments.impl, arguments.baseline)
        page = _write_page(of_all, curves, facts, folder)
        races, others = _left_there(folder)
        pictures, pages = [*pictures, *races], pages | others
    notes = _notes(shown, arguments)
    index = _write_index(results, pages, pictures, facts, folder, notes)
    print(tabulate(fastest_rows(shown), FASTEST_HEADERS, disable_numparse=True))
    print(f"\n{len(pages)} tables and {len(pictures)} figures are beside it. Open {page or index}")
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
        "--baseline",
        default=BASELINE,
        metavar="NAME",
        help=f"implementation that speed-ups are relative to; default: {BASELINE}",
    )
    for option, text in _LISTS.items():
        metavar = option.strip("-").upper() if option == "--format" else "NAME"
        parser.add_argument(option, nargs="+", default=[], metavar=metavar, help=text)
    arguments = parser.parse_args()
    _check_outputs(arguments)
    return arguments


def _check_outputs(arguments: argparse.Namespace) -> None:
    """Check names that do not depend on the results, and complete the formats."""
    known = {*_figures.names("results"), *_figures.names("curves"), *_tables.names("results")}
    for name in arguments.only:
        pick("picture or table", name, sorted(known))
    for name in arguments.format:
        pick("format", name, _figures.FORMATS)
    arguments.format = arguments.format or ["png"]


@contextmanager
def _working_tree() -> Iterator[Tree]:
    yield working_tree()


def _facts_of(results: pd.DataFrame, state: State, threads: str) -> Facts:
    """Facts of the last run, with the versions that the values hold for."""
    made = results.dropna(subset="measured").sort_values("measured").iloc[-1]
    facts = read_facts(facts_of(made["commit"], made["environment"]), threads)
    versions = {n: state.provenance.versions.get(n, v) for n, v in facts.versions.items()}
    return replace(facts, commit=state.title, versions=versions)


def _write_page(
    results: pd.DataFrame, curves: list[MemoryCurve], facts: Facts, folder: Path
) -> Path:
    """Write the one page that shows everything."""
    path = folder / "index.html"
    path.write_text(render(page_data(results, curves, facts, metrics())), encoding="utf-8")
    return path


def _write_data(results: pd.DataFrame, folder: Path) -> None:
    """Write the values as they were measured; asv's name of the environment holds a path."""
    (folder / "results.csv").write_text(to_csv(results), encoding="utf-8")
    shared = results.drop(columns="environment")
    shared.to_parquet(folder / "results.parquet", index=False)


def _write_tables(
    results: pd.DataFrame, facts: Facts, folder: Path, only: list[str]
) -> dict[str, str]:
    """Write the tables that have something to show; return a sentence for each file."""
    footer = facts.footer.replace("\n", "  \n")
    names = [name for name in _tables.names("results") if name in (only or [name])]
    texts = {name: _tables.render(name, results) for name in names}
    written = {name: f"{text}\n---\n\n{footer}\n" for name, text in texts.items() if text}
    for name, text in written.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    return {f"{name}.md": _tables.sentence(name) for name in written}


def _write_figures(
    results: pd.DataFrame,
    curves: list[MemoryCurve],
    facts: Facts,
    folder: Path,
    arguments: argparse.Namespace,
) -> list[Picture]:
    """Draw what there is to draw of each problem; the pictures in the order of the index page."""
    drawings = [
        (str(problem), subject, name)
        for problem in results["problem"].unique()
        for subject in ("results", "curves")
        for name in _figures.names(subject)
        if name in (arguments.only or [name])
    ]
    pictures = []
    for problem, subject, name in tqdm(drawings, unit="figure", disable=None, leave=False):
        own = {
            "results": results[results["problem"] == problem],
            "curves": [curve for curve in curves if curve.problem == problem],
        }
        if figure := _figures.draw(name, own[subject], facts):
            path, *_ = _figures.save(figure, folder, f"{problem}-{name}", arguments.format)
            pictures.append(Picture(problem, path.name, _figures.sentence(name)))
    return pictures


def _left_there(folder: Path) -> tuple[list[Picture], dict[str, str]]:
    """Pictures and tables that a race and experiments have left in the folder."""
    races = [
        Picture("race", f"{name}.png", _figures.sentence(name))
        for name in _figures.names("race")
        if (folder / f"{name}.png").is_file()
    ]
    pages = {f"{name}.md": _tables.sentence(name) for name in _tables.names("race")}
    pages |= {f"{name}.md": _experiments.describe(name) for name in _experiments.names()}
    return races, {file: text for file, text in pages.items() if (folder / file).is_file()}


def _notes(results: pd.DataFrame, arguments: argparse.Namespace) -> list[str]:
    """What the report leaves out, and what its speed-ups are relative to."""
    names = ", ".join(sorted(set(results["implementation"])))
    some = [f"Of the implementations: {names}."] if arguments.impl else []
    return [text for text in (*some, explain(results)) if text]


def _write_index(
    results: pd.DataFrame,
    pages: Mapping[str, str],
    pictures: list[Picture],
    facts: Facts,
    folder: Path,
    notes: Iterable[str] = (),
) -> Path:
    problems = [str(problem) for problem in results["problem"].unique()]
    text = render_index(problems, pictures, pages, facts, notes)
    (folder / "README.md").write_text(text, encoding="utf-8")
    return folder / "README.md"


if __name__ == "__main__":
    run_stoppable(main, "What has been written is complete; the rest is not there.")
