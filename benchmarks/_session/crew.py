"""The contenders' processes: started two at a time, judged on extreme data, started again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import impls
from benchmarks._session.judging import Batch, Findings, draw_extreme, judge_batches
from benchmarks._session.measured import BASELINE, TWIN
from benchmarks._session.notes import leave_aside
from benchmarks._session.process import Out, Process
from benchmarks._session.reserve import Reserve
from impls._measure import SAMPLE_SECONDS
from impls._table import reason_missing

Reply = dict[str, Any]
Found = TypeVar("Found")
STEP_SECONDS = 60.0  # limit of a step, unless more is expected
ATTEMPTS = 4
SUSPENDED = f"its process was suspended during each of {ATTEMPTS} attempts to measure it"
# Steps that are timed and can be repeated. A sample is repeated with other weights.
_TIMED = ("count", "cost", "train")
_AT_ONCE = 2
_MOST_DEATHS = 2


@dataclass(frozen=True)
class Settings:
    """What a session measures, and how.

    Attributes
    ----------
    problem : str
    names : tuple of str
        Implementations; the baseline takes part in any case.
    threads : int
    rounds : int
        Samples of each contender on each set of data, in one generation of processes.
    widths : tuple of int
        Bytes per value of the contenders that take part, besides 1 and 2; all if empty.
    limited : bool
        Skip sizes that an implementation says are too large for it.
    twin : bool
        Measure the baseline a second time, in another process.
    flush : bool
        Evict the caches before each call.
    costs : bool
        Measure memory and preparation too.
    copies : int
        Measure so many copies of each implementation in place of it: what is chance?
    more_rows : tuple of float
        Measure each implementation with such shares of rows added, too: what is found?
    elsewhere : mapping of str to dict
        The ``name`` and the ``tree`` of each contender that comes from another tree, by contender.
        The tree is a folder that holds its own ``impls``.
    warm_seconds, sample_seconds : float
        Calls before each sample, and in it.
    most_seconds : float
        Samples on one set of data take about as long at most, with fewer rounds.
    """

    problem: str
    names: tuple[str, ...]
    threads: int
    rounds: int = 15
    widths: tuple[int, ...] = ()
    limited: bool = True
    twin: bool = True
    flush: bool = False
    costs: bool = True
    copies: int = 0
    more_rows: tuple[float, ...] = ()
    elsewhere: Mapping[str, Reply] = field(default_factory=dict)
    warm_seconds: float = 0.02
    sample_seconds: float = SAMPLE_SECONDS
    most_seconds: float = 60.0


def name_copy(name: str, number: int) -> str:
    """Name of one of a contender's copies."""
    return f"{name}, copy {number}"


def name_slower(name: str, more_rows: float) -> str:
    """Name of a contender with more rows of X than it should have."""
    return f"{name}, {more_rows:.0%} more rows"


