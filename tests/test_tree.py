"""Rules for the tree: permitted imports, and versions that are stated in two places."""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from pathlib import Path

import pytest

import impls
from impls._imports import Sources

ROOT = Path(__file__).resolve().parent.parent
SOURCES = Sources({"impls": ROOT / "impls"})  # reads each file once
IMPLEMENTATIONS = [
    (problem, path)
    for problem in impls.problems()
    for path in sorted((ROOT / "impls" / problem).glob("[!_]*.py"))
]


def imported(path):
    """Dotted names that a file imports, at any place in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            yield node.module


def closure(file):
    """Files of the package that a file imports, directly or not."""
    return SOURCES.closure([file]).files


@pytest.mark.parametrize(("problem", "path"), IMPLEMENTATIONS, ids=lambda x: getattr(x, "stem", x))
def test_an_implementation_imports_shared_files_and_libraries_alone(problem, path):
    own = [name for name in imported(path) if name.split(".")[0] == "impls"]
    # The problem's own package is allowed for its parameters, such as a Huber loss's delta.
    allowed = (f"impls.{problem}._", "impls._")
    assert all(name == f"impls.{problem}" or name.startswith(allowed) for name in own)
    # The shared files must not import the table, another problem or another implementation.
    used = closure(f"impls/{problem}/{path.name}") - {f"impls/{problem}/{path.name}"}
    others = {file for file in used if not file.startswith(f"impls/{problem}/_")}
    assert all(file.startswith("impls/_") for file in others)
    assert "impls/_table.py" not in others


@pytest.mark.parametrize(("problem", "path"), IMPLEMENTATIONS, ids=lambda x: getattr(x, "stem", x))
def test_an_implementation_shares_no_arithmetic_with_the_reference(problem, path):
    """Of its imports, only the problem's formula uses the modules that references share."""
    used = closure(f"impls/{problem}/{path.name}") - closure(f"impls/{problem}/__init__.py")
    for file in (file for file in used if file.endswith(".py")):
        assert not {"impls._glm", "impls._numerics"} & set(imported(ROOT / file)), file


def test_the_engine_imports_what_tells_of_the_machine_and_of_errors_alone():
    """And what casts X, and tuned numbers. `_machine` imports `_compiled` for numba's threads."""
    engine = {f"impls/_onepass/{path.name}" for path in (ROOT / "impls/_onepass").glob("*.py")}
    used = {file for path in engine for file in closure(path)} - engine
    others = ("_errors", "_files", "_machine", "_compiled", "_prepare", "_tuned")
    assert used == {f"impls/{name}.py" for name in others}


def test_storage_alone_imports_the_limbs():
    importing = {
        path.name
        for path in (ROOT / "impls").rglob("*.py")
        if any(name.startswith("impls._onepass.limbs") for name in modules(path))
    }
    assert importing == {"storage.py"}
    assert not [file for file in closure("impls/logistic/fused.py") if "limbs" in file]


def test_the_engine_is_no_problem_and_counts_where_it_is_used():
    assert "_onepass" not in impls.problems()
    assert "impls/_onepass/passes.py" in closure("impls/logistic/fused.py")
    assert not [file for file in closure("impls/logistic/matrix.py") if "_onepass" in file]


@pytest.mark.parametrize(("problem", "path"), IMPLEMENTATIONS, ids=lambda x: getattr(x, "stem", x))
def test_an_implementation_is_short_and_says_what_it_costs(problem, path):
    text = path.read_text(encoding="utf-8")
    doc = ast.get_docstring(ast.parse(text))
    assert all(word in doc for word in ("Passes over X:", "Temporaries:", "Order of additions:"))
    assert "Source:" in doc
    assert len(text.splitlines()) <= 60


