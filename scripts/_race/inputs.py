"""The data of a race, drawn once into files that all contenders map, and the reference."""

from __future__ import annotations

import os
import secrets
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
# Through these paths, other processes of the same user can open files that are open here.
_DESCRIPTORS = Path(f"/proc/{os.getpid()}/fd")
_SEED = 0
N_LATER = 2  # weights for gradients that are asked for during the timing and after it
# Memory of a contender beyond its copies of X.
_SPARE_BYTES = 100 * 1024**2


@dataclass(frozen=True)
class RaceInputs:
    """Paths of ``weights``, ``X`` and ``y`` as .npy files, and the references.

    Attributes
    ----------
    references : list of pairs of ndarray
        One for each of the weights in the file.
    later : dict of int to pair of ndarray
        References at weights that are in no file, by the seed that `_verify.other_weights` draws
        them from: for gradients during the timing and after it.
    weights : ndarray
        What those weights are drawn from.
    """

    files: dict[str, str]
    references: list[_verify.Reference]
    later: dict[int, _verify.Reference]
    weights: Any


@dataclass(frozen=True)
class Plan:
    """What fits into memory: whether each contender gets its own X, and which have to leave."""

    own_copy: bool
    lacking: dict[str, str]


@contextmanager
def on_disk(problem: str, n_samples: int, n_features: int, pixels: bool) -> Iterator[RaceInputs]:
    """Draw the data into files, and compute the references.

    The files are deleted when the block ends; a process that has mapped them can still read them.

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
    """Give each contender its own X if memory holds them all; otherwise all share one.

    A shared X lies in small pages and is read up to a tenth slower than a contender's own copy.
    To be fair, either all contenders have their own or none has.

    Parameters
    ----------
    copies : dict[str, float]
        PREPARED_COPIES of each contender. The first one must take part.
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
    """Shared memory if it holds X twice, else the default folder for temporary files."""
    if _SHARED_MEMORY.is_dir() and shutil.disk_usage(_SHARED_MEMORY).free > 2 * x_bytes:
        return str(_SHARED_MEMORY)
    return None


@contextmanager
def _open_files(place: str | None) -> Iterator[dict[str, str]]:
    """Paths of the files; on Linux the files have no name in any folder, so none can be left."""
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
    vectors = _verify.vectors(weights)
    seeds = [secrets.randbelow(2**31) for _ in range(N_LATER)]
    later = [_verify.other_weights(weights, seed) for seed in seeds]
    for name, array in zip(_NAMES, (np.stack(vectors), X, y), strict=True):
        with Path(files[name]).open("wb") as file:
            np.save(file, array)
    exact = [_exact.exact_gradient(problem, each, X, y) for each in (*vectors, *later)]
    references, at_seeds = exact[: len(vectors)], exact[len(vectors) :]
    return RaceInputs(files, references, dict(zip(seeds, at_seeds, strict=True)), weights)
