"""The command line of the race: what is raced, and how."""

from __future__ import annotations

import argparse
import itertools
import math
from collections.abc import Sequence

import impls
from benchmarks._session.crew import Settings
from benchmarks._session.statistics import LEAST_GENERATIONS
from impls import _machine
from scripts._common.cli import make_parser
from scripts._common.errors import UserError, checks_usage
from scripts._common.metrics import BASELINE
from scripts._common.names import check_threads, pick
from scripts._common.own_data import add_data_options, check_data_options
from scripts._common.problems import MAIN
from scripts._common.project import ROOT
from scripts._common.unread import refuse_others
from scripts._race import aa, tuning
from scripts._race.result import DTYPES

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
READ_BY_AA = frozenset(
    ("aa", "problem", "contender", "size", "grid", "threads", "rounds", "generations", "cold")
)
READ_BY_TUNE = frozenset(("tune", "threads", "rounds", "generations"))
_SIZES = ((10, 10), (1000, 100), (10_000, 100), (100_000, 100), (10_000, 1000))
_LARGEST_X = 2_000_000_000  # bytes; limits the grid
_GRID_SAMPLES = (10, 100, 1000, 10_000, 100_000, 1_000_000)
_GRID_FEATURES = (10, 100, 1000, 10_000)


@checks_usage
def parse(description: str | None, argv: list[str]) -> argparse.Namespace:
    """Options of the command line, with the defaults of what is raced."""
    parser = make_parser("race", description, _EXAMPLES)
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
        refuse_others(arguments, READ_BY_TUNE, reason)
    if arguments.aa:
        reason = "--aa draws its own data, races copies of one implementation and writes nothing"
        refuse_others(arguments, READ_BY_AA, reason)
        if (n_names := len(arguments.contender or ())) > 1:
            raise UserError(f"--aa races one --contender, and {n_names} are named; name one")
    if arguments.data is not None and arguments.pixels:
        raise UserError("--pixels draws its own data; leave it out, or --data")


@checks_usage
def settings_of(arguments: argparse.Namespace) -> Settings:
    """The session's settings; checks the names and numbers that they come from."""
    problem = pick("problem", arguments.problem, impls.problems())
    known = impls.names(problem)
    names = [pick(f"implementation of {problem}", n, known) for n in arguments.contender or known]
    dtype = pick("data type", arguments.dtype, (*DTYPES.values(), "both"))
    threads = threads_of(arguments)
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
def threads_of(arguments: argparse.Namespace) -> int:
    """Threads of each process; checks the other numbers of the command line too."""
    check_threads(arguments.threads)
    for option in ("rounds", "generations"):
        if (number := getattr(arguments, option)) < 1:
            raise UserError(f"--{option} is {number}, expected at least 1")
    return _machine.count_threads() if arguments.threads == "all" else int(arguments.threads)


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


@checks_usage
def sizes_of(arguments: argparse.Namespace) -> list[tuple[int, int]]:
    """Sizes to race, smallest X first."""
    for size in arguments.size or ():
        if min(size) < 1:
            raise UserError(f"--size is {size[0]} {size[1]}, expected two numbers of at least 1")
    sizes = [(n, d) for n, d in arguments.size or (aa.SIZES if arguments.aa else _SIZES)]
    if arguments.grid:
        sizes = list(itertools.product(_GRID_SAMPLES, _GRID_FEATURES))
        sizes = [size for size in sizes if 8 * math.prod(size) <= _LARGEST_X]
    return sorted(dict.fromkeys(sizes), key=lambda size: (math.prod(size), size))
