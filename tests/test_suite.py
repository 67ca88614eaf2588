"""The asv suite: timing, refusals, and the reasons that it gives."""

from __future__ import annotations

import importlib
import json
import math
import os
import re
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from textwrap import dedent

import numpy as np
import pytest
from asv_runner.benchmarks.time import TimeBenchmark
from threadpoolctl import threadpool_info, threadpool_limits

import impls
from benchmarks import _cell, _grid, _journal, _provenance, _suite, _training, gradient, memory
from impls import _machine, _measure, _table
from impls._provenance import journal_name

MODULES = ["accuracy", "bandwidth", "datasets", "gradient", "memory", "prepare", "workspace"]
OPEN = partial(_cell.open_cell, "logistic", "matrix", 10, 10)


@pytest.fixture(autouse=True)
def _all_threads_again():
    with threadpool_limits():
        yield


@pytest.fixture
def journal(tmp_path, monkeypatch):
    monkeypatch.setattr(_journal, "FOLDER", tmp_path)
    monkeypatch.setattr(_journal._provenance, "record", lambda: "state")
    monkeypatch.setenv("ASV_COMMIT", "0123456789abcdef")
    monkeypatch.setenv("ASV_ENV_NAME", "env")
    path = tmp_path / journal_name("0123456789abcdef", "env")
    return lambda: [json.loads(line) for line in path.read_text().splitlines()]


def change_kernel(monkeypatch, change):
    """Make the table return every implementation with another kernel."""
    load = _table.load

    def load_changed(problem, name):
        implementation = load(problem, name)
        return replace(implementation, kernel=partial(change, implementation.kernel))

    monkeypatch.setattr(impls, "load", load_changed)


class Clock:
    """A clock that advances only in calls: those of the kernel and of asv around it."""

    def __init__(self, monkeypatch):
        self.now = 0.0
        for module in (_suite, _measure):
            monkeypatch.setattr(module, "perf_counter", lambda: self.now)

    def takes(self, seconds):
        """A function that takes this many seconds."""

        def call():
            self.now += seconds

        return call


def test_a_microsecond_kernel_is_reported_as_one_microsecond(monkeypatch):
    """asv repeats the set-up before every call, and its own clock would include that."""
    clock = Clock(monkeypatch)
    suite = gradient.logistic()
    suite.cell = replace(OPEN(_cell.Check.NONE), gradient=clock.takes(1e-6))
    setup = suite.setup
    suite.setup = lambda *params: (clock.takes(1e-3)(), setup(*params))
    benchmark = TimeBenchmark("time_gradient", suite.time_gradient, [suite.time_gradient, suite])
    benchmark.set_param_idx(0)
    benchmark.do_setup()
    assert median(benchmark.do_run()["samples"]) == pytest.approx(1e-6)


def test_what_is_warmed_up_with_does_not_count(monkeypatch):
    clock = Clock(monkeypatch)
    seconds = iter([1.0])  # like a compilation, this takes longer than a sample

    def call():
        clock.now += next(seconds, 1e-6)

    assert _measure.count_calls(call) >= _measure.SAMPLE_SECONDS / 1e-6


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
    assert 4000 < _measure.count_calls(lambda: None) < 10_000


@pytest.mark.parametrize("change", [0.999, np.nan])
def test_a_wrong_gradient_is_never_timed(journal, monkeypatch, change):
    change_kernel(monkeypatch, lambda kernel, *inputs: kernel(*inputs) * change)
    suite = gradient.logistic()
    with pytest.raises(_journal.WrongResult, match=r"of the sum of absolute terms"):
        suite.setup("matrix", 10, 10)
    assert not hasattr(suite, "cell")
    last = journal()[-1]
    assert last["cell"] == ["gradient", "logistic", "matrix", 10, 10]
    assert last["outcome"] == "wrong"


