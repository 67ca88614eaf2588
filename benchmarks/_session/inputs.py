"""Data of a session, drawn once into files that all contenders map, and the references."""

from __future__ import annotations

import importlib
import os
import secrets
import shutil
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile, gettempdir
from typing import Any, cast

import numpy as np

import impls
from benchmarks._session import guardian
from benchmarks._session.process import Out
from impls import _accuracy, _machine, _verify
from impls._files import save_array

_Batch = tuple[Any, Any, Any]
_NAMES = ("weights", "X", "y")
_SHARED_MEMORY = Path("/dev/shm")
# Other processes of the same user can open files that are open here through paths below it.
_PROCESSES = Path("/proc")
_SEED = 0
N_LATER = 2  # weights for gradients that are asked for during the timing and after it
# Memory of a contender beyond its copies of X.
_SPARE_BYTES = 100 * 1024**2
_FLOAT64_BYTES = 8


@dataclass(frozen=True)
class Data:
    """Name of the data that contenders are measured on.

    Attributes
    ----------
    n_samples, n_features : int
        Size of drawn data; 0 for a data set.
    dataset : str
        Name of a real data set, or of drawn data whose X stays in a file; empty for other drawn
        data.
    pixels : bool
        X of 8-bit levels, 0 to 255 divided by 255.
    contents : str
        Digest of the user's file that a data set is of; empty for all others.
    """

    problem: str
    n_samples: int = 0
    n_features: int = 0
    dataset: str = ""
    pixels: bool = False
    contents: str = ""

    @property
    def title(self) -> str:
        """``1,000 x 100``, or the data set's name."""
        return self.dataset or f"{self.n_samples:,} x {self.n_features:,}"

    @property
    def stays_in_file(self) -> bool:
        """Whether contenders get X as a mapped file, and no copy of it: see `in_file`."""
        return self.dataset == _name_in_file(self.n_samples, self.n_features)

    def draw(self) -> _Batch:
        """The batch ``(weights, X, y)``.

        Raises
        ------
        Out
            If memory does not hold X twice, or the data set is missing.
        """
        if self.contents:
            return cast(_Batch, _named().draw(self.problem, self.dataset, self.contents))
        if self.dataset and not self.stays_in_file:
            try:
                return impls.dataset(self.problem, self.dataset)
            except impls.Unavailable as reason:
                raise Out("unavailable", str(reason)) from reason
        _require_memory(_FLOAT64_BYTES * self.n_samples * self.n_features)
        weights, X, y = impls.make(self.problem, self.n_samples, self.n_features, _SEED)
        if self.pixels:
            levels = np.random.default_rng(_SEED).integers(0, 256, X.shape, np.uint8)
            np.divide(levels, 255, out=X)
        return weights, X, y

    def confirm(self) -> None:
        """Refuse a file of the user's that has changed since it was listed.

        Raises
        ------
        Out
        """
        if self.contents:
            _named().confirm(self.problem, self.dataset, self.contents)


def in_file(problem: str, n_samples: int, n_features: int) -> Data:
    """Drawn data whose X stays in a file."""
    return Data(problem, n_samples, n_features, _name_in_file(n_samples, n_features))


def _name_in_file(n_samples: int, n_features: int) -> str:
    """Name of data that stay in a file: with blanks and no ending, as no file of the user's has."""
    return f"file of {n_samples:,} x {n_features:,}"


def _named() -> Any:
    """What reads the user's files, by name: no other value depends on it."""
    return importlib.import_module("benchmarks._own.named")


@dataclass(frozen=True)
class Inputs:
    """Paths of ``weights``, ``X`` and ``y`` as .npy files, and the references.

    Attributes
    ----------
    seeds : list of int
        From which `_verify.other_weights` draws weights that are in no file: for gradients during
        the timing and after it.
    weights : ndarray
        What those weights are drawn from.
    shape : tuple of int
        Of X.
    dtype : dtype
        Of X.
    """

    files: dict[str, str]
    seeds: list[int]
    weights: Any
    shape: tuple[int, int]
    dtype: np.dtype[Any]
    _exact: list[Future[_verify.Reference]]

    def wait(self) -> None:
        """Wait for all references: nothing may be timed while they are computed."""
        wait(self._exact)

    @property
    def references(self) -> list[_verify.Reference]:
        """One for each of the weights in the file; waits for them."""
        return [each.result() for each in self._exact[: -len(self.seeds)]]

    @property
    def later(self) -> dict[int, _verify.Reference]:
        """One for each of the seeds; waits for them."""
        found = [each.result() for each in self._exact[-len(self.seeds) :]]
        return dict(zip(self.seeds, found, strict=True))

    @property
    def x_bytes(self) -> int:
        """Size of X."""
        return self.dtype.itemsize * self.shape[0] * self.shape[1]


@dataclass(frozen=True)
class Plan:
    """What fits into memory: whether each contender gets its own X, and which have to leave."""

    own_copy: bool
    lacking: dict[str, str]


