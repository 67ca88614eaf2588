"""Who is suspicious is measured again, and dropped if that does not clear it."""

from __future__ import annotations

import math
import secrets
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks._session.crew import STEP_SECONDS, Reply
from benchmarks._session.flags import keeps_answers, too_fast, too_many_processors, wrong_clock
from benchmarks._session.process import Out
from benchmarks._session.statistics import Estimate

if TYPE_CHECKING:
    from benchmarks._session.rounds import Measurement

# The sample by which clocks are compared: its least seconds, and at most so many usual samples.
_LONG_SECONDS, _MOST_SAMPLES = 0.2, 20
# Such samples, until one is not suspicious. CPU time can jump in a virtual machine: 1 honest sample
# of 85 showed 4 processors of 2.
_N_LONG = 3
# Samples that repeat a suspicion: 1 honest cell of 56 seemed to keep answers in 6 rounds, and
# beside other work a single round showed 7.7 times the speed of a read.
_N_FRESH = 20
# Those of a contender beside 20 reads: whoever has a slow clock may take seconds for each.
_N_OWN = 3
# Between the session and its contender, where nothing is suspicious.
_PIPE_SECONDS = 0.004


class Honesty:
    """Checks the contenders of a measurement after its rounds."""

    def __init__(self, measurement: Measurement) -> None:
        self._one = measurement

    def check(self) -> None:
        """Drop who was too fast, keeps answers, or is suspicious in long samples."""
        for name in self._one.contenders:
            own = self._one.replies[name]
            seconds = [reply["seconds"] for reply in own]
            fresh = [reply["fresh"] for reply in own if "fresh" in reply]
            if reason := too_fast(self._one.measured.roof_fraction(name)):
                self._check_reads(name, reason)
            elif keeps_answers(fresh, seconds):
                self._check_fresh(name)
            elif self._is_suspicious(name, own):
                self._check_long_samples(name, median(seconds) * own[0]["n_calls"])

    def _check_reads(self, name: str, reason: str) -> None:
        """Drop a contender that is too fast for the fastest of many more reads too.

        The reads of the rounds may lack a processor that other work has taken, where a contender
        that does without threads at such a moment does not.
        """
        width = self._one.measured.width(name)
        read = next(each for each, own in self._one.crew.roofs.items() if own == width)
        traffic = self._one.measured.compulsory_bytes(width) / self._one.read_bytes[read]
        for _ in range(_N_LONG):
            self._one.ask(read, "count", STEP_SECONDS)  # again chooses the fastest way to read
            own, reads = self._more_seconds(name, _N_OWN), self._more_seconds(read, _N_FRESH)
            if own and reads:
                fraction = traffic * min(reads) / median(own)
                reason = too_fast(Estimate(fraction, fraction, fraction))
            if not reason:
                return
        self._one.drop(name, Out("too fast", reason))

    def _more_seconds(self, name: str, count: int) -> list[float]:
        return [reply["seconds"] for reply in self._more_samples(name, count)]

    def _more_samples(self, name: str, count: int) -> list[Reply]:
        more = (self._one.sample(name, secrets.randbelow(2**31), 0.0) for _ in range(count))
        return [reply for reply in more if reply and not reply.get("suspended")]

    def _check_fresh(self, name: str) -> None:
        """Drop a contender if gradients at new weights take longer in many more samples too.

        Both times come from these samples: other work may have begun since the rounds.
        """
        own = [reply for reply in self._more_samples(name, _N_FRESH) if "fresh" in reply]
        fresh, seconds = ([reply[key] for reply in own] for key in ("fresh", "seconds"))
        if reason := keeps_answers(fresh, seconds):
            self._one.drop(name, Out("too fast", reason))

    def _is_suspicious(self, name: str, own: list[Reply]) -> bool:
        """Whether the usual samples are too short to clear a contender of a slow clock or threads.

        The session waits for a sample, for the calls before it, and for threads to sleep.
        """
        slack = self._one.warm[name] + _PIPE_SECONDS
        # The last of the calls before a sample begins before the end of that time.
        late = min(each["waited"] - (1.5 * each["n_calls"] + 1) * each["seconds"] for each in own)
        processors = median(each["processors"] for each in own)
        return late > slack or bool(too_many_processors(processors, self._one.settings.threads))

    def _check_long_samples(self, name: str, usual_seconds: float) -> None:
        """Drop a contender if each of some long samples is suspicious."""
        times = math.ceil(min(_MOST_SAMPLES, _LONG_SECONDS / max(usual_seconds, 1e-9)))
        for _ in range(_N_LONG):
            reason = self._check_long_sample(name, times)
            if not reason:
                return
        if reason:
            self._one.drop(name, reason)

    def _check_long_sample(self, name: str, times: int) -> Out | None:
        """Compare the contender's clock with the session's own, and count its processors."""
        start = perf_counter()
        step = {"seed": secrets.randbelow(2**31), "times": times}
        reply = self._one.ask(name, "sample", STEP_SECONDS, **step)
        waited = perf_counter() - start
        if reply is None:
            return None
        if reason := wrong_clock(waited, reply["seconds"] * reply["n_calls"]):
            return Out("too fast", reason)
        reason = too_many_processors(reply["processors"], self._one.settings.threads)
        return Out("too many threads", reason) if reason else None
