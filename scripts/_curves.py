"""Memory over time of one cell in a process of its own, sampled by memory_profiler.

A sampled curve shows what happens when; exact figures are the suite's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from time import sleep, time
from typing import Any

from tqdm import tqdm

import impls
from scripts import _guardian, _signals
from scripts._project import ROOT, STATE
from scripts._results import changed_implementations

FOLDER = STATE / "curves"
_SAMPLE_SECONDS = 0.005
_REST_SECONDS = 0.05  # shown before and after the calls, so that they stand out
_N_CALLS = 3


@dataclass(frozen=True)
class Curve:
    """Memory of a process that draws data, prepares it, warms up and calls a gradient.

    Attributes
    ----------
    seconds, mebibytes : tuple[float, ...]
        Time since the start and resident memory.
    call_seconds : tuple[float, float]
        Start and end of the calls.
    """

    problem: str
    implementation: str
    n_samples: int
    n_features: int
    seconds: tuple[float, ...]
    mebibytes: tuple[float, ...]
    call_seconds: tuple[float, float]


def record_missing(commit: str, cells: list[tuple[str, str, int, int]], *, again: bool) -> int:
    """Record the curve of every (problem, name, n_samples, n_features) without one; count them."""
    known = {} if again else _read_equivalent(commit)
    missing = {f"{cell[0]}/{cell[1]} {cell[2]} x {cell[3]}": cell for cell in cells}
    missing = {key: cell for key, cell in missing.items() if key not in known}
    n_recorded = 0
    try:
        for key, cell in tqdm(missing.items(), unit="curve", disable=None, leave=False):
            if curve := _record(*cell):
                known[key] = curve
                n_recorded += 1
    finally:
        with _signals.held_off():
            _write(commit, known)
    return n_recorded


def load(commit: str) -> list[Curve]:
    """Curves recorded at a commit, or at another where the implementation was the same."""
    records = _read_equivalent(commit).values()
    return [Curve(**{k: _freeze(v) for k, v in record.items()}) for record in records]


def _record(problem: str, name: str, n_samples: int, n_features: int) -> dict[str, Any] | None:
    try:
        if impls.load(problem, name).reason_to_skip(n_samples, n_features):
            return None
    except impls.TableError:
        return None  # the suite says why
    command = [
        sys.executable,
        "-m",
        "scripts._curves",
        problem,
        name,
        f"{n_samples}",
        f"{n_features}",
    ]
    variables = os.environ | {_guardian.VARIABLE: _guardian.mark()}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=variables)
    return json.loads(done.stdout) if done.returncode == 0 else None


def _freeze(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _read_equivalent(commit: str) -> dict[str, Any]:
    known: dict[str, Any] = {}
    for path in sorted(FOLDER.glob("*.json"), key=lambda path: path.stat().st_mtime):
        changed = changed_implementations(path.stem, commit)
        if changed is not None:
            records = json.loads(path.read_text()).items()
            known |= {key: curve for key, curve in records if key.partition(" ")[0] not in changed}
    return dict(sorted(known.items()))


def _write(commit: str, curves: dict[str, Any]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{commit[:8]}.json").write_text(json.dumps(curves))


def _sample(problem: str, name: str, n_samples: int, n_features: int) -> Curve:
    """Draw, prepare and call in this process while memory_profiler watches it."""
    from memory_profiler import memory_usage

    calls: list[float] = []

    def work() -> None:
        implementation = impls.load(problem, name)
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
    return Curve(
        problem=problem,
        implementation=name,
        n_samples=n_samples,
        n_features=n_features,
        seconds=tuple(round(moment - start, 4) for _, moment in samples),
        mebibytes=tuple(round(mebibytes, 2) for mebibytes, _ in samples),
        call_seconds=(round(calls[0] - start, 4), round(calls[1] - start, 4)),
    )


if __name__ == "__main__":
    print(json.dumps(asdict(_sample(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))))
