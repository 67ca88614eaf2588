"""Comparisons of stored results: reads the journals of machines and commits."""

from __future__ import annotations

from collections.abc import Iterable

from benchmarks import _measure
from benchmarks._session.journal import Known, Source
from scripts._common.errors import UserError
from scripts._common.project import git
from scripts._common.tree import working_tree
from scripts._compare import notes, stored
from scripts._compare.choice import Choice
from scripts._compare.comparison import SAME_ROUNDS, Comparison, judge
from scripts._compare.named import COMMIT, IMPLEMENTATION, MACHINE, WORKING_TREE, Named
from scripts._compare.trees import tree_of
from scripts._measured.machine import machine_name
from scripts._measured.results import is_valid_in, journals_of, last_state, own_journals, store_of
from scripts._measured.state import state_of

_OVER_BASELINE = "Ratios of the times over the baseline's, each in its own session, B over A"


def find_machine(word: str) -> str:
    """The machine if it has results here, else an empty string."""
    return word if word in {path.parent.name for path in _measure.FOLDER.glob("*/*.jsonl")} else ""


def find_commit(word: str) -> str:
    """Hash of a commit, ``.`` for the working tree, or an empty string."""
    if word in WORKING_TREE:
        return "."
    wanted = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{word}^{{commit}}")
    return (git(*wanted) or b"").decode(errors="replace").strip()


def from_journals(a: Named, b: Named, choice: Choice) -> Comparison:
    """Compare what is stored.

    Raises
    ------
    UserError
        If a side has no results; names the command that makes them.
    """
    if a.kind == IMPLEMENTATION:
        return _implementations(a, b, choice)
    sides = [
        _of_machine(each, choice) if each.kind == MACHINE else _of_commit(each, choice)
        for each in (a, b)
    ]
    chosen = stored.common_environment(*sides)
    under, over = (side[environment] for side, environment in zip(sides, chosen, strict=True))
    choice.check_names({name for _, name in (*under, *over)})
    is_machines = a.kind == MACHINE
    told = (
        *((notes.MACHINES,) if is_machines else ()),
        *notes.on_environments(*chosen),
        *notes.on_files(under, over, state_of(working_tree()), of_kernels=is_machines),
    )
    advice = (
        "GRADMARK_PRESET=standard asv run COMMIT^! measures three; so does --fresh."
        if a.kind == COMMIT
        else "python -m scripts.run --preset standard measures three, on each machine."
    )
    found = judge(stored.pair_up(under, over))
    return Comparison(f"A = {a.title}", f"B = {b.title}", _OVER_BASELINE, found, told, advice)


def _implementations(a: Named, b: Named, choice: Choice) -> Comparison:
    now = state_of(working_tree())
    holds = is_valid_in(now)
    journals = _journals(machine_name(), choice.threads)
    sides = stored.collect(
        journals,
        lambda _, cell: holds(cell),
        lambda data, name: name in (a.name, b.name) and choice.wants(data, name),
    )
    fresh = f"add --fresh: python -m scripts.compare {a.name} {b.name} --fresh"
    if not sides:
        raise UserError(f"there are no valid results of {a.name} and {b.name} here; {fresh}")
    cells = max(sides.values(), key=len)
    pairs = stored.pair_implementations(cells, a.name, b.name)
    if not any(pair.medians for pair in pairs):
        raise UserError(
            f"{a.name} and {b.name} were not measured in the same session with {choice.threads} "
            f"threads, so that their times cannot be compared; {fresh}"
        )
    advice = "python -m scripts.run --preset standard measures three; so does --fresh."
    return Comparison(f"A = {a.title}", f"B = {b.title}", SAME_ROUNDS, judge(pairs), (), advice)


def _of_machine(side: Named, choice: Choice) -> dict[str, stored.Cells]:
    journals = _journals(side.name, choice.threads)
    found = stored.collect(journals, lambda _, cell: True, choice.wants)
    if not found:
        raise UserError(
            f"{side.name} has no results of these cells with {choice.threads} threads; make some "
            "there: python -m scripts.run --preset standard"
        )
    # Environments are named after the libraries and settings of a machine.
    merged = {place: own for cells in reversed(found.values()) for place, own in cells.items()}
    return {"": merged}


def _of_commit(side: Named, choice: Choice) -> dict[str, stored.Cells]:
    """Cells that are filed under a commit, and those of others that hold for it."""
    journals = _journals(machine_name(), choice.threads)
    with tree_of(side) as tree:  # its files are read until the last cell has been looked at
        filed = tree.name
        last = None if side.name == "." else last_state(filed, None, choice.threads)
        holds = is_valid_in(state_of(tree, last))
        found = stored.collect(
            journals, lambda source, cell: source.commit == filed or holds(cell), choice.wants
        )
    if found:
        return found
    threads = "" if choice.threads == "all" else f" with {choice.threads} threads"
    make = "python -m scripts.run" if side.name == "." else f"asv run {side.name[:12]}^!"
    raise UserError(
        f"there are no results of {side.title} on {machine_name()}{threads}; make some: {make}, "
        "or measure both sides now with --fresh"
    )


def _journals(machine: str, threads: str) -> Iterable[tuple[Source, Known]]:
    """Contents of a machine's journals with so many threads, what was measured last first."""
    own = own_journals() if machine == machine_name() else journals_of(store_of(machine))
    for each in own:
        if each.source.threads == threads:
            yield each.source, each.known
