"""Race the implementations against each other and against libraries.

Each contender runs in its own process, on the same data with the same number of threads. A gradient
that differs from the reference is not raced. In each round every contender is timed once, in a new
random order, and so is a pure read of X, the read roof. A contender that cannot take part is named
with the reason.
"""

from __future__ import annotations

import argparse
import itertools
import math
import sys
from contextlib import nullcontext, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

import impls
from impls import _machine
from scripts import _figures, _tables
from scripts._common import isolated
from scripts._common.cli import make_out_folder, make_parser
from scripts._common.errors import Out, UserError
from scripts._common.facts import collect_facts
from scripts._common.judging import draw_batches, judge
from scripts._common.metrics import BASELINE
from scripts._common.names import check_threads, pick
from scripts._common.project import ROOT
from scripts._common.records import Facts
from scripts._common.signals import held_off, run_stoppable
from scripts._common.tree import working_tree
from scripts._race.cell import Stopped, race_size
from scripts._race.result import DTYPES, Race, RaceSettings, Result
from scripts._tables.race import overall_table, race_records, size_table

_EXAMPLES = """examples:
  python -m scripts.race
  python -m scripts.race --size 1000 100 --size 20000 784
  python -m scripts.race --contender numba_parallel torch jax --dtype float64
  python -m scripts.race --grid --threads 1 --out reports/grid
  python -m scripts.race --pixels --size 60000 784
  python -m scripts.race --moves --contender fused --size 10000 10000
"""
# States of contenders that are to be mended, as against those that could not take part.
_FAULTS = {"wrong", "failed", "died", "too fast", "too many threads"}
_SIZES = ((10, 10), (1000, 100), (10_000, 100), (100_000, 100), (10_000, 1000))
_LARGEST_X = 2_000_000_000  # bytes; limits the grid
_GRID_SAMPLES = (10, 100, 1000, 10_000, 100_000, 1_000_000)
_GRID_FEATURES = (10, 100, 1000, 10_000)


def main() -> int:
    """Race every size, print each as it finishes, write the report."""
    arguments = _parse(sys.argv[1:])
    settings = _settings(arguments)
    sizes = _sizes(arguments)
    folder = make_out_folder(arguments.out)
    facts = collect_facts(arguments.threads, working_tree().title)
    results: list[Result] = []
    stopped: KeyboardInterrupt | None = None
    try:
        _race(settings, sizes, results)
    except KeyboardInterrupt as interrupt:
        stopped = interrupt
    if results:
        with held_off():
            written = _write(Race(settings, tuple(results)), facts, folder)
        with suppress(OSError) if stopped else nullcontext():  # the terminal may have closed
            _print(results, settings, written)
    if stopped:
        raise stopped
    return (
        2 if any(out.state in _FAULTS for result in results for out in result.out.values()) else 0
    )


def _parse(argv: list[str]) -> argparse.Namespace:
    parser = make_parser("race", __doc__, _EXAMPLES)
    parser.add_argument("--problem", default="logistic", help="default: logistic")
    parser.add_argument(
        "--contender",
        nargs="+",
        metavar="NAME",
        help=f"default: the whole table; {BASELINE} always takes part",
    )
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument(
        "--size",
        nargs=2,
        type=int,
        action="append",
        metavar=("N_SAMPLES", "N_FEATURES"),
        help="may be repeated; default: five sizes from 10 x 10 to 10,000 x 1,000",
    )
    sizes.add_argument(
        "--grid",
        action="store_true",
        help="10 to 10^6 samples x 10 to 10^4 features, where X has at most 2 GB",
    )
    parser.add_argument("--dtype", default="both", help="float64, float32 or both (default)")
    parser.add_argument(
        "--pixels", action="store_true", help="X of 8-bit levels: 0 to 255, divided by 255"
    )
    parser.add_argument(
        "--moves",
        action="store_true",
        help="add, for each contender that has it, its loads and stores without its arithmetic",
    )
    parser.add_argument("--threads", default="all", help="all (default) or a number")
    parser.add_argument("--rounds", type=int, default=15, help="default: 15")
    parser.add_argument("--out", default=str(ROOT / "reports"), help="folder; default: reports")
    return parser.parse_args(argv)


