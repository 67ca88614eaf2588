"""Blocks of rows: from arrays and files, streamed or held by Dask's threads."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from itertools import pairwise

import dask.array as da
import numba
import numpy as np
import pandas as pd
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

import impls
from impls._blocks import ahead, files, pieces, readers, rows, shares, stream
from tests._loading import installed

BLOCKS = ("memmap_stream", "dask_blocks")
every_blocks = pytest.mark.parametrize("name", BLOCKS)
every_problem = pytest.mark.parametrize("problem", impls.problems())


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks of some rows, so that there are many."""
    monkeypatch.setattr(stream, "chunk_bytes", lambda: 4096)


def draw(problem, n_samples=700, n_features=9, seed=0):
    return impls.make(problem, n_samples, n_features, seed)


def sources(tmp_path, X, y):
    """The same data in every form."""
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "y.npy", y)
    zarr.create_array(tmp_path / "X.zarr", data=X, chunks=(64, X.shape[1]))
    frame = pd.DataFrame(X, columns=[f"f{j}" for j in range(X.shape[1])])
    frame["label"] = y
    frame.to_parquet(tmp_path / "data.parquet", row_group_size=50)
    mapped = np.load(tmp_path / "y.npy", mmap_mode="r")
    path = tmp_path / "data.parquet"
    return {
        "array": (X, y),
        "file": (np.load(tmp_path / "X.npy", mmap_mode="r"), mapped),
        "zarr": (impls.open_rows(tmp_path / "X.zarr"), y),
        "parquet": (impls.open_rows(path, without=["label"]), impls.open_rows(path, "label")),
    }


def error(problem, found, weights, X, y):
    return impls.relative_error(problem, found, weights, X, y)


# Results


@every_blocks
@every_problem
def test_every_source_gives_the_gradient(problem, name, tmp_path, small_blocks):
    weights, X, y = draw(problem)
    implementation = impls.load(problem, name)
    for form, data in sources(tmp_path, X, y).items():
        found = implementation.gradient(weights, *implementation.prepare(*data))
        assert error(problem, found, weights, X, y) < 1e-12, form


@every_blocks
@pytest.mark.parametrize("dtype", ["float32", "uint8", ">f8", "int16", "bool"])
def test_types_of_a_file_are_kept(name, dtype, tmp_path, small_blocks):
    weights, X, y = draw("logistic")
    X = (np.abs(X) * 50).astype(dtype)
    np.save(tmp_path / "X.npy", X)
    mapped = impls.open_rows(tmp_path / "X.npy")
    implementation = impls.load("logistic", name)
    prepared = implementation.prepare(mapped, y)
    assert prepared[0].dtype == X.dtype
    weights /= 50
    found = implementation.gradient(weights, *prepared)
    assert error("logistic", found, weights, X.astype(np.float64), y) < 1e-12


@pytest.mark.parametrize("kernel", installed("logistic"))
@every_blocks
def test_any_kernel_of_the_table_computes_on_the_blocks(name, kernel, small_blocks):
    if kernel in BLOCKS:
        with pytest.raises(impls.UnknownName, match="computes on blocks itself"):
            impls.load("logistic", f"{name}:{kernel}")
        return
    try:
        implementation = impls.load("logistic", f"{name}:{kernel}")
    except impls.Unavailable as reason:
        pytest.skip(str(reason))
    weights, X, y = draw("logistic", 300)
    X = np.round(X * 20) / 20  # few levels, for `fused_uint8`
    found = implementation.gradient(weights, *implementation.prepare(X, y))
    assert error("logistic", found, weights, X, y) < implementation.rtol
    assert implementation.name == f"{name}:{kernel}"


@every_blocks
@every_problem
def test_losses_and_trainings_are_those_of_the_kernel(problem, name, tmp_path, small_blocks):
    weights, X, y = draw(problem)
    X_file, y_file = sources(tmp_path, X, y)["file"]
    implementation, fused = impls.load(problem, name), impls.load(problem, "fused")
    loss, gradient = implementation.loss_gradient(weights, *implementation.prepare(X_file, y_file))
    expected = fused.loss_gradient(weights, *fused.prepare(X, y))
    assert loss == pytest.approx(expected[0], rel=1e-12)
    np.testing.assert_allclose(gradient, expected[1], rtol=1e-9, atol=1e-12)
    options = {"solver": "gd", "step": 1e-4, "n_epochs": 3, "progress": False}
    trained = impls.solve(problem, name, X_file, y_file, **options)
    np.testing.assert_allclose(
        trained.weights, impls.solve(problem, "fused", X, y, **options).weights, rtol=1e-9
    )


