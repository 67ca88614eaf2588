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
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
from tqdm import tqdm

import impls
from benchmarks._session import journal, session
from benchmarks._session.crew import Settings
from benchmarks._session.inputs import Data
from benchmarks._session.journal import Known
from benchmarks._session.session import Job
from benchmarks._session.statistics import LEAST_GENERATIONS, medians
from benchmarks._session.values import FAULTS, state_of
from impls import _machine, _tuned
from impls._files import write_whole
from impls._table import missing_package
from scripts import _figures, _tables
from scripts._common import escape
from scripts._common.cli import BAR, make_out_folder, make_parser
from scripts._common.csv_text import to_csv
from scripts._common.errors import UserError, checks_usage
from scripts._common.facts import collect_facts
from scripts._common.metrics import BASELINE
from scripts._common.names import check_threads, pick
from scripts._common.own_data import OwnData, add_data_options, check_data_options, read_own
from scripts._common.problems import MAIN
from scripts._common.project import ROOT
from scripts._common.records import Facts
from scripts._common.signals import held_off, run_stoppable
from scripts._common.tree import working_tree
from scripts._common.unread import refuse_others
from scripts._compare.intervals import TAIL, one_sample
from scripts._measured.measuring import measured_on, run_session
from scripts._race import aa, tuning
from scripts._race.disturbed import busy_processors
from scripts._race.result import DTYPES, Race, Result
from scripts._tables.race import overall_table, race_records, size_table

_EXAMPLES = """examples:
  python -m scripts.race
  python -m scripts.race --size 1000 100 --size 20000 784
  python -m scripts.race --contender numba_parallel torch jax --dtype float64
  python -m scripts.race --grid --threads 1 --out reports/grid
  python -m scripts.race --pixels --size 60000 784
  python -m scripts.race --aa --contender fused --threads 1
  python -m scripts.race --disturbed --size 1000 100 --size 100000 100
  python -m scripts.race --contender fused --size 1000 100 --fail-below 0.95
  python -m scripts.race --data mine.csv --target label
  python -m scripts.race --tune
"""
_READ_BY_AA = frozenset(
    ("aa", "problem", "contender", "size", "grid", "threads", "rounds", "generations", "cold")
)
_READ_BY_TUNE = frozenset(("tune", "threads", "rounds", "generations"))
_KEPT = "Finished rounds, if any, are in the report."
_SIZES = ((10, 10), (1000, 100), (10_000, 100), (100_000, 100), (10_000, 1000))
_LARGEST_X = 2_000_000_000  # bytes; limits the grid
_GRID_SAMPLES = (10, 100, 1000, 10_000, 100_000, 1_000_000)
_GRID_FEATURES = (10, 100, 1000, 10_000)


