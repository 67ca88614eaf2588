"""Import closures: which imports are followed and which are not."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import impls
from impls import _imports
from impls._imports import Sources

ROOT = Path(__file__).resolve().parent.parent
HERE = Sources({name: ROOT / name for name in ("impls", "benchmarks")})


@pytest.fixture
def package(tmp_path):
    """Write files of a package ``impls``; returns a function for the closure of one of them."""

    def closure(files, root):
        for name, text in files.items():
            path = tmp_path / "impls" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        found = Sources({"impls": tmp_path / "impls"}).closure([f"impls/{root}"])
        return {file.removeprefix("impls/") for file in found.files}, found.libraries

    return closure


@pytest.mark.parametrize(
    "line",
    [
        "import impls.p._shared",
        "import impls.p._shared as shared",
        "from impls.p import _shared",
        "from impls.p._shared import f",
        "from . import _shared",
        "from ._shared import f",
        "from ..p._shared import *",
        "def f():\n    from impls.p import _shared",
        "if True:\n    import impls.p._shared",
        "import importlib\nimportlib.import_module('impls.p._shared')",
    ],
)
def test_every_form_of_import_is_followed(package, line):
    files = {"__init__.py": "", "p/__init__.py": "", "p/_shared.py": "", "p/a.py": line}
    assert package(files, "p/a.py")[0] == {"p/__init__.py", "p/_shared.py", "p/a.py"}


def test_names_of_the_table_lead_to_where_they_are_defined(package):
    files = {
        "__init__.py": "from impls._a import make\nfrom impls._b import solve as train",
        "_a.py": "import numpy",
        "_b.py": "import scipy",
        "c.py": "import impls\nimpls.make()",
        "d.py": "from impls import train",
    }
    assert package(files, "c.py")[0] == {"c.py", "_a.py"}
    assert package(files, "d.py")[0] == {"d.py", "_b.py"}


def test_imports_of_imports_and_circles_are_followed(package):
    files = {"a.py": "from impls import b", "b.py": "from impls import c", "c.py": "import impls.a"}
    assert package(files, "a.py")[0] == {"a.py", "b.py", "c.py"}


def test_data_that_a_source_names_belongs_to_it(package):
    files = {"p/a.py": "NAME = 'kernel.so'", "p/kernel.so": "x", "p/other.so": "y"}
    assert package(files, "p/a.py")[0] == {"p/a.py", "p/kernel.so"}


@pytest.mark.parametrize("text", [b"import (", b"\x00", b"\xff\xfe", b"# coding: nonsense\n"])
def test_what_cannot_be_read_imports_nothing_and_still_counts(package, text):
    assert package({"a.py": text}, "a.py") == ({"a.py"}, set())


@pytest.mark.parametrize("text", ["\ufeffimport numpy", "# coding: latin-1\nimport numpy"])
def test_a_byte_order_mark_and_a_coding_are_read_as_python_reads_them(package, text):
    assert package({"a.py": text}, "a.py")[1] == {"numpy"}


def test_a_library_counts_with_what_it_requires(package):
    assert package({"a.py": "import numba.core"}, "a.py")[1] == {"numba", "numpy", "llvmlite"}
    assert package({"b.py": "import os, json"}, "b.py")[1] == set()
    assert "scikit-learn" in package({"c.py": "from sklearn import linear_model"}, "c.py")[1]


def test_packages_in_development_count_by_their_files(tmp_path, monkeypatch, package):
    helper = tmp_path / "site" / "kernels_of_mine"
    helper.mkdir(parents=True)
    (helper / "__init__.py").write_text("import kernels_of_mine.fast")
    (helper / "fast.py").write_text("import numpy")
    monkeypatch.syspath_prepend(tmp_path / "site")
    _imports._editable_path.cache_clear()
    files, libraries = package({"a.py": "import kernels_of_mine"}, "a.py")
    assert files == {"a.py", "kernels_of_mine/__init__.py", "kernels_of_mine/fast.py"}
    assert libraries == {"numpy"}


@given(st.text())
def test_no_text_stops_the_reader(text):
    names = list(_imports._imported_modules(_parsed(text), _imports.PurePosixPath("impls/a.py")))
    assert all(isinstance(name, str) for name in names)


def _parsed(text):
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return ast.Module([], [])


def test_measuring_a_gradient_does_not_depend_on_trainings():
    files = HERE.closure(["benchmarks/_session/rounds.py"]).files
    measures = {"impls/_table.py", "impls/_measure.py", "benchmarks/_session/worker.py"}
    assert measures <= files
    assert (
        not {
            "impls/_solve.py",
            "impls/_optimum.py",
            "benchmarks/_session/training.py",
            "benchmarks/_session/session.py",
        }
        & files
    )


def test_measuring_a_training_does():
    files = HERE.closure(["benchmarks/_session/training.py"]).files
    assert {"impls/_solve.py", "impls/_optimum.py", "impls/_measure.py"} <= files


@pytest.mark.parametrize("problem", impls.problems())
def test_the_baseline_depends_on_numpy_alone(problem):
    roots = [f"impls/{problem}/{name}.py" for name in ("__init__", "matrix")]
    assert HERE.closure(roots).libraries == {"numpy"}
