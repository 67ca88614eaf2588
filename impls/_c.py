"""`_one_pass.c` around a residual in C, compiled by the system's C compiler at its first use."""

from __future__ import annotations

import ctypes
import functools
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

from impls._errors import Unavailable, one_line
from impls._prepare import as_rows

Array = np.ndarray[Any, Any]

_SOURCE = Path(__file__).with_name("_one_pass.c")
_COMPILERS = ("cc", "gcc", "clang")
_OPTIONS = ("-O3", "-march=native", "-fopenmp", "-fno-math-errno", "-shared", "-fPIC")
_SECONDS = 60
_ADVICE = "install gcc, or set CC to a C compiler with OpenMP"


def make_kernel(
    residual: Path,
) -> tuple[Callable[[Array, Array], tuple[Array, Array]], Callable[[Array, Array, Array], Array]]:
    """``prepare`` and ``gradient``, the sum over the samples of ``residual(<w, x>, y) x``.

    Parameters
    ----------
    residual : Path
        A file of C that defines ``static double residual(double z, double y)``.

    Raises
    ------
    Unavailable
        If there is no C compiler that knows OpenMP.
    """
    require_compiler()

    def prepare(X: Array, y: Array) -> tuple[Array, Array]:
        library(residual)
        return as_rows(X, y)

    def gradient(weights: Array, X: Array, y: Array) -> Array:
        weights, total = np.ascontiguousarray(weights), np.zeros(X.shape[1])
        inputs = (array.ctypes.data for array in (weights, X, y))
        if not library(residual).add_gradient(*inputs, *X.shape, total.ctypes.data):
            raise MemoryError(f"no memory for {total.nbytes:,} bytes of sums per thread")
        return total

    return prepare, gradient


def require_compiler() -> None:
    """Refuse to load where there is no C compiler that knows OpenMP.

    Raises
    ------
    Unavailable
        Says what is missing and what to do.
    """
    _run([*_compiler(), "-fopenmp", "-fsyntax-only", "-x", "c", "-"], "#include <omp.h>\n")


@functools.cache
def library(residual: Path) -> ctypes.CDLL:
    """The compiled loop of a residual, with as many threads as loaded libraries may use.

    Raises
    ------
    Unavailable
        If it cannot be compiled or loaded here.
    """
    # Loaded code needs no file; where the system keeps it open, cleaning up fails.
    with tempfile.TemporaryDirectory(prefix="gradmark-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "one_pass.so"
        _run(
            [
                *_compiler(),
                *_OPTIONS,
                "-include",
                str(residual),
                str(_SOURCE),
                "-o",
                str(path),
                "-lm",
            ]
        )
        try:
            loaded = ctypes.CDLL(str(path))
        except OSError as error:
            raise Unavailable(
                f"compiled code cannot be loaded: {one_line(str(error))}; name a folder from which "
                "code may be run: TMPDIR"
            ) from error
    loaded.add_gradient.argtypes = [
        *[ctypes.c_void_p] * 3,
        *[ctypes.c_ssize_t] * 2,
        ctypes.c_void_p,
    ]
    # Its OpenMP may be new to the process, and unaware of a limit that was set before.
    loaded.set_threads(min(each["num_threads"] for each in threadpool_info()))
    return loaded


def _compiler() -> list[str]:
    """The command of CC, or the first compiler that there is."""
    asked = shlex.split(os.environ.get("CC", ""))
    found = [asked] if asked else [[name] for name in _COMPILERS if shutil.which(name)]
    if not found or shutil.which(found[0][0]) is None:
        names = f"no {asked[0]}" if asked else f"none of {', '.join(_COMPILERS)}"
        raise Unavailable(f"it needs a C compiler, and there is {names}; {_ADVICE}")
    return found[0]


def _run(command: Sequence[str], source: str | None = None) -> None:
    try:
        done = subprocess.run(
            command, input=source, capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(
            f"{command[0]} does not run: {one_line(str(error))}; {_ADVICE}"
        ) from error
    if done.returncode:
        said = one_line(done.stderr) or f"exit status {done.returncode}"
        raise Unavailable(f"{command[0]} does not compile C with OpenMP: {said}; {_ADVICE}")
