"""The measuring session: its contenders and their processes, rounds, generations, interrupts."""

from __future__ import annotations

import itertools
import math
import os
import signal
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import impls
from benchmarks._measure import read_values
from benchmarks._session import crew, inputs, journal, rounds, session, worker
from benchmarks._session.crew import Crew, Settings
from benchmarks._session.honesty import Honesty
from benchmarks._session.inputs import Data
from benchmarks._session.journal import Journal, Known, Source
from benchmarks._session.measured import BASELINE, TWIN
from benchmarks._session.process import Out, Process
from benchmarks._session.session import Job
from impls import _machine
from tests._planting import plant

GIGABYTE = 10**9
SOURCE = Source("a" * 40, "environment", "1")
SETTINGS = Settings("linear", (), 1, rounds=1, warm_seconds=0, sample_seconds=0.001)
SMALL, MEDIUM, LARGE = (Data("linear", n_samples, 3) for n_samples in (11, 22, 33))
READ = "read of 8-byte X"

# Contenders. Each is right elsewhere; {here} is the smallest data.
RIGHT = "return (X @ weights - y) @ X / len(y)"
HERE = "if len(X) == 11:\n        "
BODIES = {
    "fine": "pass",
    "off": f"{HERE}return (X @ weights - y) @ X / len(y) * 1.001",
    "not_finite": f"{HERE}return np.nan * weights",
    "unwritten": f"{HERE}raise NotImplementedError('still to come')",
    "tired": f"{HERE}os._exit(3)",
    "dies_twice": "if len(X) in (11, 22):\n        os._exit(3)",
    "dies_at_once": "os._exit(3)",
    "limited": "pass\n\n\nMAX_SAMPLES = 20",
    "single": (
        "pass\n\n\nBYTES_PER_VALUE = 4\nRTOL = 1e-5\n"
        "def prepare(X, y):\n    return X.astype(np.float32), y"
    ),
    "takes_bytes": "pass\n\n\nX_TYPES = 'uint8'",
}
PREPARES = {
    "refuses": "raise impls.Unfit('X is too wide')",
    "lacks": "raise impls.Unavailable('try: pip install something')",
    "raises": "raise NotImplementedError('not yet')",
}
IMPORTS = {
    "dies_as_it_is_imported": "os._exit(3)",
    "absent": "import gradmark_test_absent",
    # The process of the second generation is wrong on the smallest data.
    "sometimes_wrong": (
        "marks = pathlib.Path(__file__).with_suffix('.marks')\n"
        "with marks.open('a') as file:\n    file.write('x')\n"
        "is_second = len(marks.read_text()) == 2"
    ),
    "sees": (
        "pathlib.Path(__file__).with_suffix('.seen').write_text(\n"
        "    f\"{len(os.sched_getaffinity(0))} {os.environ['OMP_NUM_THREADS']}\")"
    ),
}


def sources():
    """Sources of all contenders, by name."""
    head = "import os, pathlib\nimport numpy as np\nimport impls\n"
    kernel = "\n\n\ndef gradient(weights, X, y):\n    {}\n    " + RIGHT + "\n"
    found = {}
    for name, body in BODIES.items():
        own, _, options = body.partition("\n\n\n")
        found[name] = f"{head}{options}{kernel.format(own)}"
    for name, body in PREPARES.items():
        prepare = (
            f"\n\n\ndef prepare(X, y):\n    if len(X) == 11:\n        {body}\n    return X, y\n"
        )
        found[name] = head + kernel.format("pass") + prepare
    for name, body in IMPORTS.items():
        wrong = f"if is_second and {HERE[3:]}return weights + 1"
        found[name] = f"{head}{body}" + kernel.format(wrong if "is_second" in body else "pass")
    return found


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """A folder; while it lives, all contenders are installed."""
    folder = tmp_path_factory.mktemp("contenders")
    with pytest.MonkeyPatch.context() as monkeypatch:
        plant("linear", sources(), folder, monkeypatch)
        yield folder