def _settings(arguments: argparse.Namespace) -> RaceSettings:
    problem = pick("problem", arguments.problem, impls.problems())
    known = impls.names(problem)
    names = [pick(f"implementation of {problem}", n, known) for n in arguments.contender or known]
    dtype = pick("data type", arguments.dtype, (*DTYPES.values(), "both"))
    check_threads(arguments.threads)
    if arguments.rounds < 1:
        raise UserError(f"--rounds is {arguments.rounds}, expected at least 1; 15 are usual")
    threads = arguments.threads
    return RaceSettings(
        problem=problem,
        contenders=tuple(dict.fromkeys([BASELINE, *names])),
        widths=tuple(width for width, name in DTYPES.items() if dtype in (name, "both")),
        threads=_machine.count_threads() if threads == "all" else int(threads),
        rounds=arguments.rounds,
        pixels=arguments.pixels,
        moves=arguments.moves,
    )


def _sizes(arguments: argparse.Namespace) -> list[tuple[int, int]]:
    """Sizes to race, smallest X first."""
    for size in arguments.size or ():
        if min(size) < 1:
            raise UserError(f"--size is {size[0]} {size[1]}, expected two numbers of at least 1")
    sizes = [(n, d) for n, d in arguments.size or _SIZES]
    if arguments.grid:
        sizes = list(itertools.product(_GRID_SAMPLES, _GRID_FEATURES))
        sizes = [size for size in sizes if 8 * math.prod(size) <= _LARGEST_X]
    return sorted(dict.fromkeys(sizes), key=lambda size: (math.prod(size), size))


def _race(settings: RaceSettings, sizes: list[tuple[int, int]], results: list[Result]) -> None:
    """Append the result of each size; after an interrupt, `results` holds what has finished."""
    settings, wrong = _drop_wrong(settings)
    total = len(sizes) * settings.rounds
    # disable=None: no bar unless stderr is a terminal.
    with tqdm(total=total, unit="round", disable=None, leave=False) as bar:
        for done, size in enumerate(sizes, 1):
            bar.set_description(f"{size[0]:,} x {size[1]:,}")
            try:
                results.append(race_size(settings, size, lambda: bar.update()))
                results[-1].out |= wrong
            except Stopped as stopped:
                results.append(stopped.result)
                results[-1].out |= wrong
                with suppress(OSError):  # the terminal may have closed
                    bar.write(f"{size_table(results[-1])}\n")
                raise
            bar.n = done * settings.rounds
            bar.write(f"{size_table(results[-1])}\n")


def _drop_wrong(settings: RaceSettings) -> tuple[RaceSettings, dict[str, Out]]:
    """Leave out who is wrong on the problem's easy or extreme inputs, if right on drawn ones."""
    batches = list(draw_batches(settings.problem))
    judged = isolated.each(partial(judge, settings.problem, batches=batches), settings.contenders)
    bar = tqdm(judged, "checked", len(settings.contenders), disable=None, leave=False)
    wrong = {each.name: Out("wrong", each.problems[0]) for each in bar if each.is_wrong}
    kept = tuple(name for name in settings.contenders if name not in wrong)
    return replace(settings, contenders=kept), wrong


def _print(results: list[Result], settings: RaceSettings, written: list[Path]) -> None:
    """Print the outcome over all sizes and the paths of the files."""
    print(f"\n{overall_table(results, settings.widths)}\n")
    for path in written:
        print(f"written: {path}")


def _write(race: Race, facts: Facts, folder: Path) -> list[Path]:
    """Write the tables, the numbers and the figures; return their paths."""
    written = [_write_table(name, race, facts, folder) for name in _tables.names("race")]
    written.append(folder / "race.csv")
    rows: list[dict[str, Any]] = [row for r in race.results for row in race_records(r)]
    pd.DataFrame(rows).to_csv(written[-1], index=False)
    for name in _figures.names("race"):
        if figure := _figures.draw(name, race, facts):
            written += _figures.save(figure, folder, name)
    return written


def _write_table(name: str, race: Race, facts: Facts, folder: Path) -> Path:
    load = f"Other work on the machine when the race began: {facts.load} processors."
    parts = [_tables.render(name, race), load, facts.footer.replace("\n", "  \n")]
    path = folder / f"{name}.md"
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return path


if __name__ == "__main__":
    run_stoppable(main, "Finished rounds, if any, are in the report.")
