"""Race all contenders on one size, in rounds, each in its own process."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Iterable
from random import SystemRandom
from statistics import median
from time import perf_counter
from typing import Any

from impls import _machine, _verify
from scripts._common.errors import Out
from scripts._common.metrics import BASELINE
from scripts._common.process import Process
from scripts._common.signals import held_off
from scripts._race.flags import keeps_answers, too_fast, too_many_processors, wrong_clock
from scripts._race.inputs import RaceInputs, on_disk, plan_memory
from scripts._race.result import RaceSettings, Result
from scripts._race.statistics import LEAST_ROUNDS

LOAD_SECONDS = 300.0
PREPARE_SECONDS = 900.0  # compiling takes minutes when many contenders compile at once
_LEAST_SAMPLE_SECONDS = 60.0
# Time per size; enough for 15 rounds at nearly all of them.
_CELL_SECONDS = 60.0
# The sample by which clocks are compared: its least seconds, and at most so many usual samples.
_LONG_SECONDS, _MOST_SAMPLES = 0.2, 20
# Such samples, until one is not suspicious. CPU time can jump in a virtual machine: 1 honest sample
# of 85 showed 4 processors of 2.
_N_LONG = 3

Reply = dict[str, Any]


def race_size(
    settings: RaceSettings, size: tuple[int, int], on_round: Callable[[], object]
) -> Result:
    """Race all contenders on one size; `on_round` is called after each round.

    Raises
    ------
    Stopped
        On an interrupt, if at least one round has finished.
    """
    one = _Race(settings, size)
    try:
        return one.run(on_round)
    except KeyboardInterrupt:
        if one.result.n_rounds:
            raise Stopped(one.result) from None
        raise


class Stopped(KeyboardInterrupt):
    """An interrupt that carries the result of the finished rounds."""

    def __init__(self, result: Result) -> None:
        super().__init__()
        self.result = result


class _Race:
    """The processes that are still in the race, and the result so far."""

    def __init__(self, settings: RaceSettings, size: tuple[int, int]) -> None:
        self.settings = settings
        self.result = Result(settings.problem, *size)
        self.processes: dict[str, Process] = {}
        self.roofs: dict[str, int] = {}
        self.moves: set[str] = set()
        self.replies: dict[str, list[Reply]] = {}

    def run(self, on_round: Callable[[], object]) -> Result:
        size = self.result.n_samples, self.result.n_features
        try:
            with on_disk(self.settings.problem, *size, self.settings.pixels) as data:
                self._load()
                self._start_moves()
                self._start_roofs()
                self._prepare(data)
            self._time(data, on_round)
            self._check_honesty()
            self._verify_later(data)
        except Out as reason:  # nobody can race this size
            self.result.out |= dict.fromkeys(self.settings.contenders, reason)
        finally:
            with held_off():
                for process in self.processes.values():
                    process.close()
        for name in self.result.out:  # wrong, or not to be believed: it has no time
            self.result.seconds.pop(name, None)
        return self.result

    def _load(self) -> None:
        for name in self.settings.contenders:
            self.processes[name] = self._start(name)
            self.processes[name].send("load")
        for name, info in self._answers(self.settings.contenders, LOAD_SECONDS).items():
            if name == BASELINE or info["bytes_per_value"] in (*self.settings.widths, 1, 2):
                self.result.infos[name] = info
            else:
                self.processes.pop(name).close()

    def _start(self, name: str, **more: Any) -> Process:
        size = [self.result.n_samples, self.result.n_features]
        order = {"problem": self.settings.problem, "name": name, "size": size}
        return Process(order | {"threads": self.settings.threads} | more)

    def _start_moves(self) -> None:
        """Start, for each contender that has it, its loads and stores without its arithmetic."""
        able = [name for name, info in self.result.infos.items() if info["moves_alone"]]
        for name in able if self.settings.moves else ():
            twin = self.result.name_moves(name)
            self.moves.add(twin)
            self.result.infos[twin] = self.result.infos[name]
            self.processes[twin] = self._start(name, moves_alone=True)
            self.processes[twin].send("load")
        self._answers(tuple(self.moves), LOAD_SECONDS)

    def _start_roofs(self) -> None:
        for width in sorted({info["bytes_per_value"] for info in self.result.infos.values()}):
            name = f"read of {width}-byte X"
            self.roofs[name] = width
            self.processes[name] = self._start("", bytes_per_value=width)
            self.processes[name].send("load")
        self._answers(tuple(self.roofs), LOAD_SECONDS)

    def _prepare(self, data: RaceInputs) -> None:
        """Prepare the contenders that fit into memory, and keep those that are right."""
        copies = {name: self.result.infos.get(name, {}).get("copies", 0) for name in self.processes}
        available = _machine.available_memory()
        plan = plan_memory(copies, self.result.x_bytes, available)
        if not plan.own_copy:
            self.result.notes.append("memory does not hold an X for each: one X, shared by all")
        for name, reason in plan.lacking.items():
            self._drop(name, Out("lacks memory", reason))
        for process in self.processes.values():
            process.send("prepare", files=data.files, own_copy=plan.own_copy)
        replies = self._answers(tuple(self.processes), PREPARE_SECONDS)
        for name in replies.keys() - self.roofs.keys() - self.moves:
            self._judge(name, replies[name]["gradients"], data.references)
        self.read_bytes = {name: replies[name]["bytes"] for name in self.roofs if name in replies}

    def _time(self, data: RaceInputs, on_round: Callable[[], object]) -> None:
        expected = {}
        for name in list(self.processes):  # one at a time, so that they do not disturb each other
            if reply := self._ask(name, "count", PREPARE_SECONDS):
                expected[name] = reply["seconds"]
        n_rounds = self._count_rounds(sum(expected.values()))
        replies: dict[str, list[Reply]] = {name: [] for name in self.processes}
        # Which round tells its gradients is not known before.
        told_round, told_seed = secrets.randbelow(n_rounds), next(iter(data.later))
        n_ended = 0
        try:
            for number in range(n_rounds):
                seed = told_seed if number == told_round else secrets.randbelow(2**31)
                for name in _shuffled(self.processes):
                    step = {"seed": seed, "tells": number == told_round}
                    limit = max(_LEAST_SAMPLE_SECONDS, 20 * expected[name])
                    if reply := self._ask(name, "sample", limit, **step):
                        replies[name].append(reply)
                        self._judge_sample(name, reply, data.later[told_seed])
                n_ended += 1
                on_round()
        except KeyboardInterrupt:
            self.result.notes.append(f"interrupted after {n_ended} of {n_rounds} rounds")
            raise
        finally:
            self._keep({name: replies[name][:n_ended] for name in self.processes})

    def _count_rounds(self, seconds_per_round: float) -> int:
        n_rounds = count_rounds(self.settings.rounds, seconds_per_round)
        if n_rounds < self.settings.rounds:
            seconds = f"a round takes {seconds_per_round:.0f} s"
            self.result.notes.append(f"{n_rounds} rounds, not {self.settings.rounds}: {seconds}")
        return n_rounds

    def _keep(self, replies: dict[str, list[Reply]]) -> None:
        for name, own in replies.items():
            times = [reply["seconds"] for reply in own]
            if name in self.roofs:
                speeds = [self.read_bytes[name] / seconds for seconds in times]
                self.result.roofs[self.roofs[name]] = speeds
            elif name in self.moves:
                self.result.moves[name] = times
            else:
                self.result.seconds[name] = times
                self.replies[name] = own

    @property
    def _racers(self) -> tuple[str, ...]:
        """Contenders that are still in the race: neither roofs nor moves alone."""
        return tuple(self.processes.keys() - self.roofs.keys() - self.moves)

    def _check_honesty(self) -> None:
        """Drop who was too fast, keeps answers, or is suspicious in long samples."""
        for name in self._racers:
            own = self.replies[name]
            seconds = [reply["seconds"] for reply in own]
            fresh = [reply["fresh"] for reply in own if "fresh" in reply]
            reason = too_fast(self.result.roof_fraction(name)) or keeps_answers(fresh, seconds)
            if reason:
                self._drop(name, Out("too fast", reason))
            else:
                self._check_long_samples(name, median(seconds) * own[0]["n_calls"])

    def _check_long_samples(self, name: str, usual_seconds: float) -> None:
        """Drop a contender if each of some long samples is suspicious."""
        times = math.ceil(min(_MOST_SAMPLES, _LONG_SECONDS / max(usual_seconds, 1e-9)))
        for _ in range(_N_LONG):
            reason = self._check_long_sample(name, times)
            if not reason:
                return
        if reason:
            self._drop(name, reason)

    def _check_long_sample(self, name: str, times: int) -> Out | None:
        """Compare the contender's clock with the race's own, and count its processors."""
        start = perf_counter()
        step = {"seed": secrets.randbelow(2**31), "times": times}
        reply = self._ask(name, "sample", PREPARE_SECONDS, **step)
        waited = perf_counter() - start
        if reply is None:
            return None
        if reason := wrong_clock(waited, reply["seconds"] * reply["n_calls"]):
            return Out("too fast", reason)
        reason = too_many_processors(reply["processors"], self.settings.threads)
        return Out("too many threads", reason) if reason else None

    def _verify_later(self, data: RaceInputs) -> None:
        """Compare a gradient after the timing, at new weights."""
        seed, reference = list(data.later.items())[-1]
        weights = _verify.other_weights(data.weights, seed).tolist()
        names = self._racers
        for name in names:
            self.processes[name].send("verify", weights=[weights])
        for name, reply in self._answers(names, PREPARE_SECONDS).items():
            self._judge(name, reply["gradients"], [reference])

    def _judge_sample(self, name: str, reply: Reply, reference: _verify.Reference) -> None:
        """Drop a contender whose timed call is wrong, where the sample tells its gradient."""
        if "gradient" in reply and name not in self.moves:
            self._judge(name, [reply["gradient"]] * 2, [reference])

    def _judge(self, name: str, gradients: Any, references: list[_verify.Reference]) -> None:
        """Drop a contender whose gradients differ from the references."""
        verdict = _verify.judge(gradients, references, self.result.infos[name]["rtol"])
        if verdict.fault:
            self._drop(name, Out("wrong", verdict.reason))

    def _ask(self, name: str, step: str, seconds: float, **arguments: Any) -> Reply | None:
        """Ask one contender; None if it leaves the race instead of answering."""
        self.processes[name].send(step, **arguments)
        return self._answers((name,), seconds).get(name)

    def _answers(self, names: tuple[str, ...], seconds: float) -> dict[str, dict[str, Any]]:
        """Collect answers by name; a contender that gives none leaves the race."""
        replies = {}
        for name in names:
            try:
                replies[name] = self.processes[name].answer(seconds)
            except Out as reason:
                self._drop(name, reason)
        return replies

    def _drop(self, name: str, reason: Out) -> None:
        self.processes.pop(name).close()
        self.result.out[name] = reason


def _shuffled(names: Iterable[str]) -> list[str]:
    """In an order that nobody knows before."""
    in_order = list(names)
    SystemRandom().shuffle(in_order)
    return in_order


def count_rounds(asked: int, seconds_per_round: float) -> int:
    """Rounds that fit into the time for a size, or those of an interval; at most `asked`."""
    fitting = int(_CELL_SECONDS / max(seconds_per_round, 1e-9))
    return min(asked, max(LEAST_ROUNDS, fitting))