def measure(*jobs, generations=1, known=None, path=None, on_seconds=None, **settings):
    """Run a session; return what it has written."""
    kept = Journal(path, SOURCE, "digest")
    given = replace(SETTINGS, **settings)
    on_seconds = on_seconds or (lambda _: None)
    session.run([Job(*job) for job in jobs], given, kept, known or Known(), generations, on_seconds)
    return kept.known


def cell(known, data, name):
    return known.cells[data, name][-1]


def rounds_on(known, data):
    """All rounds on some data, which are of one measurement."""
    (found,) = (own for (_, other), own in known.rounds.items() if other == data)
    return found


# Contenders


@pytest.fixture(scope="module")
def known(planted):
    """What a session has found of all contenders on three sizes."""
    names = tuple(sources())
    return measure((SMALL, names), (MEDIUM, names), (LARGE, (*names, BASELINE)))


@pytest.mark.parametrize(
    ("name", "state", "reason"),
    [
        ("fine", "ok", ""),
        ("off", "wrong", "component 0: got "),
        ("not_finite", "wrong", "component 0: got nan"),
        ("unwritten", "failed", "NotImplementedError: still to come"),
        ("refuses", "refused", "X is too wide"),
        ("lacks", "unavailable", "try: pip install something"),
        ("raises", "failed", "NotImplementedError: not yet"),
        ("tired", "died", "exit status 3"),
        ("dies_twice", "died", "exit status 3"),
        ("dies_at_once", "died", "exit status 3"),
        ("dies_as_it_is_imported", "died", "died while it was imported: exit status 3"),
        ("absent", "unavailable", "pip install gradmark_test_absent"),
        ("limited", "ok", ""),
    ],
)
def test_a_contender_has_a_cell_with_how_it_ended(known, name, state, reason):
    found = cell(known, SMALL, name)
    assert found.state == state
    assert reason in found.reason
    is_timed = any(name in each.seconds for each in rounds_on(known, SMALL))
    assert is_timed == (state == "ok")


def test_the_error_of_a_wrong_gradient_is_told(known):
    values = read_values(cell(known, SMALL, "off"), known)
    assert 1e-6 < values["error"].value < 1e-2
    assert values["time"].state == "wrong"
    assert "error" not in cell(known, SMALL, "not_finite").costs


@pytest.mark.parametrize("name", ["off", "not_finite", "unwritten", "refuses", "lacks", "raises"])
def test_what_it_cannot_do_on_some_data_it_may_do_on_others(known, name):
    assert cell(known, MEDIUM, name).state == "ok"
    assert all(name in each.seconds for each in rounds_on(known, MEDIUM))


def test_who_has_died_is_started_again_for_the_next_data(known):
    assert cell(known, MEDIUM, "tired").state == "ok"
    assert cell(known, LARGE, "tired").state == "ok"


def test_who_has_died_twice_is_given_up(known):
    assert cell(known, MEDIUM, "dies_twice").state == "died"
    last = cell(known, LARGE, "dies_twice")
    assert last.state == "died"
    assert last.reason.startswith("not tried again, after it died twice: ")
    assert last.reason.endswith("exit status 3")


@pytest.mark.parametrize("name", ["dies_at_once", "dies_as_it_is_imported"])
def test_who_dies_before_it_is_measured_is_out_for_all_data(known, name):
    reasons = {cell(known, data, name).reason for data in (SMALL, MEDIUM, LARGE)}
    assert len(reasons) == 1


def test_too_large_for_an_implementation_is_skipped_with_its_reason(known):
    found = cell(known, MEDIUM, "limited")
    assert found.state == "skipped"
    assert found.reason == "limited takes too long above 20 samples"


def test_a_session_that_is_not_limited_measures_it(planted):
    found = cell(measure((MEDIUM, ("limited",)), limited=False), MEDIUM, "limited")
    assert found.state == "ok"


def test_costs_are_told(known):
    for name in (BASELINE, TWIN, "fine"):
        costs = cell(known, MEDIUM, name).costs
        assert costs["error"] < 1e-12
        assert costs["workspace"] >= 3 * 8
        assert costs["prepare"] > 0
        assert costs["prepared"] >= 0


