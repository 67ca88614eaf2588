"""What is called a difference: bands, corrections, and a race of equal kernels."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest

from benchmarks._session import session, statistics
from benchmarks._session.crew import name_copy, name_slower
from benchmarks._session.inputs import Data
from benchmarks._session.measured import Measured, Round
from benchmarks._session.statistics import Estimate
from scripts import race
from scripts._common.errors import UserError
from scripts._race import aa

GENERATIONS = [generation for generation in range(8) for _ in range(5)]


def ratios(factor, spread, seed=0):
    """Ratios of 8 generations of 5 rounds; what a generation draws differs by `spread`."""
    draw = np.random.default_rng(seed)
    levels = draw.normal(0, spread, 8)
    return [factor * math.exp(levels[g] + draw.normal(0, 0.001)) for g in GENERATIONS]


def test_a_clear_difference_is_called_one_in_both_directions():
    assert statistics.differs(ratios(1.05, 0.005), GENERATIONS, 0.01, 10)
    assert statistics.differs(ratios(1 / 1.05, 0.005), GENERATIONS, 0.01, 10)


def test_a_difference_within_the_band_is_chance_however_certain_it_is():
    assert statistics.differs(ratios(1.05, 0.0), GENERATIONS, 0.04, 1)
    assert not statistics.differs(ratios(1.05, 0.0), GENERATIONS, 0.06, 1)


def test_more_comparisons_ask_for_more_certainty():
    close = ratios(1.03, 0.015)
    assert statistics.differs(close, GENERATIONS, 0.0, 1)
    assert not statistics.differs(close, GENERATIONS, 0.0, 10_000)


def test_rounds_of_few_generations_show_no_difference():
    assert not statistics.differs([2.0] * 30, [0, 1] * 15, 0.01, 1)


@pytest.mark.parametrize(
    ("chance", "band"),
    [
        (Estimate(0.9, 0.8, 1.02), 1 / 0.9 - 1),
        (Estimate(1.2, 0.99, 1.3), 0.2),
        (Estimate(1.0, 0.9, 1.1), statistics.LEAST_BAND),
        (Estimate(math.nan, math.nan, math.nan), math.inf),
    ],
)
def test_the_band_is_how_far_the_baseline_is_from_its_twin(chance, band):
    assert statistics.band(chance) == pytest.approx(band)


def test_equal_kernels_differ_seldom():
    """1,000 pairs whose generations differ by 1 %."""
    called = [
        statistics.differs(ratios(1.0, 0.01, seed), GENERATIONS, statistics.LEAST_BAND, 14)
        for seed in range(1000)
    ]
    assert sum(called) <= 5


def measured(slower):
    """A race of copies that differ by 0.2 % per generation, the slower ones by `slower` times."""
    draw = np.random.default_rng(1)
    names = [name_copy("matrix", number) for number in range(aa.N_COPIES)]
    factors = dict.fromkeys(names, 1.0)
    factors |= {name_slower("matrix", share): 1 + slower * share for share in aa.SLOWER}
    found = Measured(Data("linear", 10, 10), (10, 10))
    for generation in range(8):
        own = {name: math.exp(draw.normal(0, 0.002)) for name in factors}
        found.rounds += [
            Round(generation, {n: factors[n] * own[n] for n in factors}, {}, {}) for _ in range(3)
        ]
    return found


def test_slower_copies_are_found_and_equal_ones_are_not():
    verdict = aa.judge(measured(slower=1), "matrix")
    assert verdict.n_called == 0
    assert len(verdict.differences) == aa.N_COPIES * (aa.N_COPIES - 1) / 2 == 120
    assert all(verdict.found.values())
    lines = list(aa.summary([verdict]))
    assert lines[0].startswith("equal kernels: 0 of 120 pairs called different (0.00%)")
    assert lines[1] == "10% more rows: found in 1 of 1 cells"


def test_a_copy_that_is_faster_is_not_found_slower():
    assert not any(aa.judge(measured(slower=-1), "matrix").found.values())


def test_a_contender_without_a_time_is_told(monkeypatch):
    """As one that is not installed, or is wrong."""
    monkeypatch.setattr(session, "run", lambda *_: None)
    monkeypatch.setattr(sys, "argv", ["race", "--aa", "--contender", "fused", "--size", "10", "10"])
    with pytest.raises(UserError, match=r"^fused has no time at 10 x 10: .*check logistic/fused"):
        race.main()
