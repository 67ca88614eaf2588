"""How a call is measured: its seconds, its memory and the read roof."""

from __future__ import annotations

import math
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

import impls
from benchmarks._session import worker
from impls import _machine, _measure


class Clock:
    """A clock that advances in calls alone."""

    def __init__(self, monkeypatch):
        self.now = 0.0
        for module in (worker, _measure):
            monkeypatch.setattr(module, "perf_counter", lambda: self.now)
        monkeypatch.setattr(worker, "process_time", lambda: self.now)  # of one thread

    def takes(self, seconds, result=None):
        """A function that takes this many seconds and returns `result`."""

        def call(*_):
            self.now += seconds
            return result

        return call


# Seconds


def contender(kernel, **order):
    """A contender that has been prepared, with this kernel, in this process."""
    one = worker.Contender({"warm_seconds": 0.0, "sample_seconds": 0.001} | order)
    one.weights, one.prepared = np.arange(3.0), (None, None)
    one.implementation = SimpleNamespace(kernel=kernel)
    one.call = partial(kernel, one.weights, None, None)
    return one


@pytest.mark.parametrize("warm_seconds", [0.0, 0.01])
def test_a_microsecond_kernel_is_reported_as_one_microsecond(monkeypatch, warm_seconds):
    clock = Clock(monkeypatch)
    one = contender(clock.takes(1e-6, np.ones(3)), warm_seconds=warm_seconds)
    expected = one.count()["seconds"]
    assert expected == pytest.approx(0.001 + warm_seconds, rel=0.3)
    reply = one.sample(seed=1)
    assert reply["seconds"] == pytest.approx(1e-6)
    assert reply["processors"] == pytest.approx(1)
    assert reply["fresh"] == pytest.approx(1e-6)
    assert one.seconds_in_gradients == pytest.approx(clock.now)


def test_the_call_that_is_compared_was_in_the_sample(monkeypatch):
    """Its weights are those of the seed, which the session alone knows before."""
    clock = Clock(monkeypatch)
    seen = []

    def kernel(weights, *_):
        clock.now += 1e-4
        seen.append(weights)
        return weights.copy()

    one = contender(kernel)
    one.count()
    reply = one.sample(seed=7)
    (gradient,) = worker.decode(reply["gradients"], (3,), 1)
    assert np.array_equal(gradient, worker._verify.other_weights(one.weights, 7))
    assert len({weights.tobytes() for weights in seen}) > 2


def test_calls_of_a_sample_take_turns(monkeypatch):
    clock = Clock(monkeypatch)
    order = []
    calls = [lambda name=name: (order.append(name), clock.takes(1.0)(), name)[2] for name in "abc"]
    seconds, result = _measure.seconds_in_turn(calls, 4)
    assert "".join(order) == "abcabc"
    assert (seconds, result) == (1.0, "c")


def test_what_is_warmed_up_with_does_not_count(monkeypatch):
    clock = Clock(monkeypatch)
    seconds = iter([1.0])  # like a compilation, this takes longer than a sample

    def call():
        clock.now += next(seconds, 1e-6)

    n_calls, sample = _measure.count_calls(call)
    assert n_calls >= _measure.SAMPLE_SECONDS / 1e-6
    assert sample == pytest.approx(n_calls * 1e-6)


def test_calls_are_counted_for_the_length_that_is_asked_for(monkeypatch):
    clock = Clock(monkeypatch)
    n_calls, _ = _measure.count_calls(clock.takes(1e-6), 0.001)
    assert 1000 <= n_calls < 2000


@pytest.mark.parametrize("step", [0, 1e-12])
def test_a_clock_that_stands_still_is_no_endless_count(monkeypatch, step):
    now = [0.0]

    def read_clock():
        now[0] += step
        return now[0]

    monkeypatch.setattr(_measure, "perf_counter", read_clock)
    monkeypatch.setattr(_measure, "call_times", lambda call, n_calls: None)
    with pytest.raises(RuntimeError, match="by a clock that is changed"):
        _measure.count_calls(lambda: None)


@pytest.mark.parametrize("n_delays", [1, 2])
def test_a_delay_does_not_count_as_a_call(monkeypatch, n_delays):
    """If it did, a sample would be a single call, and mostly the clock."""
    now, delays = [0.0], [0.01] * n_delays

    def take_time(call, n_calls):
        now[0] += n_calls * 1e-6 + (delays.pop() if delays else 0)

    monkeypatch.setattr(_measure, "perf_counter", lambda: now[0])
    monkeypatch.setattr(_measure, "call_times", take_time)
    n_calls, _ = _measure.count_calls(lambda: None)
    assert 4000 < n_calls < 10_000


