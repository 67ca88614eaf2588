"""The fused kernels: every variant of the pass, and their workspace."""

import functools
import importlib
import math
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

import impls
from impls import _accuracy, _machine, _measure
from impls._onepass import caches, entries, kernel, limbs, load, storage, threads
from impls._onepass import terms as engine_terms
from impls._onepass.tuning import tuning
from impls.logistic._terms import terms
from tests._guarded import guarded

FUSED = [
    (problem, name)
    for problem in impls.problems()
    if problem != "softmax"
    for name in impls.names(problem)
    if name.startswith("fused") or name == "auto"
]
# Sizes on both sides of each limit between variants: 8 and 4 bytes per value, narrow, short and
# long rows, X in cache and from memory, one thread and all, few and many float32 samples, rows
# left over, features shared out to threads.
SHAPES = [
    (1, 1),
    (7, 1001),
    (9, 2001),
    (21, 1600),
    (31, 10_007),
    (77, 63),
    (100, 129),
    (101, 31),
    (203, 17),
    (250, 5),
    (130, 65),
    (90, 1200),
    (513, 9),
    (1025, 40),
    (1030, 1010),
    (3000, 300),
    (9005, 50),
    (20_011, 100),
]


@pytest.fixture(params=FUSED, ids="-".join)
def fused(request):
    return impls.load(*request.param)


@pytest.fixture(params=[name for problem, name in FUSED if problem == "logistic"])
def logistic(request):
    return impls.load("logistic", request.param)


@pytest.fixture(params=[1, _machine.count_threads()])
def n_threads(request):
    _machine.set_threads(request.param)
    yield request.param
    _machine.set_threads(_machine.count_threads())


@pytest.fixture(params=["as it is", "from afar"])
def distance(request, monkeypatch):
    """Make small data take the variants of large ones: from memory, and shared out to threads."""
    if request.param == "as it is":
        yield
        return
    monkeypatch.setattr(caches, "long_rows_bytes", lambda: 0)
    monkeypatch.setattr(caches, "short_rows_bytes", lambda: 0)
    monkeypatch.setattr(engine_terms, "tuning", lambda: replace(tuning(), resident_bytes=0))
    for module in (threads, kernel):
        monkeypatch.setattr(module, "threads_pay_from", lambda: 0)
    monkeypatch.setattr(kernel, "ALONE_VALUES", 0)
    forget_calls()  # which hold the number
    yield
    forget_calls()


def forget_calls():
    for problem in {problem for problem, _ in FUSED}:
        terms_of = importlib.import_module(f"impls.{problem}._terms").terms
        terms_of.addresses.clear()


def pixels(n_samples, n_features):
    """Data that fit every storage: 8-bit levels, scaled to 1."""
    generator = np.random.default_rng(n_samples)
    X = generator.integers(0, 256, (n_samples, n_features)) / 255
    weights = generator.standard_normal(n_features) * math.sqrt(12 / n_features)
    return weights, X, generator.random(n_samples).round()


@functools.cache
def drawn(shape):
    return pixels(*shape)


@functools.cache
def expected(problem, shape):
    """Gradient and absolute terms: they take longer than what they are compared with."""
    return _accuracy.exact_gradient(problem, *drawn(shape))


@pytest.mark.parametrize("shape", SHAPES)
def test_every_way_is_right(fused, n_threads, distance, shape):
    weights, X, y = drawn(shape)
    gradient = fused.gradient(weights, *fused.prepare(X, y))
    assert _accuracy.compare(gradient, *expected(fused.problem, shape)) <= fused.rtol


@pytest.mark.parametrize("shape", [(200_000, 4), (60_000, 130), (8000, 400)])
def test_rounding_does_not_grow_with_the_samples(logistic, n_threads, shape):
    """All terms have one sign: added up in float32 alone, they would lose 1e-5 of their sum."""
    weights, X, y = np.zeros(shape[1]), pixels(*shape)[1], np.zeros(shape[0])
    gradient = logistic.gradient(weights, *logistic.prepare(X, y))
    rounding = np.abs(gradient / (X.sum(axis=0) / 2) - 1).max()
    assert rounding <= (5e-7 if logistic.rtol < 1e-5 else logistic.rtol / 10)


