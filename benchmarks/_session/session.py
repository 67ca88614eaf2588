"""Go through problems, generations of processes and data; write what is found as it comes."""

from __future__ import annotations

import itertools
import math
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

from benchmarks._session import rounds, training
from benchmarks._session.answers import is_number
from benchmarks._session.crew import STEP_SECONDS, Crew, Settings
from benchmarks._session.inputs import Data
from benchmarks._session.journal import OK, Begun, Cell, Journal, Known
from benchmarks._session.measured import BASELINE, TWIN, Measured
from benchmarks._session.notes import tell
from benchmarks._session.process import Out
from benchmarks._session.reserve import Reserve, bytes_to_keep
from impls import solvers
from impls._errors import one_line

# Rough seconds of a contender on one set of data, for the time that is left: of a sample with what
# is around it, of the verification, and per byte of X.
_SAMPLE_SECONDS, _VERIFY_SECONDS, _SECONDS_PER_BYTE = 0.015, 0.06, 4e-9
_TRAIN_SECONDS = 60.0  # limit of a training, as of any step
_EPOCHS = ("epoch", "kernel_share")
_TRAINING = ("final_loss", "updates", "test_accuracy", "time_to_loss")


@dataclass(frozen=True)
class Job:
    """Contenders to measure on one set of data.

    Attributes
    ----------
    names : tuple of str
        Implementations; the baseline takes part in any case.
    epochs : bool
        Measure epochs of training too.
    most_epochs : int
        Train towards a loss, with so many epochs at most; 0: do not train.
    """

    data: Data
    names: tuple[str, ...]
    epochs: bool = False
    most_epochs: int = 0


@dataclass
class Split:
    """Where the time of a session went, in seconds, and what contenders have printed in it."""

    wall: float = 0.0
    starting: float = 0.0
    in_gradients: float = 0.0
    printed: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """A sentence."""
        rest = self.wall - self.starting - self.in_gradients
        parts = [self.in_gradients, self.starting, rest]
        gradients, starting, others = (f"{part / self.wall:.0%}" for part in parts)
        return (
            f"{self.wall:.0f} s: {gradients} in gradients (samples, warm-up, verification) and "
            f"reads, {starting} starting processes, {others} in data, references and messages"
        )

    @property
    def told(self) -> list[str]:
        """A sentence for each contender that has printed something."""
        return [f"{name} {text}" for name, text in self.printed.items()]


def expected_seconds(job: Job, settings: Settings) -> float:
    """Rough duration of a job in one generation."""
    n_bytes = 8 * job.data.n_samples * job.data.n_features
    each = settings.rounds * _SAMPLE_SECONDS + _VERIFY_SECONDS + n_bytes * _SECONDS_PER_BYTE
    return (len(job.names) + 3) * each


def run(
    jobs: Sequence[Job],
    settings: Settings,
    journal: Journal,
    known: Known,
    generations: int = 1,
    on_seconds: Callable[[float], object] = lambda seconds: None,
) -> Split:
    """Measure all jobs.

    Parameters
    ----------
    jobs : sequence of Job
        Those of a problem one after the other.
    settings : Settings
        For every problem; `problem` and `names` are replaced.
    journal : Journal
        Gets each round and each cell as it is found.
    known : Known
        Measurements that an interrupt has cut off, which go on; empty to begin anew.
    generations : int
        Of processes, one after the other.
    on_seconds : callable
        Called with how many of the `expected_seconds` have passed since the last call.
    """
    split = Split()
    start, reserve = perf_counter(), Reserve(bytes_to_keep())
    try:
        for problem, own in itertools.groupby(jobs, lambda job: job.data.problem):
            one = _Problem(problem, list(own), settings, journal, known)
            for number in range(generations):
                one.run_generation(number, Crew(one.settings, reserve), split, on_seconds)
    finally:
        reserve.close()
        split.wall = perf_counter() - start
    return split


class _Problem:
    """The jobs of one problem."""

    def __init__(
        self, problem: str, jobs: list[Job], settings: Settings, journal: Journal, known: Known
    ) -> None:
        names = dict.fromkeys(name for job in jobs for name in job.names)
        self.settings = replace(settings, problem=problem, names=tuple(names))
        self.journal = journal
        new = Begun("", 0, 0, 0, [])
        self.works = [
            _Work(job, known.begun(job.data, job.names, journal.digest) or new) for job in jobs
        ]

    def run_generation(
        self, number: int, crew: Crew, split: Split, on_seconds: Callable[[float], object]
    ) -> None:
        """Measure every job that lacks this generation, with new processes."""
        works = [work for work in self.works if work.begun.n_done <= number]
        if not works:
            return
        start = perf_counter()
        try:
            crew.start()
            split.starting += perf_counter() - start
            already = crew.seconds_in_gradients
            for work in works:
                work.measure(crew, self.journal, on_seconds)
            split.in_gradients += crew.seconds_in_gradients - already
        finally:
            crew.close()
            problem = self.settings.problem
            split.printed |= {f"{problem}/{name}": text for name, text in crew.printed.items()}