@every_blocks
@pytest.mark.parametrize("problem", [p for p in impls.problems() if p != "softmax"])
def test_an_objective_has_weights_an_intercept_and_products(problem, name, tmp_path, small_blocks):
    _, X, y = draw(problem)
    data = sources(tmp_path, X, y)["file"]
    options = {"l2": 0.3, "fit_intercept": True, "sample_weight": np.linspace(0, 2, len(y))}
    mine = impls.objective(problem, name, *data, **options)
    other = impls.objective(problem, "fused", X, y, **options)
    v = np.linspace(-1, 1, mine.n_weights)
    np.testing.assert_allclose(mine(v)[1], other(v)[1], rtol=1e-9, atol=1e-11)
    assert mine(v)[0] == pytest.approx(other(v)[0])
    products = mine.hessian_vector(v, v[::-1]), other.hessian_vector(v, v[::-1])
    np.testing.assert_allclose(*products, rtol=1e-9, atol=1e-11)


def test_a_kernel_without_evaluate_adds_no_intercept():
    _, X, y = draw("logistic")
    with pytest.raises(impls.Unfit, match="memmap_stream:matrix adds no intercept"):
        impls.objective("logistic", "memmap_stream:matrix", X, y, fit_intercept=True)


def test_batches_are_all_samples_once_an_epoch(small_blocks):
    _, X, y = draw("logistic", 301)
    X[:, 0] = np.arange(301)
    implementation = impls.load("logistic", "memmap_stream")
    streamed, _ = implementation.prepare(X, y)
    batches = [batch for batch, _ in streamed.draw_batches(np.random.default_rng(0), 32)]
    assert len(batches) > 301 // 32
    seen = np.concatenate([batch.rows.array[:, 0] for batch in batches])
    assert sorted(seen) == list(range(301))
    assert list(seen) != sorted(seen)


@every_blocks
@every_problem
def test_batches_of_few_samples_train(problem, name, small_blocks):
    _, X, y = draw(problem)
    options = {"solver": "minibatch", "step": 1e-3, "n_epochs": 2, "progress": False}
    trained = impls.solve(problem, name, X, y, **options)
    assert trained.loss[1] < trained.loss[0]


@every_blocks
def test_updates_are_as_many_as_there_are_batches(name, small_blocks):
    _, X, y = draw("logistic", 301)
    prepared, _ = impls.load("logistic", name).prepare(X, y)
    batches = [*prepared.draw_batches(np.random.default_rng(0), 32)]
    assert prepared.count_batches(32) == len(batches) >= 10
    options = {"solver": "minibatch", "step": 1e-3, "n_epochs": 2, "progress": False}
    assert impls.solve("logistic", name, X, y, **options).n_updates == 2 * len(batches)


def test_batches_of_dask_are_all_samples_once_and_their_gradients_those_of_the_kernel():
    weights, X, y = draw("linear", 301)  # a mean
    implementation = impls.load("linear", "dask_blocks:matrix")
    chunks = da.from_array(X, chunks=(70, -1)), da.from_array(y, chunks=70)
    prepared, _ = implementation.prepare(*chunks)
    seen = []
    for batch, labels in prepared.draw_batches(np.random.default_rng(0), 32):
        rows = 70 * batch.number + batch.samples
        found = implementation.kernel(weights, batch, labels)
        assert error("linear", found, weights, X[rows], y[rows]) < 1e-12
        seen += rows.tolist()
    assert sorted(seen) == list(range(301))
    assert seen[:70] != sorted(seen[:70])


