"""Record memory over time, each implementation in its own process, for the report's curves."""

from __future__ import annotations

import argparse

import impls
from impls._table import missing_package
from scripts._common.cli import make_parser
from scripts._common.errors import UserError, checks_usage
from scripts._common.names import all_problems, check_implementations, tell_unavailable
from scripts._common.signals import run_stoppable
from scripts._common.tree import working_tree
from scripts._measured.curves import record_curves
from scripts._measured.state import state_of

_EXAMPLES = """examples:
  python -m scripts.trace
  python -m scripts.trace --impl matrix chunked --size 100000 1000
"""


def main() -> int:
    """Record what is missing and print what to do next."""
    arguments = _parse()
    cells = [
        (problem, name, *arguments.size)
        for problem in all_problems()
        for name in impls.names(problem)
        if not arguments.impl or name in arguments.impl
    ]
    if arguments.impl:
        tell_unavailable(cell[:2] for cell in cells if missing_package(*cell[:2]))
    state = state_of(working_tree())
    n_recorded = record_curves(state, cells, again=arguments.again)
    print(f"{n_recorded} curves recorded. Next: python -m scripts.report")
    return 0


@checks_usage
def _parse() -> argparse.Namespace:
    parser = make_parser("trace", __doc__, _EXAMPLES)
    parser.add_argument("--impl", nargs="+", metavar="NAME", help="only these implementations")
    parser.add_argument(
        "--size",
        nargs=2,
        type=int,
        metavar=("N_SAMPLES", "N_FEATURES"),
        default=(200_000, 100),
        help="default: 200000 100",
    )
    parser.add_argument("--again", action="store_true", help="also record what is known")
    arguments = parser.parse_args()
    check_implementations(arguments.impl or ())
    if min(arguments.size) < 1:
        raise UserError(f"--size is {arguments.size}, expected two numbers of at least 1")
    return arguments


if __name__ == "__main__":
    run_stoppable(main, "Finished curves are kept; the same command goes on.")
