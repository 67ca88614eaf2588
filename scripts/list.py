"""List the implementations: what each does, passes over X, data type, whether it is available.

An implementation that is not available is listed with the reason.
"""

from __future__ import annotations

from tabulate import tabulate

import impls
from scripts._common import isolated
from scripts._common.cli import make_parser
from scripts._common.names import pick
from scripts._common.signals import run_stoppable

_EXAMPLES = """examples:
  python -m scripts.list
  python -m scripts.list logistic
"""
_DTYPES: dict[float, str] = {8: "float64", 4: "float32", 2: "16 bits", 1: "8 bits"}


def main() -> int:
    """Print a table per problem; return 1 if an entry is broken."""
    parser = make_parser("list", __doc__, _EXAMPLES)
    parser.add_argument("problem", nargs="?", help="default: all")
    chosen = parser.parse_args().problem
    if chosen:
        pick("problem", chosen, impls.problems())
    broken = 0
    for problem in [chosen] if chosen else impls.problems():
        rows, errors = _list(problem)
        headers = ["name", "what it does", "passes over X", "data", "available"]
        print(f"{problem}\n\n{tabulate(rows, headers, maxcolwidths=[None, 60, None, None, 50])}")
        print("".join(f"\nbroken: {error}" for error in errors))
        broken += len(errors)
    return 1 if broken else 0


def _list(problem: str) -> tuple[list[list[str]], list[str]]:
    """Rows of the table, and the faults of broken entries."""
    rows, errors = [], []
    for name, found in isolated.describe(problem, impls.names(problem)).items():
        if isinstance(found, impls.Unavailable):
            rows.append([name, "", "", "", str(found)])
        elif isinstance(found, impls.TableError):
            rows.append([name, "", "", "", "broken, see below"])
            errors.append(str(found))
        else:
            data = _DTYPES.get(found.bytes_per_value, "?")
            rows.append([name, found.summary or "(no docstring)", found.passes, data, "yes"])
    return rows, errors


if __name__ == "__main__":
    run_stoppable(main, "Nothing was written.")