@pytest.mark.parametrize(("seconds", "n_prepared"), [(0.01, 3), (0.5, 1)])
def test_a_preparation_is_the_fastest_of_three_unless_it_is_long(monkeypatch, seconds, n_prepared):
    clock = Clock(monkeypatch)
    delays = [0.003, 0.0, 0.002]

    def prepare(X, y):
        clock.now += seconds + delays.pop()
        return X, y

    one = contender(clock.takes(1e-6, np.ones(3)))
    one.implementation.prepare, one.raw = prepare, (None, None)
    longest = seconds + 0.002
    assert one.cost()["prepare"] == pytest.approx(seconds if n_prepared == 3 else longest)
    assert len(delays) == 3 - n_prepared


# Memory


def test_workspace_is_what_a_call_allocates():
    n_bytes = _measure.workspace_bytes(lambda: np.empty(1_000_000))
    assert 8_000_000 <= n_bytes < 8_010_000


def test_workspace_sees_what_numba_allocates():
    implementation = impls.load("logistic", "numba_parallel")
    weights, X, y = impls.make("logistic", 100, 1000)
    call = partial(implementation.kernel, weights, *implementation.prepare(X, y))
    assert _measure.workspace_bytes(call) >= _machine.count_threads() * 1000 * 8


def test_workspace_forgets_the_first_call():
    kept = []

    def call():
        if not kept:
            kept.append(np.empty(1_000_000))

    assert _measure.workspace_bytes(call) < 10_000


def test_what_a_preparation_keeps_is_told_from_what_it_needs():
    def prepare():
        return np.empty(1_000_000)[:500_000].copy()

    needed, kept = _measure.allocated_bytes(prepare)
    assert 12_000_000 <= needed < 12_010_000
    assert 4_000_000 <= kept < 4_010_000


def test_the_peak_is_that_of_one_call():
    """And of no earlier one, whose memory the system has got back."""
    if not _measure._forget_peak():
        pytest.skip("no way to let the peak start again here")
    np.ones(30_000_000)
    assert 200e6 < _measure.peak_bytes(lambda: np.ones(30_000_000)) < 260e6
    assert _measure.peak_bytes(lambda: None) < 20e6


def test_where_no_peak_can_start_again_there_is_none(monkeypatch, tmp_path):
    monkeypatch.setattr(_measure, "_CLEAR", tmp_path / "none" / "clear_refs")
    assert math.isnan(_measure.peak_bytes(lambda: None))
    one = contender(lambda *_: np.ones(3))
    one.implementation.prepare, one.raw = (lambda X, y: (X, y)), (None, None)
    assert one.cost().keys() == {"workspace", "prepare", "prepared", "openmp"}


# The read roof


@pytest.mark.parametrize("order", ["C", "F"])
def test_the_roof_reads_every_value_and_copies_none(order):
    X = np.asarray(np.ones((300, 70)), order=order)
    dot, sums, of_one_thread, largest = _measure.reads_of(X, n_threads=3)
    X[200, 50] = 9
    assert dot() == X.size - 1 + 81
    of_rows, of_the_rest = sums()
    assert of_rows.sum() + of_the_rest == X.size - 1 + 9
    of_rows, of_the_rest = of_one_thread()
    assert of_rows.sum() + of_the_rest == X.size - 1 + 81
    assert max(largest()) == 9


@pytest.mark.parametrize("n_samples", [1, 2, 301])
def test_the_roof_reads_the_bytes_of_float32(n_samples):
    X = np.ones((n_samples, 3), dtype=np.float32)
    (dot,) = _measure.reads_of(X, n_threads=1)
    pair = np.ones(2, dtype=np.float32).view(np.float64)[0]
    assert dot() == pytest.approx(X.nbytes // 8 * pair**2)


@pytest.mark.parametrize(("n_values", "n_reads"), [(7_999, 1), (8_000, 2)])
def test_the_roof_of_one_thread_has_no_shares(n_values, n_reads):
    assert len(_measure.reads_of(np.ones(n_values), n_threads=1)) == n_reads


@pytest.mark.parametrize("width", [1, 2, 4, 8])
def test_a_read_takes_as_many_bytes_as_x_has_with_smaller_values(tmp_path, width):
    files = {}
    for name, array in (("weights", np.ones((2, 5))), ("X", np.ones((40, 5))), ("y", np.ones(40))):
        files[name] = str(tmp_path / f"{name}.npy")
        np.save(files[name], array)
    read = worker.Read({"bytes_per_value": width, "threads": 1})
    assert read.prepare(files, own_copy=True) == {"bytes": 200 * width}


def test_the_roof_is_the_fastest_way_to_read(monkeypatch):
    clock = Clock(monkeypatch)
    read = worker.Read({"warm_seconds": 0.0, "sample_seconds": 0.001})
    read.calls = [clock.takes(seconds) for seconds in (3e-6, 1e-6, 2e-6)]
    read.count()
    assert read.sample(seed=1)["seconds"] == pytest.approx(1e-6)