class _Work:
    """A job, and what is known of it so far."""

    def __init__(self, job: Job, begun: Begun) -> None:
        self.job = job
        self.begun = begun
        self.measurement = begun.measurement or secrets.token_hex(6)
        self.cells = {cell.name: cell for cell in begun.cells}

    @property
    def _trained_metrics(self) -> tuple[str, ...]:
        return _TRAINING if self.job.most_epochs else _EPOCHS

    def _is_trained(self, name: str, solver: str) -> bool:
        """Whether an earlier generation, or a part of this one, has measured a training."""
        cell = self.cells.get(name)
        metric = f"{self._trained_metrics[0]}/{solver}"
        return bool(cell and (metric in cell.costs or metric in cell.reasons))

    def measure(self, crew: Crew, journal: Journal, on_seconds: Callable[[float], object]) -> None:
        """Measure one more generation, and write its rounds and its cells."""
        first, usual = not self.cells, crew.settings
        n_left = max(1, usual.rounds - self.begun.n_rounds)
        crew.settings = replace(usual, rounds=n_left, costs=usual.costs and first)
        each = expected_seconds(self.job, usual) / n_left / (len(self.job.names) + 3)
        listener = rounds.Listener(
            round=lambda measured: journal.add_round(
                self.measurement, measured.data, measured.rounds[-1]
            ),
            sample=lambda: on_seconds(each),
            end=self._train,
        )
        try:
            measured = rounds.measure(
                crew, self.job.data, self.begun.next, self.job.names, listener
            )
        except rounds.Stopped as stopped:  # this generation does not count
            self._keep(stopped.measured, journal)
            raise
        finally:
            crew.settings = usual
        for note in measured.notes:
            tell(f"{self.job.data.problem}, {self.job.data.title}: {one_line(note)}")
        self.begun = replace(
            self.begun, n_done=self.begun.n_done + 1, n_rounds=0, next=self.begun.next + 1
        )
        self._keep(measured, journal)

    def _keep(self, measured: Measured, journal: Journal) -> None:
        """Write a cell for each contender; what was wrong in one generation stays wrong."""
        for name in dict.fromkeys([BASELINE, TWIN, *self.job.names, *measured.timed]):
            if name not in (*measured.costs, *measured.out, *measured.timed):
                continue
            before = self.cells.get(name)
            cell = self._cell(name, measured, journal.digest)
            if before and before.state != OK:
                cell = replace(before, generations=cell.generations)
            elif before:
                error = max(before.costs.get("error", 0.0), cell.costs.get("error", 0.0))
                costs = cell.costs | before.costs | {"error": error}
                cell = replace(cell, costs=costs, reasons=cell.reasons | before.reasons)
            self.cells[name] = cell
        journal.add_cells(self.cells.values())

    def _cell(self, name: str, measured: Measured, digest: str) -> Cell:
        out = measured.out.get(name)
        return Cell(
            data=self.job.data,
            name=name,
            measurement=self.measurement,
            state=out.state if out else OK,
            reason=out.reason if out else "",
            digest=digest,
            measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
            generations=self.begun.n_done,
            flag=measured.flags.get(name, ""),
            shape=measured.shape,
            info=measured.infos.get(name, {}),
            costs=measured.costs.get(name, {}),
            reasons=measured.reasons.get(name, {}),
        )

    def _train(self, measurement: rounds.Measurement) -> None:
        """Measure trainings of each contender with each solver."""
        if not (self.job.epochs or self.job.most_epochs):
            return
        if reason := training.reason_against(self.job.data.problem):
            reasons = dict.fromkeys(self._trained_metrics, reason)
            self._note(measurement.measured, reasons, solvers.names())
            return
        shape = measurement.measured.shape
        if self.job.data.contents and (reason := training.reason_against_size(shape)):
            reasons = dict.fromkeys(self._trained_metrics, reason)
            self._note(measurement.measured, reasons, solvers.names())
            return
        names = [name for name in measurement.contenders if name != TWIN]
        pairs = itertools.product(names, solvers.names())
        left = [(name, solver) for name, solver in pairs if not self._is_trained(name, solver)]
        target = self._target(measurement) if self.job.most_epochs and left else math.nan
        for name, solver in left:
            self._train_one(measurement, name, solver, target)

    def _target(self, measurement: rounds.Measurement) -> float:
        reply = measurement.ask(BASELINE, "train", STEP_SECONDS, what="target")
        return float(reply["target"]) if reply else math.nan

    def _train_one(
        self, measurement: rounds.Measurement, name: str, solver: str, target: float
    ) -> None:
        metrics = self._trained_metrics
        step: dict[str, Any] = {"what": "measure_epochs", "solver": solver}
        if self.job.most_epochs:
            step = {"what": "measure_training", "solver": solver, "loss": target}
            step |= {"most_epochs": self.job.most_epochs}
        try:
            reply = measurement.crew.ask(name, "train", _TRAIN_SECONDS, **step)
        except Out as out:  # its gradients have been measured: the rest of it stays
            self._note(measurement.measured, dict.fromkeys(metrics, out.reason), [solver], name)
            return
        found = {metric: reply[metric] for metric in metrics if is_number(reply.get(metric))}
        lacking = [metric for metric in metrics if metric not in found]
        told = reply.get("reasons", {})
        reasons = {m: told.get(m, f"it is {reply.get(m)}, no number") for m in lacking}
        self._note(measurement.measured, reasons, [solver], name)
        costs = measurement.measured.costs[name]
        costs |= {f"{metric}/{solver}": value for metric, value in found.items()}

    def _note(
        self, measured: Measured, reasons: dict[str, str], by: Iterable[str], name: str = ""
    ) -> None:
        for each in [name] if name else list(measured.costs):
            own = measured.reasons.setdefault(each, {})
            own |= {f"{metric}/{solver}": text for solver in by for metric, text in reasons.items()}
