"""Measure a gradient beyond one process: workers of a cluster, and an X on disk.

Without a part, both. `workers` starts clusters of Dask's on this machine, measures strong and weak
growth, the fixed cost of a call and the bytes on the wire, and puts a model beside them that is
projected up to 1,000 workers. `disk` writes a file, computes on it in blocks beside a sequential
read of the same file, warm and cold, and watches the memory. Needs Dask: .[scale].
"""

from __future__ import annotations

import argparse
from pathlib import Path
from tempfile import gettempdir

import numpy as np

import impls
from impls._machine import available_memory, count_threads
from scripts._common import units
from scripts._common.cli import make_out_folder, make_parser
from scripts._common.errors import UserError, checks_usage
from scripts._common.facts import collect_facts
from scripts._common.names import pick
from scripts._common.problems import MAIN
from scripts._common.project import ROOT
from scripts._common.signals import run_stoppable
from scripts._common.tree import working_tree
from scripts._common.unread import refuse
from scripts._experiments import Outcome, _written
from scripts._scale import disk, report, workers

_EXAMPLES = """examples:
  python -m scripts.scale
  python -m scripts.scale workers --gigabytes 0.5 --workers 1 2 4
  python -m scripts.scale workers softmax --kernel fused
  python -m scripts.scale disk --gigabytes 30 --folder /data     X larger than memory
  python -m scripts.scale disk --dtype float32
"""
_PARTS = ("workers", "disk")
_READ_BY_ONE = {"workers": ("workers",), "disk": ("dtype", "folder")}  # options of a part
_DTYPES = ("float64", "float32", "uint8")
_COPIES = 5  # of X: here, its prepared copy, and those of the workers while they are sent
_TITLES = {
    "workers": "Workers: a gradient on a cluster",
    "disk": "Disk: a gradient of a file",
}


def main() -> int:
    """Measure the parts; print their tables and the paths of the files."""
    arguments = _parse()
    folder = make_out_folder(arguments.out)
    tree = working_tree()
    for part in arguments.parts:
        outcome = _measure(part, arguments)
        facts = collect_facts("all", tree.title)
        print("\n\n".join(table.text for table in outcome.tables), end="\n\n", flush=True)
        paths = _written.write(f"scale-{part}", _TITLES[part], outcome, facts, folder)
        print("Written:", *(f"  {path}" for path in paths), sep="\n", flush=True)
    return 0


def _measure(part: str, arguments: argparse.Namespace) -> Outcome:
    if part == "workers":
        return report.of_workers(workers.measure(_plan_workers(arguments)))
    return report.of_disk(disk.measure(_plan_disk(arguments)))


@checks_usage
def _parse() -> argparse.Namespace:
    parser = make_parser("scale", __doc__, _EXAMPLES)
    parser.add_argument("names", nargs="*", metavar="PART|PROBLEM", help="workers, disk; a problem")
    parser.add_argument("--kernel", metavar="NAME", help="on each block; default: fused")
    parser.add_argument(
        "--workers", nargs="+", type=int, metavar="N", help="default: 1 to the processors"
    )
    parser.add_argument("--gigabytes", type=float, default=2.0, help="of X; default: 2")
    parser.add_argument("--features", type=int, default=100, help="default: 100")
    parser.add_argument("--dtype", default="float64", help=f"of disk: {', '.join(_DTYPES)}")
    parser.add_argument("--rounds", type=int, default=15, help="default: 15")
    parser.add_argument(
        "--folder", default=gettempdir(), help="of disk's file; default: that of temporary files"
    )
    parser.add_argument("--out", default=str(ROOT / "reports"), help="folder; default: reports")
    arguments = parser.parse_args()
    arguments.parts = [name for name in arguments.names if name in _PARTS] or list(_PARTS)
    problems = [name for name in arguments.names if name not in _PARTS] or [MAIN]
    if len(problems) > 1:
        raise UserError(f"{units.listed(problems)} are named, expected one problem")
    arguments.problem = pick("problem", problems[0], impls.problems())
    _check(arguments)
    return arguments


def _check(arguments: argparse.Namespace) -> None:
    for part, options in _READ_BY_ONE.items():
        if part not in arguments.parts:
            refuse(arguments, options, f"it is of the part {part}, which is not measured")
    known = impls.names(arguments.problem)
    arguments.kernel = pick("implementation", arguments.kernel or "fused", known)
    pick("dtype", arguments.dtype, _DTYPES)
    if not 0 < arguments.gigabytes < 1e6:
        raise UserError(f"--gigabytes is {arguments.gigabytes:g}, expected a number above 0")
    for name, least in (("features", 1), ("rounds", 1)):
        if getattr(arguments, name) < least:
            raise UserError(f"--{name} is {getattr(arguments, name)}, expected at least {least}")
    arguments.workers = sorted(set(arguments.workers or range(1, count_threads() + 1)))
    if arguments.workers[0] < 1:
        raise UserError(f"--workers is {arguments.workers[0]}, expected at least 1")
    if not Path(arguments.folder).is_dir():
        raise UserError(f"--folder is {arguments.folder}, which is no folder")
    if "workers" in arguments.parts:
        impls.load(arguments.problem, "dask_blocks")  # Dask is there, or a word on how to get it


def _plan_workers(arguments: argparse.Namespace) -> workers.Plan:
    n_samples = _count_rows(arguments, 8)
    plan = workers.Plan(
        arguments.problem,
        arguments.kernel,
        n_samples,
        arguments.features,
        tuple(arguments.workers),
        arguments.rounds,
    )
    if (needed := _COPIES * plan.x_bytes) > (available := available_memory()):
        raise UserError(
            f"X of {units.n_bytes(plan.x_bytes)} needs {units.n_bytes(needed)} of memory, "
            f"{units.n_bytes(available)} are available: take fewer --gigabytes"
        )
    return plan


def _plan_disk(arguments: argparse.Namespace) -> disk.Plan:
    return disk.Plan(
        arguments.problem,
        arguments.kernel,
        _count_rows(arguments, np.dtype(arguments.dtype).itemsize),
        arguments.features,
        arguments.dtype,
        arguments.rounds,
        Path(arguments.folder),
    )


def _count_rows(arguments: argparse.Namespace, n_bytes: int) -> int:
    return max(100, int(arguments.gigabytes * 1e9 / (n_bytes * arguments.features)))


if __name__ == "__main__":
    run_stoppable(main, "Parts that are finished are written.")
