"""Draw the pictures of a report, in as many processes as there are processors."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import pandas as pd
from tqdm import tqdm

from benchmarks._session import guardian
from impls import _machine
from scripts import _figures
from scripts._common.problems import by_cells
from scripts._common.records import Facts, MemoryCurve
from scripts._tables._index import Picture

# A process takes a second to start; a picture takes half of one.
_LEAST_DRAWINGS = 6


@dataclass(frozen=True)
class Style:
    """Which pictures to draw (all if empty), and their formats."""

    only: Sequence[str] = ()
    formats: Sequence[str] = ("png",)


@dataclass(frozen=True)
class _Drawing:
    problem: str
    name: str
    subject: Any


@contextmanager
def drawn_aside(
    results: pd.DataFrame, curves: Sequence[MemoryCurve], facts: Facts, folder: Path, style: Style
) -> Iterator[Callable[[], list[Picture]]]:
    """Draw what there is to draw of each problem, while the command does something else.

    Yields a function that waits for the pictures; they come in the order of the index page.
    """
    drawings = list(_drawings(results, curves, style.only))
    n_processes = min(_machine.count_threads(), len(drawings) // _LEAST_DRAWINGS)
    if n_processes < 2:
        yield lambda: _collect(
            (_draw(each, facts, folder, style.formats) for each in drawings), len(drawings)
        )
        return
    with _pool(n_processes) as pool:
        futures = [pool.submit(_draw, each, facts, folder, style.formats) for each in drawings]
        try:
            yield lambda: _collect((future.result() for future in futures), len(futures))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _collect(found: Iterator[Picture | None], total: int) -> list[Picture]:
    counted = tqdm(found, total=total, unit="figure", disable=None, leave=False)
    return [picture for picture in counted if picture]


def _drawings(
    results: pd.DataFrame, curves: Sequence[MemoryCurve], only: Sequence[str]
) -> Iterator[_Drawing]:
    for problem in by_cells(map(str, results["problem"])):
        subjects: dict[str, Any] = {
            "results": results[results["problem"] == problem],
            "curves": [curve for curve in curves if curve.problem == problem],
        }
        for subject, own in subjects.items():
            for name in _figures.names(subject):
                if name in (only or [name]):
                    yield _Drawing(problem, name, own)


def _draw(drawing: _Drawing, facts: Facts, folder: Path, formats: Sequence[str]) -> Picture | None:
    figure = _figures.draw(drawing.name, drawing.subject, facts)
    if figure is None:
        return None
    path, *_ = _figures.save(figure, folder, f"{drawing.problem}-{drawing.name}", formats)
    return Picture(drawing.problem, path.name, _figures.sentence(drawing.name))


def _pool(n_processes: int) -> ProcessPoolExecutor:
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
    context.set_forkserver_preload([__name__])
    # Where its sockets lie: a command that is killed leaves none.
    multiprocessing.current_process()._config.setdefault("tempdir", guardian.folder())  # type: ignore[attr-defined]
    return ProcessPoolExecutor(n_processes, context, initializer=_end_with_the_command)


def _end_with_the_command() -> None:
    """Leave Ctrl-C to the command, and end when it has ended, however it did."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_wait_for_its_end, daemon=True).start()


def _wait_for_its_end() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)
