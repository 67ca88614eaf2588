"""Index page of a report's folder: every picture with a sentence, and a link to every table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from scripts._common import escape, units
from scripts._common.records import Facts

DATA_LINE = "- All values: [results.csv](results.csv), [results.parquet](results.parquet)"


@dataclass(frozen=True)
class Picture:
    """A picture in the folder.

    Attributes
    ----------
    section : str
        The problem that the picture belongs to, or the race.
    file : str
        Its name.
    sentence : str
        What it shows and how to read it.
    """

    section: str
    file: str
    sentence: str


def render(
    problems: Sequence[str],
    pictures: Sequence[Picture],
    pages: Mapping[str, str],
    facts: Facts,
    notes: Iterable[str] = (),
) -> str:
    """The page; `pages` maps Markdown files to a sentence about each.

    `notes` say what is left out or differs from the usual.
    """
    parts = [
        f"# Gradients of {units.listed(map(escape.markdown, problems))}",
        f"{escape.markdown(facts.cpu)}, {facts.n_threads} thread{'s' * (facts.n_threads > 1)}; "
        f"made by {escape.markdown_code(facts.command)} "
        f"({escape.markdown(f'{facts.commit}, {facts.date}')}).",
        *map(escape.markdown, notes),
        links(pages),
        DATA_LINE,
        *pictures_by_section(pictures),
    ]
    return "\n\n".join([*parts, "---", escape.markdown_lines(facts.footer)]) + "\n"


def links(pages: Mapping[str, str]) -> str:
    """A line per file, with its sentence."""
    return "\n".join(f"- [{file}]({file}): {sentence}" for file, sentence in pages.items())


def pictures_by_section(pictures: Sequence[Picture]) -> list[str]:
    """A heading per section, and its pictures."""
    parts = []
    for section in dict.fromkeys(picture.section for picture in pictures):
        own = [picture for picture in pictures if picture.section == section]
        parts += [f"## {escape.markdown(section)}", *map(_show, own)]
    return parts


def _show(picture: Picture) -> str:
    link = f"[{picture.sentence}]({picture.file})"
    return link if picture.file.endswith(".pdf") else f"{picture.sentence}\n\n!{link}"
