"""Suspensions: no value of one is kept without a word, and nobody is dropped for one."""

from __future__ import annotations

import signal
import subprocess
import sys

import psutil
import pytest

from benchmarks._session import crew, notes, pauses, process, session
from benchmarks._session.crew import Settings
from benchmarks._session.inputs import Data
from benchmarks._session.journal import Journal, Known, Source
from benchmarks._session.process import Out, Process
from benchmarks._session.session import Job

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows stops no processes")
SMALL = Data("linear", 11, 3)
SETTINGS = Settings("linear", (), 1, rounds=3, warm_seconds=0, sample_seconds=0.001)
LONG = 100.0  # seconds of a pause
_ASK = """
import sys
from benchmarks._session import pauses
was_suspended = pauses.watch()
for _ in sys.stdin:
    print(was_suspended(), flush=True)
"""


def test_a_process_that_was_stopped_knows_it():
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", _ASK], **pipes) as asked:

        def ask():
            print(file=asked.stdin, flush=True)
            return asked.stdout.readline().strip()

        assert [ask(), ask()] == ["False", "False"]
        asked.send_signal(signal.SIGSTOP)
        while psutil.Process(asked.pid).status() != psutil.STATUS_STOPPED:
            pass
        asked.send_signal(signal.SIGCONT)
        assert [ask(), ask()] == ["True", "False"]


def test_a_machine_that_has_slept_tells(monkeypatch):
    asleep = iter([0.0, 1e-6, 60.0, 60.0])
    monkeypatch.setattr(pauses, "_asleep", lambda: next(asleep))
    monkeypatch.setattr(pauses.signal, "signal", lambda *_: None)  # this process is no contender
    was_suspended = pauses.watch()
    assert [was_suspended() for _ in range(3)] == [False, True, False]


@pytest.mark.parametrize(
    ("seconds", "n_calls", "processors", "expected", "found"),
    [
        (0.001, 5, 1.0, 0.005, False),
        (12.0, 5, 0.001, 0.005, True),
        (12.0, 5, 0.9, 0.005, False),  # other work has come, or the processor is slow
        (12.0, 5, 0.001, 10.0, False),  # it waits for a disk, as it always does
        (0.01, 50, 0.001, 0.005, False),
    ],
)
def test_a_paused_sample_uses_no_processor(seconds, n_calls, processors, expected, found):
    sample = {"seconds": seconds, "n_calls": n_calls, "processors": processors}
    assert pauses.is_paused(sample, expected) is found


def measure():
    kept = Journal(None, Source("a" * 40, "environment", "1"), "digest")
    session.run([Job(SMALL, ("float32",))], SETTINGS, kept, Known())
    cells = {name: own[-1] for (_, name), own in kept.known.cells.items()}
    (rounds,) = kept.known.rounds.values()
    return cells, [each.seconds for each in rounds]


@pytest.fixture
def suspended(monkeypatch):
    """Let the answers to a step be late, as long as the list of what they say is not empty."""
    steps = {}

    def answer(self, seconds):
        reply = own(self, seconds)
        is_float32 = self._order["name"] == "float32"
        if is_float32 and (told := steps.get(self._doing)):
            reply |= {"seconds": LONG, "prepare": LONG} | told.pop()
        return reply

    def begin(self, order):
        self._order = order
        start(self, order)

    own, start = Process.answer, Process.__init__
    monkeypatch.setattr(Process, "answer", answer)
    monkeypatch.setattr(Process, "__init__", begin)
    notes.tell.cache_clear()
    return steps


@pytest.mark.parametrize("told", [{"suspended": True}, {"processors": 0.0}])
def test_a_sample_that_spans_a_suspension_is_taken_again(told, suspended, capsys):
    suspended["sample"] = [told, told]
    cells, rounds = measure()
    assert suspended["sample"] == []
    assert cells["float32"].state == "ok"
    assert [each["float32"] < 1 for each in rounds] == [True] * 3
    told = "left aside: a measurement of linear, float32: its process was suspended, and it is meas"
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("step", ["count", "cost"])
def test_a_step_that_spans_a_suspension_is_repeated(step, suspended):
    suspended[step] = [{"suspended": True}] * 2
    cells, rounds = measure()
    assert suspended[step] == []
    assert cells["float32"].costs["prepare"] < 1
    assert len(rounds) == 3  # not fewer, because each would take so long


def test_who_is_always_suspended_has_no_time(suspended):
    suspended["sample"] = [{"suspended": True}] * crew.ATTEMPTS
    cells, rounds = measure()
    assert (cells["float32"].state, cells["float32"].reason) == ("failed", crew.SUSPENDED)
    assert cells["matrix"].state == "ok"
    assert not any("float32" in each for each in rounds)


@pytest.mark.skipif(sys.platform != "linux", reason="a contender has a keeper on Linux alone")
@pytest.mark.parametrize("is_continued", [True, False])
def test_the_time_in_which_somebody_has_stopped_a_contender_does_not_count(
    is_continued, monkeypatch
):
    monkeypatch.setattr(process, "_WAIT_SECONDS", 0.02)
    monkeypatch.setattr(process, "_STOPPED_SECONDS", 60.0 if is_continued else 0.2)
    running = Process({"problem": "linear", "name": "matrix", "threads": 1})
    try:
        running.ask("load", 60.0)
        (contender,) = psutil.Process(running._process.pid).children()
        told = []

        def notice(sentence):
            told.append(sentence)
            if is_continued and len(told) == 20:  # after twice the limit
                contender.resume()

        monkeypatch.setattr(process, "leave_aside", notice)
        contender.suspend()
        running.send("release")
        if is_continued:
            assert running.answer(0.2).get("suspended") in (True, None)
        else:
            with pytest.raises(Out, match="no answer within 0 s"):
                running.answer(0.2)
        assert str(contender.pid) in told[0]
    finally:
        running.close()
    assert not contender.is_running()
