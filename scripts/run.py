"""Measure the working tree on this machine, by asv, in slices of similar sizes.

It measures the files as they are, committed or not, and installed plug-ins, in this environment. An
interrupted run keeps every finished slice, and the same command continues. What has been measured
and has not changed since is not measured again. Exit status 2: a cell failed or was wrong.
"""

from __future__ import annotations

import argparse
import itertools
import math
import re
import sys
from collections.abc import Iterable
from typing import Any

from tqdm import tqdm

import impls
from impls import _table
from scripts._common.cli import make_parser
from scripts._common.errors import UserError
from scripts._common.facts import collect_facts, save_facts
from scripts._common.lock import only_one_at_a_time
from scripts._common.metrics import BASELINE
from scripts._common.names import all_implementations, check_threads, load_presets, pick
from scripts._common.signals import run_stoppable
from scripts._common.tree import working_tree
from scripts._measured import driver
from scripts._measured.cells import Cell
from scripts._measured.journal import OutcomeCounter
from scripts._measured.results import known_cells
from scripts._measured.state import plugins, state_of

_EXAMPLES = """examples:
  python -m scripts.run                                    6 to 9 minutes on 2 cores
  python -m scripts.run --preset standard                  four times as long
  python -m scripts.run --impl matrix chunked              two implementations
  python -m scripts.run --problem softmax                  one problem
  python -m scripts.run --bench track_error                one metric
  python -m scripts.run --threads 1                        one thread
"""


def main() -> int:
    """Parse the command line, measure what is missing and say what to do next."""
    arguments = _parse(sys.argv[1:])
    with only_one_at_a_time():
        return _run(arguments)


def _run(arguments: argparse.Namespace) -> int:
    """What `main` does, while no other run is under way."""
    preset = load_presets()[arguments.preset]
    tree = working_tree()
    now = state_of(tree)
    session = driver.Session(
        commit=tree.name,
        preset=arguments.preset,
        threads=arguments.threads,
        plugins=plugins(),
        setup=now.setup,
    )
    if driver.restore(session):
        print("The result file was damaged; its last complete copy is back.", file=sys.stderr)
    cells = list(_list_cells(driver.discover(session), preset))
    cells = [cell for cell in cells if _wanted(cell, arguments)]
    cells = _drop_unavailable(cells)
    if not cells:
        raise UserError(_nothing_matches(arguments))
    smoke = arguments.preset == "smoke"  # its results are not kept
    known = set() if arguments.again or smoke else known_cells(now, arguments.threads)
    missing = [cell for cell in cells if cell.name not in known]
    status = 0
    if missing:
        if not smoke:
            save_facts(collect_facts(arguments.threads, tree.title), session.result_path)
        status = _measure(session, missing)
    print(_summary(cells, missing, status, smoke))
    return status


def _parse(argv: list[str]) -> argparse.Namespace:
    parser = make_parser("run", __doc__, _EXAMPLES)
    parser.add_argument(
        "--preset",
        default="quick",
        help="quick (default), standard or full; smoke runs every benchmark once, keeps nothing",
    )
    parser.add_argument("--problem", help="default: all")
    parser.add_argument(
        "--impl",
        nargs="+",
        metavar="NAME",
        help=f"only these implementations, and {BASELINE}, the baseline of the speed-ups",
    )
    parser.add_argument(
        "--bench",
        metavar="REGEX",
        help="only cells whose name matches, such as track_error or 'matrix', 1000",
    )
    parser.add_argument(
        "--threads", default="all", help="threads of every library: all (default) or a number"
    )
    parser.add_argument(
        "--again",
        action="store_true",
        help="also measure what is known, such as what a shorter preset has measured",
    )
    arguments = parser.parse_args(argv)
    pick("preset", arguments.preset, load_presets())
    if arguments.problem:
        pick("problem", arguments.problem, impls.problems())
    for name in arguments.impl or ():
        pick("implementation", name, all_implementations())
    check_threads(arguments.threads)
    _check_pattern(arguments.bench)
    return arguments


