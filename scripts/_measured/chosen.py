"""The results that a command shows: those of the nearest state that has any."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import pandas as pd

import impls
from impls import _table
from scripts._common import isolated
from scripts._common.errors import UserError
from scripts._common.families import OTHER
from scripts._common.tree import Tree, working_tree
from scripts._measured import descriptions
from scripts._measured.results import last_state, load_results, thread_settings
from scripts._measured.state import State, state_of
from scripts._measured.store import Store

Ask = Callable[[str, Iterable[str]], Mapping[str, isolated.Description | impls.TableError]]
_TOLD = ("bytes_per_value", "family", "passes", "rtol")
_NOT_KNOWN = isolated.Description("", "?", 8.0, OTHER, math.nan)  # cannot be asked any more


def choose_results(
    tree: Tree,
    threads: str = "all",
    environment: str | None = None,
    *,
    problem: str | None = None,
    is_named: bool = False,
) -> tuple[State, pd.DataFrame]:
    """The nearest state that has results, and these, as `describe` completes them.

    The present libraries and settings come before those of the last results. The files of the last
    results come last.

    Parameters
    ----------
    tree : Tree
        The files that values have to be valid for: the working tree unless `is_named`.
    threads : str
        ``all`` or a number.
    environment : str, optional
        asv's name of the only environment to read; default: all.
    problem : str, optional
        The only problem; default: all.
    is_named : bool
        The user has asked for this tree: the files of other results are no substitute.

    Raises
    ------
    UserError
        If there are none; says why the first state has none.
    """
    reasons = []
    now = state_of(tree)
    for state in _states(tree, now, threads, environment, is_named):
        try:
            results = _only(problem, load_results(state, environment, threads))
        except UserError as error:
            reasons.append(str(error))
            continue
        if reasons:
            print(f"{reasons[0]}. These are of {state.title}.", file=sys.stderr)
        return state, _describe_now(results, None if is_named else now)
    raise UserError(reasons[0])


def with_all_threads(
    results: pd.DataFrame,
    state: State,
    threads: str,
    environment: str | None = None,
    *,
    store: Store | None = None,
    ask: Ask | None = None,
) -> pd.DataFrame:
    """The results of one setting of threads, and those of all others in the same state.

    Parameters
    ----------
    store : Store, optional
        Another machine's results; default: this machine's.
    ask : callable, optional
        Describes implementations, as for `describe`; default: as the working tree's do.
    """
    frames = []
    for other in thread_settings(store):
        if other != threads:
            with suppress(UserError):  # nothing of it is valid in this state
                frames.append(load_results(state, environment, other, store))
    if not frames:
        return results
    found = pd.concat(frames, ignore_index=True)
    others = describe(found, ask) if ask else _describe_now(found)
    return pd.concat([results, others], ignore_index=True)


def _describe_now(results: pd.DataFrame, now: State | None = None) -> pd.DataFrame:
    """`describe` by what the working tree's implementations say, most of which is kept.

    Parameters
    ----------
    now : State, optional
        Of the working tree, if that is known.
    """
    return describe(results, partial(descriptions.describe, now or state_of(working_tree())))


def describe(results: pd.DataFrame, ask: Ask = isolated.describe) -> pd.DataFrame:
    """The results with what each row's implementation and problem say.

    `ask` describes implementations of a problem.

    Columns: `_TOLD` by the implementation, ``compulsory_bytes`` of its gradient at this size, and
    ``working_set``, which is the same in float64.
    """
    groups = results.groupby("problem")
    described = [_describe_problem(str(name), rows, ask) for name, rows in groups]
    return pd.concat(described).sort_index()


def _only(problem: str | None, results: pd.DataFrame) -> pd.DataFrame:
    own = results[results["problem"] == problem] if problem else results
    if not (own["state"] != "missing").any():
        raise UserError(
            f"there are no results of {problem}; make some: "
            f"python -m scripts.run --problem {problem}"
        )
    return own


def _states(
    tree: Tree, now: State, threads: str, environment: str | None, is_named: bool
) -> Iterator[State]:
    """States to look for results of, best first."""
    if not environment:
        yield now
    last = last_state(tree.name if is_named else None, environment, threads)
    if last is None:
        yield now
        return
    yield state_of(tree, like=last)
    if not is_named:
        yield now.as_measured(last, "what was measured last")


def _describe_problem(problem: str, rows: pd.DataFrame, ask: Ask) -> pd.DataFrame:
    found = ask(problem, rows["implementation"].unique())
    told = [found[name] for name in rows["implementation"]]
    known = [_NOT_KNOWN if isinstance(each, impls.TableError) else each for each in told]
    rows = rows.assign(**{key: [getattr(each, key) for each in known] for key in _TOLD})
    least = partial(_least_bytes, problem, rows["n_samples"], rows["n_features"])
    return rows.assign(
        compulsory_bytes=least(rows["bytes_per_value"]), working_set=least([8] * len(rows))
    )


def _least_bytes(
    problem: str, n_samples: Sequence[Any], n_features: Sequence[Any], widths: Sequence[float]
) -> list[float]:
    """Least bytes that a gradient must move, of each row; NaN where there is no size."""
    least = _table.problem_module(problem).compulsory_bytes
    rows = zip(n_samples, n_features, widths, strict=True)
    return [math.nan if pd.isna(n) else float(least(int(n), int(d), each)) for n, d, each in rows]