# For each folder, the parts of this project that its files may import.
_SHOWN = {  # inputs of figures and tables: records and text, nothing that reads a disk
    *("scripts._common.metrics", "scripts._common.records", "scripts._common.units"),
    *("scripts._common.families", "scripts._common.fastest", "scripts._common.csv_text"),
    *("scripts._common.escape", "scripts._common.problems"),
    *("scripts._common.finite", "scripts._common.fleet"),
    *("scripts._common.baseline", "scripts._common.chance", "scripts._compare.comparison"),
    *("scripts._race.result", "benchmarks._session.measured", "benchmarks._session.statistics"),
}
_SESSION = "benchmarks._session"
MAY_IMPORT = {
    "impls": {"impls"},
    "benchmarks/_session": {"impls", _SESSION},
    "benchmarks": {"impls", "benchmarks"},
    "scripts/_common": {
        "impls",
        _SESSION,
        "benchmarks._own",
        "benchmarks._plan",
        "scripts._common",
    },
    "scripts/_measured": {
        *("impls", _SESSION, "benchmarks._measure", "benchmarks._own", "benchmarks._parent"),
        *("benchmarks._plan", "scripts._common", "scripts._measured"),
    },
    "scripts/_advice": {"scripts._advice", *_SHOWN},
    "scripts/_page": {"scripts._page", "scripts._advice", "scripts._common.kept", *_SHOWN},
    "scripts/_report": {
        *("impls._files", "impls._machine", f"{_SESSION}.guardian", "scripts._common"),
        *("scripts._experiments", "scripts._figures", "scripts._fleet", "scripts._page"),
        *("scripts._report", "scripts._tables", *_SHOWN),
    },
    "scripts/_figures": {"impls._files", "scripts._figures", *_SHOWN},
    "scripts/_tables": {"impls.solvers", "scripts._tables", *_SHOWN},
    "scripts/_compare": {
        *("impls", "benchmarks", "scripts._common", "scripts._compare"),
        *("scripts._measured.machine", "scripts._measured.measuring"),
        *("scripts._measured.results", "scripts._measured.state"),
    },
    "scripts/_race": {"impls", _SESSION, "scripts._common", "scripts._race"},
    "scripts/_fleet": {
        *("impls", "benchmarks._measure", _SESSION, "scripts._common", "scripts._fleet"),
        "scripts._measured",
    },
    "scripts/_scale": {
        *("impls", "scripts._common", "scripts._experiments", "scripts._scale"),
        "scripts._figures._panels",
    },
    "scripts/_experiments": {
        *("impls", _SESSION, "scripts._common", "scripts._experiments"),
        *("scripts._figures", "scripts._tables._rows"),
    },
}
OURS = {"impls", "benchmarks", "scripts", "reports", "tests"}
FILES = [(folder, path) for folder in MAY_IMPORT for path in sorted((ROOT / folder).rglob("*.py"))]


def modules(path):
    """Dotted names that a file imports, and those of the names that it imports from them."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize(("folder", "path"), FILES, ids=lambda x: getattr(x, "name", x))
def test_imports_go_one_way(folder, path):
    own = {name for name in modules(path) if name.split(".")[0] in OURS}
    allowed = tuple(f"{name}." for name in MAY_IMPORT[folder])
    assert all(f"{name}.".startswith(allowed) for name in own), path


def test_nobody_imports_a_command():
    commands = {f"scripts.{path.stem}" for path in (ROOT / "scripts").glob("[!_]*.py")}
    for folder in ("impls", "benchmarks", "scripts"):
        for path in (ROOT / folder).rglob("*.py"):
            assert not commands & {*imported(path), *modules(path)}, path


def test_one_room_imports_asv():
    for path in (ROOT / "scripts").rglob("*.py"):
        if "_measured" not in path.parts:
            assert not {name for name in imported(path) if name.split(".")[0] == "asv"}, path


def test_the_scripts_folder_holds_commands_and_rooms():
    names = {path.name for path in (ROOT / "scripts").iterdir() if path.name != "__pycache__"}
    commands = ["check", "compare", "list", "publish", "race", "recommend", "report", "run"]
    commands += ["scale", "trace", "train"]
    rooms = ["_advice", "_common", "_compare", "_experiments", "_figures", "_measured", "_page"]
    rooms += ["_fleet", "_race", "_report", "_scale", "_tables"]
    assert names == {"__init__.py", *rooms, *(f"{name}.py" for name in commands)}
    assert not list((ROOT / "reports").rglob("*.py"))


def test_the_suite_imports_the_standard_library_and_what_impls_requires_alone():
    allowed = ("impls", "benchmarks", "numpy", "psutil", "scipy.special")
    for path in (ROOT / "benchmarks").rglob("*.py"):
        foreign = {x for x in imported(path) if x.split(".")[0] not in sys.stdlib_module_names}
        if path.parent.name == "_own":  # within a function: without it, tables are skipped
            foreign -= {"pandas"}
        assert all(f"{name}.".startswith(tuple(f"{x}." for x in allowed)) for name in foreign), path
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    required = {normalise(re.match(r"[\w.-]+", text).group()) for text in project["dependencies"]}
    assert {"numpy", "psutil", "scipy"} <= required


def test_asv_installs_the_versions_that_are_pinned():
    lines = (ROOT / "asv.conf.json").read_text().splitlines()
    conf = json.loads("\n".join(line for line in lines if not line.lstrip().startswith("//")))
    assert "-c {conf_dir}/constraints.txt" in conf["install_command"][0]
    for name, (version,) in conf["matrix"]["req"].items():
        assert pinned()[normalise(name.removeprefix("pip+"))] == version


def pinned():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pairs = (line.split("==") for line in lines if not line.startswith("#"))
    return {normalise(name): version for name, version in pairs}


def normalise(name):
    return re.sub(r"[-_.]+", "-", name).lower()