class Crew:
    """One generation of processes: contenders, and one for the read roof of each width.

    Attributes
    ----------
    processes : dict[str, Process]
        Those that live, by contender.
    infos : dict[str, dict]
        What each contender says of itself.
    out : dict[str, Out]
        Contenders that are out for all data, and why.
    roofs : dict[str, int]
        Bytes per value of each process that reads.
    printed : dict[str, str]
        What each contender has printed, once its process is closed: see `Output.told`.
    reserve : Reserve
        Memory for their copies of X.
    """

    def __init__(self, settings: Settings, reserve: Reserve | None = None) -> None:
        self.settings = settings
        self.reserve = reserve or Reserve()
        self.processes: dict[str, Process] = {}
        self.infos: dict[str, Reply] = {}
        self.out: dict[str, Out] = {}
        self.roofs: dict[str, int] = {}
        self.seconds_in_gradients = 0.0
        self.printed: dict[str, str] = {}
        self._orders: dict[str, Reply] = {}
        self._deaths: Counter[str] = Counter()
        self._reasons: dict[str, str] = {}
        self._extreme: list[Batch] = []

    def start(self, on_start: Callable[[], object] = lambda: None) -> None:
        """Start all; `on_start` is called after each."""
        self._extreme = list(draw_extreme(self.settings.problem))
        self._enlist(self._contenders(), on_start)
        self.add_reads((info["bytes_per_value"] for info in self.infos.values()), on_start)

    def add_reads(
        self, widths: Iterable[int], on_start: Callable[[], object] = lambda: None
    ) -> None:
        """Start a read for each width that has none."""
        new = sorted(set(widths) - set(self.roofs.values()))
        reads = {f"read of {width}-byte X": width for width in new}
        self.roofs |= reads
        orders = {n: {"name": "", "bytes_per_value": width} for n, width in reads.items()}
        self._enlist(orders, on_start)

    def _contenders(self) -> dict[str, Reply]:
        names = dict.fromkeys([BASELINE, *self.settings.names])
        if self.settings.copies:
            copies = {
                name_copy(name, number): {"name": name}
                for name in self.settings.names
                for number in range(self.settings.copies)
            }
            return copies | {
                name_slower(name, share): {"name": name, "more_rows": share}
                for name in self.settings.names
                for share in self.settings.more_rows
            }
        twin = {TWIN: {"name": BASELINE}} if self.settings.twin else {}
        orders = {name: {"name": name} | self.settings.elsewhere.get(name, {}) for name in names}
        return orders | twin

    def revive(self) -> None:
        """Start contenders again that have died, unless they did so before."""
        dead = self._orders.keys() - self.processes.keys() - self.out.keys()
        again = [name for name in self._orders if name in dead]
        for name in again:
            if self._deaths[name] >= _MOST_DEATHS:
                reason = f"not tried again, after it died twice: {self._reasons[name]}"
                self.out[name] = Out("died", reason)
        self._start([name for name in again if name not in self.out], lambda: None)

    def absent(self) -> dict[str, Out]:
        """Contenders that are out, and those that have died and were not started again."""
        gone = self._orders.keys() - self.processes.keys()
        return {
            name: Out("died", self._reasons[name]) for name in gone & self._reasons.keys()
        } | self.out

    def takes_part(self, name: str, names: Collection[str] | None) -> bool:
        """Whether a process is to be measured where `names` are, or all if None."""
        if name in self.out:
            return False
        if names is None or name in self.roofs:
            return True
        return name in names or self._orders[name]["name"] in (*names, BASELINE)

    def is_judged(self, name: str) -> bool:
        """Whether a contender computes the gradient, not that of more rows."""
        return "more_rows" not in self._orders[name]

    def ask(self, name: str, step: str, seconds: float, **arguments: Any) -> Reply:
        """Let a contender take a step.

        Raises
        ------
        Out
            If it takes no part, fails, dies or does not answer. Its process lives unless it died.
        """
        if name not in self.processes:
            raise self.absent()[name]
        for _ in range(ATTEMPTS):
            self.processes[name].send(step, **arguments)
            reply = self._answer(name, seconds)
            if step not in _TIMED or not reply.pop("suspended", False):
                return reply
            self.tell_suspended(name)
        raise Out("failed", SUSPENDED)

    def tell_suspended(self, name: str) -> None:
        """Say that what was just measured is dropped, and measured again."""
        leave_aside(
            f"a measurement of {self.settings.problem}, {name}: its process was suspended, "
            "and it is measured again"
        )

    def ask_all(
        self, names: Iterable[str], step: str, seconds: float, **arguments: Any
    ) -> Iterator[tuple[str, Reply | Out]]:
        """Let contenders take a step that is not timed, two at a time; yield each answer."""

        def ask(name: str) -> tuple[str, Reply | Out]:
            self.processes[name].send(step, **arguments)
            try:
                return name, self._answer(name, seconds)
            except Out as out:
                return name, out

        yield from self._each_of(ask, names)

    def _answer(self, name: str, seconds: float) -> Reply:
        try:
            reply = self.processes[name].answer(seconds)
        except Out as out:
            if out.state == "died" or not self.processes[name].is_alive:
                self._bury(name, out)
            raise
        self.seconds_in_gradients += float(reply.pop("in_gradients", 0.0))
        return reply

    def close(self) -> None:
        """End all processes."""
        for name in list(self.processes):
            self._close(name)

    def _close(self, name: str) -> None:
        if process := self.processes.pop(name, None):  # else another thread closes it
            process.close()
            if process.told:
                self.printed[name] = process.told

    def _enlist(self, orders: dict[str, Reply], on_start: Callable[[], object]) -> None:
        common = {
            "problem": self.settings.problem,
            "threads": self.settings.threads,
            "warm_seconds": self.settings.warm_seconds,
            "sample_seconds": self.settings.sample_seconds,
        }
        self._orders |= {name: common | order for name, order in orders.items()}
        self._start(orders, on_start)

    def _start(self, names: Iterable[str], on_start: Callable[[], object]) -> None:
        able = [name for name in names if not self._lacks_package(name)]
        # Backwards: `auto` finds the compiled code of what it chooses from, then.
        for _ in self._each_of(self._start_one, able[::-1]):
            on_start()

    def _lacks_package(self, name: str) -> bool:
        """Whether a package is missing, found without a process, which takes 0.2 s.

        In one thread: Python 3.11 cannot parse in several (gh-106905).
        """
        order = self._orders[name]
        if not order["name"] or order.get("tree") or order.get("file"):
            return False
        reason = reason_missing(order["problem"], order["name"])
        if reason:
            self.out[name] = Out("unavailable", reason)
        return bool(reason)

    def _each_of(self, step: Callable[[str], Found], names: Iterable[str]) -> Iterator[Found]:
        """What a step returns for each contender, two at a time; an interrupt ends them all."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            try:
                yield from pool.map(step, names)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                self.close()
                raise

    def _start_one(self, name: str) -> None:
        """Start, load and judge; what is out for good has no process afterwards."""
        order = self._orders[name]
        self.processes[name] = Process(order)
        try:
            info = self.ask(name, "load", STEP_SECONDS)
            if order["name"]:
                self._judge(name, info)
        except Out as out:
            self._leave(name, out)  # one that dies before it is measured will do so again

    def _judge(self, name: str, info: Reply) -> None:
        """Keep what the contender says of itself, and judge it on extreme data."""
        widths = self.settings.widths
        if widths and name != BASELINE and info["bytes_per_value"] not in (*widths, 1, 2):
            self._leave(name, None)
            return
        self.infos[name] = info
        if name == TWIN or self.settings.copies or not self.is_judged(name):
            return
        findings = Findings(name, limit=info["rtol"])
        try:
            judge_batches(findings, self.processes[name], self._extreme)
        except impls.Unavailable as error:
            self._leave(name, Out("unavailable", str(error)))
        except Out as out:
            self._bury(name, out)
            raise
        if findings.breaks_contract:
            self._leave(name, Out("wrong", findings.problems[0]))

    def _leave(self, name: str, reason: Out | None) -> None:
        """End a process for good; without a reason, as if it had never been asked."""
        if name in self.processes:
            self._close(name)
        if reason:
            self.out[name] = reason
        else:
            self._orders.pop(name)

    def _bury(self, name: str, out: Out) -> None:
        """Take leave of a process that has died or cannot be understood any more."""
        self._close(name)
        self._deaths[name] += 1
        self._reasons[name] = out.reason
