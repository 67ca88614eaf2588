"""List the implementations: what each does, passes over X, data type, whether it is available.

An implementation that is not available is listed with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tabulate import tabulate

import impls
from scripts._common import isolated
from scripts._common.cli import add_json_option, make_parser, print_json
from scripts._common.errors import checks_usage
from scripts._common.names import all_problems, pick
from scripts._common.signals import run_stoppable

_EXAMPLES = """examples:
  python -m scripts.list
  python -m scripts.list logistic
  python -m scripts.list --json
"""
_HEADERS = ["name", "what it does", "passes over X", "data", "available"]
_DTYPES: dict[float, str] = {8: "float64", 4: "float32", 2: "16 bits", 1: "8 bits"}
Found = Mapping[str, isolated.Description | impls.TableError]


def main() -> int:
    """Print a table per problem, or all as JSON; return 1 if an entry is broken."""
    parser = make_parser("list", __doc__, _EXAMPLES)
    parser.add_argument("problem", nargs="?", help="default: all")
    add_json_option(parser)
    arguments = parser.parse_args()
    found: dict[str, Found] = {}
    for problem in _chosen(arguments.problem):
        found[problem] = isolated.describe(problem, impls.names(problem))
        if not arguments.json:
            _print(problem, found[problem])
    if arguments.json:
        print_json({problem: _records(own) for problem, own in found.items()})
    return int(any(map(_is_broken, [each for own in found.values() for each in own.values()])))


@checks_usage
def _chosen(problem: str | None) -> list[str]:
    return all_problems() if problem is None else [pick("problem", problem, impls.problems())]


def _is_broken(found: isolated.Description | impls.TableError) -> bool:
    return isinstance(found, impls.TableError) and not isinstance(found, impls.Unavailable)


def _print(problem: str, found: Found) -> None:
    """Print a problem's table, then the faults of broken entries."""
    rows = [_row(name, each) for name, each in found.items()]
    print(f"{problem}\n\n{tabulate(rows, _HEADERS, maxcolwidths=[None, 60, None, None, 50])}")
    print("".join(f"\nbroken: {each}" for each in found.values() if _is_broken(each)))


def _row(name: str, found: isolated.Description | impls.TableError) -> list[str]:
    if isinstance(found, impls.TableError):
        return [name, "", "", "", "broken, see below" if _is_broken(found) else str(found)]
    data = _DTYPES.get(found.bytes_per_value, "?")
    return [name, found.summary or "(no docstring)", found.passes, data, "yes"]


def _records(found: Found) -> dict[str, Any]:
    return {name: _record(each) for name, each in found.items()}


def _record(found: isolated.Description | impls.TableError) -> dict[str, Any]:
    """An entry for JSON: its description, or why it cannot be used."""
    if isinstance(found, impls.TableError):
        state = "broken" if _is_broken(found) else "unavailable"
        return {"state": state, "reason": str(found)}
    return {
        "state": "available",
        "summary": found.summary,
        "passes": int(found.passes) if found.passes.isdigit() else None,
        "bytes_per_value": found.bytes_per_value,
    }


if __name__ == "__main__":
    run_stoppable(main, "Nothing was written.")
