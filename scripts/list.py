"""What is in the plug-in table: name, one line, passes over X, data type, available or why not."""

from __future__ import annotations

from tabulate import tabulate

import impls
from scripts._cli import make_parser
from scripts._errors import run_command
from scripts._names import pick

_EXAMPLES = """examples:
  python -m scripts.list
  python -m scripts.list logistic
"""
_DTYPES = {8: "float64", 4: "float32", 2: "16 bits", 1: "8 bits"}


def main() -> int:
    """Print a table per problem; exit 1 if an entry is broken."""
    parser = make_parser("list", __doc__, _EXAMPLES)
    parser.add_argument("problem", nargs="?", help="only this problem")
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
    """Rows of the table, and what is wrong with entries that break the contract."""
    rows, errors = [], []
    for name in impls.names(problem):
        try:
            rows.append(_describe(impls.load(problem, name)))
        except impls.Unavailable as error:
            rows.append([name, "", "", "", str(error)])
        except impls.BadPlugin as error:
            rows.append([name, "", "", "", "broken, see below"])
            errors.append(str(error))
    return rows, errors


def _describe(implementation: impls.Implementation) -> list[str]:
    options = implementation.options
    summary = implementation.doc.partition("\n")[0] or "(no docstring)"
    data = _DTYPES.get(options.get("BYTES_PER_VALUE", 8), "?")
    return [implementation.name, summary, str(options.get("PASSES", 1)), data, "yes"]


if __name__ == "__main__":
    run_command(main)