def test_the_row_of_a_batch_that_is_not_finite_is_named():
    weights, X, y = draw("logistic", 300)
    X[217, 1] = np.nan
    implementation = impls.load("logistic", "dask_blocks:fused")
    chunks = da.from_array(X, chunks=(150, -1)), da.from_array(y, chunks=150)
    prepared, _ = implementation.prepare(*chunks)
    with pytest.raises(ValueError, match="X is not finite in row 217"):
        for batch, labels in prepared.draw_batches(np.random.default_rng(1), 32):
            implementation.kernel(weights, batch, labels)


def test_a_kernel_that_keeps_no_rows_draws_no_batches():
    _, X, y = draw("logistic", 300)
    options = {"solver": "minibatch", "step": 1e-3, "n_epochs": 1, "progress": False}
    with pytest.raises(impls.Unfit, match=r"fused_uint8 keeps X as .*: take the solver gd"):
        impls.solve("logistic", "dask_blocks:fused_uint8", np.round(X * 20) / 20, y, **options)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 60), st.integers(1, 8), st.integers(1, 20), st.integers(1, 20), st.data())
def test_any_chunks_of_dask_give_the_gradient(n_samples, n_features, of_X, of_y, data):
    weights, X, y = draw("linear", n_samples, n_features, data.draw(st.integers(0, 9)))
    implementation = impls.load("linear", "dask_blocks")
    chunks = of_X, data.draw(st.integers(1, n_features))
    arrays = da.from_array(X, chunks=chunks), da.from_array(y, chunks=of_y)
    found = implementation.gradient(weights, *implementation.prepare(*arrays))
    assert error("linear", found, weights, X, y) < 1e-12


def test_unknown_chunks_are_counted():
    weights, X, y = draw("logistic")
    arrays = da.from_array(X, chunks=(100, -1)), da.from_array(y, chunks=100)
    positive = arrays[0][:, 0] > 0
    chosen = X[:, 0] > 0
    implementation = impls.load("logistic", "dask_blocks")
    prepared = implementation.prepare(arrays[0][positive], arrays[1][positive])
    found = implementation.gradient(weights, *prepared)
    assert error("logistic", found, weights, X[chosen], y[chosen]) < 1e-12


# Rows of files


@settings(max_examples=50, deadline=None)
@given(st_numpy.arrays(np.int16, st.tuples(st.integers(1, 30), st.integers(1, 5))), st.data())
def test_rows_of_a_mapped_slice_are_those_of_the_file(tmp_path_factory, array, data):
    path = tmp_path_factory.mktemp("rows") / "X.npy"
    np.save(path, array)
    start = data.draw(st.integers(0, len(array) - 1))
    found = rows.rows_of("X", np.load(path, mmap_mode="r")[start:])
    assert isinstance(found, rows.FileRows)
    stop = data.draw(st.integers(0, len(array) - start))
    np.testing.assert_array_equal(found.read(0, stop), array[start : start + stop])


def test_every_chunk_of_a_file_is_read_once_and_computed_on_from_its_own_cache_line(
    tmp_path, small_blocks
):
    _, X, y = draw("logistic", 3000, 7)
    np.save(tmp_path / "X.npy", X)
    streamed, _ = impls.load("logistic", "memmap_stream").prepare(
        impls.open_rows(tmp_path / "X.npy"), y
    )
    seen = {}

    def compute(start, rows, labels):
        np.testing.assert_array_equal(rows, X[start : start + len(rows)])
        np.testing.assert_array_equal(labels, y[start : start + len(rows)])
        seen[start] = len(rows), rows.ctypes.data % 64
        return (float(start),)

    blocks = list(streamed._parts(compute))
    starts = range(0, 3000, streamed.chunk_rows)
    assert sorted(seen) == list(starts)
    assert sum(n for n, _ in seen.values()) == 3000
    assert {place for _, place in seen.values()} == {0}  # `fused` copies what begins elsewhere
    in_order = [starts[k : k + stream._BLOCK_CHUNKS] for k in range(0, len(starts), 8)]
    assert [float(total[0]) for total in blocks] == [sum(block) for block in in_order]


