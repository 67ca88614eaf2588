"""A named data set in a session: its file, as it was listed, or why it is skipped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks._own import batch, folder
from benchmarks._own.files import BadData
from benchmarks._own.limits import amount
from benchmarks._session.process import Out
from impls._machine import available_memory

_CHANGED = "has changed since the command began: start it again"


def draw(problem: str, name: str, contents: str) -> tuple[Any, Any, Any]:
    """The batch ``(weights, X, y)`` of a file, in its types.

    Raises
    ------
    Out
        If the file is damaged or gone, has other contents, or memory does not hold it.
    """
    path = confirm(problem, name, contents)
    try:
        own = batch.load(problem, path)
    except BadData as error:  # reports show no folders of the machine
        raise Out("skipped", str(error).replace(str(path), f"{problem}/{path.name}")) from error
    except OSError as error:
        raise Out("skipped", f"{problem}/{path.name}: {error.strerror}") from error
    if own.needed_bytes > (available := available_memory()):
        raise Out(
            "skipped",
            f"{own.title} of {own.X.dtype} needs {amount(own.needed_bytes)} of memory, "
            f"{amount(available)} are available",
        )
    return own.weights, own.X, own.y


def confirm(problem: str, name: str, contents: str) -> Path:
    """The file of a data set, if its contents are those that were listed.

    Raises
    ------
    Out
        If they are not.
    """
    path = None
    try:
        path = folder.find(problem).paths.get(name)
        now = folder.contents(path) if path else ""
    except (OSError, ValueError, folder.BadFolder):
        now = ""
    if path is None or now != contents:
        raise Out("skipped", f"the file of {problem}/{name} {_CHANGED}")
    return path