@pytest.mark.parametrize("shape", SHAPES)
def test_workspace(fused, n_threads, distance, shape):
    weights, X, y = drawn(shape)
    prepared = fused.prepare(X, y)
    # 8-bit levels fold scale and offset into a vector of their own.
    folded = 8 * (shape[1] + 1) if fused.name in ("auto", "fused_uint8") else 0
    # A sum for each chunk, a copy of float32 weights, and for each thread a sum in float32.
    n_chunks = -(-shape[0] // entries.chunk_rows(shape[0], 8 * math.prod(shape)))
    most = 8 * ((n_chunks + 2) * (shape[1] + 16) + n_threads * (shape[1] + 1000)) + folded
    assert _measure.workspace_bytes(lambda: fused.kernel(weights, *prepared)) <= most


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("shape", [(700, 40), (1000, 100), (1031, 30), (3000, 300), (20_011, 100)])
def test_any_number_of_threads_gives_the_same_bits(shape, dtype):
    weights, X, y = pixels(*shape)
    X, y = X.astype(dtype), y.astype(dtype)
    call, alone, together = terms.addresses[y.itemsize], *np.empty((2, shape[1]))
    threads.compile_pass(X, y)
    threads.add_alone(call, weights, X, y, alone)
    for n_workers in (1, 2, 3):
        threads._add_together(call, weights, X, y, n_workers, together)
        assert np.array_equal(alone, together)


@pytest.mark.parametrize("shape", [(600, 20), (20_011, 100)])
def test_prepared_in_another_process(shape):
    weights, X, y = drawn(shape)
    fused = impls.load("logistic", "fused")
    X, y = fused.prepare(X, y)
    expected = fused.kernel(weights, X, y)
    engine_terms.pass_codes[:] = [0] * len(engine_terms.pass_codes)  # as they are there
    assert np.array_equal(fused.kernel(weights, X, y), expected)


def test_read_only_data_compile_nothing_more(n_threads):
    weights, X, y = drawn((20_011, 100))
    fused = impls.load("logistic", "fused")
    expected = fused.kernel(weights, *fused.prepare(X, y))
    n_variants = len(threads.add_alone.signatures), len(threads._add_together.signatures)
    for each in (X, y):
        each.flags.writeable = False
    X, y = fused.prepare(X, y)
    assert np.array_equal(fused.kernel(weights, X, y), expected)
    assert n_variants == (len(threads.add_alone.signatures), len(threads._add_together.signatures))


def test_threads_that_begin_at_once_share_what_is_compiled():
    own = engine_terms.Terms(lambda z, y: z - 3 * y, loss=lambda z, y: z * y)
    barrier = threading.Barrier(4)

    def begin(_):
        barrier.wait()
        return own.addresses[8], own.call(8).code

    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(begin, range(4)))
    assert len(found) == 1


def test_other_threads_of_python_run_during_a_long_call(monkeypatch):
    compiled = [threads._add_large_alone, threads._add_together, threads._add_features_together]
    assert all(each.targetoptions["nogil"] for each in compiled)
    called = []
    monkeypatch.setattr(threads, "count_threads", lambda: 1)
    monkeypatch.setattr(threads, "_add_large_alone", lambda *_: called.append(1))
    weights, X, y = pixels(3000, 300)
    threads.compute(terms.addresses[8], weights, X, y)
    assert called


def loaded(one_seconds):
    """Times of which those of one thread are known."""
    found = load.Load()
    assert found.asks_for_threads(0.0)
    found.note_threads(0.0, 5.0)  # wakes the threads
    assert not found.asks_for_threads(5.0)  # the second call times one thread
    found.note_one(0.0, one_seconds)
    assert found.asks_for_threads(5.0)
    return found


def test_a_machine_that_is_busy_takes_one_thread_for_a_while():
    found = loaded(one_seconds=1.0)
    found.note_threads(10.0, 20.0)  # 9 s lost
    assert not found.asks_for_threads(28.9)
    assert found.asks_for_threads(29.1)
    found.note_threads(30.0, 32.0)  # a second lost again, which counts twice
    assert not found.asks_for_threads(33.9)
    assert found.asks_for_threads(34.1)