@pytest.mark.parametrize("n_threads", [1, 3])
def test_a_gradient_of_a_file_is_the_same_by_any_number_of_threads(
    n_threads, tmp_path, small_blocks, monkeypatch
):
    weights, X, y = draw("logistic", 3000)
    np.save(tmp_path / "X.npy", X)
    implementation = impls.load("logistic", "memmap_stream")
    prepared = implementation.prepare(impls.open_rows(tmp_path / "X.npy"), y)
    expected = implementation.gradient(weights, *prepared)
    monkeypatch.setattr(readers, "count_shares", lambda: n_threads)
    for _ in range(3):
        assert (implementation.gradient(weights, *prepared) == expected).all()


def test_threads_of_a_file_have_one_thread_of_numba_each_and_leave_this_one_its_own(
    tmp_path, small_blocks, monkeypatch
):
    _, X, y = draw("logistic", 3000)
    np.save(tmp_path / "X.npy", X)
    monkeypatch.setattr(readers, "count_shares", lambda: 2)
    usual, seen = numba.get_num_threads(), []
    streamed, _ = impls.load("logistic", "memmap_stream").prepare(
        impls.open_rows(tmp_path / "X.npy"), y
    )

    def compute(*_):
        seen.append(numba.get_num_threads())
        return (0.0,)

    list(streamed._parts(compute))
    assert set(seen) == {1}
    assert numba.get_num_threads() == usual


def test_where_numba_allows_one_thread_at_a_time_a_file_has_one(monkeypatch):
    monkeypatch.setattr(numba, "threading_layer", lambda: "workqueue")
    assert shares.count_shares() == 1
    monkeypatch.setattr(numba, "threading_layer", lambda: "omp")
    assert shares.count_shares() == min(numba.get_num_threads(), shares.count_threads())


def test_a_file_that_becomes_shorter_between_two_blocks_is_named(tmp_path, small_blocks):
    np.save(tmp_path / "X.npy", np.ones((3000, 10)))
    streamed, _ = impls.load("logistic", "memmap_stream").prepare(
        impls.open_rows(tmp_path / "X.npy"), np.zeros(3000)
    )

    def compute(start, *_):
        if start == 0:
            os.truncate(tmp_path / "X.npy", 100_000)
        return (0.0,)

    with pytest.raises(ValueError, match=r"X\.npy ends after 100,000 bytes, expected 240,128"):
        list(streamed._parts(compute))


def test_values_that_are_not_aligned_in_the_file_are_read(tmp_path, small_blocks):
    weights, X, y = draw("logistic")
    (tmp_path / "X.bin").write_bytes(b"odd" + X.tobytes())
    raw = np.memmap(tmp_path / "X.bin", np.float64, "r", 3, X.shape)
    assert isinstance(rows.rows_of("X", raw), rows.FileRows)
    implementation = impls.load("logistic", "memmap_stream")
    found = implementation.gradient(weights, *implementation.prepare(raw, y))
    assert error("logistic", found, weights, X, y) < 1e-12


def test_what_does_not_follow_in_the_file_is_read_through_its_mapping(tmp_path):
    weights, X, y = draw("logistic", 200)
    np.save(tmp_path / "X.npy", np.asfortranarray(X))
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    implementation = impls.load("logistic", "memmap_stream")
    for part in (slice(None), slice(None, None, -1), slice(3, 150, 7)):
        prepared = implementation.prepare(mapped[part], y[part])
        assert isinstance(prepared[0].rows, rows.ArrayRows)
        found = implementation.gradient(weights, *prepared)
        assert error("logistic", found, weights, X[part], y[part]) < 1e-12


def test_private_changes_of_a_mapping_count(tmp_path):
    np.save(tmp_path / "X.npy", np.zeros((4, 2)))
    mapped = np.load(tmp_path / "X.npy", mmap_mode="c")
    mapped[:] = 7
    assert rows.rows_of("X", mapped).read(0, 1).tolist() == [[7, 7]]


@every_blocks
def test_a_file_that_has_become_shorter_is_named(name, tmp_path):
    weights, X, y = draw("logistic")
    np.save(tmp_path / "X.npy", X)
    mapped = impls.open_rows(tmp_path / "X.npy")
    os.truncate(tmp_path / "X.npy", 5000)
    implementation = impls.load("logistic", name)
    with pytest.raises(ValueError, match=r"X\.npy ends after 5,000 bytes, expected 50,528"):
        implementation.gradient(weights, *implementation.prepare(mapped, y))


