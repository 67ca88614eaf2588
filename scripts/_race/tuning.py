"""Which numbers of the one-pass engine are fastest on this machine?

Each candidate is a process with its own compiled code, beside one with the defaults. They are timed
in turns, in a new random order each round, at the sizes where the number matters. All processes are
started anew in each generation: memory and compiled code lie elsewhere then.
"""

from __future__ import annotations

import json
import math
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Any

from benchmarks._session.statistics import (
    LEAST_GENERATIONS,
    Estimate,
    geometric_mean,
    student_interval,
)
from impls import _tuned
from scripts._common.errors import UserError
from scripts._common.project import ROOT

# Of what comes from memory, generations differ by more than candidates do: many of few rounds.
GENERATIONS, ROUNDS = 12, 3
_MOST_SECONDS = 300.0
_TAIL = 0.01  # probability that each end of an interval misses the true ratio
_LEAST_GAIN = 0.02  # smaller ones are not worth numbers of one's own
_Size = tuple[int, int]


@dataclass(frozen=True)
class Question:
    """A number, what it may be, and the sizes at which that matters.

    Attributes
    ----------
    is_of_threads : bool
        Whether all threads are raced. One is steadier: other candidates' threads may still wait
        busily, and then two of a kind differ by a factor of two.
    """

    number: str
    candidates: tuple[int, ...]
    sizes: tuple[_Size, ...]
    is_of_threads: bool = False


_FROM_MEMORY = ((100_000, 100), (20_000, 1000))
QUESTIONS = (
    Question("memory_vector_bytes", (32, 64), _FROM_MEMORY),
    Question("step_rows", (4, 8), _FROM_MEMORY),
    Question("parts", (1, 3), ((1_000_000, 10), (100_000, 100))),
    Question("prefetch_bytes", (1536, 4096, 8192, 16_384), ((1_000_000, 10), (100_000, 100))),
    Question("prefetches_llc", (0, 1), ((2500, 400), (1000, 1000), (500, 2000))),
    Question("resident_bytes", (0, 2**15, 3 * 2**15, 2**18), ((30, 100), (100, 100), (200, 100))),
    Question(
        "threads_pay_from",
        (2**16, 2**17, 3 * 2**16, 2**18),
        ((160, 64), (320, 64), (448, 64)),
        is_of_threads=True,
    ),
)


@dataclass(frozen=True)
class Answer:
    """What was measured of a number.

    Attributes
    ----------
    ratios : dict of int to list of float
        Time over that of the default, a number per generation, by candidate.
    """

    question: Question
    default: int
    ratios: dict[int, list[float]] = field(default_factory=dict)

    def estimate(self, candidate: int) -> Estimate:
        """Time over that of the default, with its interval; one generation has none."""
        own = self.ratios[candidate]
        bounds = student_interval(own, _TAIL) if len(own) > 1 else (math.nan, math.nan)
        return Estimate(geometric_mean(own), *bounds)

    @property
    def chosen(self) -> int:
        """The fastest candidate that is certainly faster than the default, or else the default."""
        found = {each: self.estimate(each) for each in self.ratios}
        sure = [
            each
            for each, ratio in found.items()
            if len(self.ratios[each]) >= LEAST_GENERATIONS
            and ratio.high < 1
            and ratio.value <= 1 - _LEAST_GAIN
        ]
        return min(sure, key=lambda each: found[each].value, default=self.default)

    @property
    def text(self) -> str:
        """A line per candidate, and what to set."""
        sizes = ", ".join(f"{n:,} x {d:,}" for n, d in self.question.sizes)
        lines = [f"{self.question.number} ({sizes}), time over that of the default:"]
        lines += [f"{self.default:>12,}  default"]
        for candidate in self.ratios:
            ratio = self.estimate(candidate)
            lines.append(f"{candidate:>12,}  {ratio.value:.3f} [{ratio.low:.3f}, {ratio.high:.3f}]")
        keeps = "keep" if self.chosen == self.default else "set"
        return "\n".join([*lines, f"    {keeps} {self.question.number} = {self.chosen}"])


def chosen(answers: Sequence[Answer]) -> dict[str, int]:
    """The numbers that are to take the place of defaults."""
    return {each.question.number: each.chosen for each in answers if each.chosen != each.default}


