"""A comparison whose texts Markdown shows as they are: names and reasons come from files."""

from __future__ import annotations

from dataclasses import replace

from scripts._common.escape import markdown
from scripts._compare.comparison import Comparison, Verdict


def escaped(comparison: Comparison) -> Comparison:
    """The comparison with all texts escaped."""
    return replace(
        comparison,
        a=markdown(comparison.a),
        b=markdown(comparison.b),
        notes=tuple(map(markdown, comparison.notes)),
        verdicts=tuple(map(_verdict, comparison.verdicts)),
    )


def _verdict(verdict: Verdict) -> Verdict:
    pair = replace(
        verdict.pair,
        problem=markdown(verdict.pair.problem),
        implementation=markdown(verdict.pair.implementation),
        data=markdown(verdict.pair.data),
        reason=markdown(verdict.pair.reason),
    )
    return replace(verdict, pair=pair, reason=markdown(verdict.reason))
