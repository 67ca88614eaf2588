"""Run each implementation in its own process, so that it cannot harm the command or the others.

The process is the one that races (`worker`). An implementation may change NumPy, exit, crash, hang
or print: it is named, and the others continue.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import numpy as np
from tqdm import tqdm

import impls
from benchmarks._session import guardian
from benchmarks._session.process import Out, Process
from impls import _machine
from scripts._common.families import family_of

Result = TypeVar("Result")
Source = TypeVar("Source")

_LOAD_SECONDS = 60.0
_AT_ONCE = 2
_running: set[Process] = set()


@dataclass(frozen=True)
class Description:
    """An implementation's own description: docstring's first line, some constants, family."""

    summary: str
    passes: str
    bytes_per_value: float
    family: str
    rtol: float


@contextmanager
def started(problem: str, source: str | Path) -> Iterator[Process]:
    """Start a process for an implementation, named or given as a file; end it in any case."""
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
        if process.told:
            tqdm.write(f"{problem}/{order['name']} {process.told}", file=sys.stderr)


def load(process: Process) -> dict[str, Any]:
    """Let a process import its implementation; return the options.

    Raises
    ------
    Unavailable, BadPlugin
        As `impls.load` raises them; BadPlugin also if the process dies.
    """
    try:
        return process.ask("load", _LOAD_SECONDS)
    except Out as out:
        if out.state == "unavailable":
            raise impls.Unavailable(out.reason) from None
        raise impls.BadPlugin(out.reason) from None


def prepare(process: Process, weights: Any, X: Any, y: Any) -> None:
    """Let a process that is loaded prepare data, without looking at its gradients.

    Raises
    ------
    Out
        If it does not.
    """
    with TemporaryDirectory(dir=guardian.folder()) as folder:
        arrays = {"weights": weights[np.newaxis], "X": X, "y": y}
        files = {name: f"{folder}/{name}.npy" for name in arrays}
        for name, array in arrays.items():
            np.save(files[name], array)
        process.ask("prepare", _LOAD_SECONDS, files=files, own_copy=True, observed=False)


def each(function: Callable[[Source], Result], sources: Iterable[Source]) -> Iterator[Result]:
    """Yield `function(source)` of each name or file in their order; two run at a time.

    The function starts a process. An interrupt ends those that run, and no more are started.
    """
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            yield from pool.map(function, sources)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in tuple(_running):
                process.close()
            raise


def describe(problem: str, names: Iterable[str]) -> dict[str, Description | impls.TableError]:
    """Describe each implementation, or give the error that prevents it."""
    names = list(names)
    found = each(partial(_describe, problem), names)
    return dict(
        zip(names, tqdm(found, problem, len(names), disable=None, leave=False), strict=True)
    )


def _describe(problem: str, name: str) -> Description | impls.TableError:
    try:
        with started(problem, name) as process:
            options = load(process)
    except impls.Unavailable as error:
        return error
    except impls.TableError as error:
        named = str(error).startswith("the ")  # file or entry point
        return impls.BadPlugin(error if named else f"{problem}/{name}: {error}")
    family = family_of(options)
    told = options | {"family": family, "passes": str(options["passes"] or "?")}
    return Description(**{key: told[key] for key in Description.__dataclass_fields__})