def _environment(path: Path, cache: Path) -> dict[str, str]:
    own = {_tuned.VARIABLE: str(path), "NUMBA_CACHE_DIR": str(cache)}
    # A number of the user's for all processes would leave nothing to compare.
    return {k: v for k, v in os.environ.items() if k != "GRADMARK_THREADS_PAY_FROM"} | own


def ask(threads: int) -> tuple[str, dict[str, int], tuple[Question, ...]]:
    """Family of this processor, its numbers, and what is to be raced with so many threads."""
    from impls._onepass.tuning import defaults  # takes numba

    family, numbers = defaults()  # type: ignore[no-untyped-call]
    questions = tuple(each for each in QUESTIONS if threads > 1 or not each.is_of_threads)
    return family, asdict(numbers), questions


class Runner:
    """Times a candidate in a process of its own."""

    def __init__(self, numbers: Mapping[str, int], path: Path, cache: Path, threads: int) -> None:
        _tuned.write(path, numbers)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "scripts._race.tuning_worker", str(threads)],
            cwd=ROOT,
            env=_environment(path, cache),
            start_new_session=True,  # Ctrl-C is for the command, which ends this process
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, *words: Any) -> None:
        """Tell what to do next."""
        assert self._process.stdin
        print(json.dumps(words), file=self._process.stdin, flush=True)

    def answer(self) -> float:
        """Wait for what it says: seconds, where it was told to time."""
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise UserError(
                f"a process that was being timed ended with status {self._process.wait()}; what it "
                "said stands above"
            )
        return float(line)

    def end(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.communicate()


@contextmanager
def running(
    default: Mapping[str, int], question: Question, folder: Path, threads: int
) -> Iterator[dict[int, Runner]]:
    """A process for each candidate and for the default."""
    number, n_threads = question.number, threads if question.is_of_threads else 1
    with ExitStack() as stack:
        found = {}
        for candidate in dict.fromkeys((default[number], *question.candidates)):
            numbers = {**default, number: candidate}
            path = folder / f"{number}-{candidate}.toml"
            found[candidate] = Runner(numbers, path, folder / "numba", n_threads)
            stack.callback(found[candidate].end)
        yield found


def race(
    runners: Mapping[int, Runner],
    default: int,
    sizes: Sequence[_Size],
    rounds: int,
) -> dict[int, float]:
    """Time of each candidate over the default's: mean over the sizes of the rounds' median."""
    ratios: dict[int, list[float]] = {each: [] for each in runners if each != default}
    for size in sizes:
        for runner in runners.values():  # they compile side by side
            runner.tell("prepare", *size)
        for runner in runners.values():
            runner.answer()
        timed = [_round(runners) for _ in range(rounds)]
        for candidate, own in ratios.items():
            own.append(median(each[candidate] / each[default] for each in timed))
    return {candidate: geometric_mean(own) for candidate, own in ratios.items()}


def _round(runners: Mapping[int, Runner]) -> dict[int, float]:
    order, found = list(runners), {}
    random.shuffle(order)
    for candidate in order:
        runners[candidate].tell("time")
        found[candidate] = runners[candidate].answer()
    return found


def tune(
    questions: Sequence[Question],
    default: Mapping[str, int],
    folder: Path,
    threads: int,
    generations: int = GENERATIONS,
    rounds: int = ROUNDS,
    note: Callable[[int], object] = lambda n: None,
) -> list[Answer]:
    """Race all candidates; with fewer generations where they would take more than five minutes.

    Parameters
    ----------
    folder : Path
        For files of candidates and their compiled code.
    note : callable
        Called after each question of each generation.
    """
    answers = [Answer(each, default[each.number]) for each in questions]
    start = monotonic()
    for generation in range(generations):
        for answer in answers:
            with running(default, answer.question, folder, threads) as runners:
                found = race(runners, answer.default, answer.question.sizes, rounds)
            for candidate, ratio in found.items():
                answer.ratios.setdefault(candidate, []).append(ratio)
            note(1)
        spent, n_done = monotonic() - start, generation + 1
        if n_done >= LEAST_GENERATIONS and spent * (n_done + 1) / n_done > _MOST_SECONDS:
            break
    return answers
