"""A comparison whose texts GitHub's Markdown shows as they are."""

from __future__ import annotations

from dataclasses import replace

from scripts._common.markdown import escaped
from scripts._compare.comparison import Comparison, Verdict


def escape(comparison: Comparison) -> Comparison:
    """The comparison with all texts escaped."""
    return replace(
        comparison,
        a=escaped(comparison.a),
        b=escaped(comparison.b),
        notes=tuple(map(escaped, comparison.notes)),
        verdicts=tuple(map(_escape_verdict, comparison.verdicts)),
    )


def _escape_verdict(verdict: Verdict) -> Verdict:
    pair = replace(
        verdict.pair,
        problem=escaped(verdict.pair.problem),
        implementation=escaped(verdict.pair.implementation),
        data=escaped(verdict.pair.data),
        reason=escaped(verdict.pair.reason),
    )
    return replace(verdict, pair=pair, reason=escaped(verdict.reason))
