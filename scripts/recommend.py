"""Recommend an implementation for data of a shape, from what was measured on this machine.

Times between the measured sizes are interpolated. Implementations that are as exact as asked for
are ranked by the expected time of a gradient; a tie goes to what needs no further library, then to
what allocates less.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from dataclasses import replace

import pandas as pd

import impls
from benchmarks._measure import settings_of
from benchmarks._own.batch import OwnBatch
from benchmarks._session import journal
from benchmarks._session.inputs import Data
from benchmarks._session.session import Job
from scripts._advice import answer, trial
from scripts._advice.advice import (
    FARTHEST,
    WIDTHS,
    Advice,
    Question,
    advise,
    measured_sizes,
    smallest_error,
)
from scripts._advice.cells import cells_of
from scripts._advice.mesh import Mesh, mesh_of
from scripts._common import units
from scripts._common.amounts import parse_bytes, parse_whole
from scripts._common.cli import make_parser
from scripts._common.errors import UserError, checks_usage
from scripts._common.fastest import EXACT, SINGLE
from scripts._common.lock import only_one_at_a_time
from scripts._common.metrics import BASELINE
from scripts._common.names import check_threads, pick
from scripts._common.own_data import (
    add_data_options,
    check_data_options,
    command_options,
    read_own,
)
from scripts._common.presets import presets
from scripts._common.problems import MAIN
from scripts._common.signals import run_stoppable
from scripts._common.tree import working_tree
from scripts._common.unread import refuse_others, require
from scripts._measured.chosen import choose_results
from scripts._measured.measuring import Order, measure, measured_on, run_session

_PRESET = "quick"
_ROUNDS = 6  # of a trial
_SHOWN = 5  # reasons
_READ_BY_TRIAL = frozenset(
    (
        *("validate", "seed", "problem", "dtype", "threads"),
        *("max_error", "max_workspace", "without_libraries"),
    )
)
_EXAMPLES = """examples:
  python -m scripts.recommend 50000 300
  python -m scripts.recommend 50000 300 --dtype float32
  python -m scripts.recommend 50000 300 --calls 50 --max-workspace 10MB
  python -m scripts.recommend 50000 300 --measure
  python -m scripts.recommend 50000 300 --problem softmax --without-libraries --json
  python -m scripts.recommend --data mine.csv --target label
  python -m scripts.recommend --validate 200
