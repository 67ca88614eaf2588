"""The compiler behind the loops in C: found, asked, and its absence told."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

import impls
from impls import _c, _machine
from impls._imports import Sources
from tests._loading import load_or_skip

IMPLS = Path(impls.__file__).parent
RESIDUAL = IMPLS / "logistic" / "_residual.c"
PROBLEMS = [problem for problem in impls.problems() if "c_openmp" in impls.names(problem)]


@pytest.fixture
def compiler():
    try:
        _c.require_compiler()
    except impls.Unavailable as error:
        pytest.skip(str(error))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("CC", "no-such-compiler -O2", "it needs a C compiler, and there is no no-such-compiler; "),
        ("PATH", "", "it needs a C compiler, and there is none of cc, gcc, clang; install gcc"),
        ("CC", sys.executable, "does not compile C with OpenMP: "),
    ],
)
def test_without_a_compiler_it_is_unavailable(monkeypatch, name, value, message):
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv(name, value)
    with pytest.raises(impls.Unavailable, match=message):
        _c.require_compiler()


def test_what_the_compiler_says_is_told_in_one_line(tmp_path, compiler):
    residual = tmp_path / "broken.c"
    residual.write_text("int broken(void) {\n    return = 1;\n}\n")
    with pytest.raises(impls.Unavailable, match=r"broken\.c") as raised:
        _c.library(residual)
    assert "\n" not in str(raised.value)


def test_nothing_is_left_in_the_temporary_folder(monkeypatch, tmp_path, compiler):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert _c.library.__wrapped__(RESIDUAL).add_gradient
    if os.name == "posix":
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("n_threads", range(1, _machine.count_threads() + 1))
def test_a_limit_that_was_set_before_counts(compiler, n_threads):
    try:
        with threadpool_limits():
            _machine.set_threads(n_threads)
            assert _c.library.__wrapped__(RESIDUAL).omp_get_max_threads() == n_threads
    finally:
        _machine.set_threads(_machine.count_threads())


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("n_samples", [1, 7, 40_000])
def test_samples_of_all_threads_count(problem, n_samples):
    """The last number is beyond the size from which threads share the samples."""
    implementation = load_or_skip(problem, "c_openmp")
    weights, X, y = impls.make(problem, n_samples, 3)
    gradient = implementation.gradient(weights, *implementation.prepare(X, y))
    expected = impls.load(problem, "matrix").gradient(weights, X, y)
    np.testing.assert_allclose(gradient, expected, 1e-9)


@pytest.mark.parametrize("problem", PROBLEMS)
def test_the_files_in_c_make_its_values_stale(problem):
    found = Sources({"impls": IMPLS}).closure([f"impls/{problem}/c_openmp.py"]).files
    assert {f"impls/{problem}/_residual.c", "impls/_one_pass.c"} <= found
    assert len([file for file in found if file.endswith(".c")]) == 2
