"""Write the page, the tables, the data and the index of a report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from impls._files import write_whole
from scripts import _experiments, _figures, _tables
from scripts._common import escape
from scripts._common.metrics import metrics
from scripts._common.problems import by_cells
from scripts._common.records import Facts, MemoryCurve
from scripts._page import page_data, render
from scripts._tables._csv import to_csv
from scripts._tables._index import Picture
from scripts._tables._index import render as render_index

PAGE, INDEX = "index.html", "README.md"
PAGE_SENTENCE = {
    PAGE: "All of it to explore, with advice for a shape; for a browser, without a network."
}


def write_page(
    results: pd.DataFrame,
    curves: Iterable[MemoryCurve],
    facts: Facts,
    folder: Path,
    **options: Any,
) -> Path:
    """Write the one page that shows everything; `options` are those of `page_data`."""
    path = folder / PAGE
    data = page_data(results, curves, facts, metrics(), **options)
    write_whole(path, render(data))
    return path


def write_data(results: pd.DataFrame, folder: Path) -> None:
    """Write the values as they were measured; asv's name of the environment holds a path."""
    write_whole(folder / "results.csv", to_csv(results))
    shared = escape.frame(results.drop(columns="environment"))
    write_whole(folder / "results.parquet", shared.to_parquet(index=False))


def write_tables(
    results: pd.DataFrame, facts: Facts, folder: Path, only: Sequence[str]
) -> dict[str, str]:
    """Write the tables that have something to show; return a sentence for each file."""
    footer = escape.markdown_lines(facts.footer)
    names = [name for name in _tables.names("results") if name in (only or [name])]
    texts = {name: _tables.render(name, results) for name in names}
    written = {name: f"{text}\n---\n\n{footer}\n" for name, text in texts.items() if text}
    for name, text in written.items():
        write_whole(folder / f"{name}.md", text)
    return {f"{name}.md": _tables.sentence(name) for name in written}


def left_there(folder: Path) -> tuple[list[Picture], dict[str, str]]:
    """Pictures and tables that a race and experiments have left in the folder."""
    races = [
        Picture("race", f"{name}.png", _figures.sentence(name))
        for name in _figures.names("race")
        if (folder / f"{name}.png").is_file()
    ]
    pages = {f"{name}.md": _tables.sentence(name) for name in _tables.names("race")}
    pages |= {f"{name}.md": _experiments.describe(name) for name in _experiments.names()}
    return races, {file: text for file, text in pages.items() if (folder / file).is_file()}


def write_index(
    results: pd.DataFrame,
    pages: Mapping[str, str],
    pictures: list[Picture],
    facts: Facts,
    folder: Path,
    notes: Iterable[str],
) -> Path:
    """Write README.md, which lists the tables and shows the pictures."""
    problems = by_cells(map(str, results["problem"]))
    path = folder / INDEX
    write_whole(path, render_index(problems, pictures, pages, facts, notes))
    return path
