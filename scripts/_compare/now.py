"""Comparisons that are measured now: of two implementations, or of two trees."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import impls
from benchmarks._session.inputs import Data
from benchmarks._session.session import Job
from impls import _table
from impls._provenance import Subject
from scripts._common.errors import UserError
from scripts._common.presets import presets
from scripts._common.tree import Tree
from scripts._compare import fresh
from scripts._compare.choice import Choice
from scripts._compare.comparison import SAME_ROUNDS, Comparison, judge
from scripts._compare.environments import make_environment
from scripts._compare.named import COMMIT, Named
from scripts._compare.pair import UNCHANGED, Pair
from scripts._compare.requirements import (
    Requirements,
    choose_environments,
    note_environments,
    requirements_of,
)
from scripts._compare.trees import tree_of
from scripts._measured.state import state_of

_ADVICE = "--generations 5 measures five."
_MOST_LOAD = 0.5  # processors; below it, a machine counts as idle
Result = tuple[Comparison, list[str]]


def measure_implementations(a: Named, b: Named, choice: Choice) -> Result:
    """Race two implementations of each problem that has both.

    Raises
    ------
    UserError
        If no problem has both.
    """
    both = {a.name, b.name}
    problems = [name for name in choice.problems if both <= {*impls.names(name)}]
    if not problems:
        where = choice.problem or "no problem"
        raise UserError(
            f"{where} has {'not ' if choice.problem else ''}both {a.name} and {b.name}; "
            "python -m scripts.list shows the implementations"
        )
    sides = {problem: {b.name: (a.name, b.name)} for problem in problems}
    jobs = [Job(data, (a.name, b.name)) for name in problems for data in _data(choice, name)]
    load = _load()
    known = fresh.measure(jobs, choice.settings(), choice.generations)
    return _result(a, b, fresh.pairs(known, jobs, sides), fresh.faults(known), load)


def measure_trees(a: Named, b: Named, choice: Choice) -> Result:
    """Measure the implementations that differ between two trees, or those that were named.

    Raises
    ------
    UserError
        If a commit asks for libraries that cannot be installed.
    """
    load = _load()
    asked = requirements_of(a), requirements_of(b), requirements_of(Named(COMMIT, ".", "."))
    libraries = asked[0].differences(asked[1])
    with ExitStack() as stack:
        trees = [stack.enter_context(tree_of(side)) for side in (a, b)]
        names, others = _choose(trees, choice, libraries)
        pythons = _interpreters((a, b), choose_environments(*asked)) if names else []
        places = fresh.entrances(stack.enter_context(fresh.copied(trees)), pythons)
        sides = {problem: _contenders(own) for problem, own in names.items()}
        jobs = [
            Job(data, tuple(name for both in sides[problem].values() for name in both))
            for problem in sides
            for data in _data(choice, problem)
        ]
        every = sorted({name for own in names.values() for name in own})
        settings = replace(choice.settings(), elsewhere=fresh.orders(every, places))
        known = fresh.measure(jobs, settings, choice.generations)
    pairs = [*fresh.pairs(known, jobs, sides), *others]
    notes = (note_environments(*asked), *load) if names else load
    return _result(a, b, pairs, fresh.faults(known), notes)


def _result(
    a: Named, b: Named, pairs: list[Pair], faults: list[str], notes: tuple[str, ...]
) -> Result:
    found = judge(pairs)
    comparison = Comparison(f"A = {a.title}", f"B = {b.title}", SAME_ROUNDS, found, notes, _ADVICE)
    return comparison, faults


def _interpreters(
    sides: Iterable[Named], needs: Iterable[Requirements | None]
) -> list[Path | None]:
    """The interpreter of each side's own environment; None if it needs none."""
    both = zip(sides, needs, strict=True)
    return [make_environment(each, side.title) if each else None for side, each in both]


def _load() -> tuple[str, ...]:
    """A note if the machine is busy."""
    load = os.getloadavg()[0]
    if load < _MOST_LOAD:
        return ()
    return (
        f"Other work on the machine when the measurement began: {load:.1f} processors. Intervals "
        "and bands are wider for it.",
    )


def _data(choice: Choice, problem: str) -> list[Data]:
    return choice.data(problem, presets()[choice.preset].sizes)


def _contenders(names: list[str]) -> dict[str, tuple[str, str]]:
    return {name: (fresh.name_of(name, "A"), fresh.name_of(name, "B")) for name in names}


def _choose(
    trees: list[Tree], choice: Choice, libraries: Collection[str] = ()
) -> tuple[dict[str, list[str]], list[Pair]]:
    """Implementations to measure, by problem, and pairs that say why others are not."""
    everywhere: set[str] = set()
    chosen: dict[str, list[str]] = {}
    others: list[Pair] = []
    differs = _differences(trees, libraries) if not choice.names else lambda problem, name: True
    for problem in choice.problems:
        in_a, in_b = (_names_in(tree, problem) for tree in trees)
        everywhere |= in_a | in_b
        for name in sorted(in_a | in_b):
            if choice.names and name not in choice.names:
                continue
            if name not in in_a & in_b:
                why = f"{'A' if name in in_a else 'B'} alone has it"
                others.append(Pair(problem, name, "all data", 0, reason=why))
            elif differs(problem, name):
                chosen.setdefault(problem, []).append(name)
            else:
                others.append(Pair(problem, name, "all data", 0, reason=UNCHANGED))
    choice.check_names(everywhere)
    return chosen, others


def _names_in(tree: Tree, problem: str) -> set[str]:
    return {path.stem for path in _table.files(tree.root / "impls" / problem)}


def _differences(trees: list[Tree], libraries: Collection[str]) -> Callable[[str, str], bool]:
    """Whether what an implementation depends on differs between two trees.

    A file of `impls`, or one of the libraries that differ.
    """
    then, now = (state_of(tree) for tree in trees)

    def differs(problem: str, name: str) -> bool:
        subject = Subject(problem, name)
        changes = now.rules.changes(subject, then.provenance)
        imported = {*then.rules.libraries(subject), *now.rules.libraries(subject)}
        return any(each.startswith("impls/") for each in changes) or bool(imported & {*libraries})

    return differs
