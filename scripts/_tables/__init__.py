"""Tables in Markdown, which can be read in a terminal and on a code-hosting site.

Each file without a leading underscore is a table, and its name is the page's. The file has a
function ``render(SUBJECT)``, which returns the page. The name of the parameter says what the table
is made from: ``results`` (rows of the results), ``race`` (a `Race`) or ``fleet`` (a `Fleet`). The
first line of the file's docstring is the page's sentence on the index page.
"""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from typing import Any


def names(subject: str) -> list[str]:
    """Names of the tables that are made from a subject, sorted."""
    stems = sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py"))
    return [name for name in stems if _subject_of(name) == subject]


def sentence(name: str) -> str:
    """Sentence about a table: the first line of its docstring."""
    return str(_load(name).__doc__).partition("\n")[0]


def render(name: str, subject: Any) -> str:
    """One table's page."""
    return str(_load(name).render(subject))


def _subject_of(name: str) -> str:
    return next(iter(inspect.signature(_load(name).render).parameters))


def _load(name: str) -> Any:
    return importlib.import_module(f"{__name__}.{name}")
