"""Measure the working tree on this machine: asv underneath, in slices of like sizes.

What is measured is this interpreter with the files as they are, committed or not, and installed
plug-ins. An interrupted run keeps every finished slice; the same command goes on from there. What
was measured before and has not changed since is not measured again. Exit status 2 means that a
cell failed or was wrong.
"""

from __future__ import annotations

import argparse
import ast
import itertools
import math
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tqdm import tqdm

import impls
from impls import _table
from scripts._common.cli import make_parser
from scripts._common.errors import UserError
from scripts._common.facts import collect_facts, save_facts
from scripts._common.lock import only_one_at_a_time
from scripts._common.names import all_implementations, check_threads, load_presets, pick
from scripts._common.signals import run_stoppable
from scripts._common.tree import working_tree
from scripts._measured import driver
from scripts._measured.journal import OutcomeCounter
from scripts._measured.results import known_cells, problem_of
from scripts._measured.state import plugins, state_of

_EXAMPLES = """examples:
  python -m scripts.run                                    6 to 9 minutes on 2 cores
  python -m scripts.run --preset standard                  four times as long
  python -m scripts.run --impl matrix chunked              two implementations
  python -m scripts.run --bench track_error                one kind of measurement
  python -m scripts.run --threads 1                        one thread for BLAS and numba alike
"""


@dataclass(frozen=True)
class Cell:
    """One value to measure: a benchmark of the suite on one combination of parameters."""

    benchmark: str
    params: tuple[str | int, ...]

    @property
    def name(self) -> str:
        """What asv calls it, and matches its ``--bench`` against."""
        return f"{self.benchmark}({', '.join(map(repr, self.params))})"

    @property
    def implementation(self) -> str:
        """Name of the implementation: every benchmark's first parameter."""
        return str(self.params[0])

    @property
    def problem(self) -> str:
        """Name of the problem, from the class that is made for it."""
        return problem_of(self.benchmark.split(".")[1])

    @property
    def module(self) -> str:
        """Kind of measurement: the module of the suite."""
        return self.benchmark.partition(".")[0]

    @property
    def size(self) -> tuple[int, int] | None:
        """n_samples and n_features, if it is on drawn data."""
        *_, n_samples, n_features = self.params
        if isinstance(n_samples, int) and isinstance(n_features, int):
            return n_samples, n_features
        return None

    @property
    def cold(self) -> bool:
        """Whether the memory of its whole process is what is measured."""
        return self.benchmark.rpartition(".")[2].startswith("peakmem_")

    @property
    def slice(self) -> tuple[int, bool]:
        """Cells of like sizes run in one slice, data sets in the last; cold ones in their own.

        asv takes seconds to start a slice, and an interrupt loses the one that runs: sizes share
        one within a factor of 100.
        """
        magnitude = len(str(math.prod(self.size))) // 2 if self.size else sys.maxsize
        return magnitude, self.cold


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
        raise UserError(f"nothing matches --bench {arguments.bench} and --impl {arguments.impl}")
    smoke = arguments.preset == "smoke"  # asv keeps none of it
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
        help="quick (default), standard, full; smoke tries every benchmark and keeps nothing",
    )
    parser.add_argument("--impl", nargs="+", metavar="NAME", help="only these implementations")
    parser.add_argument(
        "--bench", metavar="REGEX", help="only what matches, like track_error or 'matrix', 1000"
    )
    parser.add_argument(
        "--threads", default="all", help="threads of BLAS and numba: all (default) or a number"
    )
    parser.add_argument(
        "--again",
        action="store_true",
        help="measure what is known, too; a longer preset takes what a shorter one knows",
    )
    arguments = parser.parse_args(argv)
    pick("preset", arguments.preset, load_presets())
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
        values = [[ast.literal_eval(text) for text in texts] for texts in benchmark["params"]]
        cells = [Cell(name, combination) for combination in itertools.product(*values)]
        yield from (cell for cell in cells if _in_preset(cell, preset))


def _in_preset(cell: Cell, preset: dict[str, Any]) -> bool:
    if cell.module in preset.get("without", []):
        return False
    sizes = preset.get("sizes_of", {}).get(cell.module, preset["sizes"])
    return cell.size is None or list(cell.size) in sizes


def _wanted(cell: Cell, arguments: argparse.Namespace) -> bool:
    if arguments.impl and cell.implementation not in arguments.impl:
        return False
    return re.search(arguments.bench or "", cell.name) is not None


def _drop_unavailable(cells: list[Cell]) -> list[Cell]:
    """Leave out, and say so, what needs a package that is not installed.

    A cell of it would be skipped in any case, but each costs a process.
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
    """Run the cells in slices; 2 if any failed, as asv itself ends."""
    # disable=None: no bar where nobody watches.
    with tqdm(total=len(cells), unit="cell", disable=None, leave=False) as bar:
        chosen = ([cell for cell in cells if cell.slice == part] for part in _slices(cells))
        return max(_run_slice(session, own, bar) for own in chosen)


def _slices(cells: list[Cell]) -> list[tuple[int, bool]]:
    """From small to large, real data last; what may share numba before what may not."""
    return sorted({cell.slice for cell in cells})


def _run_slice(session: driver.Session, cells: list[Cell], bar: Any) -> int:
    done_before = bar.n
    journal = OutcomeCounter(session.commit, session.environment)

    def show() -> None:
        bar.n = min(done_before + journal.count(), done_before + len(cells))
        bar.refresh()

    names = [cell.name for cell in cells]
    status = driver.run_slice(session, names, show, cold=cells[0].cold)
    bar.n = done_before + len(cells)
    bar.refresh()
    return status


def _summary(cells: list[Cell], missing: list[Cell], status: int, smoke: bool) -> str:
    if smoke:
        failed = "some failed: see .asv/logs" if status else "all ended well"
        return f"{len(missing)} cells tried, {failed}. Next: python -m scripts.run"
    known = len(cells) - len(missing)
    before = f", {known} were known" if known else ""
    failed = "; some failed, the report says which and why" if status else ""
    return f"{len(missing)} cells measured{before}{failed}. Next: python -m scripts.report"


if __name__ == "__main__":
    run_stoppable(main, "Finished slices are kept; the same command goes on.")
