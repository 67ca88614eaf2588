"""Reproduce experiments of the source texts with the solvers: tables and figures.

Without a name, list the experiments. An experiment is a file, scripts/_experiments/NAME.py.
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

import impls
from scripts import _experiments
from scripts._common.cli import make_out_folder, make_parser
from scripts._common.errors import UserError, checks_usage, explain
from scripts._common.facts import collect_facts
from scripts._common.names import pick
from scripts._common.project import ROOT
from scripts._common.signals import run_stoppable
from scripts._common.tree import Tree, working_tree
from scripts._common.unread import refuse
from scripts._experiments import Options, Outcome, _fitting, _written
from scripts._measured.losses import save_losses
from scripts._measured.state import state_of

_EXAMPLES = """examples:
  python -m scripts.train
  python -m scripts.train descent recursion
  python -m scripts.train all --seed 7 --out reports/seed7
  python -m scripts.train softmax_fault --data mnist
  python -m scripts.train softmax_fault --data images.npz --pixel-max 255
  python -m scripts.train descent --impl row_loop
  python -m scripts.train fit
  python -m scripts.train fit --sets digits 20000x50 --rounds 15
  python -m scripts.train fit --sets 1000000x100 --out reports/large
"""
_BUNDLED = ("digits", "mnist")
# Options that some experiments read and others do not.
_OPTIONS = ("data", "pixel_max", "impl", "sets", "rounds")


def main() -> int:
    """Run the named experiments; print their tables and the paths of the files."""
    arguments = _parse()
    if not arguments.names:
        _print_names()
        return 0
    folder = make_out_folder(arguments.out)
    tree = working_tree()
    given = {name: value for name in _OPTIONS if (value := getattr(arguments, name))}
    settings = Options(seed=arguments.seed, **given)
    written: list[Path] = []
    for name in arguments.names:
        print(f"# {name}: {_experiments.describe(name)}\n", flush=True)
        outcome: Outcome = _experiments.load(name).run(settings)
        # After the run, so that the footer names every library that it has loaded.
        facts = collect_facts("all", tree.title)
        print("\n\n".join(table.text for table in outcome.tables), end="\n\n", flush=True)
        about = _experiments.describe(name)
        written += _written.write(name, name, outcome, facts, folder, about)
        written += _keep_losses(outcome, tree)
    print("Written:", *(f"  {path}" for path in written), sep="\n")
    return 0


@checks_usage
def _parse() -> argparse.Namespace:
    parser = make_parser("train", __doc__, _EXAMPLES)
    parser.add_argument("names", nargs="*", metavar="NAME", help="experiments, or all")
    parser.add_argument(
        "--seed", type=int, default=0, help="of data, splits, starts and orders; default: 0"
    )
    parser.add_argument("--out", default=str(ROOT / "reports"), help="folder; default: reports")
    parser.add_argument(
        "--data", metavar="digits|mnist|PATH.npz", help="images of softmax_fault; default: digits"
    )
    parser.add_argument(
        "--pixel-max",
        type=float,
        metavar="VALUE",
        help="divides the pixels of PATH.npz; default: the largest one if integers, 1 if floats",
    )
    parser.add_argument("--impl", metavar="NAME", help="kernel of descent; default: matrix")
    parser.add_argument(
        "--sets",
        nargs="+",
        metavar="SET",
        help="data of fit: breast_cancer, digits or drawn NxD; default: both, 200000x100 and "
        "50000x500 (1000000x100 needs 1.6 GB)",
    )
    parser.add_argument(
        "--rounds", type=int, metavar="N", help="fit times each contender so often; default: 7"
    )
    arguments = parser.parse_args()
    arguments.names = _choose(arguments.names)
    _check_options(arguments)
    return arguments


def _choose(wanted: list[str]) -> list[str]:
    """The chosen experiments, each once."""
    known = _experiments.names()
    if "all" in wanted:
        return known
    return list(dict.fromkeys(pick("experiment", name, known) for name in wanted))


def _check_options(arguments: argparse.Namespace) -> None:
    """Refuse values out of range, and options that no chosen experiment reads."""
    if arguments.seed < 0:
        raise UserError(f"--seed is {arguments.seed}, expected a whole number of at least 0")
    read = {o for name in arguments.names for o in getattr(_experiments.load(name), "OPTIONS", ())}
    if not arguments.names:
        refuse(
            arguments,
            arguments.given,
            "without the name of an experiment, the experiments are listed",
        )
    refuse(arguments, {*_OPTIONS} - read, f"{', '.join(arguments.names)} has no use for it")
    if arguments.impl is not None:
        pick("implementation of linear", arguments.impl, impls.names("linear"))
    if arguments.data is not None:
        _check_data(arguments.data)
    if arguments.rounds is not None and arguments.rounds < 1:
        raise UserError(f"--rounds is {arguments.rounds}, expected a whole number of at least 1")
    for name in arguments.sets or ():
        _fitting.check_set(name)
    if arguments.pixel_max is not None:
        _check_pixel_max(arguments.pixel_max, arguments.data)


def _check_data(data: str) -> None:
    if data in _BUNDLED or Path(data).is_file():
        return
    if Path(data).suffix == ".npz":
        raise UserError(f"--data is {data}, but there is no such file")
    pick("data", data, [*_BUNDLED, "PATH.npz"])


def _check_pixel_max(pixel_max: float, data: str | None) -> None:
    if not 0 < pixel_max < math.inf:
        raise UserError(f"--pixel-max is {pixel_max:g}, expected a number above 0")
    if data is None or data in _BUNDLED:
        raise UserError(
            "--pixel-max is for --data PATH.npz; bundled images are scaled already; leave it out"
        )


def _print_names() -> None:
    names = _experiments.names()
    width = max(map(len, names))
    for name in names:
        print(f"{name:{width}}  {_experiments.describe(name)}")
    print("\nRun some: python -m scripts.train NAME..., or all")


def _keep_losses(outcome: Outcome, tree: Tree) -> list[Path]:
    """Keep the curves for the report's page; a clone that cannot be written to does without."""
    try:
        return save_losses(state_of(tree), outcome.losses) if outcome.losses else []
    except OSError as error:
        print(f"The page will lack the loss against seconds: {explain(error)}", file=sys.stderr)
        return []


if __name__ == "__main__":
    run_stoppable(main, "Finished experiments are written.")