def main() -> int:
    """Race every size, print the tables, write the report."""
    arguments = _parse(sys.argv[1:])
    if arguments.tune:
        return _tune(arguments)
    settings = _settings(arguments)
    sizes = _sizes(arguments)
    if arguments.aa:
        return _race_copies(arguments, settings, sizes)
    folder = make_out_folder(arguments.out)
    facts = collect_facts(arguments.threads, working_tree().title)
    data = _data(arguments, settings.problem, sizes)
    kept = journal.Journal(None, journal.Source("", "", arguments.threads), "")
    stopped: KeyboardInterrupt | None = None
    n_busy = -(-_machine.count_threads() // 2) if arguments.disturbed else 0
    try:
        with busy_processors(n_busy):
            _race(settings, data, arguments.generations, kept)
    except KeyboardInterrupt as interrupt:
        stopped = interrupt
    found = (_result(each, kept.known) for each in data)
    results = tuple(result for result in found if result)
    if results:
        race, written = Race(settings, results, _absent(settings)), list[Path]()
        try:
            with held_off():
                written = _write(race, facts, folder)
        finally:  # where the disk is full, they are printed at least
            with suppress(OSError) if stopped else nullcontext():  # the terminal may have closed
                _print(race, written)
    if stopped:
        raise stopped
    outs = [out for result in results for out in result.measured.out.values()]
    if arguments.fail_below and (slow := _too_slow(results, settings, arguments.fail_below)):
        limit = f"{arguments.fail_below:g}x over {BASELINE}"
        print(f"certainly below {limit}: {settings.names[1]} at {', '.join(slow)}", file=sys.stderr)
        return 1
    return 2 if any(state_of(out.state) in FAULTS for out in outs) else 0


@checks_usage
def _parse(argv: list[str]) -> argparse.Namespace:
    parser = make_parser("race", __doc__, _EXAMPLES)
    parser.add_argument("--problem", default=MAIN, help=f"default: {MAIN}")
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
    add_data_options(parser, sizes)
    parser.add_argument("--dtype", default="both", help="float64, float32 or both (default)")
    parser.add_argument(
        "--pixels", action="store_true", help="X of 8-bit levels: 0 to 255, divided by 255"
    )
    parser.add_argument(
        "--aa",
        action="store_true",
        help="race one contender against copies of itself and against itself with more rows: how "
        "often is noise called a difference, and which differences are found",
    )
    parser.add_argument(
        "--tune",
        action="store_true",
        help="race the numbers that the one-pass kernels are compiled with, and keep those that "
        "are faster on this machine than the defaults; at most about five minutes",
    )
    parser.add_argument("--threads", default="all", help="all (default) or a number")
    parser.add_argument(
        "--rounds",
        type=int,
        help="in each generation of processes; default: 5, 8 with --aa, 3 with --tune",
    )
    parser.add_argument(
        "--generations",
        type=int,
        help="times that all processes are started anew; default: 3, the least for intervals that "
        "cover what differs between processes; 12 with --aa and --tune",
    )
    parser.add_argument(
        "--cold", action="store_true", help="evict the caches before each call, whatever its size"
    )
    parser.add_argument(
        "--disturbed",
        action="store_true",
        help="keep half of the processors busy meanwhile, as other programs do on a shared machine",
    )
    parser.add_argument(
        "--fail-below",
        type=float,
        metavar="RATIO",
        help=f"exit status 1 if the speed-up of the one --contender over {BASELINE} is certainly "
        "below this, such as 0.95",
    )
    parser.add_argument("--out", default=str(ROOT / "reports"), help="folder; default: reports")
    arguments = parser.parse_args(argv)
    check_data_options(arguments)
    _check_unread(arguments)
    rounds, generations = (aa.ROUNDS, aa.GENERATIONS) if arguments.aa else (5, 3)
    if arguments.tune:
        rounds, generations = tuning.ROUNDS, tuning.GENERATIONS
    arguments.rounds = rounds if arguments.rounds is None else arguments.rounds
    arguments.generations = generations if arguments.generations is None else arguments.generations
    return arguments


def _check_unread(arguments: argparse.Namespace) -> None:
    """Refuse options that ``--tune``, ``--aa`` or ``--data`` would leave unread."""
    if arguments.tune:
        reason = "--tune races candidates of its own, and writes their numbers alone"
        refuse_others(arguments, _READ_BY_TUNE, reason)
    if arguments.aa:
        reason = "--aa draws its own data, races copies of one implementation and writes nothing"
        refuse_others(arguments, _READ_BY_AA, reason)
        if (n_names := len(arguments.contender or ())) > 1:
            raise UserError(f"--aa races one --contender, and {n_names} are named; name one")
    if arguments.data is not None and arguments.pixels:
        raise UserError("--pixels draws its own data; leave it out, or --data")


@checks_usage
def _settings(arguments: argparse.Namespace) -> Settings:
    problem = pick("problem", arguments.problem, impls.problems())
    known = impls.names(problem)
    names = [pick(f"implementation of {problem}", n, known) for n in arguments.contender or known]
    dtype = pick("data type", arguments.dtype, (*DTYPES.values(), "both"))
    threads = _threads(arguments)
    contenders = tuple(dict.fromkeys([BASELINE, *names]))
    if arguments.fail_below is not None:
        _check_gate(arguments, contenders)
    return Settings(
        problem=problem,
        names=contenders,
        widths=tuple(width for width, name in DTYPES.items() if dtype in (name, "both")),
        threads=threads,
        rounds=arguments.rounds,
        flush=arguments.cold,
        costs=False,
    )


@checks_usage
def _threads(arguments: argparse.Namespace) -> int:
    """Threads of each process; checks the other numbers of the command line too."""
    check_threads(arguments.threads)
    for option in ("rounds", "generations"):
        if (number := getattr(arguments, option)) < 1:
            raise UserError(f"--{option} is {number}, expected at least 1")
    return _machine.count_threads() if arguments.threads == "all" else int(arguments.threads)


def _tune(arguments: argparse.Namespace) -> int:
    """Race the engine's numbers, print what was found, and keep the numbers that are faster."""
    threads = _threads(arguments)
    family, default, questions = tuning.ask(threads)
    print(
        f"defaults: those of {family}; {_machine.processor_name()}, {threads} threads; "
        "about five minutes",
        flush=True,
    )
    n_steps = arguments.generations * len(questions)
    with (
        TemporaryDirectory() as folder,
        tqdm(total=n_steps, desc="tune", bar_format=BAR, disable=None, leave=False) as bar,
    ):
        answers = tuning.tune(
            questions,
            default,
            Path(folder),
            threads,
            arguments.generations,
            arguments.rounds,
            bar.update,
        )
    print("\n".join(answer.text for answer in answers))
    path = _tuned.path_of_machine()
    with held_off():
        _tuned.write(path, tuning.chosen(answers))
    print(f"written: {path}")
    return 0


def _check_gate(arguments: argparse.Namespace, contenders: Sequence[str]) -> None:
    """Check what ``--fail-below`` needs: one contender, enough generations, and a ratio."""
    if not 0 < arguments.fail_below < math.inf:
        raise UserError(f"--fail-below is {arguments.fail_below:g}, expected a ratio such as 0.95")
    if len(contenders) != 2:
        raise UserError(
            f"--fail-below is for one implementation besides {BASELINE}: name it with --contender"
        )
    if arguments.generations < LEAST_GENERATIONS:
        raise UserError(
            f"--fail-below needs {LEAST_GENERATIONS} generations of processes, and --generations "
            f"is {arguments.generations}"
        )


def _too_slow(results: Sequence[Result], settings: Settings, limit: float) -> list[str]:
    """Sizes at which the whole interval of the speed-up lies below a limit.

    The intervals are corrected for the number of sizes.
    """
    found = {}
    for result in results:
        rounds = result.measured.ratios_by_generation(BASELINE, settings.names[1])
        if len(own := medians(*rounds)) >= LEAST_GENERATIONS:
            found[result.title] = one_sample(own, TAIL / len(results))
    return [title for title, speed_up in found.items() if speed_up.high < limit]


def _data(arguments: argparse.Namespace, problem: str, sizes: list[tuple[int, int]]) -> list[Data]:
    """Data to race on: drawn in each size, or those of a file."""
    if arguments.data is None:
        return [Data(problem, *size, pixels=arguments.pixels) for size in sizes]
    own = OwnData(read_own(problem, arguments))
    own.require_memory()
    return [own]


@checks_usage
def _sizes(arguments: argparse.Namespace) -> list[tuple[int, int]]:
    """Sizes to race, smallest X first."""
    for size in arguments.size or ():
        if min(size) < 1:
            raise UserError(f"--size is {size[0]} {size[1]}, expected two numbers of at least 1")
    sizes = [(n, d) for n, d in arguments.size or (aa.SIZES if arguments.aa else _SIZES)]
    if arguments.grid:
        sizes = list(itertools.product(_GRID_SAMPLES, _GRID_FEATURES))
        sizes = [size for size in sizes if 8 * math.prod(size) <= _LARGEST_X]
    return sorted(dict.fromkeys(sizes), key=lambda size: (math.prod(size), size))


def _race(settings: Settings, data: list[Data], generations: int, kept: journal.Journal) -> None:
    """Race all sizes; after an interrupt, `kept` holds what has finished."""
    jobs = [Job(each, settings.names) for each in data]
    run_session(jobs, settings, kept, Known(), generations)


def _race_copies(
    arguments: argparse.Namespace, settings: Settings, sizes: list[tuple[int, int]]
) -> int:
    """Print what chance does at each size, then in all."""
    name = (arguments.contender or [BASELINE])[0]
    settings = replace(settings, names=(name,), twin=False, copies=aa.N_COPIES)
    settings = replace(settings, more_rows=aa.SLOWER, warm_seconds=aa.WARM_SECONDS)
    kept = journal.Journal(None, journal.Source("0" * 40, "aa", arguments.threads), "")
    verdicts = []
    for size in tqdm(sizes, unit="size", disable=None, leave=False):
        data = Data(settings.problem, *size)
        session.run([Job(data, (name,))], settings, kept, Known(), arguments.generations)
        if not any(other == data for other, _ in kept.known.cells):
            raise UserError(
                f"{name} has no time at {data.title}: python -m scripts.check "
                f"{settings.problem}/{name} says why"
            )
        verdicts.append(aa.judge(measured_on(kept.known, data), name))
        tqdm.write(verdicts[-1].text)
    print("\n".join(aa.summary(verdicts)))
    return 0


def _result(data: Data, known: Known) -> Result | None:
    """What is known of data; None if nothing is."""
    name = data.known_as if isinstance(data, OwnData) else data
    if not any(other == name for other, _ in known.cells):
        return None
    measured = measured_on(known, name)
    return Result(measured, data.dtype) if isinstance(data, OwnData) else Result(measured)


def _absent(settings: Settings) -> tuple[str, ...]:
    """Packages that contenders need and that are not installed."""
    needed = (missing_package(settings.problem, name) for name in settings.names)
    return tuple(sorted(set(filter(None, needed))))


def _print(race: Race, written: list[Path]) -> None:
    """Print each size, the outcome over all sizes and the paths of the files."""
    for result in race.results:
        print(f"{size_table(result)}\n")
    print(f"\n{overall_table(race)}\n")
    for path in written:
        print(f"written: {path}")


def _write(race: Race, facts: Facts, folder: Path) -> list[Path]:
    """Write the tables, the numbers and the figures; return their paths."""
    written = [_write_table(name, race, facts, folder) for name in _tables.names("race")]
    written.append(folder / "race.csv")
    rows: list[dict[str, Any]] = [row for r in race.results for row in race_records(r)]
    write_whole(written[-1], to_csv(pd.DataFrame(rows)))
    for name in _figures.names("race"):
        if figure := _figures.draw(name, race, facts):
            written += _figures.save(figure, folder, name)
    return written


def _write_table(name: str, race: Race, facts: Facts, folder: Path) -> Path:
    load = f"Other work on the machine when the race began: {facts.load} processors."
    parts = [_tables.render(name, race), load, escape.markdown_lines(facts.footer)]
    path = folder / f"{name}.md"
    write_whole(path, "\n\n".join(parts) + "\n")
    return path


if __name__ == "__main__":
    is_tuning = "--tune" in sys.argv[1:]
    kept = "The numbers of this machine are as they were." if is_tuning else _KEPT
    run_stoppable(main, kept)
