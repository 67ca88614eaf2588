"""One race: all contenders on one size, in rounds, each in a process of its own."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from impls import _machine, _verify
from scripts._common.errors import Out
from scripts._common.metrics import BASELINE
from scripts._common.process import Process
from scripts._common.signals import held_off
from scripts._race.inputs import RaceInputs, on_disk, plan_memory
from scripts._race.result import RaceSettings, Result
from scripts._race.statistics import LEAST_ROUNDS

LOAD_SECONDS = 300.0
PREPARE_SECONDS = 900.0  # compilers take minutes where many contenders compile at once
_LEAST_SAMPLE_SECONDS = 60.0
# Long enough for 15 rounds of nearly all sizes.
_CELL_SECONDS = 60.0


def race_size(
    settings: RaceSettings, size: tuple[int, int], on_round: Callable[[], object]
) -> Result:
    """Race all on one size; `on_round` is called after each round.

    Raises
    ------
    Stopped
        If an interrupt comes once a round has ended.
    """
    one = _Race(settings, size)
    try:
        return one.run(on_round)
    except KeyboardInterrupt:
        if one.result.n_rounds:
            raise Stopped(one.result) from None
        raise


class Stopped(KeyboardInterrupt):
    """An interrupt that leaves a result of the rounds before it."""

    def __init__(self, result: Result) -> None:
        super().__init__()
        self.result = result


class _Race:
    """The processes that are still in the race, and what they have given."""

    def __init__(self, settings: RaceSettings, size: tuple[int, int]) -> None:
        self.settings = settings
        self.result = Result(settings.problem, *size)
        self.processes: dict[str, Process] = {}
        self.roofs: dict[str, int] = {}
        self.moves: set[str] = set()

    def run(self, on_round: Callable[[], object]) -> Result:
        size = self.result.n_samples, self.result.n_features
        try:
            with on_disk(self.settings.problem, *size, self.settings.pixels) as data:
                self._load()
                self._start_moves()
                self._start_roofs()
                self._prepare(data)
            self._time(on_round)
            self._verify_later(data)
        except Out as reason:  # of the whole size
            self.result.out |= dict.fromkeys(self.settings.contenders, reason)
        finally:
            with held_off():
                for process in self.processes.values():
                    process.close()
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
        """Beside each that can: the same without its arithmetic."""
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
        """Let all prepare who fit into memory, and keep those who are right."""
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

    def _time(self, on_round: Callable[[], object]) -> None:
        expected = {}
        for name in list(self.processes):  # one at a time: the machine is quiet
            if reply := self._ask(name, "count", PREPARE_SECONDS):
                expected[name] = reply["seconds"]
        n_rounds = count_rounds(self.settings.rounds, sum(expected.values()))
        if n_rounds < self.settings.rounds:
            seconds = f"a round takes {sum(expected.values()):.0f} s"
            self.result.notes.append(f"{n_rounds} rounds, not {self.settings.rounds}: {seconds}")
        samples: dict[str, list[float]] = {name: [] for name in self.processes}
        generator = random.Random(0)
        n_ended = 0
        try:
            for _ in range(n_rounds):
                for name in generator.sample(list(self.processes), len(self.processes)):
                    seconds = max(_LEAST_SAMPLE_SECONDS, 20 * expected[name])
                    if reply := self._ask(name, "sample", seconds):
                        samples[name].append(reply["seconds"])
                n_ended += 1
                on_round()
        except KeyboardInterrupt:
            self.result.notes.append(f"interrupted after {n_ended} of {n_rounds} rounds")
            raise
        finally:
            self._keep({name: samples[name][:n_ended] for name in self.processes})

    def _keep(self, samples: dict[str, list[float]]) -> None:
        for name, times in samples.items():
            if name in self.roofs:
                speeds = [self.read_bytes[name] / seconds for seconds in times]
                self.result.roofs[self.roofs[name]] = speeds
            elif name in self.moves:
                self.result.moves[name] = times
            else:
                self.result.seconds[name] = times

    def _verify_later(self, data: RaceInputs) -> None:
        """Compare a last gradient, at weights that nobody has seen: who is wrong was not fast."""
        names = tuple(self.processes.keys() - self.roofs.keys() - self.moves)
        for name in names:
            self.processes[name].send("verify", weights=[data.later.tolist()])
        for name, reply in self._answers(names, PREPARE_SECONDS).items():
            self._judge(name, reply["gradients"], [data.later_reference])
        for name in names:
            if name in self.result.out:
                del self.result.seconds[name]

    def _judge(self, name: str, gradients: Any, references: list[_verify.Reference]) -> None:
        """Drop a contender whose gradients are not the references."""
        verdict = _verify.judge(gradients, references, self.result.infos[name]["rtol"])
        if verdict.fault:
            self._drop(name, Out("wrong", verdict.reason))

    def _ask(self, name: str, step: str, seconds: float) -> dict[str, Any] | None:
        """The answer of one contender; None if it has just left the race."""
        self.processes[name].send(step)
        return self._answers((name,), seconds).get(name)

    def _answers(self, names: tuple[str, ...], seconds: float) -> dict[str, dict[str, Any]]:
        """Answers by name; who has none leaves the race."""
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


def count_rounds(asked: int, seconds_per_round: float) -> int:
    """Rounds that fit into the time for a size, but an interval's; not above what is asked."""
    fitting = int(_CELL_SECONDS / max(seconds_per_round, 1e-9))
    return min(asked, max(LEAST_ROUNDS, fitting))