def test_one_slow_call_of_several_does_not_stop_threads():
    found = loaded(one_seconds=1.0)
    for _ in range(3):
        found.note_threads(0.0, 0.5)
    found.note_threads(10.0, 14.0)
    assert found.asks_for_threads(14.0)
    found.note_threads(20.0, 120.0)
    assert not found.asks_for_threads(120.0)


def test_threads_rest_less_long_after_they_have_gained():
    found = loaded(one_seconds=1.0)
    for k in range(7):
        found.note_threads(1000.0 * k, 1000.0 * k + 2.0)
    assert found.rests == 64
    for k in range(7000, 9000):
        found.note_threads(float(k), k + 0.5)
    assert found.rests == 1


def test_the_call_that_wakes_threads_counts_if_it_waits_for_a_processor():
    found = loaded(one_seconds=1e-5)
    found.note_threads(10.0, 10.001)
    assert not found.asks_for_threads(10.002)
    found.note_threads(20.0, 20.0005)  # wakes them
    assert found.asks_for_threads(20.0005)


@pytest.mark.parametrize(("used", "is_taken"), [(0.9, False), (1.4, False), (1.6, True)])
def test_threads_go_on_resting_while_this_process_has_the_processors(monkeypatch, used, is_taken):
    """As where another library's threads wait busily: `used` seconds of CPU time a second."""
    monkeypatch.setattr(load, "count_threads", lambda: 2)
    monkeypatch.setattr(load, "process_time", lambda: clock * used)
    clock, found = 1.0, loaded(one_seconds=1e-5)
    found.note_threads(1.0 - 0.004, 1.0)  # 4 ms lost
    clock = 1.011
    assert found.asks_for_threads(clock) == (not is_taken)
    clock = 1.012
    assert found.asks_for_threads(clock) == (not is_taken)


@pytest.mark.parametrize(("label", "z"), [(1, 20), (0, -20)])
def test_residuals_of_samples_that_are_right_keep_their_digits(logistic, label, z):
    weights, X, y = np.array([float(z)]), np.array([[1.0]]), np.array([float(label)])
    gradient = logistic.gradient(weights, *logistic.prepare(X, y))
    expected = math.copysign(1 / (1 + math.exp(20)), -z)
    assert gradient[0] == pytest.approx(expected, rel=max(logistic.rtol / 3, 1e-15), abs=0)


@pytest.mark.parametrize("name", ["fused", "fused_float32"])
def test_what_fits_in_cache_begins_with_a_cache_line(name):
    room = np.ones(50 * 30 + 1)
    X = room[1:] if room.ctypes.data % 64 == 0 else room[:-1]
    prepared, _ = impls.load("logistic", name).prepare(X.reshape(50, 30), np.ones(50))
    assert prepared.ctypes.data % 64 == 0
    assert np.array_equal(prepared, X.reshape(50, 30))


def test_what_does_not_fit_in_cache_is_not_copied(monkeypatch):
    monkeypatch.setattr(threads, "largest_cache_bytes", lambda: 1000)
    X = np.ones(50 * 30 + 1)[1:].reshape(50, 30)
    assert np.shares_memory(impls.load("logistic", "fused").prepare(X, np.ones(50))[0], X)


def test_an_edit_of_any_file_of_the_engine_changes_the_key_of_its_compiled_code(tmp_path):
    folder = Path(shutil.copytree(Path(entries.__file__).parent, tmp_path / "_onepass"))
    before = entries.digest_of(folder)
    assert before == entries.digest_of(Path(entries.__file__).parent)
    for path in folder.glob("*.py"):
        text = path.read_text("utf-8")
        path.write_text(text + "# edited\n", "utf-8")
        assert entries.digest_of(folder) != before, path.name
        path.write_text(text, "utf-8")


def test_each_function_that_numba_keeps_encloses_the_digest():
    """numba tells functions of one name apart by what they enclose, and sees no other file."""
    kept = [
        value
        for module in (threads, limbs)
        for value in vars(module).values()
        if getattr(getattr(value, "_cache", None), "cache_path", None)
    ]
    assert len(kept) == 5
    for function in kept:
        cells = [cell.cell_contents for cell in function.py_func.__closure__]
        assert entries.digest() in cells, function.py_func.__name__


