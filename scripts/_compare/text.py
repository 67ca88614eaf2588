"""A comparison as text: for a terminal, a pull request's comment, or a page."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tabulate import tabulate

from benchmarks._session.statistics import Estimate
from scripts._common import escape, units
from scripts._compare.comparison import FASTER, NO_CHANGE, SLOWER, WORDS, Comparison, Verdict
from scripts._compare.markdown import escaped
from scripts._compare.pair import FEW_GENERATIONS

_HEADERS = ["", "cell", "data", "B / A", "interval", "equal ones differ by"]
_ALIGN = ["left", "left", "left", "right", "right", "right"]
# Lines of a summary that fits a pull request's comment.
_MOST_CHANGES, _MOST_MEANS, _MOST_REASONS, _MOST_NOTES = 12, 8, 5, 6
_MOST_CAUSES = 3  # in a sentence


def summary(comparison: Comparison) -> str:
    """Changes, counts, reasons and means: everything but the cells that have not changed."""
    parts = [_headline(comparison), _changes(comparison.changes), _counts(comparison)]
    parts += [_means(comparison), _notes(comparison.notes)]
    return "\n\n".join(filter(None, parts))


def comment(comparison: Comparison) -> str:
    """A summary of less than 60 lines, with folded details, for a pull request."""
    comparison = escaped(comparison)
    changes = comparison.changes
    folded = [
        _counts(comparison, _MOST_REASONS),
        _means(comparison, _MOST_MEANS),
        _notes(comparison.notes[:_MOST_NOTES]),
        _more(len(comparison.notes) - _MOST_NOTES, "notes"),
    ]
    parts = [
        f"### {comparison.title}",
        _headline(comparison),
        _changes(changes[:_MOST_CHANGES]),
        _more(len(changes) - _MOST_CHANGES, "changes"),
        "<details><summary>Counts, means, notes</summary>",
        *folded,
        "</details>",
    ]
    return "\n\n".join(filter(None, parts))


def page(comparison: Comparison, picture: str, footer: str) -> str:
    """The whole comparison: the summary, the figure and a table of all cells."""
    comparison = escaped(comparison)
    parts = [f"# {comparison.title}", summary(comparison)]
    parts += [f"![Ratio of each cell with its interval]({picture})"] if picture else []
    parts += ["## All cells", _table(comparison.verdicts, with_roofs=True), "---"]
    return "\n\n".join([*parts, escape.markdown_lines(footer)]) + "\n"


def _headline(comparison: Comparison) -> str:
    """What the ratios are, and how many cells have changed, or why none can be judged."""
    what = f"{comparison.quantity}: below 1x, B is faster."
    if comparison.n_judged:
        return f"{what} {_found(comparison)}"
    if len(comparison.called(NO_CHANGE)) == len(comparison.verdicts):
        return f"{what} No file that an implementation depends on differs."
    advice = f" {comparison.advice}" if FEW_GENERATIONS in comparison.reasons else ""
    return f"{what} Nothing can be called a change: {_why(comparison)}.{advice}"


def _why(comparison: Comparison) -> str:
    """The commonest reasons, each with its number of cells."""
    reasons = comparison.reasons.most_common(_MOST_CAUSES)
    told = [f"{reason} ({_cells(number)})" for reason, number in reasons]
    n_others = comparison.reasons.total() - sum(number for _, number in reasons)
    return "; ".join([*told, *([f"other reasons ({_cells(n_others)})"] if n_others else [])])


def _cells(number: int) -> str:
    return f"{number} cell{'s' * (number != 1)}"


def _found(comparison: Comparison) -> str:
    slower, faster = (len(comparison.called(word)) for word in (SLOWER, FASTER))
    found = f"Cells compared: {comparison.n_judged}; slower: {slower}; faster: {faster}."
    if math.isnan(comparison.resolution):
        return found
    least = units.ratio(1 + comparison.resolution)
    return f"{found} A ratio of {least} would be found in half of them."


def _changes(verdicts: Sequence[Verdict]) -> str:
    return _table(verdicts) if verdicts else ""


def _table(verdicts: Sequence[Verdict], with_roofs: bool = False) -> str:
    roofs = ["of the roof, A", "B", "reason"] if with_roofs else []
    rows = [_row(each) + (_extra(each) if with_roofs else []) for each in verdicts]
    align = [*_ALIGN, *(["right", "right", "left"] if with_roofs else [])]
    headers = [*_HEADERS, *roofs]
    return tabulate(rows, headers, tablefmt="github", colalign=align, disable_numparse=True)


def _row(verdict: Verdict) -> list[str]:
    pair = verdict.pair
    chance = f"{pair.band:.1%}" if math.isfinite(pair.band) else units.NO_VALUE
    name = verdict.name
    ratio = units.ratio(verdict.ratio.value)
    return [verdict.word, name, pair.data, ratio, _interval(verdict.ratio), chance]


def _extra(verdict: Verdict) -> list[str]:
    fractions = verdict.pair.roof_fractions
    texts = [f"{each:.2f}" if math.isfinite(each) else units.NO_VALUE for each in fractions]
    return [*texts, verdict.reason]


def _interval(ratio: Estimate) -> str:
    if math.isnan(ratio.low):
        return units.NO_VALUE
    ends = (units.ratio(end).removesuffix("x") for end in (ratio.low, ratio.high))
    return f"[{', '.join(ends)}]"


def _counts(comparison: Comparison, most: int | None = None) -> str:
    lines = [f"- {word}: {len(comparison.called(word))}" for word in WORDS]
    reasons = comparison.reasons.most_common(most)
    lines += [f"  - {number}: {reason}" for reason, number in reasons]
    rest = len(comparison.reasons) - len(reasons)
    return "\n".join([*lines, *([f"  - {rest} more reasons"] if rest else [])])


def _means(comparison: Comparison, most: int | None = None) -> str:
    """Geometric means, those farthest from 1 first."""
    means = sorted(comparison.means.items(), key=lambda item: -abs(math.log(item[1][0])))
    if not means:
        return ""
    rows = [[name, units.ratio(mean), number] for name, (mean, number) in means[:most]]
    headers = ["implementation", "geometric mean of B / A", "cells"]
    align = ["left", "right", "right"]
    table = tabulate(rows, headers, tablefmt="github", colalign=align, disable_numparse=True)
    more = _more(len(means) - (most or len(means)), "implementations")
    return "\n\n".join(filter(None, [table, more]))


def _notes(notes: Sequence[str]) -> str:
    return "\n".join(f"- {note}" for note in notes)


def _more(number: int, what: str) -> str:
    return f"{number} more {what}: --out writes them all." if number > 0 else ""