def test_the_baseline_and_its_twin_are_measured_unasked(known):
    for data in (SMALL, MEDIUM, LARGE):
        for each in rounds_on(known, data):
            assert {BASELINE, TWIN} <= each.seconds.keys()
            assert each.seconds[BASELINE] != each.seconds[TWIN]
            assert each.roofs.keys() == {4, 8}
            assert each.processors.keys() == each.seconds.keys()
        assert cell(known, data, TWIN).state == "ok"


def test_a_contender_knows_its_threads_before_it_is_imported(known, planted):
    if not hasattr(os, "sched_getaffinity"):
        pytest.skip("no affinity here")
    assert (planted / "planted_sees.seen").read_text() == "1 1"


def test_only_those_of_the_job_are_measured(planted):
    found = measure((SMALL, ("fine",)), (MEDIUM, ("single",)))
    assert {name for data, name in found.cells if data == SMALL} == {"fine", BASELINE, TWIN}
    assert {name for data, name in found.cells if data == MEDIUM} == {"single", BASELINE, TWIN}
    assert rounds_on(found, SMALL)[0].roofs.keys() == {8}


def test_contenders_of_other_widths_are_as_if_not_there(planted):
    found = measure((SMALL, ("fine", "single")), widths=(4,), twin=False)
    assert {name for _, name in found.cells} == {BASELINE, "single"}


def test_a_problem_gets_processes_of_its_own(planted):
    other = Data("logistic", 11, 3)
    found = measure((SMALL, ("fine",)), (other, ("float32",)))
    assert cell(found, other, "float32").info["bytes_per_value"] == 4
    assert {data for data, _ in found.cells} == {SMALL, other}


# Generations


@pytest.fixture(scope="module")
def three(planted):
    """What three generations have found on two sizes, and the steps that contenders took."""
    steps = []
    ask = Crew.ask

    def ask_and_tell(self, name, step, seconds, **arguments):
        steps.append((name, step))
        return ask(self, name, step, seconds, **arguments)

    seconds = []
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(Crew, "ask", ask_and_tell)
        jobs = [(SMALL, ("fine", "sometimes_wrong")), (MEDIUM, ("fine",))]
        (planted / "planted_sometimes_wrong.marks").unlink(missing_ok=True)
        found = measure(*jobs, generations=3, rounds=2, on_seconds=seconds.append)
    return found, Counter(steps), sum(seconds)


def test_each_generation_adds_its_rounds(three):
    found, _, _ = three
    for data in (SMALL, MEDIUM):
        assert [each.generation for each in rounds_on(found, data)] == [0, 0, 1, 1, 2, 2]
        for name in (BASELINE, TWIN, "fine"):
            assert [each.generations for each in found.cells[data, name]] == [1, 2, 3]
            assert len({each.measurement for each in found.cells[data, name]}) == 1
            assert len(found.measured([cell(found, data, name)]).seconds(name)) == 6


def test_a_generation_is_new_processes(three):
    _, steps, _ = three
    assert steps["fine", "load"] == steps[BASELINE, "load"] == steps[TWIN, "load"] == 3
    assert steps["fine", "count"] == 6  # two sizes


def test_what_does_not_vary_is_measured_once(three):
    found, steps, _ = three
    assert steps["fine", "cost"] == 2  # two sizes
    first, *_, last = found.cells[SMALL, "fine"]
    assert {key: first.costs[key] for key in ("workspace", "prepare", "prepared")} == {
        key: last.costs[key] for key in ("workspace", "prepare", "prepared")
    }


def test_who_was_wrong_in_one_generation_stays_wrong(three):
    found, _, _ = three
    cells = found.cells[SMALL, "sometimes_wrong"]
    assert [each.state for each in cells] == ["ok", "wrong", "wrong"]
    assert cells[-1].generations == 3


