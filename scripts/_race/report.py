"""Write a race's tables and figures, and ``race.csv``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from scripts import _figures, _tables
from scripts._common.facts import collect_facts
from scripts._common.records import Facts
from scripts._common.tree import working_tree
from scripts._race.result import Race
from scripts._tables.race import race_records


def collect_race_facts(threads: str) -> Facts:
    """Collect the facts of this machine and the working tree."""
    return collect_facts(threads, working_tree().title)


def write_report(race: Race, facts: Facts, folder: Path) -> list[Path]:
    """Write the tables, the numbers and the figures; return their paths."""
    written = [_write_table(name, race, facts, folder) for name in _tables.names("race")]
    written.append(folder / "race.csv")
    rows: list[dict[str, Any]] = [row for r in race.results for row in race_records(r)]
    pd.DataFrame(rows).to_csv(written[-1], index=False)
    for name in _figures.names("race"):
        if figure := _figures.draw(name, race, facts):
            written += _figures.save(figure, folder, name)
    return written


def _write_table(name: str, race: Race, facts: Facts, folder: Path) -> Path:
    load = f"Other work on the machine when the race began: {facts.load} processors."
    parts = [_tables.render(name, race), load, facts.footer.replace("\n", "  \n")]
    path = folder / f"{name}.md"
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return path
