"""Implementations in processes of their own: nothing that they do reaches the command that asks.

The process is a race's contender. What an implementation does to NumPy does not reach the next one;
one that ends its process, crashes, hangs or prints is named, and the others go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import impls
from impls import _machine
from scripts._common.process import Out, Process

Result = TypeVar("Result")

_LOAD_SECONDS = 60.0
_AT_ONCE = 2
_DOING = {"load": "it was imported", "prepare": "it was prepared or its gradient ran"}
_running: set[Process] = set()


@dataclass(frozen=True)
class Description:
    """What an implementation says of itself: the docstring's first line, some constants, family."""

    summary: str
    passes: str
    bytes_per_value: float
    family: str
    rtol: float


@contextmanager
def started(problem: str, source: str | Path) -> Iterator[Process]:
    """A process for an implementation of the table, or for a file; ended in any case."""
    order: dict[str, Any] = {"problem": problem, "threads": _machine.count_threads()}
    if isinstance(source, Path):
        order |= {"name": source.stem, "file": str(source.absolute())}
    else:
        order |= {"name": source}
    process = Process(order)
    _running.add(process)
    try:
        yield process
    finally:
        _running.discard(process)
        process.close()


def load(process: Process) -> dict[str, Any]:
    """Let a process import its implementation; what this says of itself.

    Raises
    ------
    Unavailable, BadPlugin
        As `impls.load` raises them, and if the process does not outlive it.
    """
    try:
        return ask(process, "load", _LOAD_SECONDS)
    except Out as out:
        if out.state == "unavailable":
            raise impls.Unavailable(out.reason) from None
        raise impls.BadPlugin(out.reason) from None


def ask(process: Process, step: str, seconds: float, **arguments: Any) -> dict[str, Any]:
    """The answer to a step; of a process that dies, `Out` says what it was doing."""
    try:
        return process.ask(step, seconds, **arguments)
    except Out as out:
        if out.state != "died":
            raise
        raise Out("died", f"died while {_DOING[step]}: {out.reason}") from None


def each(function: Callable[[str], Result], names: Iterable[str]) -> Iterator[Result]:
    """What a function that starts a process gives for each name, in their order; two run at once.

    An interrupt ends the processes that run, and starts no more.
    """
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            yield from pool.map(function, names)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in tuple(_running):
                process.close()
            raise


def describe(problem: str, names: Iterable[str]) -> dict[str, Description | impls.TableError]:
    """What each implementation says of itself, or what is wrong with it."""
    names = list(names)
    return dict(zip(names, each(partial(_describe, problem), names), strict=True))


def _describe(problem: str, name: str) -> Description | impls.TableError:
    try:
        with started(problem, name) as process:
            options = load(process)
    except impls.Unavailable as error:
        return error
    except impls.TableError as error:
        named = str(error).startswith("the ")  # file or entry point
        return impls.BadPlugin(error if named else f"{problem}/{name}: {error}")
    return Description(**{key: options[key] for key in Description.__dataclass_fields__})
