"""What an experiment leaves in a folder: a page, its figures, its numbers."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from tqdm import tqdm

from scripts import _figures
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
    footer = "---\n\n" + facts.footer.replace("\n", "  \n")
    heading = [f"# {title}", *([text] if text else [])]
    parts = [*heading, *images, *(table.markdown for table in outcome.tables), footer]
    page = folder / f"{name}.md"
    page.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    if not outcome.rows:
        return [page, *paths]
    rows = folder / f"{name}.csv"
    rows.write_text(to_csv(pd.DataFrame(outcome.rows)), encoding="utf-8")
    return [page, rows, *paths]
