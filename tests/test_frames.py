"""DataFrames as X and y, sparse X, and X in a type of its own until an implementation casts it."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import impls
from impls import _casting, _measure
from impls._onepass import storage, threads
from tests._planting import plant

GENERATOR = np.random.default_rng(0)
X = GENERATOR.random((60, 3))
Y = (np.arange(60) % 3 == 0).astype(np.float64)
WEIGHTS = np.array([0.5, -1.0, 2.0])
FRAME = pd.DataFrame(X, columns=[*"abc"])
# An integer, a nullable and a boolean column beside others.
MIXED = pd.DataFrame(
    {
        "a": X[:, 0],
        "b": pd.array(np.arange(60), "Int64"),
        "c": pd.array(Y.astype(bool), "boolean"),
        "d": Y.astype(bool),
        "e": pd.array(X[:, 1], "Float64"),
        "f": np.arange(60, dtype=np.uint8),
        "g": pd.arrays.SparseArray(Y),
    }
)
MIXED_X = np.column_stack(
    [X[:, 0], np.arange(60), Y, Y, X[:, 1], np.arange(60, dtype=np.float64), Y]
)


@pytest.fixture
def matrix():
    return impls.load("logistic", "matrix")


# Frames


@pytest.mark.parametrize(("frame", "array"), [(FRAME, X), (MIXED, MIXED_X)])
@pytest.mark.parametrize(
    "labels", [pd.Series(Y), pd.Series(Y.astype(bool)), pd.Series(Y, dtype="Int64")]
)
def test_frames_give_the_results_of_their_arrays(matrix, frame, array, labels):
    weights = np.ones(array.shape[1])
    for found, expected in zip(matrix.prepare(frame, labels), (array, Y), strict=True):
        assert type(found) is np.ndarray
        assert found.dtype == np.float64
        np.testing.assert_array_equal(found, expected)
    exact = impls.reference("logistic", weights, array, Y)
    np.testing.assert_array_equal(impls.reference("logistic", weights, frame, labels), exact)
    assert impls.relative_error("logistic", exact, weights, frame, labels) == 0
    options = {"step": 1e-4, "n_epochs": 1, "progress": False}
    own = impls.solve("logistic", "matrix", frame, labels, **options)
    plain = impls.solve("logistic", "matrix", array, Y, **options)
    np.testing.assert_allclose(own.weights, plain.weights, rtol=1e-12)
    loss, _ = impls.objective("logistic", "matrix", frame, labels)(weights)
    assert loss == impls.objective("logistic", "matrix", array, Y)(weights)[0]


def test_a_frame_of_one_array_is_not_copied(matrix):
    assert np.shares_memory(matrix.prepare(FRAME, pd.Series(Y))[0], FRAME.to_numpy())


def columns_of(**columns):
    return pd.DataFrame({"a": X[:, 0]} | columns)


WORDS = [*"pqr"] * 20


def bad_frames():
    """Frames with a column that is refused, and the beginning of the message."""
    dtype = pd.Series(WORDS).dtype
    day = pd.date_range("2020", periods=60)
    objects = pd.Series([1] * 60, dtype=object)
    return {
        "text": (columns_of(b=WORDS), TypeError, f"column 'b' of X has dtype {dtype}, such as 'p'"),
        "objects": (
            columns_of(b=objects),
            TypeError,
            "column 'b' of X has dtype object, such as '1'",
        ),
        "kinds": (
            columns_of(b=pd.Categorical(WORDS)),
            TypeError,
            "column 'b' of X has dtype category",
        ),
        "dates": (columns_of(b=day), TypeError, "column 'b' of X has dtype datetime64"),
        "complex": (columns_of(b=X[:, 0] * 1j), TypeError, "column 'b' of X has dtype complex128"),
        "NaN": (
            columns_of(b=np.where(Y, np.nan, 1)),
            ValueError,
            "column 'b' of X lacks a value in row 0",
        ),
        "NA": (
            columns_of(b=nullable("Int64")),
            ValueError,
            "column 'b' of X lacks a value in row 2",
        ),
        "no truth": (
            columns_of(b=nullable("boolean")),
            ValueError,
            "column 'b' of X lacks a value in",
        ),
        "no columns": (pd.DataFrame(index=range(60)), ValueError, "X has shape (60, 0), expected"),
        "a column": (
            pd.Series(Y, name="b"),
            ValueError,
            "X has shape (60,), expected (n_samples, n_f",
        ),
        "escape": (columns_of(**{"b\x1b[2J": WORDS}), TypeError, "column 'b [2J' of X has dtype"),
    }


def nullable(dtype):
    return pd.array([1, 0, None] * 20, dtype)


REFUSED = bad_frames()


@pytest.mark.parametrize("case", REFUSED)
def test_a_frame_that_holds_no_plain_numbers_is_refused(matrix, case):
    frame, error, message = REFUSED[case]
    for function in (
        lambda: matrix.prepare(frame, Y),
        lambda: impls.reference("logistic", WEIGHTS[:2], frame, Y),
        lambda: impls.solve("logistic", "matrix", frame, Y, step=1.0, n_epochs=1),
    ):
        with pytest.raises(error, match=f"^{re.escape(message)}"):
            function()


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        (pd.Series(WORDS, name="kind"), TypeError, "y, the column 'kind', has dtype"),
        (pd.Series(np.where(Y, np.nan, 1)), ValueError, "y, the column 'None', lacks a value in r"),
        (pd.DataFrame({"y": Y}), ValueError, "y has shape (60, 1), expected 1 dimension"),
        (pd.Series(Y[:-1]), ValueError, "y has shape (59,), expected (60,)"),
    ],
)
def test_labels_of_a_frame_are_checked(matrix, labels, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}"):
        matrix.prepare(FRAME, labels)


def test_frames_need_no_import_of_pandas():
    code = (
        "import sys, numpy as np, impls\n"
        "X, y = np.ones((3, 2)), np.ones(3)\n"
        "impls.load('logistic', 'matrix').prepare(X, y)\n"
        "sys.exit('pandas' in sys.modules or 'scipy.sparse' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


# Sparse


@pytest.mark.parametrize("make", [sparse.csr_array, sparse.coo_array, sparse.csc_matrix])
def test_a_sparse_array_is_refused_with_what_to_do(matrix, make):
    message = rf"^X is sparse \({make.__name__}, shape \(60, 3\)\), .* memory: X\.toarray\(\)$"
    with pytest.raises(TypeError, match=message):
        matrix.prepare(make(X), Y)
    with pytest.raises(TypeError, match=message):
        impls.reference("logistic", WEIGHTS, make(X), Y)
    with pytest.raises(TypeError, match=message):
        impls.solve("logistic", "matrix", make(X), Y, step=1.0, n_epochs=1)


# Types


def of_type(dtype, shape=(200_000, 20)):
    levels = GENERATOR.integers(0, 256, shape, np.uint8)
    return levels if dtype == np.uint8 else (levels + GENERATOR.random(shape[1])).astype(dtype)


@pytest.fixture
def from_memory(monkeypatch):
    """Every X counts as one that no core's own cache holds."""
    monkeypatch.setattr(storage, "own_cache_bytes", lambda: 0)
    monkeypatch.setattr(storage, "own_caches_bytes", lambda: 0)