@pytest.mark.parametrize(
    "formula",
    [
        lambda z, y: np.sign(z),
        lambda z, y: np.maximum(z, y),
        lambda z, y: np.maximum(y, z),
        lambda z, y: np.minimum(z, y),
        lambda z, y: np.minimum(y, z),
        lambda z, y: np.where(np.abs(z) <= 1, z, np.sign(z)),
    ],
)
def test_a_formula_hands_on_nan_as_numpy_does(formula):
    z, y = np.array([-2.0, -0.5, 0.0, 0.5, 2.0, np.nan]), np.array([1.0, -1, 0, 2, 0, 1])
    own = kernel.make_kernel(engine_terms.Terms(formula))
    for product, label in zip(z, y, strict=True):
        X, labels = own.prepare(np.ones((1, 1)), np.array([label]))
        found = own.gradient(np.array([product]), X, labels)
        assert np.array_equal(found, [formula(product, label)], equal_nan=True)


def test_levels_of_a_kernel_of_ones_own_may_be_few():
    own = kernel.make_kernel(engine_terms.Terms(lambda z, y: z - y), storage.as_levels)
    X = np.array([[0.0, 1.0], [3.0, 4.0], [5.0, 0.0]])
    y, weights = np.array([1.0, 0.0, 2.0]), np.array([0.5, -1.0])
    found = own.gradient(weights, *own.prepare(X, y))
    assert found == pytest.approx((X @ weights - y) @ X, rel=1e-14)


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.float16, bool])
def test_values_that_the_engine_has_no_pass_for_are_refused(dtype):
    own = kernel.make_kernel(engine_terms.Terms(lambda z, y: z - y))
    with pytest.raises(TypeError, match=r"X is stored in .*, expected float64"):
        own.prepare(np.ones((2, 1), dtype), np.ones(2))


def test_prepare_leaves_no_times_of_one_row_to_compare_with(monkeypatch):
    monkeypatch.setattr(load, "run", lambda *_: pytest.fail("a call of one row is timed"))
    for shape in ((5000, 100), (10, 10_000)):
        impls.load("logistic", "fused").prepare(np.ones(shape), np.ones(shape[0]))


@pytest.fixture
def pay_from(monkeypatch):
    """Set GRADMARK_THREADS_PAY_FROM; returns the number of bytes that is read from it."""

    def read(text):
        monkeypatch.setenv(threads.PAY_FROM_VARIABLE, text)
        threads.threads_pay_from.cache_clear()
        return threads.threads_pay_from()

    yield read
    threads.threads_pay_from.cache_clear()


def test_where_threads_begin_to_pay_is_a_number_of_the_processor_or_of_the_user(pay_from):
    assert threads.threads_pay_from() == tuning().threads_pay_from
    assert pay_from("40000") == 40_000


@pytest.mark.parametrize("text", ["", "-1", "64 KB", "1e5"])
def test_a_number_of_bytes_that_is_none_is_refused(pay_from, text):
    with pytest.raises(ValueError, match=rf"^GRADMARK_THREADS_PAY_FROM is '{text}', expected a "):
        pay_from(text)


def test_small_data_start_no_threads():
    """A process whose numba has started threads of GNU OpenMP must not fork."""
    code = """
        import impls
        from numba.np.ufunc import parallel

        for name in ("fused", "auto", "fused_float32", "fused_uint8"):
            implementation = impls.load("logistic", name)
            weights, X, y = impls.make("logistic", 100, 100)
            implementation.gradient(weights, *implementation.prepare(X.round(), y))
        print(parallel._is_initialized)
    """
    done = subprocess.run(
        [sys.executable, "-c", dedent(code)], capture_output=True, text=True, check=False
    )
    assert done.stdout == "False\n", done.stderr


@pytest.mark.parametrize("at_end", [False, True])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.uint8])
@pytest.mark.parametrize("shape", SHAPES)
def test_nothing_beside_the_data_is_read(shape, dtype, at_end):
    weights, X, y = pixels(*shape)
    X = (X * 255).round().astype(dtype)
    arrays = [guarded(array, at_end) for array in (weights / 255, X)]
    y = guarded(y.astype(np.float32 if dtype == np.float32 else np.float64), at_end)
    gradient = threads.compute(terms.addresses[y.itemsize], *arrays, y)
    error = _accuracy.relative_error("logistic", gradient, weights / 255, X.astype(np.float64), y)
    assert error <= (1e-6 if dtype == np.float32 else 8e-15)