def test_files_that_cannot_be_opened_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"ends in '.csv', expected"):
        impls.open_rows(tmp_path / "X.csv")
    for ending in ("npy", "parquet", "zarr"):
        with pytest.raises(FileNotFoundError, match=f"nothing.{ending}"):
            impls.open_rows(tmp_path / f"nothing.{ending}")
        (tmp_path / f"bad.{ending}").write_bytes(b"\x93NUMPY\x01\x00 not at all")
    for ending in ("npy", "parquet"):
        with pytest.raises(ValueError, match=f"bad.{ending} cannot be read as .{ending}"):
            impls.open_rows(tmp_path / f"bad.{ending}")
    np.save(tmp_path / "objects.npy", np.array([{}]), allow_pickle=True)
    with pytest.raises(ValueError, match=r"objects\.npy cannot be read as \.npy"):
        impls.open_rows(tmp_path / "objects.npy")
    os.mkfifo(tmp_path / "pipe.npy")
    with pytest.raises(FileNotFoundError, match="is no file"):
        impls.open_rows(tmp_path / "pipe.npy")
    with pytest.raises(ValueError, match=r"only a .parquet file has columns"):
        impls.open_rows(tmp_path / "bad.npy", "y")


def test_columns_of_parquet_that_are_no_numbers_are_named(tmp_path):
    path = tmp_path / "data.parquet"
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"], "c": [1, None], "d": [1, 2]})
    frame.to_parquet(path)
    with pytest.raises(ValueError, match="has no column 'e'; it has: a, b, c, d"):
        impls.open_rows(path, "e")
    with pytest.raises(TypeError, match=r"column 'b' is .*string, expected real numbers"):
        _ = impls.open_rows(path, ["a", "b"]).dtype
    with pytest.raises(ValueError, match=r"column 'c' lacks 1 value\(s\)"):
        impls.open_rows(path, ["c"]).read(0, 2)
    assert impls.open_rows(path, ["a", "d"]).read(1, 2).tolist() == [[2, 2]]


def test_a_row_group_is_never_read_as_a_whole_by_a_stream(tmp_path, monkeypatch, small_blocks):
    weights, X, y = draw("logistic", 3000, 4)
    pd.DataFrame(X, columns=list("abcd")).to_parquet(tmp_path / "X.parquet")
    monkeypatch.setattr(files, "_read_groups", None)
    implementation = impls.load("logistic", "memmap_stream")
    prepared = implementation.prepare(impls.open_rows(tmp_path / "X.parquet"), y)
    assert error("logistic", implementation.gradient(weights, *prepared), weights, X, y) < 1e-12


# Bad data


@every_blocks
@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (np.zeros((3, 2)), np.zeros(4), r"y has shape \(4,\), expected \(3,\)"),
        (np.zeros((0, 2)), np.zeros(0), r"X has shape \(0, 2\)"),
        (np.zeros((3, 2)), np.array([0, 5, 1]), r"y\[1\] is 5, expected a label in \[0, 1\]"),
        (np.zeros((3, 2)), np.array([0, np.nan, 1]), r"y\[1\] is nan"),
        (np.zeros((3, 2), complex), np.zeros(3), "X has dtype complex128"),
        ([[1.0]], np.zeros(1), "X is a list, expected a NumPy array"),
    ],
)
def test_bad_data_are_refused(name, X, y, message):
    with pytest.raises((TypeError, ValueError), match=message):
        impls.load("logistic", name).prepare(X, y)


@every_blocks
def test_a_row_that_is_not_finite_is_named(name, small_blocks):
    weights, X, y = draw("linear")
    X[611, 3] = np.inf
    implementation = impls.load("linear", name)
    with pytest.raises(ValueError, match="X is not finite in row 611"):
        implementation.gradient(weights, *implementation.prepare(X, y))