@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        ("float32", np.float32),
        ("float32", np.float64),
        ("fused_float32", np.float32),
        ("fused_float32", np.float64),
        ("auto", np.float32),
        ("auto", np.uint8),
        ("fused_uint8", np.uint8),
    ],
)
def test_preparing_takes_the_memory_that_is_stated(name, dtype, from_memory, monkeypatch):
    monkeypatch.setattr(threads, "LINE_BYTES", 1)  # no second copy, of what fits in cache
    array = of_type(dtype)
    y = np.zeros(len(array))
    implementation = impls.load("logistic", name)
    implementation.prepare(array, y)  # compiles
    peak, _ = _measure.allocated_bytes(lambda: implementation.prepare(array, y))
    stated = implementation.options["PREPARED_COPIES"] * 8 * array.size
    assert peak <= 1.1 * stated + 2 * y.nbytes


@pytest.mark.parametrize("name", ["float32", "fused_float32", "auto"])
def test_a_read_only_map_is_not_copied(name, from_memory, tmp_path):
    np.save(tmp_path / "X.npy", of_type(np.float32, (5000, 20)))
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    prepared, _ = impls.load("logistic", name).prepare(mapped, np.zeros(5000))
    assert prepared.dtype == np.float32
    assert np.shares_memory(prepared, mapped)