def test_progress_comes_to_what_was_expected(three):
    _, _, seconds = three
    jobs = [Job(SMALL, ("fine", "sometimes_wrong")), Job(MEDIUM, ("fine",))]
    expected = 3 * sum(session.expected_seconds(job, replace(SETTINGS, rounds=2)) for job in jobs)
    assert 0.9 * expected <= seconds <= 1.001 * expected


# Interrupts


def interrupt_after(n_samples):
    """A function for the session to call after each sample."""
    left = [n_samples]

    def interrupt(_seconds):
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt

    return interrupt


def test_what_is_done_otherwise_than_asked_for_is_told(planted, monkeypatch, capsys):
    monkeypatch.setattr(rounds, "plan_memory", lambda *_: inputs.Plan(False, {}))
    measure((SMALL, ("fine",)))
    told = "linear, 11 x 3: memory does not hold an X for each: one X, shared by all\n"
    assert told in capsys.readouterr().err


# The baseline, its twin, fine and the read.
PER_ROUND = 4
JOB = (SMALL, ("fine",))


@pytest.mark.parametrize("n_samples", [1, PER_ROUND, PER_ROUND + 1, 3 * PER_ROUND - 1])
def test_an_interrupt_keeps_finished_rounds_and_the_rest_is_measured_later(
    planted, tmp_path, n_samples
):
    path = tmp_path / "journal.jsonl"
    n_finished = (n_samples - 1) // PER_ROUND  # what is raised in a round takes its end with it
    with pytest.raises(KeyboardInterrupt):
        measure(JOB, path=path, rounds=4, on_seconds=interrupt_after(n_samples))
    before = journal.read(path)
    assert sum(map(len, before.rounds.values())) == n_finished
    assert all(each.generations == 0 for own in before.cells.values() for each in own)
    measure(JOB, path=path, known=before, rounds=4)
    after = journal.read(path)
    found = rounds_on(after, SMALL)
    assert len(found) == 4
    assert found[:n_finished] == list(*before.rounds.values())
    assert [each.generation for each in found] == [0] * n_finished + (
        [1 if n_finished else 0] * (4 - n_finished)
    )
    last = cell(after, SMALL, "fine")
    assert (last.state, last.generations) == ("ok", 1)
    assert last.costs.keys() >= {"error", "workspace", "prepare"}
    assert "prepare" in cell(after, SMALL, BASELINE).costs
    assert read_values(last, after)["time"].state == "ok"


def test_what_is_finished_is_not_measured_again(planted, tmp_path):
    path = tmp_path / "journal.jsonl"
    measure(JOB, path=path)
    size = path.stat().st_size
    measure(JOB, path=path, known=journal.read(path))
    assert path.stat().st_size == size


def test_a_later_generation_goes_on_after_two_interrupts(planted, tmp_path):
    path = tmp_path / "journal.jsonl"
    for n_samples in (PER_ROUND + 1, 2 * PER_ROUND + 2):  # in the first generation, in the second
        with pytest.raises(KeyboardInterrupt):
            known = journal.read(path)
            stop = interrupt_after(n_samples)
            measure(JOB, path=path, known=known, rounds=2, generations=3, on_seconds=stop)
    measure(JOB, path=path, known=journal.read(path), rounds=2, generations=3)
    after = journal.read(path)
    assert [each.generation for each in rounds_on(after, SMALL)] == [0, 1, 2, 3, 4, 4]
    assert cell(after, SMALL, "fine").generations == 3


def test_another_state_begins_anew(planted, tmp_path):
    path = tmp_path / "journal.jsonl"
    with pytest.raises(KeyboardInterrupt):
        measure(JOB, path=path, rounds=2, on_seconds=interrupt_after(PER_ROUND + 1))
    kept = Journal(None, SOURCE, "another")
    session.run([Job(*JOB)], replace(SETTINGS, rounds=2), kept, journal.read(path))
    assert len(rounds_on(kept.known, SMALL)) == 2


