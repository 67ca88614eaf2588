"""What a measured value depends on: contents of files, versions of libraries, settings.

A value is valid as long as nothing that it depends on has changed; the commit that it is filed
under does not matter. The measuring process records a `Provenance`. `Rules.changes` compares it
with the present one, for the files and libraries that a cell uses.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from importlib.metadata import PackageNotFoundError, entry_points, version
from importlib.util import find_spec
from pathlib import Path

from impls import _machine, _tuned
from impls._files import write_json
from impls._imports import Closure, Sources
from impls._table import readable_text

# Environment variables, by prefix, that affect compiled code, BLAS, threads or memory.
_PREFIXES = (
    *("NUMBA_", "OMP_", "OPENBLAS_", "GOTO_", "MKL_", "BLIS_", "VECLIB_", "KMP_", "GOMP_", "TBB_"),
    *("NUMEXPR_", "XLA_", "JAX_", "TORCH_", "NPY_", "MALLOC_", "GLIBC_TUNABLES", "LD_PRELOAD"),
    *("PYTHONMALLOC", "DAAL_", "SKLEARN_", "GRADMARK_THREADS_PAY_FROM"),
)
# threadpoolctl and scikit-learn set the KMP_ variables when they are imported.
_WITHOUT_EFFECT = frozenset({"NUMBA_CACHE_DIR", "KMP_DUPLICATE_LIB_OK", "KMP_INIT_AT_FORK"})
# Sizes, durations and labels do not affect a value.
_SETTINGS = frozenset({"benchmarks/presets.json", "benchmarks/metrics.json"})
_BASELINE = "matrix"
# What measures every cell, and what measures trainings besides.
_SESSION, _TRAINING = "benchmarks/_session/rounds.py", "benchmarks/_session/training.py"
_OWN = "benchmarks/_own/named.py"  # what reads data sets of the user's


@dataclass(frozen=True)
class Provenance:
    """The state in which a value was measured.

    Attributes
    ----------
    files : dict[str, str]
        git's hash of each file's content, by path: ``impls/logistic/matrix.py``.
    versions : dict[str, str]
        Versions of Python and of each installed distribution that a file imports.
    settings : dict[str, str]
        Processor model, number of processors that the process may use, numbers that were tuned on
        the machine, and the environment variables that affect a value.
    """

    files: dict[str, str]
    versions: dict[str, str]
    settings: dict[str, str]

    @cached_property
    def digest(self) -> str:
        """Name of this state, computed from its contents."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def find_sources(impls: Path, benchmarks: Path, plugins: Iterable[str] = ()) -> Sources:
    """Sources of the two packages in these folders, and of plug-ins.

    Parameters
    ----------
    plugins : iterable of str
        Names of installed implementations, ``problem/name``.
    """
    packages = {"impls": impls, "benchmarks": benchmarks}
    return Sources(packages | {top: path for plugin in plugins for top, path in _package(plugin)})


def collect(sources: Sources) -> Provenance:
    """The present state: all files of the packages and what they import."""
    closure = sources.closure(file for name in sources.packages for file in sources.files(name))
    return Provenance(
        files={file: hash_file(sources.locate(file)) for file in sorted(closure.files)},
        versions={"Python": platform.python_version()} | _versions(closure.libraries),
        settings=read_settings(),
    )


def save(state: Provenance, folder: Path) -> None:
    """Write a state to the folder, named by its digest, unless it is there."""
    path = folder / f"{state.digest}.json"
    if not path.exists():
        write_json(path, asdict(state))


def journal_name(commit: str, environment: str) -> str:
    """File name of the journal of a commit and one of asv's environments.

    The environment's name is hashed, because it may be long or a path.
    """
    return f"{commit[:8]}-{hashlib.sha256(environment.encode()).hexdigest()[:12]}.jsonl"


def hash_file(path: Path) -> str:
    """git's hash of the file's content."""
    size = path.stat().st_size
    digest = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(2**20):
            digest.update(block)
    return digest.hexdigest()