@pytest.mark.parametrize("name", ["float32", "fused_float32", "auto"])
def test_what_is_written_later_changes_no_result(name, from_memory):
    array = GENERATOR.random((5000, 20), dtype=np.float32)
    view = array[:]
    view.flags.writeable = False
    implementation, y = impls.load("logistic", name), np.ones(5000)
    for given in (array, view, pd.DataFrame(array)):
        prepared = implementation.prepare(given, y)
        before = implementation.gradient(np.ones(20), *prepared)
        kept, array[:] = array.copy(), 0
        np.testing.assert_array_equal(implementation.gradient(np.ones(20), *prepared), before)
        array[:] = kept


@pytest.mark.parametrize("dtype", [np.float32, np.uint8, ">f4"])
@pytest.mark.parametrize("name", ["fused_float32", "auto", "matrix", "row_loop"])
@pytest.mark.parametrize("n_samples", [7, 5000])
def test_the_gradient_is_that_of_the_same_data_in_float64(name, dtype, n_samples, request):
    if n_samples > 1000:
        request.getfixturevalue("from_memory")
    array = of_type(dtype, (n_samples, 20))
    weights, y = GENERATOR.standard_normal(20) / 1000, np.arange(n_samples) % 2 * 1.0
    implementation = impls.load("logistic", name)
    found = implementation.gradient(weights, *implementation.prepare(array, y))
    error = impls.relative_error("logistic", found, weights, array.astype(np.float64), y)
    assert error <= implementation.rtol


def test_levels_of_bytes_are_the_bytes():
    array = of_type(np.uint8, (500, 20))
    levels = storage.as_levels(array)
    np.testing.assert_array_equal(levels.levels[:, :20], array)
    np.testing.assert_array_equal(np.asarray(levels), array)


def test_rounding_to_float32_makes_no_levels(from_memory):
    """A 255th in float32 is none in float64."""
    array = (of_type(np.uint8, (500, 20)) / 255).astype(np.float32)
    with pytest.raises(impls.Unfit, match="not 256 evenly spaced levels"):
        storage.as_levels(array)
    assert storage.smallest(array).dtype == np.float32


def test_levels_of_float32_are_those_of_float64(from_memory):
    array = of_type(np.uint8, (500, 20)) * np.float32(0.25) - np.float32(3)
    single, double = (storage.as_levels(array.astype(t)) for t in ("f4", "f8"))
    np.testing.assert_array_equal(single.levels, double.levels)
    np.testing.assert_array_equal(np.asarray(single), array)


def test_few_values_are_computed_in_float64(monkeypatch):
    monkeypatch.setattr(storage, "own_cache_bytes", lambda: 8 * 100)
    for array in (of_type(np.uint8, (10, 10)), of_type(np.float32, (10, 10))):
        assert storage.smallest(array).dtype == np.float64


def test_values_of_float32_that_no_sum_of_it_holds_are_refused():
    array = np.full((50, 2), 1.0, np.float32)
    array[:, 1] = 1e-42
    with pytest.raises(impls.Unfit, match=r"^feature 1 of X, from 1e-42 to 1e-42, loses"):
        impls.load("logistic", "fused_float32").prepare(array, np.zeros(50))


def test_sizes_of_many_float32_values_are_added_in_float64(monkeypatch):
    """Each block of one row: in float32, 1e8 + 1 is 1e8."""
    monkeypatch.setattr(_casting._numerics, "BLOCK_ELEMENTS", 1)
    array = np.full((3000, 1), 1e-3, np.float32)
    array[0] = 1e5
    array[1:4] = 5e-39  # below the least by far: what they lose is measured against the sum
    _casting.check_fits(array, np.float32, "X")


def test_an_implementation_says_which_types_it_takes(tmp_path, monkeypatch):
    head = '"""Mine.\n\nPasses over X: 1.\n"""\n'
    kept = "def prepare(X, y):\n    assert X.dtype == '{}'\n    return X * 1.0, y\n"
    last = "def gradient(weights, X, y):\n    return X.sum(axis=0)\n"
    sources = {
        "takes": head + "X_TYPES = 'float32 int16'\n" + kept.format("int16") + last,
        "takes_not": head + kept.format("float64") + last,
        "wrong": head + "X_TYPES = 4\n" + last,
    }
    plant("logistic", sources, tmp_path, monkeypatch)
    array = np.ones((3, 2), np.int16)
    for name in ("takes", "takes_not"):
        impls.load("logistic", name).prepare(array, np.ones(3))
    with pytest.raises(impls.BadPlugin, match="X_TYPES is 4, expected a text in quotes"):
        impls.load("logistic", "wrong")
