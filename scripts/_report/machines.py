"""The report of several machines: load them, and write page, table, pictures, data and index."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from impls._files import write_whole
from scripts import _figures, _tables
from scripts._common import escape
from scripts._common.baseline import relative_to
from scripts._common.errors import UserError
from scripts._common.fleet import Fleet, Machine
from scripts._common.metrics import BASELINE, metrics
from scripts._common.names import pick
from scripts._common.selection import check_names, select
from scripts._common.tree import Tree
from scripts._fleet.apart import find_machines
from scripts._fleet.choice import Choice
from scripts._fleet.folders import find_folders, own_folder
from scripts._fleet.found import Found
from scripts._fleet.valid import Valid, load_valid
from scripts._page import page_data, render
from scripts._report.files import INDEX, PAGE, PAGE_SENTENCE, write_data
from scripts._report.pictures import Style
from scripts._tables import _fleet_index
from scripts._tables._index import Picture

NAME = "machines"  # of the figure and the table
_COMMAND = "python -m scripts.report"  # without the paths of folders


@dataclass(frozen=True)
class Selected:
    """What a report of several machines shows.

    Attributes
    ----------
    machines : list of Valid
        With the rows of the problems and implementations that were asked for.
    notes : list of str
        What is left out, what was found twice, and names that clash.
    """

    machines: list[Valid]
    notes: list[str]

    def fleet(self, baseline: str, date: str) -> Fleet:
        """The machines with speed-ups over a baseline."""
        own = [
            Machine(each.label, relative_to(each.results, baseline), each.facts)
            for each in self.machines
        ]
        return Fleet(tuple(own), _COMMAND, date, self.machines[0].facts.commit)


def load_machines(
    folders: Sequence[str], names: Sequence[str], tree: Tree, choice: Choice
) -> Selected:
    """Results of the machines in this folder and in others that hold for the same files.

    Parameters
    ----------
    folders : sequence of str
        Paths of other folders with results.
    names : sequence of str
        Of the machines, or their labels; empty: all.

    Raises
    ------
    UserError
        If there are none, or a folder or a machine that is named is not there.
    """
    found, told = find_machines([own_folder(), *find_folders(folders)])
    if not found:
        raise UserError("there are no results of any machine; make some: python -m scripts.run")
    loaded, more = load_valid(_named(found, names), tree, choice)
    return Selected(loaded, [*told, *more])


def select_rows(
    loaded: Selected, problems: Sequence[str], names: Sequence[str], baseline: str
) -> Selected:
    """The rows of these problems and implementations; a machine without any is left out.

    Raises
    ------
    UserError
        If no machine has a name, or any rows.
    """
    everything = pd.concat([each.results for each in loaded.machines])
    check_names("problem", problems, everything)
    check_names("implementation", [*names, baseline], everything)
    kept, told = [], [*loaded.notes]
    for each in loaded.machines:
        try:
            kept.append(_select(each, problems, names, baseline))
        except UserError as error:
            told.append(f"{each.label} is left out: {error}.")
    if not kept:
        raise UserError(" ".join(told))
    return Selected(kept, told)


def write_machines(
    loaded: Selected, fleet: Fleet, folder: Path, style: Style, baseline: str
) -> Path:
    """Write what is asked for, and an index of it; return the file to open."""
    write_data(_rows(loaded.machines), folder)
    wanted = not style.only or NAME in style.only
    pages = _write_table(fleet, folder) if wanted else {}
    pictures = [*_draw(fleet, folder, style.formats)] if wanted else []
    if not style.only:
        _write_page(loaded, folder, baseline)
        pages = PAGE_SENTENCE | pages
    index = folder / INDEX
    text = _fleet_index.render(fleet, pictures, pages, loaded.notes)
    write_whole(index, text)
    return index if style.only else folder / PAGE


def _named(found: Sequence[Found], names: Sequence[str]) -> list[Found]:
    """The machines of these names or labels."""
    known = dict.fromkeys(text for each in found for text in (each.name, each.label))
    for name in names:
        pick("machine", name, known)
    return [each for each in found if not names or {each.name, each.label} & {*names}]


def _select(each: Valid, problems: Sequence[str], names: Sequence[str], baseline: str) -> Valid:
    own = [name for name in names if name in set(each.results["implementation"])]
    has = [problem for problem in problems if problem in set(each.results["problem"])]
    if (problems and not has) or (names and not own):
        raise UserError("it has no results of these problems and implementations")
    of_page = own and [*own, BASELINE]  # the page tells chance by the latter
    return replace(
        each,
        results=select(each.results, has, own, baseline),
        of_all=select(each.of_all, has, of_page, baseline),
    )


def _rows(machines: Sequence[Valid]) -> pd.DataFrame:
    """All rows as they were measured, with the machine."""
    frames = [each.results.assign(machine=each.label) for each in machines]
    rows = pd.concat(frames, ignore_index=True)
    return rows[["machine", *(name for name in rows if name != "machine")]]


def _write_table(fleet: Fleet, folder: Path) -> dict[str, str]:
    """Write the table; return a sentence about it by its file."""
    text = _tables.render(NAME, fleet)
    footer = "  \n".join(map(escape.markdown, fleet.footer.splitlines()))
    write_whole(folder / f"{NAME}.md", f"{text}\n---\n\n{footer}\n")
    return {f"{NAME}.md": _tables.sentence(NAME)}


def _draw(fleet: Fleet, folder: Path, formats: Sequence[str]) -> Iterable[Picture]:
    for problem in fleet.problems:
        figure = _figures.draw(NAME, fleet.of(problem), fleet)
        if figure is not None:
            path, *_ = _figures.save(figure, folder, f"{problem}-{NAME}", formats)
            yield Picture(problem, path.name, _figures.sentence(NAME))


def _write_page(loaded: Selected, folder: Path, baseline: str) -> None:
    """Write the page, which has the data of each machine."""
    pages = [
        [e.label, page_data(e.of_all, [], e.facts, metrics(), base=baseline, n_threads=e.n_threads)]
        for e in loaded.machines
    ]
    text = render({"machines": pages, "notes": loaded.notes})
    write_whole(folder / PAGE, text)
