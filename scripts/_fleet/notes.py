"""What is left out of the results of several machines, and why, in words."""

from __future__ import annotations

import pandas as pd

from scripts._common import units
from scripts._fleet.choice import Choice
from scripts._fleet.found import Found
from scripts._measured.results import SINCE, journals_of
from scripts._measured.state import State

_SESSION = "benchmarks/"
_MOST_NAMES = 5


def on_no_state(found: Found, choice: Choice) -> str:
    """Why nothing is known to hold: no results as chosen, or no record of their states."""
    known = [each for each in journals_of(found.store) if each.source.threads == choice.threads]
    if choice.environment:
        known = [each for each in known if each.source.environment == choice.environment]
    if not any(each.known.cells for each in known):
        of = f" of the environment {choice.environment}" if choice.environment else ""
        return f"{found.label} is left out: it has no results{of} with {choice.threads} threads."
    return (
        f"{found.label} is left out: there is no record of the files and versions that it has "
        "measured; copy its folder .asv/provenance too."
    )


def on_none(found: Found, reason: str) -> str:
    """Why none of a machine's results hold."""
    other = ", of another version of the suite" if f"{SINCE} {_SESSION}" in reason else ""
    filed = units.listed(sorted({e.source.commit[:8] for e in journals_of(found.store)}))
    return f"{found.label} is left out{other}: {reason}, there. It has results of {filed}."


def on_stale(label: str, results: pd.DataFrame) -> list[str]:
    """What was measured with other files, libraries or settings, and is therefore missing."""
    times = results[results["metric"] == "time"]
    stale = times[(times["state"] == "missing") & times["reason"].str.startswith(SINCE)]
    if stale.empty:
        return []
    n_suite = int(stale["reason"].str.startswith(f"{SINCE} {_SESSION}").sum())
    parts = {
        "measured by another version of the suite": n_suite,
        "measured before a file, a library or a setting changed": len(stale) - n_suite,
    }
    told = units.listed(f"{n} {text}" for text, n in parts.items() if n)
    first = stale["reason"].value_counts().index[0].removeprefix(f"{SINCE} ")
    return [f"Of the {len(times)} times of {label}, {told} are left out: {first}."]


def on_absent(found: Found, state: State) -> list[str]:
    """Implementations that are measured there and are no part of these files."""
    subjects = {subject for each in journals_of(found.store) for subject in each.subjects}
    names = sorted({f"{s.problem}/{s.implementation}" for s in subjects if not state.has(s)})
    if not names:
        return []
    is_or_are = "is" if len(names) == 1 else "are"
    rest = len(names) - _MOST_NAMES
    told = [*names[:_MOST_NAMES], *([f"{rest} more"] if rest > 0 else [])]
    return [
        f"Of {found.label}, {units.listed(told)} {is_or_are} left out: not part of {state.title}."
    ]
