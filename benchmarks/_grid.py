"""What is measured: the lists of parameters, and the sizes of the current preset.

asv hands a parameter to a child process as an index into a list that the child builds again. The
lists must not depend on what is installed, so they come from the working tree beside this folder.
"""

from __future__ import annotations

import ast
import json
import os
from pathlib import Path

from impls import _table

_PROBLEMS = Path(__file__).resolve().parent.parent / "impls"
_PRESETS = json.loads((Path(__file__).parent / "presets.json").read_text())
METRICS = json.loads((Path(__file__).parent / "metrics.json").read_text())
_PRESET = os.environ.get("GRADMARK_PRESET", "quick")
if _PRESET not in _PRESETS:
    raise ValueError(f"GRADMARK_PRESET is {_PRESET!r}, expected one of {', '.join(_PRESETS)}")

# asv deletes the values of parameters that a later run of the same commit does not list. To run
# several presets on one commit, list the sizes of the largest every time.
_LISTED = _PRESETS[os.environ.get("GRADMARK_LISTED_PRESET", _PRESET)]["sizes"]

N_SAMPLES = sorted({n_samples for n_samples, _ in _LISTED})
N_FEATURES = sorted({n_features for _, n_features in _LISTED})
SOLVERS = sorted(path.stem for path in (_PROBLEMS / "solvers").glob("[!_]*.py"))
# Drawing, compiling, verifying and measuring one cell; a cell that hangs is ended then.
TIMEOUT_SECONDS: float = _PRESETS[_PRESET]["timeout_seconds"]
SECONDS_PER_CELL: float = _PRESETS[_PRESET]["seconds_per_cell"]
# Limit of a training towards a loss; a solver that needs more is skipped with a reason.
MOST_EPOCHS: int = _PRESETS[_PRESET].get("most_epochs", 200)


def runs(module: str) -> bool:
    """Whether the current preset measures anything in this module of the suite."""
    return module not in _PRESETS[_PRESET].get("without", [])


def in_preset(module: str, n_samples: int, n_features: int) -> bool:
    """Whether the current preset measures this size in this module of the suite."""
    preset = _PRESETS[_PRESET]
    if not runs(module):
        return False
    sizes = preset.get("sizes_of", {}).get(module, preset["sizes"])
    return [n_samples, n_features] in sizes


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
    """Names of the public functions in the problem's ``_datasets.py`` in the working tree."""
    path = _PROBLEMS / problem / "_datasets.py"
    if not path.is_file():
        return []
    functions = [n.name for n in ast.parse(path.read_text()).body if isinstance(n, ast.FunctionDef)]
    return sorted(name for name in functions if not name.startswith("_"))