def _check_pattern(pattern: str | None) -> None:
    try:
        re.compile(pattern or "")
    except re.error as error:
        raise UserError(f"--bench {pattern!r} is no regular expression: {error}") from error


def _list_cells(benchmarks: dict[str, Any], preset: dict[str, Any]) -> Iterable[Cell]:
    """Every cell of the preset."""
    for name, benchmark in benchmarks.items():
        cells = (Cell.parse(name, texts) for texts in itertools.product(*benchmark["params"]))
        yield from (cell for cell in cells if _in_preset(cell, preset))


def _in_preset(cell: Cell, preset: dict[str, Any]) -> bool:
    if cell.module in preset.get("without", []):
        return False
    sizes = preset.get("sizes_of", {}).get(cell.module, preset["sizes"])
    return cell.size is None or list(cell.size) in sizes


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
        "names like gradient.logistic.time_gradient('matrix', 1000, 100)"
    )


def _wanted(cell: Cell, arguments: argparse.Namespace) -> bool:
    if arguments.problem not in (None, cell.problem):
        return False
    if arguments.impl and cell.implementation not in (*arguments.impl, BASELINE):
        return False
    return re.search(arguments.bench or "", cell.name) is not None


def _drop_unavailable(cells: list[Cell]) -> list[Cell]:
    """Leave out cells that need a package that is not installed, and print which.

    They would be skipped anyway, at the cost of a process each.
    """
    lacking = {
        (problem, name): package
        for problem in impls.problems()
        for name in impls.names(problem)
        if (package := _table.missing_package(problem, name))
    }
    if lacking:
        names = ", ".join(f"{problem}/{name}" for problem, name in lacking)
        packages = " ".join(sorted(set(lacking.values())))
        print(f"Not measured: {names}; to add them: pip install {packages}", file=sys.stderr)
    return [cell for cell in cells if (cell.problem, cell.implementation) not in lacking]


def _measure(session: driver.Session, cells: list[Cell]) -> int:
    """Run the cells in slices; return 2 if any failed, as asv does."""
    # disable=None: no bar unless stderr is a terminal.
    with tqdm(total=len(cells), unit="cell", disable=None, leave=False) as bar:
        chosen = ([cell for cell in cells if _slice_of(cell) == part] for part in _slices(cells))
        return max(_run_slice(session, own, bar) for own in chosen)


def _slices(cells: list[Cell]) -> list[tuple[int, bool]]:
    """Slices from small to large, real data last; among equals, cells that share numba first."""
    return sorted({_slice_of(cell) for cell in cells})


def _slice_of(cell: Cell) -> tuple[int, bool]:
    """Slice of a cell: similar sizes share one, data sets come last.

    Cells that measure the memory of their process have separate slices. asv takes seconds to start
    a slice, and an interrupt loses the current one: sizes within a factor of 100 share a slice.
    """
    magnitude = len(str(math.prod(cell.size))) // 2 if cell.size else sys.maxsize
    return magnitude, cell.measures_process


def _run_slice(session: driver.Session, cells: list[Cell], bar: Any) -> int:
    done_before = bar.n
    journal = OutcomeCounter(session.commit, session.environment)

    def show() -> None:
        bar.n = min(done_before + journal.count(), done_before + len(cells))
        bar.refresh()

    names = [cell.name for cell in cells]
    status = driver.run_slice(session, names, show, cold=cells[0].measures_process)
    bar.n = done_before + len(cells)
    bar.refresh()
    return status


def _summary(cells: list[Cell], missing: list[Cell], status: int, smoke: bool) -> str:
    if smoke:
        failed = "some failed: see .asv/logs" if status else "none failed"
        return f"{len(missing)} cells tried, {failed}. Next: python -m scripts.run"
    known = len(cells) - len(missing)
    before = f", {known} were known" if known else ""
    failed = "; some failed, the report says which and why" if status else ""
    return f"{len(missing)} cells measured{before}{failed}. Next: python -m scripts.report"


if __name__ == "__main__":
    run_stoppable(main, "Finished slices are kept; the same command goes on.")