@pytest.mark.parametrize("n_samples", [1, PER_ROUND + 2])
def test_an_interrupt_leaves_no_process_behind(planted, monkeypatch, n_samples):
    started = []

    class Watched(Process):
        def __init__(self, order):
            super().__init__(order)
            started.append(self)

    monkeypatch.setattr(crew, "Process", Watched)
    with pytest.raises(KeyboardInterrupt):
        measure(JOB, rounds=2, on_seconds=interrupt_after(n_samples))
    assert len(started) == PER_ROUND
    assert not any(process.is_alive for process in started)


def test_an_interrupt_after_the_last_round_keeps_it(planted, tmp_path, monkeypatch):
    """The contenders are not checked after it: one more round has to follow with the check."""
    path = tmp_path / "journal.jsonl"

    def interrupt(self, inputs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(rounds.Measurement, "_verify_later", interrupt)
        measure(JOB, path=path, rounds=2)
    before = journal.read(path)
    assert len(rounds_on(before, SMALL)) == 2
    assert cell(before, SMALL, "fine").generations == 0
    measure(JOB, path=path, known=before, rounds=2)
    assert len(rounds_on(journal.read(path), SMALL)) == 3


# Rounds and memory


@pytest.mark.parametrize(
    ("asked", "seconds", "n_rounds"),
    [(15, 0.0, 15), (15, 4.0, 15), (15, 6.0, 10), (15, 1000.0, 6), (3, 1000.0, 3)],
)
def test_rounds_become_fewer_where_they_take_long(asked, seconds, n_rounds):
    assert rounds.count_rounds(asked, seconds, 60.0) == n_rounds


def test_the_order_of_a_round_is_drawn():
    names = [f"contender_{number}" for number in range(20)]
    orders = [rounds._shuffled(names) for _ in range(5)]
    assert all(sorted(order) == sorted(names) for order in orders)
    assert len({tuple(order) for order in orders}) == 5


COPIES = {"matrix": 0.0, "turned": 1.0, "small": 0.5}


def test_everyone_gets_its_own_data_where_memory_holds_that():
    # 3 of their own and 1.5 of prepare, and 0.105 GB of spare each.
    for available, own_copy in ((4.9, True), (4.7, False)):
        plan = inputs.plan_memory(COPIES, GIGABYTE, int(available * GIGABYTE))
        assert plan == inputs.Plan(own_copy, {})


def test_otherwise_all_share_one_and_those_who_need_most_lack_memory():
    plan = inputs.plan_memory(COPIES, GIGABYTE, int(1.5 * GIGABYTE))
    assert not plan.own_copy
    assert plan.lacking == {
        "turned": "needs 1.10 GB of memory beside 0.71 GB of the others, 1.50 GB are available"
    }


def test_the_baseline_comes_first():
    plan = inputs.plan_memory({"matrix": 2.0, "none": 0.0}, GIGABYTE, int(2.2 * GIGABYTE))
    assert set(plan.lacking) == {"none"}


def test_it_is_the_first_in_whatever_order_processes_were_started():
    crew = SimpleNamespace(
        settings=SETTINGS,
        infos={},
        processes=dict.fromkeys(("fine", "matrix", "other")),
        absent=dict,
        takes_part=lambda *_: True,
    )
    one = rounds.Measurement(crew, SMALL, 0, None, rounds.Listener())
    assert one.present == [BASELINE, "fine", "other"]


@pytest.mark.parametrize(("later", "is_dropped"), [(1e-3, True), (1e-5, False)])
def test_who_beats_one_slow_read_is_compared_with_more(later, is_dropped):
    """A read of 1 ms beside a contender of 10 us; later reads take as long, or 10 us too."""
    seconds = {"fine": 1e-5, "read": later}
    crew = SimpleNamespace(
        settings=SETTINGS,
        infos={"fine": {"bytes_per_value": 8}},
        processes=dict.fromkeys(("fine", "read")),
        roofs={"read": 8},
        absent=dict,
        is_judged=lambda _: True,
        takes_part=lambda *_: True,
        ask=lambda name, step, *_, **__: {"seconds": seconds[name]},
    )
    one = rounds.Measurement(crew, SMALL, 0, None, rounds.Listener())
    one.measured.shape = (1000, 100)
    one.read_bytes["read"] = one.measured.compulsory_bytes(8)
    replies = {"fine": {"seconds": 1e-5, "processors": 1.0}, "read": {"seconds": 1e-3}}
    one._keep(replies)
    Honesty(one).check()
    assert ("fine" in one.measured.out) == is_dropped


class Bytes(Data):
    """Data of 8 bits, whose sum of squares no 8 bits hold."""

    def draw(self):
        weights, X, y = impls.make(self.problem, self.n_samples, self.n_features)
        return weights, np.arange(X.size, dtype=np.uint8).reshape(X.shape, order="F"), y


def test_data_of_another_type_are_given_in_it_and_roofs_are_of_what_each_has_made(planted):
    data = Bytes("linear", 50, 3)
    names = "fine", "single", "takes_bytes"
    own = Crew(replace(SETTINGS, names=names))
    try:
        own.start()
        found = rounds.measure(own, data)
        drawn = rounds.measure(own, SMALL)
    finally:
        own.close()
    assert not found.out
    for name in (BASELINE, *names):
        told, error = found.infos[name], found.costs[name]["error"]
        assert (told["casts"], error < told["rtol"]) == (name != "takes_bytes", True)
    assert {name: found.width(name) for name in names} == {"fine": 8, "single": 4, "takes_bytes": 1}
    assert found.rounds[0].roofs.keys() == {8, 4, 1}
    expected = 1 * (150 + 50 + 6) / found.rounds[0].seconds["takes_bytes"]
    fraction = found.roof_fraction("takes_bytes").value
    assert fraction == pytest.approx(expected / found.rounds[0].roofs[1])
    assert {drawn.width(name) for name in ("fine", "takes_bytes")} == {8}
    assert drawn.rounds[0].roofs.keys() == {8, 4}


def test_reads_are_of_the_widths_on_these_data_without_those_that_lack_memory():
    roofs = {"read of 8": 8, "read of 4": 4, "read of 2": 2}
    started = []
    crew = SimpleNamespace(
        settings=SETTINGS,
        infos={"fine": {"bytes_per_value": 8}, "single": {"bytes_per_value": 4}},
        processes=dict.fromkeys(("fine", "single", *roofs)),
        roofs=roofs,
        absent=dict,
        is_judged=lambda _: True,
        takes_part=lambda *_: True,
        add_reads=started.extend,
    )
    one = rounds.Measurement(crew, SMALL, 0, None, rounds.Listener())
    one.drop("read of 4", Out("lacks memory", "needs 1 GB"))
    one.measured.infos["fine"]["width"] = 2
    one._choose_reads()
    assert one.present == ["fine", "single", "read of 2"]
    assert set(started) == {2, 4}
    assert crew.infos["fine"] == {"bytes_per_value": 8}


@pytest.mark.parametrize(
    ("dtype", "types", "stated", "copies"),
    [
        ("float64", "float64", 0.5, 0.5),
        ("float32", "float64", 0.0, 2.0),
        ("float32", "float64 float32", 0.5, 1.0),
        ("uint8", "float64 float32", 0.5, 12.0),
        ("uint8", "float64 uint8", 2.0, 2.0),
        ("longdouble", "float64", 0.0, 0.5),
    ],
)
def test_a_cast_takes_memory(dtype, types, stated, copies):
    info = {"copies": stated, "x_types": types, "kernel": ""}
    assert inputs.copies_of(info, np.dtype(dtype)) == copies
    if dtype != "float64":
        assert inputs.copies_of(info | {"kernel": "fused"}, np.dtype(dtype)) == max(1, stated)


class Odd:
    shape = 2, 3

    def __init__(self, n_bytes, shape=(2, 3)):
        self.shape, self.nbytes = shape, n_bytes


@pytest.mark.parametrize(
    ("X", "width"),
    [
        (np.zeros((2, 3), np.float32), 4),
        (np.zeros((2, 3), np.float64, "F"), 8),
        (np.zeros((2, 3), np.uint8), 1),
        (Odd(11), 1),  # levels of rows that are padded
        (Odd(5), 2),
        (Odd("many"), 2),
        (Odd(24, (3, 3)), 2),
        (object(), 2),
    ],
)
def test_bytes_per_value_are_those_of_what_was_prepared(X, width):
    assert worker.width_of(X, (2, 3), stated=2) == width


def test_a_size_that_cannot_be_drawn_is_skipped_and_the_others_are_measured(planted, monkeypatch):
    monkeypatch.setattr(_machine, "available_memory", lambda: GIGABYTE)
    huge = Data("linear", 100_000, 1000)
    found = measure((huge, ("fine",)), (SMALL, ("fine",)))
    for name in ("fine", BASELINE):
        last = cell(found, huge, name)
        assert last.state == "skipped"
        assert last.reason == "to draw X needs 1.70 GB of memory, 1.00 GB are available"
    assert cell(found, SMALL, "fine").state == "ok"


def test_a_data_set_that_is_missing_is_unavailable(planted, monkeypatch):
    def refuse(*_):
        raise inputs.impls.Unavailable("try: pip install scikit-learn")

    monkeypatch.setattr(inputs.impls, "dataset", refuse)
    data = Data("linear", dataset="diabetes")
    found = cell(measure((data, ("fine",))), data, "fine")
    assert (found.state, found.reason) == ("unavailable", "try: pip install scikit-learn")


def test_real_data_is_measured(planted):
    data = Data("logistic", dataset="breast_cancer")
    found = cell(measure((data, ("float32",))), data, BASELINE)
    assert found.shape == (569, 31)
    assert found.costs["error"] < 1e-15


def test_pixels_are_whole_numbers_over_255():
    with inputs.on_disk(Data("logistic", 20, 3, pixels=True)) as data:
        X = np.load(data.files["X"])
    np.testing.assert_array_equal(np.rint(X * 255) / 255, X)
    assert 0 <= X.min() < 0.2 < 0.8 < X.max() <= 1


def test_the_data_have_no_name_that_a_killed_session_could_leave(tmp_path, monkeypatch):
    if not inputs._PROCESSES.is_dir():
        pytest.skip("files without a name are opened by /proc, which is not here")
    monkeypatch.setattr(inputs, "_SHARED_MEMORY", tmp_path)
    with inputs.on_disk(Data("logistic", 20, 3)) as data:
        assert np.load(data.files["X"], mmap_mode="r").shape == (20, 3)
        assert not [*tmp_path.iterdir()]
        assert data.files["X"].startswith(f"/proc/{os.getpid()}/fd/")


def test_elsewhere_the_data_have_a_folder_that_goes(tmp_path, monkeypatch):
    monkeypatch.setattr(inputs, "_PROCESSES", tmp_path / "none")
    with inputs.on_disk(Data("logistic", 20, 3)) as data:
        assert np.load(data.files["y"]).shape == (20,)
        folder = Path(data.files["X"]).parent
    assert not folder.exists()


# Processes


def start(**order):
    base = {"problem": "logistic", "name": "matrix", "threads": 1}
    return Process(base | order)


def test_a_contender_that_does_not_answer_is_ended():
    process = start()
    with pytest.raises(Out) as caught:
        process.ask("load", 0)
    assert caught.value.state == "died"
    assert caught.value.reason == "no answer within 0 s while it was imported"
    assert not process.is_alive


def test_a_pause_of_the_command_is_not_the_contenders(monkeypatch):
    process = start()
    clock = itertools.count(0, 100)  # as if each look at it came after a suspension
    monkeypatch.setattr("benchmarks._session.process.monotonic", lambda: next(clock))
    monkeypatch.setattr("benchmarks._session.process._WAIT_SECONDS", 0.001)
    try:
        assert process.ask("load", 60)["rtol"] == 1e-12
    finally:
        process.close()


# A process in a session of its own, without an environment, whose parent ends.
LOOSE = """
import os, subprocess

subprocess.run(["/bin/sh", "-c", "sleep 600 & echo $! > {child}"], env={{}}, start_new_session=True)


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(y)
"""


def end_by(end, keeper, loose):
    """End a contender by a fault of its own, or by asking its keeper."""
    if end == "SIGSEGV":
        (contender,) = (each for each in keeper.children() if each != loose)
        contender.send_signal(signal.SIGSEGV)
    elif end == "SIGTERM":
        keeper.terminate()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a keeper adopt")
@pytest.mark.parametrize("end", ["close", "SIGSEGV", "SIGTERM"])
def test_what_a_contender_leaves_behind_ends_with_it(tmp_path, end):
    child, path = tmp_path / "child", tmp_path / "loose.py"
    path.write_text(LOOSE.format(child=child))
    process = start(problem="linear", name="loose", file=str(path))
    try:
        process.ask("load", 60)
        loose = psutil.Process(int(child.read_text()))
        keeper = psutil.Process(process._process.pid)
        assert loose.ppid() == keeper.pid
        end_by(end, keeper, loose)
        if end != "close":
            process._process.wait(10)
            with pytest.raises(Out, match=f"killed by {end}"):
                process.ask("cost", 60)
    finally:
        process.close()
    assert not loose.is_running()


def test_a_worker_ends_with_its_input():
    process = start()
    process.ask("load", 60)
    process._process.stdin.close()
    assert process._process.wait(60) == 0
    process.close()


def test_a_loaded_contender_tells_its_options():
    process = start()
    options = process.ask("load", 60)
    process.close()
    assert options.pop("summary").startswith("Two matrix-vector products")
    assert options.pop("in_gradients") == 0
    assert options == {
        "bytes_per_value": 8,
        "copies": 0,
        "kernel": "",
        "limited": False,
        "passes": 2,
        "peer": "NumPy",
        "rtol": 1e-12,
        "x_types": "float64",
    }


def test_threads_are_limited_before_anything_is_loaded():
    process = start(threads=1)
    process.ask("load", 60)
    if not Path("/proc/self/environ").exists():
        pytest.skip("no /proc here")
    (pid,) = (child.pid for child in psutil.Process(process._process.pid).children())
    variables = Path(f"/proc/{pid}/environ")
    assert b"OMP_NUM_THREADS=1\0" in variables.read_bytes()
    assert len(os.sched_getaffinity(pid)) == 1
    process.close()


@pytest.mark.parametrize("n_threads", [1, _machine.count_threads()])
def test_threads_are_set_alike_for_blas_and_numba(monkeypatch, n_threads):
    import numba

    monkeypatch.setattr(_machine, "limit_processors", lambda _: None)  # the limit cannot be lifted
    order = {"problem": "logistic", "name": "numba_parallel", "threads": n_threads}
    with threadpool_limits():
        try:
            worker.Contender(order).load()
            libraries = [info for info in threadpool_info() if info["user_api"] == "blas"]
            assert libraries
            assert {info["num_threads"] for info in libraries} == {n_threads}
            assert numba.get_num_threads() == n_threads
        finally:
            _machine.set_threads(_machine.count_threads())


@pytest.mark.parametrize(
    ("library", "asked"),
    [("numexpr", "get_num_threads"), ("torch", "get_num_threads"), ("daal4py", "num_threads")],
)
def test_threads_are_set_in_other_libraries_that_are_loaded(library, asked):
    module = pytest.importorskip(library)
    try:
        for n_threads in (1, _machine.count_threads()):
            _machine.set_threads(n_threads)
            assert getattr(module, asked)() == n_threads
    finally:
        _machine.set_threads(_machine.count_threads())


def test_more_threads_than_there_are_is_an_error():
    with pytest.raises(ValueError, match=r"n_threads is 100000, expected 1 to"):
        _machine.set_threads(100_000)


def test_gradients_come_as_they_are_through_the_pipe():
    gradients = [
        np.array([[1.0, -0.0], [5e-324, math.inf]]),
        np.array([[1 / 3, 0.1], [2, math.nan]]),
    ]
    again = worker.decode(worker.encode(gradients), (2, 2), 2)
    assert [each.tobytes() for each in again] == [each.tobytes() for each in gradients]
