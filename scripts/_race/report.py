"""What a race leaves: ``race.md``, ``race.csv``, ``race.png`` and ``race.svg``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from scripts import _figures as _plots
from scripts._common import facts as _facts
from scripts._common.tree import working_tree
from scripts._figures import race as _plot_race
from scripts._race.result import Result, Settings
from scripts._tables import race as _race_tables


def collect_facts(threads: str) -> _facts.Facts:
    """Facts of this machine and of the working tree."""
    return _facts.collect(threads, working_tree().title)


def write(
    results: Sequence[Result], settings: Settings, facts: _facts.Facts, folder: Path
) -> list[Path]:
    """Write the tables, the numbers and the figure; return their paths."""
    title = _title(settings)
    written = [folder / "race.md", folder / "race.csv"]
    written[0].write_text(_page(results, settings, title, facts), encoding="utf-8")
    rows: list[dict[str, Any]] = [row for r in results for row in _race_tables.records(r)]
    pd.DataFrame(rows).to_csv(written[1], index=False)
    figure = _plot_race.race(results, title, facts)
    return written + (list(_plots.save(figure, folder, "race")) if figure else [])


def _title(settings: Settings) -> str:
    threads = f"{settings.threads} thread{'s' * (settings.threads > 1)}"
    return f"Race of {settings.problem}, {threads}{', X of pixels' * settings.pixels}"


def _page(results: Sequence[Result], settings: Settings, title: str, facts: _facts.Facts) -> str:
    parts = [f"# {title}", _race_tables.LEGEND, *map(_race_tables.cell, results)]
    parts += [_race_tables.overall(results, settings.widths), "---"]
    parts.append(f"Other work on the machine when the race began: {facts.load} processors.")
    return "\n\n".join([*parts, facts.footer.replace("\n", "  \n")]) + "\n"