@contextmanager
def on_disk(data: Data) -> Iterator[Inputs]:
    """Draw the data into files, X in its own type and C order, and compute the references.

    The files are deleted when the block ends; a process that has mapped them can still read them.

    Raises
    ------
    Out
        As `Data.draw` raises it.
    """
    weights, X, y = data.draw()
    place = _place_of_file(X.nbytes) if data.stays_in_file else _place(X.nbytes)
    pool = ThreadPoolExecutor(_machine.count_threads())  # NumPy lets go of the lock
    with _open_files(place) as files, pool:
        vectors = _write(files, weights, X, y)
        data.confirm()
        del X, y  # the references are computed on what contenders get
        yield _inputs(files, data.problem, weights, vectors, pool)


def takes(info: dict[str, Any], dtype: np.dtype[Any]) -> bool:
    """Whether a contender prepares an X of this type as it is, not from a cast to float64."""
    return bool(info.get("kernel")) or dtype.name in info["x_types"].split()


def copies_of(info: dict[str, Any], dtype: np.dtype[Any]) -> float:
    """Memory that a contender's preparation of an X of this type adds, in units of X.

    What takes another type than float64 may copy it once, so that nobody can write to it.
    """
    stated = float(info["copies"])
    if dtype == np.float64:
        return stated
    if takes(info, dtype):
        return max(1.0, stated)
    return _FLOAT64_BYTES / dtype.itemsize * (1 + stated)


def plan_memory(copies: dict[str, float], x_bytes: int, available: int) -> Plan:
    """Give each contender its own X if memory holds them all; otherwise all share one.

    A shared X lies in small pages and is read up to a tenth slower than a contender's own copy.
    To be fair, either all contenders have their own or none has.

    Parameters
    ----------
    copies : dict[str, float]
        `copies_of` each contender. The first one must take part.
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
            f"needs {need / 1e9:.2f} GB of memory beside {taken / 1e9:.2f} GB of the "
            f"others, {available / 1e9:.2f} GB are available"
        )
    return Plan(False, lacking)


def _need(copies: float, x_bytes: int) -> int:
    return int(copies * x_bytes) + _SPARE_BYTES


def _require_memory(x_bytes: int) -> None:
    needed, available = 2 * x_bytes + _SPARE_BYTES, _machine.available_memory()
    if needed > available:
        raise Out(
            "skipped",
            f"to draw X needs {needed / 1e9:.2f} GB of memory, "
            f"{available / 1e9:.2f} GB are available",
        )


def _place(x_bytes: int) -> str | None:
    """Shared memory if it holds X twice, else the default folder for temporary files."""
    if _SHARED_MEMORY.is_dir() and shutil.disk_usage(_SHARED_MEMORY).free > 2 * x_bytes:
        return str(_SHARED_MEMORY)
    return None


def _place_of_file(x_bytes: int) -> str:
    """The folder for temporary files, if its disk has room for X."""
    place = gettempdir()
    needed, free = x_bytes + _SPARE_BYTES, shutil.disk_usage(place).free
    if needed > free:
        raise Out(
            "skipped",
            f"a file of X needs {needed / 1e9:.2f} GB in the folder for temporary files, "
            f"{free / 1e9:.2f} GB are free: name another folder in TMPDIR",
        )
    return place


@contextmanager
def _open_files(place: str | None) -> Iterator[dict[str, str]]:
    """Paths of the files; on Linux the files have no name in any folder, so none can be left."""
    with ExitStack() as stack:
        descriptors = _PROCESSES / str(os.getpid()) / "fd"
        if descriptors.is_dir():
            files = {name: stack.enter_context(TemporaryFile(dir=place)) for name in _NAMES}
            yield {name: f"{descriptors}/{file.fileno()}" for name, file in files.items()}
        else:
            folder = TemporaryDirectory(dir=guardian.folder(), ignore_cleanup_errors=True)
            entered = stack.enter_context(folder)
            yield {name: f"{entered}/{name}.npy" for name in _NAMES}


def _write(files: dict[str, str], weights: Any, X: Any, y: Any) -> list[Any]:
    """Write the files; return the weights in them."""
    # Zero weights are looked at on other data, see `judging`; a reference takes seconds here.
    vectors = _verify.vectors(weights)[:2]
    save_array(files["weights"], np.stack(vectors))
    is_turned = X.flags.f_contiguous and not X.flags.c_contiguous  # `np.save` would keep that
    save_array(files["X"], np.ascontiguousarray(X) if is_turned else X)
    save_array(files["y"], y)
    return vectors


def _inputs(
    files: dict[str, str],
    problem: str,
    weights: Any,
    vectors: list[Any],
    pool: ThreadPoolExecutor,
) -> Inputs:
    """Compute references at the weights in the files, and at those of later gradients."""
    X, y = (np.load(files[name], mmap_mode="r") for name in ("X", "y"))
    seeds = [secrets.randbelow(2**31) for _ in range(N_LATER)]
    later = [_verify.other_weights(weights, seed) for seed in seeds]
    # Not kept on disk, where a contender could read them.
    exact = partial(_accuracy.exact_gradient, problem, X=X, y=y)
    futures = [pool.submit(exact, each) for each in (*vectors, *later)]
    return Inputs(files, seeds, weights, (len(X), X.shape[1]), X.dtype, futures)
