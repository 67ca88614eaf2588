"""What an experiment leaves in a folder: a page, its figures, its numbers."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from tqdm import tqdm

from impls._files import write_whole
from scripts import _figures
from scripts._common import escape
from scripts._common.csv_text import to_csv
from scripts._common.records import Facts
from scripts._experiments import Outcome


def write(
    name: str, title: str, outcome: Outcome, facts: Facts, folder: Path, text: str = ""
) -> list[Path]:
    """Save the figures, a page that shows them above the tables, and the rows."""
    figures = tqdm(outcome.figures.items(), unit="figure", disable=None, leave=False)
    paths = [path for stem, draw in figures for path in _figures.save(draw(facts), folder, stem)]
    images = [f"![{stem}]({stem}.png)" for stem in outcome.figures]
    footer = f"---\n\n{escape.markdown_lines(facts.footer)}"
    heading = [f"# {title}", *([text] if text else [])]
    parts = [*heading, *images, *(table.markdown for table in outcome.tables), footer]
    page = folder / f"{name}.md"
    write_whole(page, "\n\n".join(parts) + "\n")
    if not outcome.rows:
        return [page, *paths]
    rows = folder / f"{name}.csv"
    write_whole(rows, to_csv(pd.DataFrame(outcome.rows)))
    return [page, rows, *paths]
