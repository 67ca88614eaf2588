"""Record memory over time of each implementation in a process of its own: see `sampling`.

The sampled curve shows when memory is used. For exact numbers see the suite.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from tqdm import tqdm

from benchmarks._session import guardian
from benchmarks._session.output import Output
from impls import _provenance
from impls._files import FORMAT, write_json
from impls._table import missing_package
from scripts._common import checked
from scripts._common.project import PROVENANCE, ROOT, STATE
from scripts._common.records import MemoryCurve
from scripts._common.signals import held_off
from scripts._measured.curve_files import MemoryRecord, is_valid, load_all
from scripts._measured.state import State

FOLDER = STATE / "curves"
_LONGEST_SECONDS = 600.0
_END_SECONDS = 2.0
_BOOT = """
from benchmarks._session.keeper import keep
keep()
from scripts._measured.sampling import main
main()
"""


def record_curves(state: State, cells: list[tuple[str, str, int, int]], *, again: bool) -> int:
    """Record the missing curves of (problem, name, n_samples, n_features); return their number."""
    able = [cell for cell in cells if not missing_package(*cell[:2])]
    missing = able if again else [cell for cell in able if not _is_known(_path(*cell), state)]
    n_recorded = 0
    for cell in tqdm(missing, unit="curve", disable=None, leave=False):
        if curve := _record(*cell):
            _provenance.save(state.provenance, PROVENANCE)
            record = curve | {"state": state.provenance.digest}
            write_json(_path(*cell), {"format": FORMAT, **record})
            n_recorded += 1
    return n_recorded


def load_curves(state: State) -> list[MemoryCurve]:
    """Curves that are valid in a state; a damaged file is named and left aside."""
    return load_all(FOLDER, MemoryRecord, state, "python -m scripts.trace")


def _path(problem: str, name: str, n_samples: int, n_features: int) -> Path:
    return FOLDER / f"{problem}-{name}-{n_samples}x{n_features}.json"


def _is_known(path: Path, state: State) -> bool:
    """Whether a file holds a curve that is valid; a damaged one is recorded anew."""
    try:
        return is_valid(checked.read(path, MemoryRecord), state)
    except (FileNotFoundError, checked.Misfit):
        return False


def _record(problem: str, name: str, n_samples: int, n_features: int) -> dict[str, Any] | None:
    command = [sys.executable, "-c", _BOOT, problem, name, f"{n_samples}", f"{n_features}"]
    try:
        curve: dict[str, Any] = json.loads(_run(command, f"{problem}/{name}"))
        # An implementation may have printed something else.
        checked.fit(curve | {"state": ""}, MemoryRecord)
        return curve
    # It cannot be recorded or takes too long; the suite's results say why.
    except (subprocess.TimeoutExpired, ValueError, RecursionError):
        return None


def _run(command: list[str], name: str) -> bytes:
    """Run a process and return its answer; end all that it has started, and tell what it prints.

    The answer goes to a file, because a pipe would stay open until the last child ends.
    """
    mark = guardian.mark()
    with TemporaryFile() as printed:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,  # its keeper's, which ends it once this process has ended
            stdout=printed,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            env=os.environ | {guardian.VARIABLE: mark, "TMPDIR": guardian.folder()},
            start_new_session=True,
        )
        assert process.stdin is not None and process.stderr is not None
        output = Output(process.stderr)
        try:
            process.wait(_LONGEST_SECONDS)
        finally:
            with held_off():
                process.terminate()
                guardian.kill(mark)
                process.wait()
                process.stdin.close()
                output.wait(_END_SECONDS)
        if output.told:
            tqdm.write(f"{name} {output.told}", file=sys.stderr)
        printed.seek(0)
        return printed.read()
