"""What is measured: presets, lists of parameters for asv, and jobs for a session.

asv hands a parameter to a child process as an index into a list that the child builds again. The
lists must not depend on what is installed, so they come from the working tree beside this folder.
"""

from __future__ import annotations

import ast
import math
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks._own import folder
from benchmarks._session.inputs import Data, in_file
from benchmarks._session.parsing import parse_json
from benchmarks._session.session import Job
from impls import _table

Size = tuple[int, int]
_PROBLEMS = Path(__file__).resolve().parent.parent / "impls"
_HERE = Path(__file__).parent
PRESETS, METRICS = _HERE / "presets.json", _HERE / "metrics.json"


@dataclass(frozen=True)
class Preset:
    """Sizes and times of a run.

    Attributes
    ----------
    sizes : tuple of (n_samples, n_features)
    epochs : tuple of (n_samples, n_features)
        Those at which epochs of training are measured too.
    files, files_of : tuple of (n_samples, n_features), tuple of str
        Sizes of X in a file, and the problems that are measured with them; all if empty.
    most_epochs : int
        Train on real data, with so many epochs at most; 0: do not.
    rounds, generations : int
        Samples in each generation of processes, and generations.
    warm_seconds, sample_seconds : float
        Calls before each sample, and in it.
    """

    sizes: tuple[Size, ...]
    epochs: tuple[Size, ...]
    most_epochs: int
    rounds: int
    generations: int
    warm_seconds: float
    sample_seconds: float
    files: tuple[Size, ...] = ()
    files_of: tuple[str, ...] = ()


@cache
def metrics() -> dict[str, dict[str, str]]:
    """Label, unit and page of each metric."""
    return dict(parse_json(METRICS.read_bytes()))


def presets() -> dict[str, Preset]:
    """Presets by name, from the shortest to the longest."""
    records: dict[str, Any] = parse_json(PRESETS.read_bytes())
    for record in records.values():
        sizes = record.keys() & {"sizes", "epochs", "files"}
        record |= {key: tuple(map(tuple, record[key])) for key in sizes}
        record["files_of"] = tuple(record.get("files_of", ()))
    return {name: Preset(**record) for name, record in records.items()}


def current_preset() -> Preset:
    """The preset that GRADMARK_PRESET names; ``quick`` without it."""
    name = os.environ.get("GRADMARK_PRESET", "quick")
    known = presets()
    if name not in known:
        raise ValueError(f"GRADMARK_PRESET is {name!r}, expected one of {', '.join(known)}")
    return known[name]


def listed_sizes() -> tuple[list[int], list[int]]:
    """Numbers of samples and of features that asv lists.

    asv deletes the values of parameters that a later run of the same commit does not list:
    `scripts.run` lists those of every preset, by GRADMARK_LISTED_PRESET.
    """
    sizes = _listed_preset().sizes
    return sorted({n for n, _ in sizes}), sorted({d for _, d in sizes})


def listed_files(problem: str) -> list[str]:
    """Names of data whose X is in a file that asv lists."""
    return [data.dataset for data in files(_listed_preset(), problem)]


def _listed_preset() -> Preset:
    name = os.environ.get("GRADMARK_LISTED_PRESET")
    return presets()[name] if name else current_preset()


def solvers() -> list[str]:
    """Solvers in the working tree."""
    return sorted(path.stem for path in (_PROBLEMS / "solvers").glob("[!_]*.py"))


def problems() -> list[str]:
    """Problems in the working tree."""
    return list(_table.problems_in(_PROBLEMS))


def implementations(problem: str) -> list[str]:
    """Names in the working tree, and the installed plug-ins of GRADMARK_PLUGINS."""
    files = {path.stem for path in _table.files(_PROBLEMS / problem)}
    plugins = (item.partition("/") for item in os.environ.get("GRADMARK_PLUGINS", "").split())
    found = files | {name for owner, _, name in plugins if owner == problem}
    return sorted(filter(_table.is_name, found))


def datasets(problem: str) -> list[str]:
    """Names of a problem's data sets: those of the working tree, and the user's own."""
    return sorted([*built_in(problem), *own_sets(problem).paths])


def built_in(problem: str) -> list[str]:
    """Names of the public functions in the problem's ``_datasets.py`` in the working tree."""
    path = _PROBLEMS / problem / "_datasets.py"
    if not path.is_file():
        return []
    functions = [n.name for n in ast.parse(path.read_text()).body if isinstance(n, ast.FunctionDef)]
    return sorted(name for name in functions if not name.startswith("_"))


def own_sets(problem: str) -> folder.Found:
    """The user's data sets of a problem: see `benchmarks._own.folder`."""
    return folder.find(problem, built_in(problem))


def own_contents(problem: str) -> dict[str, str]:
    """Digests of the files of the user's data sets, by name."""
    found = {}
    for name, path in own_sets(problem).paths.items():
        with suppress(OSError, ValueError):  # gone meanwhile
            found[name] = folder.contents(path)
    return found


def is_current(data: Data) -> bool:
    """Whether data are what they were: a user's file is there, and holds the same."""
    return not data.contents or own_contents(data.problem).get(data.dataset) == data.contents


def data_of(problem: str, dataset: str) -> Data:
    """A data set by its name; one of the user's with the digest of its file."""
    path = own_sets(problem).paths.get(dataset)
    return Data(problem, dataset=dataset, contents=folder.contents(path) if path else "")


def files(preset: Preset, problem: str) -> list[Data]:
    """Data of a problem whose X is in a file, from the smallest to the largest."""
    if preset.files_of and problem not in preset.files_of:
        return []
    return [in_file(problem, *size) for size in sorted(preset.files, key=math.prod)]


def left_aside(problems: Iterable[str]) -> list[str]:
    """A sentence for each entry of the user's folder that is no data set of these problems."""
    asides = [own_sets(problem).left_aside for problem in problems]
    return [
        *folder.strays(_table.problems_in(_PROBLEMS)),
        *(text for own in asides for text in own),
    ]


def jobs(preset: Preset, problem: str, names: Iterable[str]) -> Iterator[Job]:
    """Jobs of one problem: real data, then drawn data from the smallest X to the largest.

    X in a file comes last.
    """
    own = tuple(names)
    for dataset in datasets(problem):
        yield Job(data_of(problem, dataset), own, most_epochs=preset.most_epochs)
    for size in sorted(preset.sizes, key=lambda size: (math.prod(size), size)):
        yield Job(Data(problem, *size), own, epochs=size in preset.epochs)
    for data in files(preset, problem):
        yield Job(data, own)
