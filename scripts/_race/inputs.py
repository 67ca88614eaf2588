"""The data of a race: drawn once, in files that every contender maps, and the exact gradient."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any

import numpy as np

import impls
from impls import _exact, _machine, _verify
from scripts._common import units
from scripts._common.errors import Out

_NAMES = ("weights", "X", "y")
_SHARED_MEMORY = Path("/dev/shm")
# Other processes of the same user open by them what is open here.
_DESCRIPTORS = Path(f"/proc/{os.getpid()}/fd")
_SEED = 0
_LATER_SEED = 1  # of weights that are handed out after the timing
# What a contender takes beside the copies of X that are counted.
_SPARE_BYTES = 100 * 1024**2


@dataclass(frozen=True)
class RaceInputs:
    """Paths of ``weights``, ``X`` and ``y`` as .npy files, and what gradients are held to.

    Attributes
    ----------
    references : list of pairs of ndarray
        At each of the weights of the file.
    later : ndarray
        Weights that are in no file: for a last gradient, after the timing.
    later_reference : pair of ndarray
    """

    files: dict[str, str]
    references: list[_verify.Reference]
    later: Any
    later_reference: _verify.Reference


@dataclass(frozen=True)
class Plan:
    """Who fits into memory together: whether each gets an X of its own, and who has to leave."""

    own_copy: bool
    lacking: dict[str, str]


@contextmanager
def on_disk(problem: str, n_samples: int, n_features: int, pixels: bool) -> Iterator[RaceInputs]:
    """Draw and verify with; the files are gone at the end, those who have mapped them keep them.

    Raises
    ------
    Out
        If memory does not hold X twice.
    """
    x_bytes = 8 * n_samples * n_features
    available = _machine.available_memory()
    if 2 * x_bytes + _SPARE_BYTES > available:
        needed, there = units.n_bytes(2 * x_bytes + _SPARE_BYTES), units.n_bytes(available)
        raise Out("skipped", f"to draw X needs {needed} of memory, {there} are available")
    with _open_files(_place(x_bytes)) as files:
        yield _write(files, problem, n_samples, n_features, pixels)


def plan_memory(copies: dict[str, float], x_bytes: int, available: int) -> Plan:
    """Give everyone an X of its own if memory holds that; otherwise all share one.

    A shared X lies in small pages, which a copy that `prepare` makes does not: reads of it are up
    to a tenth slower. So either all have their own or none.

    Parameters
    ----------
    copies : dict[str, float]
        PREPARED_COPIES of each contender, the one that has to take part first.
    """
    own = {name: _need(1 + each, x_bytes) for name, each in copies.items()}
    if sum(own.values()) <= available:
        return Plan(True, {})
    first = next(iter(copies))
    lacking, taken = {}, 0
    for name in sorted(copies, key=lambda name: (name != first, copies[name])):
        need = _need(copies[name], x_bytes)
        if taken + need <= available:
            taken += need
            continue
        lacking[name] = (
            f"needs {units.n_bytes(need)} of memory beside {units.n_bytes(taken)} of the "
            f"others, {units.n_bytes(available)} are available"
        )
    return Plan(False, lacking)


def _need(copies: float, x_bytes: int) -> int:
    return int(copies * x_bytes) + _SPARE_BYTES


def _place(x_bytes: int) -> str | None:
    """Shared memory where there is one that holds X, else the folder for temporary files."""
    if _SHARED_MEMORY.is_dir() and shutil.disk_usage(_SHARED_MEMORY).free > 2 * x_bytes:
        return str(_SHARED_MEMORY)
    return None


@contextmanager
def _open_files(place: str | None) -> Iterator[dict[str, str]]:
    """Paths of the files; on Linux those have no name in any folder, so that none can be left."""
    with ExitStack() as stack:
        if _DESCRIPTORS.is_dir():
            files = {name: stack.enter_context(TemporaryFile(dir=place)) for name in _NAMES}
            yield {name: f"{_DESCRIPTORS}/{file.fileno()}" for name, file in files.items()}
        else:
            folder = TemporaryDirectory(prefix="gradmark-race-", ignore_cleanup_errors=True)
            entered = stack.enter_context(folder)
            yield {name: f"{entered}/{name}.npy" for name in _NAMES}


def _write(
    files: dict[str, str], problem: str, n_samples: int, n_features: int, pixels: bool
) -> RaceInputs:
    weights, X, y = impls.make(problem, n_samples, n_features, _SEED)
    if pixels:
        np.divide(np.random.default_rng(_SEED).integers(0, 256, X.shape, np.uint8), 255, out=X)
    vectors, later = _verify.vectors(weights), _verify.other_weights(weights, _LATER_SEED)
    for name, array in zip(_NAMES, (np.stack(vectors), X, y), strict=True):
        with Path(files[name]).open("wb") as file:
            np.save(file, array)
    *references, last = (_exact.exact_gradient(problem, w, X, y) for w in (*vectors, later))
    return RaceInputs(files, references, later, last)
