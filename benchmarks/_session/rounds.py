"""Measure all contenders on one set of data: prepare, verify, then samples in paired rounds."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from random import SystemRandom
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks._session.crew import ATTEMPTS, STEP_SECONDS, SUSPENDED, Crew, Reply
from benchmarks._session.honesty import Honesty
from benchmarks._session.in_files import reason_against
from benchmarks._session.inputs import Data, Inputs, copies_of, on_disk, plan_memory, takes
from benchmarks._session.measured import BASELINE, Measured, Round
from benchmarks._session.pauses import is_paused
from benchmarks._session.process import Out
from benchmarks._session.statistics import LEAST_ROUNDS
from benchmarks._session.worker import decode
from impls import _machine, _verify

# To check, copy and convert an X of more bytes than this in a second takes longer than STEP_SECONDS
# allow for.
_BYTES_PER_SECOND = 50e6
_TIMES_EXPECTED = 20
_MOST_WARM = 0.02  # of the calls before a sample, whatever a contender says
_COSTS = ("workspace", "peak", "prepare", "prepared", "openmp")


@dataclass(frozen=True)
class Listener:
    """What is called while a set of data is measured.

    Attributes
    ----------
    round : callable
        After each round, with what is known so far.
    sample : callable
        After each sample.
    end : callable
        After the last round, with the `Measurement`, whose contenders still have the data.
    """

    round: Callable[[Measured], object] = lambda measured: None
    sample: Callable[[], object] = lambda: None
    end: Callable[[Measurement], object] = lambda measurement: None


def measure(
    crew: Crew,
    data: Data,
    generation: int = 0,
    names: Collection[str] | None = None,
    listener: Listener | None = None,
) -> Measured:
    """Measure contenders on one set of data.

    Parameters
    ----------
    generation : int
        Number of this generation of processes.
    names : collection of str, optional
        Implementations that take part, besides the baseline; default: all of the crew.

    Raises
    ------
    Stopped
        On an interrupt, if at least one round has finished.
    """
    crew.revive()
    one = Measurement(crew, data, generation, names, listener or Listener())
    crew.reserve.give(_most_bytes(crew, data))
    try:
        with on_disk(data) as inputs:
            one.run(inputs)
    except Out as reason:  # nobody can be measured on these data
        one.measured.out |= dict.fromkeys(crew.infos.keys() | crew.out.keys(), reason)
    except KeyboardInterrupt:
        if one.measured.rounds:
            raise Stopped(one.measured) from None
        raise
    return one.measured


def _most_bytes(crew: Crew, data: Data) -> int:
    """Memory that contenders take at most for X and their copies of it.

    For the user's own data, whose size is not known yet, all that is kept; others without a size
    are small.
    """
    if data.contents:
        return crew.reserve.n_bytes
    if data.stays_in_file:
        return 0
    n_copies = sum(1 + float(info["copies"]) for info in crew.infos.values()) + len(crew.roofs)
    return int(8 * data.n_samples * data.n_features * n_copies)


class Stopped(KeyboardInterrupt):
    """An interrupt that carries what the finished rounds have shown."""

    def __init__(self, measured: Measured) -> None:
        super().__init__()
        self.measured = measured


class Measurement:
    """One set of data: who still takes part, and what is known so far."""

    def __init__(
        self,
        crew: Crew,
        data: Data,
        generation: int,
        names: Collection[str] | None,
        listener: Listener,
    ) -> None:
        self.crew = crew
        self.settings = crew.settings
        self.generation = generation
        self.listener = listener
        infos = {name: dict(info) for name, info in crew.infos.items()}
        self.measured = Measured(data, (data.n_samples, data.n_features), infos)
        absent = crew.absent().items()
        self.measured.out |= {n: out for n, out in absent if names is None or n in names}
        # Contenders and reads that still take part; the baseline is the last to lack memory.
        able = (name for name in crew.processes if crew.takes_part(name, names))
        self.present = sorted(able, key=lambda name: name != BASELINE)
        self.read_bytes: dict[str, int] = {}
        self.warm: dict[str, float] = {}  # seconds of calls before each sample
        self.replies: dict[str, list[Reply]] = {}

    def run(self, inputs: Inputs) -> None:
        """Measure, and forget the data."""
        self.measured.shape = inputs.shape
        self._prepare(inputs)
        self._time(inputs)
        if not self.settings.flush:
            Honesty(self).check()
        self._verify_later(inputs)
        self.listener.end(self)
        # Not after an interrupt: the processes are about to end, and one may be at a long step.
        available = _machine.available_memory()
        for name in list(self.crew.processes):
            with suppress(Out):
                self.crew.ask(name, "release", STEP_SECONDS)
        self.crew.reserve.keep(_machine.available_memory() - available)

    @property
    def contenders(self) -> list[str]:
        """Those that take part, without reads."""
        orders = (name for name in self.present if name not in self.crew.roofs)
        return [name for name in orders if self.crew.is_judged(name)]

    def _prepare(self, inputs: Inputs) -> None:
        """Prepare the contenders that fit into memory, and keep those that are right."""
        stays_in_file = self.measured.data.stays_in_file
        if stays_in_file:
            self._drop_unfit()
        copies = {name: self._copies(name, inputs.dtype) for name in self.present}
        plan = plan_memory(copies, inputs.x_bytes, _machine.available_memory())
        if not (plan.own_copy or stays_in_file):
            self.measured.notes.append("memory does not hold an X for each: one X, shared by all")
        for name, reason in plan.lacking.items():
            self.drop(name, Out("lacks memory", reason))
        seconds = max(STEP_SECONDS, math.prod(inputs.shape) * 8 / _BYTES_PER_SECOND)
        step: Reply = {"files": inputs.files, "own_copy": plan.own_copy, "in_file": stays_in_file}
        step |= {"limited": self.settings.limited, "observed": False}
        own = [name for name in self.present if name not in self.crew.roofs]
        for name, reply in self._ask_all(own, "prepare", seconds, **step):
            if info := self.measured.infos.get(name):
                info["casts"] = not takes(info, inputs.dtype)
                info["width"] = reply.get("width", info["bytes_per_value"])
        self._choose_reads()
        reads = [name for name in self.present if name in self.crew.roofs]
        for name, reply in self._ask_all(reads, "prepare", seconds, **step):
            self.read_bytes[name] = reply["bytes"]
        inputs.wait()
        references = inputs.references
        for name in self.contenders:  # one at a time: each may use all threads
            if found := self.ask(name, "verify", seconds):
                self._judge_first(name, found, inputs, references)

    def _drop_unfit(self) -> None:
        """Let those leave that do not take an X that stays in its file."""
        for name in self.contenders:
            if reason := reason_against(self.measured.problem, name, self.measured.infos[name]):
                self.drop(name, Out("skipped", reason))

    def _judge_first(
        self, name: str, reply: Reply, inputs: Inputs, references: list[_verify.Reference]
    ) -> None:
        """Judge the gradients at all weights; measure what one call costs."""
        error = self._judge(name, reply["gradients"], inputs, references)
        self.measured.costs[name] = {"error": error} if math.isfinite(error) else {}
        if name in self.present and self.settings.costs:
            costs = self.ask(name, "cost", STEP_SECONDS) or {}
            self.measured.costs[name] |= {key: costs[key] for key in _COSTS if key in costs}

    def _copies(self, name: str, dtype: np.dtype[Any]) -> float:
        """What a process adds to its X, in units of it."""
        if name in self.crew.roofs:  # of another type than float64, it reads values of its own
            return 0.0 if dtype == np.float64 else self.crew.roofs[name] / dtype.itemsize
        return copies_of(self.measured.infos[name], dtype)

    def _choose_reads(self) -> None:
        """Take the reads of the widths that contenders have on these data, and no others."""
        used = {self.measured.width(name) for name in self.contenders}
        self.crew.add_reads(used)
        roofs = self.crew.roofs
        able = self.crew.processes.keys() - self.measured.out.keys()  # not what lacks memory
        reads = [name for name, width in roofs.items() if width in used and name in able]
        self.present = [name for name in self.present if name not in roofs] + reads

    def _time(self, inputs: Inputs) -> None:
        expected = {}
        for name in list(self.present):  # one at a time, so that they do not disturb each other
            if reply := self.ask(name, "count", STEP_SECONDS):
                expected[name] = reply["seconds"]
                self.warm[name] = min(reply.get("warm", 0.0), _MOST_WARM)
        n_rounds = self._count_rounds(sum(expected.values()))
        # Which round is compared is not known before.
        told_round, told_seed = secrets.randbelow(n_rounds), next(iter(inputs.later))
        for number in range(n_rounds):
            seed = told_seed if number == told_round else secrets.randbelow(2**31)
            found = {}
            for name in _shuffled(self.present):
                if reply := self.sample(name, seed, expected[name]):
                    if number == told_round:
                        self._judge_sample(name, reply, inputs, inputs.later[told_seed])
                    if whole := self._whole_sample(name, reply, expected[name]):
                        found[name] = whole
                self.listener.sample()
            self._keep(found)
            self.listener.round(self.measured)

    def sample(self, name: str, seed: int, expected: float) -> Reply | None:
        """Take a sample at weights of a seed; None if the contender leaves the race instead."""
        limit = max(STEP_SECONDS, _TIMES_EXPECTED * expected)
        start = perf_counter()
        reply = self.ask(name, "sample", limit, seed=seed, flush=self.settings.flush)
        return reply and reply | {"waited": perf_counter() - start}

    def _whole_sample(self, name: str, reply: Reply | None, expected: float) -> Reply | None:
        """The sample, or another one, with weights that are not known before, if it was suspended.

        One that a pause has reached although nothing tells it is taken again as well.
        """
        for left in reversed(range(ATTEMPTS)):
            if not reply:
                return None
            is_told = reply.pop("suspended", False)
            if not is_told and not (expected and is_paused(reply, expected)):
                return reply
            if left:
                self.crew.tell_suspended(name)
                reply = self.sample(name, secrets.randbelow(2**31), expected)
        self.drop(name, Out("failed", SUSPENDED))
        return None

    def _count_rounds(self, seconds_per_round: float) -> int:
        asked = self.settings.rounds
        n_rounds = count_rounds(asked, seconds_per_round, self.settings.most_seconds)
        if n_rounds < asked:
            seconds = f"a round takes {seconds_per_round:.0f} s"
            self.measured.notes.append(f"{n_rounds} rounds, not {asked}: {seconds}")
        return n_rounds

    def _keep(self, found: dict[str, Reply]) -> None:
        """Add a round."""
        roofs = self.crew.roofs
        reads = {n: self.read_bytes[n] / found[n]["seconds"] for n in roofs if n in found}
        own = {name: found[name] for name in found if name not in roofs}
        self.measured.rounds.append(
            Round(
                self.generation,
                {name: reply["seconds"] for name, reply in own.items()},
                {roofs[name]: speed for name, speed in reads.items()},
                {n: reply["processors"] for n, reply in own.items() if "processors" in reply},
            )
        )
        for name, reply in own.items():
            self.replies.setdefault(name, []).append(reply)

    def _verify_later(self, inputs: Inputs) -> None:
        """Compare a gradient after the timing, at new weights."""
        seed, reference = list(inputs.later.items())[-1]
        for name in self.contenders:
            if reply := self.ask(name, "verify", STEP_SECONDS, seed=seed):
                self._judge(name, reply["gradients"], inputs, [reference])

    def _judge_sample(
        self, name: str, reply: Reply, inputs: Inputs, reference: _verify.Reference
    ) -> None:
        """Drop a contender whose timed call is wrong."""
        if name in self.contenders:
            self._judge(name, reply.get("gradients", []) * 2, inputs, [reference])

    def _judge(
        self, name: str, texts: list[str], inputs: Inputs, references: list[_verify.Reference]
    ) -> float:
        """Drop a contender whose gradients differ from the references; return the error."""
        gradients = decode(texts, np.shape(inputs.weights), len(references) + 1)
        verdict = _verify.judge(gradients, references, self.crew.infos[name]["rtol"])
        if verdict.fault:
            self.drop(name, Out("wrong", verdict.reason))
        return verdict.error

    def ask(self, name: str, step: str, seconds: float, **arguments: Any) -> Reply | None:
        """Ask one contender; None if it leaves the race instead of answering."""
        try:
            return self.crew.ask(name, step, seconds, **arguments)
        except Out as reason:
            self.drop(name, reason)
            return None

    def _ask_all(
        self, names: Iterable[str], step: str, seconds: float, **arguments: Any
    ) -> Iterator[tuple[str, Reply]]:
        """Answers of those who give one; the others leave the race."""
        for name, reply in self.crew.ask_all(list(names), step, seconds, **arguments):
            if isinstance(reply, Out):
                self.drop(name, reply)
            else:
                yield name, reply

    def drop(self, name: str, reason: Out) -> None:
        """Let a contender leave the race."""
        if name in self.present:
            self.present.remove(name)
            self.measured.out[name] = reason


def _shuffled(names: Iterable[str]) -> list[str]:
    """In an order that nobody knows before."""
    in_order = list(names)
    SystemRandom().shuffle(in_order)
    return in_order


def count_rounds(asked: int, seconds_per_round: float, most_seconds: float) -> int:
    """Rounds that fit into the time for a size, or those of an interval; at most `asked`."""
    fitting = int(most_seconds / max(seconds_per_round, 1e-9))
    return min(asked, max(LEAST_ROUNDS, fitting))
