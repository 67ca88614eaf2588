"""The values of several machines that hold for one set of files, and what is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import pandas as pd

from impls._provenance import Provenance
from scripts._common.errors import UserError
from scripts._common.records import Facts
from scripts._common.tree import Tree
from scripts._fleet import notes
from scripts._fleet.choice import Choice
from scripts._fleet.described import describe_by
from scripts._fleet.found import Found
from scripts._fleet.hardware import count_processors
from scripts._fleet.journals import read_facts_of
from scripts._measured.chosen import describe, with_all_threads
from scripts._measured.results import facts_of, last_state, load_results
from scripts._measured.state import State, state_of


@dataclass(frozen=True)
class Valid:
    """The valid results of a machine.

    Attributes
    ----------
    results, of_all : DataFrame
        Of one setting of threads, and of every one.
    n_threads : int
        That the setting ``all`` stands for.
    """

    label: str
    results: pd.DataFrame
    of_all: pd.DataFrame
    facts: Facts
    n_threads: int


def load_valid(found: Sequence[Found], tree: Tree, choice: Choice) -> tuple[list[Valid], list[str]]:
    """The results of each machine that hold for the same files, and notes on the others.

    The files are the tree's. Where no machine has results of these, and no commit was named, they
    are those of the last measurement. Libraries and settings are each machine's own.

    Raises
    ------
    UserError
        If no machine has results; says why of each.
    """
    lasts = {each: _last(each, choice) for each in found}
    known = {each: last for each, last in lasts.items() if last}
    told = [notes.on_no_state(each, choice) for each in found if each not in known]
    loaded, reasons = _load_all(_of_tree(known, tree), choice)
    if not loaded and known and not choice.commit:
        loaded, more = _load_all(_of_the_last(known, tree), choice)
        told += [f"No machine has results of {tree.title}; these are of what was measured last."]
        reasons = more
    if not loaded:
        raise UserError(" ".join([*reasons, *told]) or "there are no results of any machine")
    return loaded, [*told, *reasons]


def _last(found: Found, choice: Choice) -> Provenance | None:
    """State of a machine's last measurement, of the commit that is named if it has one."""
    own = choice.environment, choice.threads, found.store
    named = last_state(choice.commit, *own) if choice.commit else None
    return named or last_state(None, *own)


def _of_tree(known: Mapping[Found, Provenance], tree: Tree) -> dict[Found, State]:
    """A tree with the libraries and settings of each machine."""
    return {each: state_of(tree, last, each.provenance) for each, last in known.items()}


def _of_the_last(known: Mapping[Found, Provenance], tree: Tree) -> dict[Found, State]:
    """The files of the last measurement with the libraries and settings of each machine."""
    newest = known[max(known, key=lambda each: each.measured)]
    return {
        each: state.as_measured(replace(known[each], files=newest.files), "what was measured last")
        for each, state in _of_tree(known, tree).items()
    }


def _load_all(states: Mapping[Found, State], choice: Choice) -> tuple[list[Valid], list[str]]:
    """Results of each machine in its state, and notes on what is left out."""
    loaded, told = [], []
    for each, state in states.items():
        try:
            results = load_results(state, choice.environment, choice.threads, each.store)
        except UserError as error:
            told.append(notes.on_none(each, str(error)))
            continue
        told += [*notes.on_stale(each.label, results), *notes.on_absent(each, state)]
        loaded.append(_complete(each, state, results, choice))
    return loaded, told


def _complete(found: Found, state: State, results: pd.DataFrame, choice: Choice) -> Valid:
    ask = partial(describe_by, found.store)
    results = describe(results, ask)
    of_all = with_all_threads(
        results, state, choice.threads, choice.environment, store=found.store, ask=ask
    )
    facts = _facts(found, state, results)
    n_threads = count_processors(state.provenance, facts.n_threads)
    return Valid(found.label, results, of_all, facts, n_threads)


def _facts(found: Found, state: State, results: pd.DataFrame) -> Facts:
    """Facts of the last run, with the versions that the values hold for."""
    made = results.dropna(subset="measured").sort_values("measured").iloc[-1]
    record = facts_of(made["commit"], made["environment"], found.store)
    facts = read_facts_of(record) or _unknown(state, str(made["measured"]))
    versions = {n: state.provenance.versions.get(n, v) for n, v in facts.versions.items()}
    return replace(facts, commit=state.title, versions=versions)


def _unknown(state: State, measured: str) -> Facts:
    """What the state of a measurement says of a machine without facts, as after plain asv."""
    settings = state.provenance.settings
    return Facts(
        command="asv run",
        commit="",
        date=f"{measured[:16].replace('T', ' ')} UTC",
        cpu=settings.get("processor", "processor not known"),
        system="system not known",
        n_threads=count_processors(state.provenance, 1),
        memory_bytes=0,
        cache_bytes={},
        versions=dict(state.provenance.versions),
        blas="BLAS not known",
        load=0.0,
    )