def test_a_block_of_another_type_or_length_is_named():
    _, X, y = draw("logistic")
    labels, implementation = da.from_array(y, chunks=100), impls.load("logistic", "dask_blocks")
    chunks = da.from_array(X, chunks=(100, -1))
    narrow = chunks.map_blocks(lambda block: block.astype(np.float32), dtype=np.float64)
    with pytest.raises(
        TypeError, match=r"rows \d+ to \d+ of X have type float32, expected float64"
    ):
        implementation.prepare(narrow, labels)
    short = chunks.map_blocks(lambda block: block[:50], dtype=X.dtype)
    with pytest.raises(ValueError, match=r"have shape \(50, 9\)"):
        implementation.prepare(short, labels)
    with pytest.raises(TypeError, match="expected Dask arrays both, or none"):
        implementation.prepare(chunks, y)


def test_data_that_a_kernel_cannot_store_are_refused_in_the_first_pass(small_blocks):
    weights, X, y = draw("logistic")
    X[690, 2] = 1e300
    implementation = impls.load("logistic", "memmap_stream:fused_float32")
    prepared = implementation.prepare(X, y)
    with pytest.raises(impls.Unfit, match="feature 2 of X"):
        implementation.gradient(weights, *prepared)


def test_only_implementations_for_blocks_take_a_kernel():
    with pytest.raises(impls.UnknownName, match="matrix computes on no blocks"):
        impls.load("logistic", "matrix:fused")
    with pytest.raises(impls.UnknownName, match=r"no implementation 'fsued'.*did you mean 'fused'"):
        impls.load("logistic", "memmap_stream:fsued")


# Reading ahead, pieces, memory


def test_reading_is_ahead_by_so_many_tasks_and_stops_with_its_caller():
    begun = []
    results = ahead.read_ahead(lambda task: begun.append(task) or task, range(100))
    assert [next(results), next(results)] == [0, 1]
    results.close()
    assert len(begun) <= 2 + ahead.N_AHEAD


def test_an_error_of_the_reader_arrives_in_its_place():
    results = ahead.read_ahead(lambda task: 1 / task, [2, 1, 0])
    assert [next(results), next(results)] == [0.5, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)


@given(st.integers(1, 1000), st.integers(1, 50), st.integers(1, 40))
def test_pieces_cover_all_rows_once_and_whole_units(n_samples, n_pieces, unit):
    class Units(rows.ArrayRows):
        pass

    Units.unit = unit
    X = Units(np.zeros((n_samples, 2)))
    cut = pieces.cut(X, np.zeros(n_samples), lambda n_bytes: n_pieces).pieces
    assert [cut[0].start, cut[-1].stop] == [0, n_samples]
    assert all(a.stop == b.start and a.stop % unit == 0 for a, b in pairwise(cut))
    assert all(piece.start < piece.stop for piece in cut)


def test_a_stream_takes_little_memory_whatever_the_size_of_the_file(tmp_path):
    """400 MB in a process whose own memory may not grow by so much."""
    pytest.importorskip("resource")
    X = np.lib.format.open_memmap(tmp_path / "X.npy", "w+", np.float32, (1_000_000, 100))
    X[::1000] = 1
    X.flush()
    code = textwrap.dedent("""
        import os, resource, sys
        import numpy as np
        import impls
        stream = impls.load("logistic", "memmap_stream")
        y = np.zeros(1_000_000)
        few = np.zeros((10, 100), np.float32)
        stream.gradient(np.ones(100), *stream.prepare(few, y[:10]))  # compiled
        used = int(open("/proc/self/statm").read().split()[5]) * os.sysconf("SC_PAGE_SIZE")
        limit = used + 250_000_000
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
        X = np.load(sys.argv[1], mmap_mode="r")
        gradient = stream.gradient(np.ones(100), *stream.prepare(X, y))
        print(gradient[0])
        before = int(open("/proc/self/statm").read().split()[1])
        stream.gradient(np.ones(100), *stream.prepare(X, y))
        print((int(open("/proc/self/statm").read().split()[1]) - before) * 4096)
    """)
    command = [sys.executable, "-c", code, str(tmp_path / "X.npy")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    first, grown = done.stdout.split()
    # A thousand rows of 100 ones have sigmoid(100) = 1; zeros have no gradient.
    assert float(first) == pytest.approx(1000)
    assert int(grown) < 100e6