def read_settings() -> dict[str, str]:
    """Processor, number of processors and environment of this process."""
    variables = {
        name: text
        for name, text in sorted(os.environ.items())
        if name.startswith(_PREFIXES) and name not in _WITHOUT_EFFECT
    }
    tuned = " ".join(f"{name}={number}" for name, number in sorted(_tuned.tuned().items()))
    return {
        "processor": _machine.processor_name(),
        "processors": str(_machine.count_threads()),
        **({"tuning": tuned} if tuned else {}),
        **variables,
    }


@dataclass(frozen=True)
class Subject:
    """The attributes of a cell that determine its dependencies."""

    problem: str
    implementation: str
    solver: str = ""
    dataset: str = ""
    is_own: bool = False  # the data set is a file of the user's


class Rules:
    """The part of a state that a cell depends on. This is the only rule for what is stale."""

    def __init__(self, sources: Sources, now: Provenance) -> None:
        self._sources = sources
        self._now = now
        self._closures: dict[Subject, Closure] = {}

    def at(self, then: Provenance) -> Rules:
        """The same rules for another state."""
        return Rules(self._sources, then)

    def changes(self, cell: Subject, then: Provenance) -> list[str]:
        """Changed dependencies of the cell, a sentence each; empty if its value is valid."""
        now, closure = self._now, self._closure(cell)
        files = [
            f"{file} has changed"
            for file in sorted(closure.files)
            if then.files.get(file) != now.files.get(file)
        ]
        libraries = ["Python", *closure.libraries]
        versions = _differences(libraries, then.versions, now.versions, "not installed")
        names = then.settings.keys() | now.settings.keys()
        return files + versions + _differences(names, then.settings, now.settings, "not set")

    def has(self, problem: str, implementation: str) -> bool:
        """Whether the implementation is a file of the tree or installed."""
        return bool(self._files_of(problem, implementation))

    def libraries(self, cell: Subject) -> list[str]:
        """Distributions that the cell's value depends on, sorted."""
        return sorted(self._closure(cell).libraries)

    def _closure(self, cell: Subject) -> Closure:
        if cell not in self._closures:
            closure = self._sources.closure(self._roots(cell))
            self._closures[cell] = Closure(closure.files - _SETTINGS, closure.libraries)
        return self._closures[cell]

    def _roots(self, cell: Subject) -> list[str]:
        problem = f"impls/{cell.problem}"
        roots = [_SESSION, f"{problem}/__init__.py"]
        roots += self._files_of(cell.problem, cell.implementation)
        if cell.solver:  # the baseline computes the target of a training
            roots += [_TRAINING, f"impls/solvers/{cell.solver}.py", f"{problem}/{_BASELINE}.py"]
        if cell.dataset:
            roots.append(_OWN if cell.is_own else f"{problem}/_datasets.py")
        return roots

    @cache  # noqa: B019  rules live as long as the command
    def _files_of(self, problem: str, implementation: str) -> list[str]:
        """The implementation's file, or all files of the package that contains it."""
        file = f"impls/{problem}/{implementation}.py"
        path = self._sources.locate(file)
        if path.is_file():
            kernel = readable_text(path, "KERNEL")
            return [file, f"impls/{problem}/{kernel}.py"] if kernel else [file]
        tops = [top for top, _ in _package(f"{problem}/{implementation}")]
        return [file for top in tops for file in self._sources.files(top)]


def _differences(
    names: Iterable[str], then: Mapping[str, str], now: Mapping[str, str], absent: str
) -> list[str]:
    """A sentence for each name whose values differ."""
    return [
        f"{name} is {now.get(name, absent)} and was {then.get(name, absent)}"
        for name in sorted(names)
        if then.get(name) != now.get(name)
    ]


def _versions(libraries: Iterable[str]) -> dict[str, str]:
    found = {}
    for library in sorted(libraries):
        try:
            found[library] = version(library)
        except PackageNotFoundError:  # imported somewhere, but not installed
            continue
    return found


def _package(plugin: str) -> list[tuple[str, Path]]:
    """Name and path of the package that contains an installed implementation; imports nothing."""
    problem, _, name = plugin.partition("/")
    found = []
    for entry in entry_points(group=f"gradmark.{problem}", name=name):
        top = entry.module.partition(".")[0]
        spec = find_spec(top)
        places = [*(spec.submodule_search_locations or [])] if spec else []
        if spec and (places or spec.origin):
            found.append((top, Path(places[0] if places else str(spec.origin))))
    return found
