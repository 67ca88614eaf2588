"""Race the implementations against each other and against libraries.

Each contender runs in its own process, on the same data with the same number of threads. A gradient
that differs from the reference is not raced. In each round every contender is timed once, in a new
random order, and so is a pure read of X, the read roof. A contender that cannot take part is named
with the reason.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
from tqdm import tqdm

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
from scripts._common.cli import BAR, make_out_folder
from scripts._common.csv_text import to_csv
from scripts._common.errors import UserError
from scripts._common.facts import collect_facts
from scripts._common.metrics import BASELINE
from scripts._common.own_data import OwnData, read_own
from scripts._common.records import Facts
from scripts._common.signals import held_off, run_stoppable
from scripts._common.tree import working_tree
from scripts._compare.intervals import TAIL, one_sample
from scripts._measured.measuring import measured_on, run_session
from scripts._race import aa, options, tuning
from scripts._race.disturbed import busy_processors
from scripts._race.result import Race, Result
from scripts._tables.race import overall_table, race_records, size_table

_KEPT = "Finished rounds, if any, are in the report."


def main() -> int:
    """Race every size, print the tables, write the report."""
    arguments = options.parse(__doc__, sys.argv[1:])
    if arguments.tune:
        return _tune(arguments)
    settings = options.settings_of(arguments)
    sizes = options.sizes_of(arguments)
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


def _tune(arguments: argparse.Namespace) -> int:
    """Race the engine's numbers, print what was found, and keep the numbers that are faster."""
    threads = options.threads_of(arguments)
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