def test_the_error_of_a_wrong_gradient_is_told(monkeypatch):
    change_kernel(monkeypatch, lambda kernel, *inputs: kernel(*inputs) * 0.999)
    error = OPEN(_cell.Check.MEASURE).error
    assert 1e-6 < error < 1e-3


def test_a_gradient_is_not_called_when_its_memory_is_to_be_measured(monkeypatch):
    def refuse(*_):
        raise AssertionError("called")

    change_kernel(monkeypatch, refuse)
    assert math.isnan(OPEN(_cell.Check.NONE).error)


@pytest.mark.parametrize("can_start_again", [True, False])
def test_the_peak_is_without_a_first_call_where_that_can_be(monkeypatch, can_start_again):
    calls = []
    monkeypatch.setattr(_grid, "in_preset", lambda *_: True)
    change_kernel(monkeypatch, lambda kernel, *inputs: calls.append("call") or kernel(*inputs))
    monkeypatch.setattr(memory, "_forget_peak", lambda: calls.append("forget") or can_start_again)
    memory.logistic().open("matrix", 10, 10)
    assert calls == (["forget", "call", "forget"] if can_start_again else ["forget"])


def test_a_peak_that_started_again_is_the_memory_in_use():
    def peak():
        status = Path("/proc/self/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1))

    if not memory._forget_peak():
        pytest.skip("no way to let the peak start again here")
    before = peak()
    np.ones(30_000_000)
    assert peak() - before > 200_000
    assert memory._forget_peak()
    assert peak() - before < 20_000


def test_an_error_in_the_set_up_is_journaled(journal, monkeypatch):
    change_kernel(monkeypatch, lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        gradient.logistic().setup("matrix", 10, 10)
    assert [line["outcome"] for line in journal()] == ["started", "failed"]
    assert "ZeroDivisionError" in journal()[-1]["reason"]


def test_a_good_cell_is_journaled(journal):
    gradient.logistic().setup("matrix", 10, 10)
    assert [line["outcome"] for line in journal()] == ["started", "ready"]


def test_the_journal_names_the_state_of_each_cell(journal):
    gradient.logistic().setup("matrix", 10, 10)
    assert [line["state"] for line in journal()] == ["state", "state"]


def test_the_state_of_a_process_is_that_of_the_tree(tmp_path, monkeypatch):
    monkeypatch.setattr(_provenance, "FOLDER", tmp_path)
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    monkeypatch.setenv("NUMBA_CACHE_DIR", "elsewhere")
    digest = _provenance.record.__wrapped__()
    state = json.loads((tmp_path / f"{digest}.json").read_text())
    assert state["files"]["impls/logistic/matrix.py"]
    assert state["files"]["benchmarks/gradient.py"]
    assert state["versions"]["numpy"] == np.__version__
    assert state["settings"]["NUMBA_DISABLE_JIT"] == "1"
    assert "NUMBA_CACHE_DIR" not in state["settings"]
    assert _provenance.record.__wrapped__() == digest


def skipped(**options):
    with pytest.raises(NotImplementedError) as caught:
        _cell.open_cell("logistic", **options, check=_cell.Check.NONE)
    return str(caught.value)


def test_too_large_for_a_slow_loop_is_skipped_with_its_reason():
    reason = skipped(name="nested_loop", n_samples=100_000, n_features=100)
    assert reason == "nested_loop takes too long above 200,000 elements"


def test_too_large_for_memory_is_skipped_before_it_is_allocated(monkeypatch):
    monkeypatch.setattr(_machine, "available_memory", lambda: 4_000_000_000)
    tracemalloc.start()
    reason = skipped(name="matrix", n_samples=100_000, n_features=10_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert reason == "needs 8.2 GB of memory, 4.0 GB are available"
    assert peak < 100e6


def test_a_prepared_copy_counts_as_memory(monkeypatch):
    monkeypatch.setattr(_machine, "available_memory", lambda: 9_000_000_000)
    assert "needs 16.2 GB" in skipped(name="column_major", n_samples=100_000, n_features=10_000)


def test_an_implementation_that_the_commit_lacks_is_skipped():
    assert skipped(name="not_yet_written", n_samples=10, n_features=10) == "not in this commit"


def test_an_unavailable_implementation_is_skipped_with_the_way_to_install_it(monkeypatch):
    def refuse(*_):
        raise impls.Unavailable("try: pip install numba")

    monkeypatch.setattr(impls, "load", refuse)
    assert "pip install numba" in skipped(name="matrix", n_samples=10, n_features=10)


def test_a_size_outside_the_preset_is_skipped():
    with pytest.raises(NotImplementedError, match="not in this preset"):
        gradient.logistic().setup("matrix", 100_000, 10_000)


@pytest.mark.parametrize("module", MODULES)
def test_parameters_come_from_the_working_tree(module):
    params = importlib.import_module(f"benchmarks.{module}").logistic.params
    files = {name for name in impls.names("logistic") if _table.is_builtin("logistic", name)}
    assert set(params[0]) == files
    assert all(type(value) in (str, int) for values in params for value in values)


def test_plug_ins_are_listed_when_the_caller_asks_for_them(monkeypatch):
    monkeypatch.setenv("GRADMARK_PLUGINS", "logistic/mine other/yours")
    assert "mine" in _grid.implementations("logistic")
    assert "yours" not in _grid.implementations("logistic")


def test_the_presets_hold_the_sizes_that_the_readme_promises():
    presets = json.loads((_grid._PROBLEMS.parent / "benchmarks" / "presets.json").read_text())
    sizes = {name: preset["sizes"] for name, preset in presets.items()}
    for name in ("quick", "standard", "full"):
        assert [10, 10] in sizes[name]
        assert [1000, 100] in sizes[name]
        assert max(8 * n * d for n, d in sizes[name]) >= 4 * 36e6
    assert [100_000, 10_000] in sizes["full"]
    assert all(size in sizes["full"] for name in sizes for size in sizes[name])
    for preset in presets.values():
        assert all(
            size in preset["sizes"] for few in preset.get("sizes_of", {}).values() for size in few
        )


def test_workspace_is_what_a_call_allocates():
    n_bytes = _measure.workspace_bytes(lambda: np.empty(1_000_000))
    assert 8_000_000 <= n_bytes < 8_010_000


def test_workspace_sees_what_numba_allocates():
    cell = _cell.open_cell("logistic", "numba_parallel", 100, 1000, _cell.Check.NONE)
    n_shares = _machine.count_threads()
    assert _measure.workspace_bytes(cell.gradient) >= n_shares * 1000 * 8


def test_workspace_forgets_the_first_call():
    kept = []

    def call():
        if not kept:
            kept.append(np.empty(1_000_000))

    assert _measure.workspace_bytes(call) < 10_000


@pytest.mark.parametrize("order", ["C", "F"])
def test_the_roof_reads_every_value_and_copies_none(order):
    X = np.asarray(np.ones((300, 70)), order=order)
    dot, sums, largest = _measure.reads_of(X, n_threads=3)
    X[200, 50] = 9
    assert dot() == X.size - 1 + 81
    of_rows, of_the_rest = sums()
    assert of_rows.sum() + of_the_rest == X.size - 1 + 9
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


def test_rounds_take_turns():
    order = []
    _measure.median_seconds([lambda: order.append("a"), lambda: order.append("b")], n_rounds=2)
    # Once to count the calls, then once per round.
    assert "".join(order).count("ab") == 3


@pytest.mark.parametrize("n_threads", [1, _machine.count_threads()])
def test_threads_are_set_alike_for_blas_and_numba(monkeypatch, n_threads):
    import numba

    monkeypatch.setenv("GRADMARK_THREADS", str(n_threads))
    monkeypatch.setattr(_machine, "limit_processors", lambda _: None)  # the limit cannot be lifted
    _cell.open_cell("logistic", "numba_parallel", 10, 10, _cell.Check.NONE)
    libraries = [info for info in threadpool_info() if info["user_api"] == "blas"]
    assert libraries
    assert {info["num_threads"] for info in libraries} == {n_threads}
    assert numba.get_num_threads() == n_threads


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity here")
@pytest.mark.skipif(_machine.count_threads() == 1, reason="one processor")
def test_processors_are_limited_before_the_implementation_is_imported():
    code = """
        import os
        import impls
        from benchmarks import _cell
        load = impls.load
        def load_and_tell(problem, name):
            print(len(os.sched_getaffinity(0)), end=" ")
            return load(problem, name)
        impls.load = load_and_tell
        _cell.open_cell("logistic", "numexpr", 10, 10, _cell.Check.NONE)
        import numexpr
        print(numexpr.get_num_threads())
    """
    done = subprocess.run(
        [sys.executable, "-c", dedent(code)],
        env=os.environ | {"GRADMARK_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "1 1\n"


@pytest.mark.parametrize("library", ["numexpr", "torch"])
def test_threads_are_set_in_other_libraries_that_are_loaded(library):
    module = pytest.importorskip(library)
    try:
        for n_threads in (1, _machine.count_threads()):
            _machine.set_threads(n_threads)
            assert module.get_num_threads() == n_threads
    finally:
        _machine.set_threads(_machine.count_threads())


def test_more_threads_than_there_are_is_an_error():
    with pytest.raises(ValueError, match=r"n_threads is 100000, expected 1 to"):
        _machine.set_threads(100_000)


def test_fractions_and_roofs_are_of_the_bytes_that_move(monkeypatch):
    """A read takes 1 ms and a gradient 2 ms."""
    monkeypatch.setattr(_grid, "in_preset", lambda *_: True)
    seconds = [2e-3, 1e-3, 1e-3, 1e-3]
    monkeypatch.setattr(_measure, "median_seconds", lambda calls: seconds[-len(calls) :])
    monkeypatch.setattr(_measure, "reads_of", lambda *_: [None] * 3)
    suite = importlib.import_module("benchmarks.bandwidth").logistic()
    suite.setup("matrix", 1000, 100)
    assert suite.track_read_roof() == pytest.approx(8 * 1000 * 100 / 1e-3 / 1e9)
    moved = 1000 * 100 + 1000 + 2 * 100
    assert suite.track_roof_fraction("matrix", 1000, 100) == pytest.approx(moved / 1e5 / 2)


def test_real_data_is_loaded_once_and_measured():
    suite = importlib.import_module("benchmarks.datasets").logistic()
    batches = suite.setup_cache()
    suite.setup(batches, "matrix", "breast_cancer")
    assert suite.track_error(batches, "matrix", "breast_cancer") < 1e-15
    assert suite.cell.X.shape == (569, 31)


METHODS = [
    ("accuracy", "track_error"),
    ("bandwidth", "track_read_roof"),
    ("bandwidth", "track_roof_fraction"),
    ("datasets", "time_gradient"),
    ("datasets", "track_error"),
    ("datasets", "track_workspace"),
    ("epoch", "time_epoch"),
    ("gradient", "time_gradient"),
    ("held_out", "track_test_accuracy"),
    ("kernel_share", "track_kernel_share"),
    ("memory", "peakmem_gradient"),
    ("memory", "peakmem_inputs"),
    ("prepare", "track_prepare"),
    ("time_to_loss", "track_time_to_loss"),
    ("training", "track_final_loss"),
    ("training", "track_updates"),
    ("workspace", "track_workspace"),
]


@pytest.mark.parametrize("module", ["datasets", "training", "held_out"])
def test_one_cache_serves_every_problem(module):
    suites = vars(importlib.import_module(f"benchmarks.{module}"))
    cache = suites["linear"]().setup_cache()  # asv makes one cache for all classes of a template
    assert {problem: set(cache[problem]) for problem in impls.problems()} == {
        problem: set(impls.datasets(problem)) for problem in impls.problems()
    }


def test_templates_are_not_benchmarks():
    from asv_runner.discovery import disc_benchmarks

    importlib.import_module("benchmarks")
    found = {benchmark.name for benchmark in disc_benchmarks("benchmarks")}
    titles = _grid.problems()
    assert found == {f"{module}.{title}.{m}" for title in titles for module, m in METHODS}
    assert _suite.Template.__abstractmethods__


# Trainings


def dataset_suite(module, title, monkeypatch):
    """A class of the suite on real data and its cache, enabled in every preset."""
    monkeypatch.setattr(_grid, "runs", lambda _module: True)
    suite = getattr(importlib.import_module(f"benchmarks.{module}"), title)()
    return suite, suite.setup_cache()


def test_an_epoch_is_timed_and_its_gradients_are_a_part_of_it(monkeypatch):
    monkeypatch.setattr(_grid, "runs", lambda _module: True)
    timed = importlib.import_module("benchmarks.epoch").linear()
    timed.setup("matrix", "minibatch", 1000, 100)
    assert timed.call == timed.epochs.run
    shared = importlib.import_module("benchmarks.kernel_share").linear()
    shared.setup("matrix", "minibatch", 1000, 100)
    # An epoch takes 1 ms and has 32 updates, each with a gradient of 10 us.
    monkeypatch.setattr(_measure, "median_seconds", lambda _calls, n_rounds: [1e-3, 1e-5])
    assert shared.track_kernel_share() == pytest.approx(0.32)


@pytest.mark.parametrize("solver", ["gd", "sgd", "minibatch"])
def test_epochs_go_on_from_where_the_last_one_ended(solver):
    _, X, y = impls.make("linear", 50, 3)
    epochs = _training.open_epochs(impls.load("linear", "matrix"), solver, X, y)
    epochs.run()
    after_one = epochs.weights.copy()
    epochs.run()
    assert not np.array_equal(after_one, epochs.weights)


def test_a_fifth_is_held_out_and_no_sample_is_lost():
    X = np.arange(13.0)[:, None]
    X_train, y_train, X_test, y_test = _training.split((None, X, X[:, 0]))
    assert X_test[:, 0].tolist() == y_test.tolist() == [0, 5, 10]
    assert sorted([*X_train[:, 0], *X_test[:, 0]]) == X[:, 0].tolist()
    np.testing.assert_array_equal(X_train[:, 0], y_train)


def test_what_a_training_comes_to(monkeypatch):
    suite, cache = dataset_suite("training", "linear", monkeypatch)
    params = (cache, "matrix", "minibatch", "diabetes")
    suite.setup(*params)
    assert suite.track_updates(*params) == 20 * 12  # 353 samples: 11 batches of 32 and one of 1
    X, y, _, _ = _training.split(cache["linear"]["diabetes"])
    floor = np.linalg.lstsq(X, y, rcond=None)[1][0] / 2 / len(y)
    assert floor < suite.track_final_loss(*params) < 1.2 * floor


def test_time_to_a_loss_is_that_of_the_epochs_it_takes(monkeypatch):
    suite, cache = dataset_suite("time_to_loss", "linear", monkeypatch)
    suite.setup(cache, "matrix", "gd", "diabetes")
    assert suite.track_time_to_loss() > 0
    _, target = cache["linear"]["diabetes"]
    X, y, _, _ = _training.split(cache["linear"]["diabetes"][0])
    assert target == pytest.approx(1.01 * np.linalg.lstsq(X, y, rcond=None)[1][0] / 2 / len(y))


def test_a_loss_that_is_not_reached_is_skipped_with_how_near_it_came(monkeypatch):
    monkeypatch.setattr(_training, "MOST_EPOCHS", 2)
    batch = impls.dataset("linear", "diabetes")
    with pytest.raises(NotImplementedError, match=r"the loss is \S+ after 2 epochs, wanted 1"):
        _training.seconds_to(1.0, "linear", "matrix", "gd", batch)


def test_held_out_digits_are_predicted(monkeypatch):
    suite, cache = dataset_suite("held_out", "softmax", monkeypatch)
    params = (cache, "matrix", "minibatch", "digits")
    suite.setup(*params)
    assert 0.9 < suite.track_test_accuracy(*params) < 1


def test_a_problem_without_classes_has_no_accuracy(monkeypatch):
    suite, cache = dataset_suite("held_out", "linear", monkeypatch)
    with pytest.raises(NotImplementedError, match="linear predicts no classes"):
        suite.setup(cache, "matrix", "gd", "diabetes")


@pytest.mark.parametrize("lacking", ["loss", "CURVATURE"])
def test_a_problem_that_cannot_be_trained_is_skipped_with_what_it_lacks(monkeypatch, lacking):
    monkeypatch.delattr(f"impls.linear.{lacking}")
    epoch = importlib.import_module("benchmarks.epoch").linear()
    with pytest.raises(NotImplementedError, match=f"cannot be trained: it has no {lacking}"):
        epoch.setup("matrix", "gd", 1000, 100)
    suite, cache = dataset_suite("time_to_loss", "linear", monkeypatch)
    with pytest.raises(NotImplementedError, match=lacking):
        suite.setup(cache, "matrix", "gd", "diabetes")


def test_trainings_on_real_data_are_no_part_of_the_quick_preset():
    suite = importlib.import_module("benchmarks.training").linear()
    with pytest.raises(NotImplementedError, match="not in this preset"):
        suite.setup({}, "matrix", "gd", "diabetes")


@pytest.mark.parametrize(("value", "loaded"), [(None, False), ("numba", True)])
def test_numba_is_loaded_ahead_only_if_asked(value, loaded):
    environment = {name: text for name, text in os.environ.items() if name != "GRADMARK_WARM"}
    if value:
        environment["GRADMARK_WARM"] = value
    code = "import benchmarks, sys; print('numba' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(loaded)


def refuse_as_unwritten(*_):
    raise NotImplementedError("this case is still to come")


def test_what_is_not_implemented_in_a_kernel_is_a_failure(journal, monkeypatch):
    change_kernel(monkeypatch, refuse_as_unwritten)
    with pytest.raises(RuntimeError, match="NotImplementedError: this case"):
        gradient.logistic().setup("matrix", 10, 10)
    assert journal()[-1]["outcome"] == "failed"
    assert "NotImplementedError: this case is still to come" in journal()[-1]["reason"]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (NotImplementedError("this case is still to come"), "failed"),
        (impls.Unavailable("this needs a library"), "skipped"),
        (impls.Unfit("this is too wide"), "skipped"),
    ],
)
def test_what_prepare_raises_is_journaled(journal, monkeypatch, error, outcome):
    def refuse(*_):
        raise error

    load = _table.load
    changed = replace(load("logistic", "matrix"), _prepare=refuse)
    monkeypatch.setattr(impls, "load", lambda *_: changed)
    expected = RuntimeError if outcome == "failed" else NotImplementedError
    with pytest.raises(expected, match=str(error)):
        gradient.logistic().setup("matrix", 10, 10)
    assert journal()[-1]["outcome"] == outcome
    assert str(error) in journal()[-1]["reason"]


def test_what_is_not_implemented_later_is_no_skip_either(monkeypatch):
    suite = gradient.logistic()
    suite.cell = replace(OPEN(_cell.Check.NONE), gradient=refuse_as_unwritten)
    with pytest.raises(RuntimeError, match="NotImplementedError: this case"):
        suite.setup("matrix", 10, 10)
