"""Which rows of the results a command shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from scripts._common.errors import UserError
from scripts._common.metrics import BASELINE
from scripts._common.names import pick


def select(
    results: pd.DataFrame, problems: Sequence[str], implementations: Sequence[str], baseline: str
) -> pd.DataFrame:
    """Rows of these problems and implementations, and of the baseline.

    Parameters
    ----------
    problems, implementations : sequence of str
        An empty one stands for all.
    baseline : str
        The implementation that speed-ups are to be relative to.

    Raises
    ------
    UserError
        If a name is not in the results, or a problem lacks the baseline.
    """
    check_names("problem", problems, results)
    if problems:
        results = results[results["problem"].isin(problems)]
    check_names("implementation", [*implementations, baseline], results)
    if baseline != BASELINE:
        _check_baseline(results, baseline)
    wanted = {*implementations, baseline}
    return results[results["implementation"].isin(wanted)] if implementations else results


def check_names(column: str, names: Iterable[str], results: pd.DataFrame) -> None:
    """Check that a column of the results holds each of the names.

    Raises
    ------
    UserError
        Otherwise; suggests the nearest name.
    """
    known = sorted(set(results[column]))
    for name in names:
        pick(column, name, known)


def _check_baseline(results: pd.DataFrame, baseline: str) -> None:
    has = sorted(set(results.loc[results["implementation"] == baseline, "problem"]))
    if lacking := sorted({*results["problem"]} - {*has}):
        raise UserError(
            f"--baseline is {baseline}, of which there are no results for {', '.join(lacking)}; "
            f"add --problem {' '.join(has)}"
        )
