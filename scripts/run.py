"""Measure the working tree on this machine: time, memory, bandwidth and accuracy of each cell.

A cell is an implementation on one set of data. Each implementation runs in a process of its own; in
each round all take one sample in a new random order, and so do the baseline and a pure read of X.
Files are measured as they are, committed or not, and installed plug-ins too. An interrupted run
keeps every finished round, and the same command goes on. What has been measured and has not changed
since is not measured again. Exit status 2: an implementation was wrong, failed or cheated.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace

import impls
from benchmarks import _plan
from benchmarks._measure import settings_of
from benchmarks._session.inputs import Data
from benchmarks._session.journal import OK, Known
from benchmarks._session.measured import TWIN
from benchmarks._session.session import Job
from benchmarks._session.values import FAULTS, METRICS, state_of
from scripts._common.cli import make_parser
from scripts._common.errors import UserError, checks_usage
from scripts._common.lock import only_one_at_a_time
from scripts._common.metrics import BASELINE
from scripts._common.names import (
    all_problems,
    check_implementations,
    check_threads,
    pick,
    tell_unavailable,
)
from scripts._common.presets import presets
from scripts._common.signals import run_stoppable
from scripts._common.unread import refuse
from scripts._measured.measuring import Order, measure

_EXAMPLES = """examples:
  python -m scripts.run                                    3 minutes on 2 cores
  python -m scripts.run --preset standard                  five times as long, 25 sizes
  python -m scripts.run --impl matrix chunked              two implementations
  python -m scripts.run --problem softmax                  one problem
  python -m scripts.run --bench "'fused', 1000, "          cells whose name matches
  python -m scripts.run --threads 1                        one thread
"""


def main() -> int:
    """Parse the command line, measure what is missing and say what to do next."""
    arguments = _parse(sys.argv[1:])
    with only_one_at_a_time():
        return _run(arguments)


def _run(arguments: argparse.Namespace) -> int:
    """What `main` does, while no other run is under way."""
    preset = presets()[arguments.preset]
    for sentence in _plan.left_aside(_problems(arguments)):
        print(sentence, file=sys.stderr)
    jobs = tuple(_jobs(preset, arguments))
    if not jobs:
        raise UserError(_nothing_matches(arguments))
    settings = settings_of(preset, arguments.threads)
    order = Order(jobs, settings, preset.generations, arguments.threads)
    smoke = arguments.preset == "smoke"
    done = measure(replace(order, again=arguments.again, is_kept=not smoke))
    return _tell(jobs, done.measured, done.written)


@checks_usage
def _parse(argv: list[str]) -> argparse.Namespace:
    parser = make_parser("run", __doc__, _EXAMPLES)
    parser.add_argument(
        "--preset",
        default="quick",
        help="quick (default), standard or full; smoke measures 10 x 10 once, keeps nothing",
    )
    parser.add_argument("--problem", help="default: all")
    parser.add_argument(
        "--impl",
        nargs="+",
        metavar="NAME",
        help=f"only these implementations, beside {BASELINE}, the baseline of the speed-ups",
    )
    parser.add_argument(
        "--bench",
        metavar="REGEX",
        help="only cells of which asv's name of a benchmark matches, such as 'matrix', 1000",
    )
    parser.add_argument(
        "--threads", default="all", help="threads of every library: all (default) or a number"
    )
    parser.add_argument("--again", action="store_true", help="also measure what is known")
    arguments = parser.parse_args(argv)
    pick("preset", arguments.preset, presets())
    if arguments.preset == "smoke":
        refuse(arguments, ["again"], "the preset smoke keeps nothing and measures everything")
    if arguments.problem:
        pick("problem", arguments.problem, impls.problems())
    check_implementations(arguments.impl or (), arguments.problem)
    check_threads(arguments.threads)
    _check_pattern(arguments.bench)
    return arguments


def _check_pattern(pattern: str | None) -> None:
    try:
        re.compile(pattern or "")
    except re.error as error:
        raise UserError(f"--bench {pattern!r} is no regular expression: {error}") from error


def _problems(arguments: argparse.Namespace) -> list[str]:
    return [name for name in all_problems() if arguments.problem in (None, name)]


def _jobs(preset: _plan.Preset, arguments: argparse.Namespace) -> Iterable[Job]:
    """Jobs of the preset, with the implementations that are wanted."""
    for problem in _problems(arguments):
        for job in _plan.jobs(preset, problem, impls.names(problem)):
            names = tuple(name for name in job.names if _wanted(job, name, arguments))
            if names:
                yield replace(job, names=names)


def _wanted(job: Job, name: str, arguments: argparse.Namespace) -> bool:
    if arguments.impl and name not in arguments.impl:
        return False
    return not arguments.bench or any(re.search(arguments.bench, n) for n in _names(job, name))


def _names(job: Job, name: str) -> Iterable[str]:
    """asv's names of a cell's benchmarks."""
    data = job.data
    module = "datasets" if data.dataset else "gradient"
    params = [name, data.dataset] if data.dataset else [name, data.n_samples, data.n_features]
    for metric in METRICS:
        yield f"{module}.{data.problem}.track_{metric}({', '.join(map(repr, params))})"


def _nothing_matches(arguments: argparse.Namespace) -> str:
    """Say which options match nothing, and what a cell's name looks like."""
    names = ("problem", "impl", "bench")
    given = {f"--{name}": value for name in names if (value := getattr(arguments, name))}
    texts = [
        f"{name} {' '.join([value] if isinstance(value, str) else value)}"
        for name, value in given.items()
    ]
    return (
        f"the preset {arguments.preset} has no cell that matches {' and '.join(texts)}; cells have "
        "names like gradient.logistic.track_time('matrix', 1000, 100)"
    )


def _tell(jobs: Sequence[Job], wanted: list[Job], written: Known) -> int:
    """Say what was measured, what was not and why; return the exit status."""
    n_cells, n_wanted = (sum(len(job.names) for job in each) for each in (jobs, wanted))
    last = [cells[-1] for (_, name), cells in written.cells.items() if name != TWIN]
    faults: dict[tuple[str, str], str] = {}
    lacking: dict[tuple[str, str], str] = {}
    damaged: dict[Data, str] = {}
    for cell in last:
        state, key = state_of(cell.state), (cell.data.problem, cell.name)
        if state in FAULTS:
            faults.setdefault(key, f"{state} at {cell.data.title}: {cell.reason}")
        elif cell.state == "unavailable":
            lacking.setdefault(key, cell.reason)
        elif cell.data.contents and cell.name == BASELINE and state != OK:
            damaged[cell.data] = cell.reason
    for data, text in damaged.items():
        print(f"{data.problem}, {data.title}: not measured: {text}", file=sys.stderr)
    for (problem, name), text in faults.items():
        print(f"{problem}/{name}: {text}", file=sys.stderr)
    tell_unavailable(lacking)
    before = f", {n_cells - n_wanted} were known" if n_cells > n_wanted else ""
    failed = f"; {len(faults)} implementations are faulty, see above" if faults else ""
    print(f"{n_wanted} cells measured{before}{failed}. Next: python -m scripts.report")
    return 2 if faults else 0


if __name__ == "__main__":
    run_stoppable(main, "Finished rounds are kept; the same command goes on.")
