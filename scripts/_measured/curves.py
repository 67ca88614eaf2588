"""Record memory over time of an implementation in its own process, sampled by memory_profiler.

The sampled curve shows when memory is used. For exact numbers see the suite.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryFile
from time import sleep, time
from typing import Any

from tqdm import tqdm

import impls
from benchmarks._session import guardian
from benchmarks._session.output import Output
from benchmarks._session.worker import keep_input, keep_output
from impls import _provenance
from impls._files import FORMAT, write_json
from scripts._common import checked
from scripts._common.project import PROVENANCE, ROOT, STATE
from scripts._common.records import MemoryCurve
from scripts._common.signals import held_off
from scripts._measured.curve_files import MemoryRecord, is_valid, load_all
from scripts._measured.state import State

FOLDER = STATE / "curves"
_SAMPLE_SECONDS = 0.005
_REST_SECONDS = 0.05  # pause before and after the calls, so that they stand out in the figure
_N_CALLS = 3
_LONGEST_SECONDS = 600.0
_END_SECONDS = 2.0
_BOOT = """
from benchmarks._session.keeper import keep
keep()
from scripts._measured.curves import main
main()
"""


def record_curves(state: State, cells: list[tuple[str, str, int, int]], *, again: bool) -> int:
    """Record the missing curves of (problem, name, n_samples, n_features); return their number."""
    missing = cells if again else [cell for cell in cells if not _is_known(_path(*cell), state)]
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


def main() -> None:
    """Print the curve of the implementation and size on the command line, and nothing else."""
    keep_input()
    pipe = keep_output()
    problem, name, *size = sys.argv[1:]
    curve = None
    with suppress(impls.TableError, impls.Unfit):  # the suite's results say why
        curve = _sample(problem, name, *map(int, size))
    if curve:
        print(json.dumps(asdict(curve)), file=pipe)


def _sample(problem: str, name: str, n_samples: int, n_features: int) -> MemoryCurve | None:
    """Draw data, prepare and call in this process while memory_profiler samples its memory.

    None if the implementation would take too long at this size, or the clock was set back.
    """
    from memory_profiler import memory_usage

    calls: list[float] = []

    def work() -> None:
        implementation = impls.load(problem, name)
        if implementation.reason_to_skip(n_samples, n_features):
            return
        weights, X, y = impls.make(problem, n_samples, n_features)
        X, y = implementation.prepare(X, y)
        implementation.kernel(weights, X, y)  # loads machine code, starts threads
        sleep(_REST_SECONDS)
        calls.append(time())
        for _ in range(_N_CALLS):
            implementation.kernel(weights, X, y)
        calls.append(time())
        sleep(_REST_SECONDS)

    start = time()
    samples = memory_usage((work, (), {}), interval=_SAMPLE_SECONDS, timestamps=True)
    if not calls or not _rise([start, *(moment for _, moment in samples)]):
        return None
    return MemoryCurve(
        problem=problem,
        implementation=name,
        n_samples=n_samples,
        n_features=n_features,
        seconds=tuple(round(moment - start, 4) for _, moment in samples),
        mebibytes=tuple(round(mebibytes, 2) for mebibytes, _ in samples),
        call_seconds=(round(calls[0] - start, 4), round(calls[1] - start, 4)),
    )


def _rise(moments: Sequence[float]) -> bool:
    return all(a <= b for a, b in pairwise(moments))