"""


def main() -> int:
    """Measure if asked to, and print the advice for a shape, or a trial of the advice."""
    arguments = _parse(sys.argv[1:])
    question = _question(arguments)
    if arguments.data is not None:
        question = _of_data(question, arguments)
    if arguments.measure:
        _measure(question, arguments)
    cells, unfit = _fitting(_cells(arguments), arguments.own)
    mesh = mesh_of(measured_sizes(cells))
    if arguments.validate:
        return _validate(cells, mesh, question, arguments)
    advice = advise(cells, mesh, question)
    advice = replace(advice, left_out={**advice.left_out, **unfit})
    _refuse(advice, cells, question, arguments)
    if arguments.json:
        own = {"problem": arguments.problem, "threads": arguments.threads}
        if arguments.own:
            own |= {"data": arguments.own.name, "target": arguments.own.target}
        print(json.dumps(own | answer.record_of(advice, question), allow_nan=False, indent=1))
    else:
        print(answer.text_of(advice, question, _command(question, arguments)))
        if arguments.own:
            options = f"--problem {arguments.problem} {command_options(arguments)}"
            print(f"To race them on these very data: python -m scripts.race {options}")
    return 0


@checks_usage
def _parse(argv: list[str]) -> argparse.Namespace:
    parser = make_parser("recommend", __doc__, _EXAMPLES)
    parser.add_argument("n_samples", nargs="?", metavar="N", help="number of samples")
    parser.add_argument("n_features", nargs="?", metavar="D", help="number of features")
    add_data_options(parser)
    parser.add_argument("--problem", default=MAIN, help=f"default: {MAIN}")
    parser.add_argument("--dtype", default="any", help="float64, float32 or any (default)")
    parser.add_argument(
        "--max-error",
        help=f"default: {EXACT:g}, exact to float64; with --dtype float32, {SINGLE:g}",
    )
    parser.add_argument(
        "--max-workspace", metavar="BYTES", help="that a call may allocate, such as 10MB or 1GiB"
    )
    parser.add_argument(
        "--calls",
        metavar="N",
        help="gradients on the same data: each bears its part of the preparation; default: "
        "preparation does not count",
    )
    parser.add_argument("--threads", default="all", help="all (default) or a number")
    parser.add_argument(
        "--without-libraries", action="store_true", help="only what NumPy and numba suffice for"
    )
    parser.add_argument("--measure", action="store_true", help="measure this very size first")
    parser.add_argument("--json", action="store_true", help="all of it, as one JSON object")
    parser.add_argument(
        "--validate",
        metavar="K",
        help="measure K random shapes inside the measured ones afresh, and tell how near the "
        "advised implementation comes to the best; nothing is kept",
    )
    parser.add_argument("--seed", default="0", help="of the shapes of --validate; default: 0")
    return parser.parse_args(argv)


@checks_usage
def _question(arguments: argparse.Namespace) -> Question:
    """What is asked for; the shape is 1 x 1 with --data and --validate, which have their own."""
    pick("problem", arguments.problem, impls.problems())
    check_threads(arguments.threads)
    arguments.validate = _whole("--validate", arguments.validate)
    arguments.seed = parse_whole("--seed", arguments.seed, least=0)
    check_data_options(arguments)
    arguments.own = None
    require(arguments, "validate", ["seed"])
    if arguments.validate:
        _check_trial(arguments)
    given = [arguments.n_samples, arguments.n_features]
    if arguments.data is not None and given != [None, None]:
        raise UserError("--data has numbers of samples and features of its own; leave out N and D")
    if None in given and not arguments.validate and arguments.data is None:
        raise UserError("N and D are missing: the numbers of samples and of features, or --data")
    n, d = (_whole(what, text) or 1 for what, text in zip("ND", given, strict=True))
    width = WIDTHS[pick("data type", arguments.dtype, WIDTHS)]
    room = arguments.max_workspace
    return Question(
        n,
        d,
        max_error=_max_error(arguments.max_error, width),
        max_workspace=math.inf if room is None else parse_bytes("--max-workspace", room),
        calls=_whole("--calls", arguments.calls),
        bytes_per_value=width,
        libraries=not arguments.without_libraries,
    )


def _of_data(question: Question, arguments: argparse.Namespace) -> Question:
    """The question for the shape of --data, which are kept as `own`."""
    arguments.own = read_own(arguments.problem, arguments)
    n, d = arguments.own.X.shape
    return replace(question, n_samples=n, n_features=d)


def _fitting(cells: pd.DataFrame, own: OwnBatch | None) -> tuple[pd.DataFrame, dict[str, str]]:
    """What is known of implementations that can store own data, and why others cannot."""
    reason = own.lacks_single() if own else ""
    if not reason:
        return cells, {}
    unfit = cells["bytes_per_value"] == WIDTHS["float32"]
    return cells[~unfit], dict.fromkeys(sorted(set(cells.loc[unfit, "implementation"])), reason)


def _check_trial(arguments: argparse.Namespace) -> None:
    """Check what goes with --validate."""
    reason = "--validate draws its own shapes, and prints times without preparation as text"
    refuse_others(arguments, _READ_BY_TRIAL, reason)
    if [arguments.n_samples, arguments.n_features] != [None, None]:
        raise UserError(f"N and D are not read: {reason}; leave them out")


def _whole(what: str, text: str | None) -> int | None:
    return None if text is None else parse_whole(what, text)


def _max_error(text: str | None, width: int | None) -> float:
    if text is None:
        return SINGLE if width == 4 else EXACT
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not value > 0:
        raise UserError(f"--max-error is {text!r}, expected a number above 0, such as 1e-12")
    return value


def _cells(arguments: argparse.Namespace) -> pd.DataFrame:
    """What is known of the problem."""
    _, results = choose_results(working_tree(), arguments.threads, problem=arguments.problem)
    cells = cells_of(results)
    if not measured_sizes(cells):
        raise UserError(
            f"nothing of {arguments.problem} has a time at any size; measure some: "
            f"python -m scripts.run --problem {arguments.problem}"
        )
    return cells


def _refuse(
    advice: Advice, cells: pd.DataFrame, question: Question, arguments: argparse.Namespace
) -> None:
    """Raise if there is no advice to give."""
    if advice.factor > FARTHEST * (1 + 1e-9):
        raise UserError(
            f"{question.n_samples:,} x {question.n_features:,} is "
            f"{units.ratio(advice.factor, 2)} away from the nearest measured size, too far to "
            f"tell; measure it: {_command(question, arguments)}"
        )
    if advice.choices:
        return
    name, error = smallest_error(cells)
    if error > question.max_error:
        raise UserError(
            f"no implementation of {arguments.problem} has an error of at most "
            f"{question.max_error:g}; the smallest is that of {name}: "
            f"--max-error {1.01 * error:.2e}"
        )
    reasons = [f"{name}: {reason}" for name, reason in advice.left_out.items()]
    more = f"; and {len(reasons) - _SHOWN} more" if len(reasons) > _SHOWN else ""
    raise UserError(f"nothing is left to recommend: {'; '.join(reasons[:_SHOWN])}{more}")


def _command(question: Question, arguments: argparse.Namespace) -> str:
    """The command that measures this very size."""
    words = [f"python -m scripts.recommend {question.n_samples} {question.n_features} --measure"]
    for option, default in (("problem", MAIN), ("threads", "all")):
        if (value := getattr(arguments, option)) != default:
            words.append(f"--{option} {value}")
    return " ".join(words)


def _measure(question: Question, arguments: argparse.Namespace) -> None:
    """Measure the shape as `scripts.run` does, unless it is known."""
    data = Data(arguments.problem, question.n_samples, question.n_features)
    jobs = (Job(data, impls.names(arguments.problem)),)
    preset = presets()[_PRESET]
    settings = settings_of(preset, arguments.threads)
    with only_one_at_a_time():
        done = measure(Order(jobs, settings, preset.generations, arguments.threads))
    cells = done.written.cells.get((data, BASELINE), [])
    if cells and cells[-1].state == "skipped":
        raise UserError(f"{data.title} cannot be measured here: {cells[-1].reason}")


def _validate(
    cells: pd.DataFrame, mesh: Mesh, question: Question, arguments: argparse.Namespace
) -> int:
    """Measure random shapes, and print how near the advised one comes to the best at each."""
    shapes = trial.draw_shapes(mesh, arguments.validate, arguments.seed)
    if not shapes:
        raise UserError(
            f"no shape lies between the measured sizes of {arguments.problem}; measure more: "
            f"python -m scripts.run --problem {arguments.problem}"
        )
    asked = [replace(question, n_samples=n, n_features=d) for n, d in shapes]
    found = {
        Data(arguments.problem, q.n_samples, q.n_features): advise(cells, mesh, q) for q in asked
    }
    jobs = [Job(data, trial.contenders(each)) for data, each in found.items() if each.choices]
    if not jobs:
        _refuse(advise(cells, mesh, asked[0]), cells, asked[0], arguments)
    settings = settings_of(presets()[_PRESET], arguments.threads)
    settings = replace(settings, rounds=_ROUNDS, costs=False)
    kept = journal.Journal(None, journal.Source("", "", arguments.threads), "")
    with only_one_at_a_time():
        run_session(jobs, settings, kept, journal.Known(), generations=1)
    lost = trial.missing(arguments.validate, len(shapes), len(jobs))
    n_shapes = f"{len(jobs)} shape{'s' * (len(jobs) != 1)}"
    print(f"{arguments.problem}, {n_shapes}, seed {arguments.seed}", *lost, sep="\n")
    trials = (trial.judge(job.names, measured_on(kept.known, job.data)) for job in jobs)
    print("\n".join(trial.summary(trials)))
    return 0


if __name__ == "__main__":
    run_stoppable(main, "What has been measured is kept, except with --validate.")
