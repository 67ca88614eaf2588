"""Numbers of the one-pass engine that were tuned on this machine: where they are kept, and read.

A file belongs to a model of processor with its caches, so that machines which share a folder each
read their own.
"""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from impls import _machine
from impls._errors import BadTuning, one_line, told
from impls._files import Unreadable, read_file, write_whole

VARIABLE = "GRADMARK_TUNING"
# What each number may be.
ALLOWED: dict[str, Sequence[int]] = {
    "memory_vector_bytes": (32, 64),
    "step_rows": (4, 8),
    "parts": range(1, 9),
    "prefetch_bytes": range(64, 2**20 + 1),
    "prefetches_llc": (0, 1),
    "resident_bytes": range(2**30 + 1),
    "threads_pay_from": range(2**62),
}
_FOLDER = Path(__file__).parents[1] / ".asv" / "tuning"
_MOST_BYTES = 2**16
_ADVICE = "mend it, delete it, or tune again: python -m scripts.race --tune"


def tuned() -> dict[str, int]:
    """The numbers that were tuned on this machine; empty if none were.

    GRADMARK_TUNING names another file; an empty text stands for no numbers.

    Raises
    ------
    BadTuning
        If the file holds anything else, or is named and missing; the message names the file, the
        number, what it is and what is expected.
    """
    asked = os.environ.get(VARIABLE)
    if asked == "":
        return {}
    path = Path(asked) if asked else path_of_machine()
    try:
        return _numbers_in(read_file(path, _MOST_BYTES))
    except FileNotFoundError:
        if not asked:
            return {}
        raise BadTuning(
            f"{VARIABLE} names {one_line(asked)}, which does not exist; unset it"
        ) from None
    except OSError as error:
        raise _bad(path, error.strerror or type(error).__name__) from error
    except (ValueError, RecursionError) as error:  # Unreadable, no UTF-8, no TOML, no such number
        said = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise _bad(path, said) from error


def path_of_machine() -> Path:
    """File of this machine's numbers."""
    kind = f"{_machine.processor_name()} {sorted(_machine.cache_bytes().items())}"
    return _FOLDER / f"{hashlib.sha256(kind.encode()).hexdigest()[:12]}.toml"


def write(path: Path, numbers: Mapping[str, int]) -> None:
    """Write numbers as `tuned` reads them; what was there stays until the new file is whole."""
    title = f"# {one_line(_machine.processor_name())}: python -m scripts.race --tune"
    lines = [title, *(f"{name} = {number}" for name, number in numbers.items())]
    write_whole(path, "\n".join(lines) + "\n")


def _numbers_in(data: bytes) -> dict[str, int]:
    found = tomllib.loads(data.decode())
    for name, number in found.items():
        if name not in ALLOWED:
            raise Unreadable(f"{name!r:.60} is no number, expected one of {', '.join(ALLOWED)}")
        if type(number) is not int or number not in ALLOWED[name]:
            raise Unreadable(f"{name} is {told(number)}, expected {_expected(ALLOWED[name])}")
    return found


def _expected(allowed: Sequence[int]) -> str:
    if isinstance(allowed, range):
        return f"a whole number from {allowed[0]} to {allowed[-1]}"
    return " or ".join(map(str, allowed))


def _bad(path: Path, said: str) -> BadTuning:
    return BadTuning(f"{one_line(str(path))} holds no tuned numbers ({one_line(said)}); {_ADVICE}")
