"""No kernel reads or writes outside of its arrays, nor writes to its inputs.

`tests/_guard_pages.py` calls them in a process of its own, because what does so crashes.
"""

from __future__ import annotations

import functools
import mmap
import re
import signal
import subprocess
import sys

import pytest

from tests import _guard_pages as child
from tests._planting import plant

CASES = 10  # of each implementation, in each way
NAMES = child.all_names()

pytestmark = pytest.mark.skipif(not hasattr(mmap, "PROT_READ"), reason="no mprotect on this system")


@functools.cache
def lines(way: str) -> list[str]:
    """What calls of all implementations say; goes on after one that crashes."""
    found: list[str] = []
    while not found or found[-1].split()[0] != NAMES[-1]:
        after = found[-1].split()[0] if found else ""
        found += run(way, "--after", after)
    return found


def run(way: str, *options: str) -> list[str]:
    """Lines of one process; the last one tells of its end."""
    command = [sys.executable, "-m", child.__name__, way, "--cases", str(CASES), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    told = done.stdout.splitlines()
    assert told, done.stderr
    if done.returncode < 0:
        told[-1] += f": {signal.Signals(-done.returncode).name}"
    elif done.returncode:
        told[-1] += f": {done.stderr.splitlines()[-1]}"
    return told


@pytest.mark.parametrize("way", child.WAYS)
@pytest.mark.parametrize("name", NAMES)
def test_nothing_outside_the_arrays_is_read_or_written(name, way):
    own = [line for line in lines(way) if name in line.split()]
    assert [line for line in own if line.startswith(child.DIFFERS)] == []
    *calls, end = own
    if end in (f"{name} {child.LIBRARY}", f"{name} {child.UNAVAILABLE}"):
        pytest.skip(end)
    assert end == f"{name} {child.DONE}"
    assert len(calls) >= 3 * CASES


# Lines that leave an array by one value or row, or write to an input what it holds already.
BAD = {
    "reads_after_X": "as_strided(X, (len(X) + 1, X.shape[1])).sum()",
    "reads_before_y": "as_strided(y, (2,), (-8,)).sum()",
    "writes_after_its_result": "as_strided(total, (len(total) + 1,))[-1] = 0",
    "writes_to_X": "X[0, 0] = X[0, 0]",
}
SOURCE = """
import numpy as np
from numpy.lib.stride_tricks import as_strided

def gradient(weights, X, y):
    total = np.zeros(len(weights))
    {}
    total += (1 / (1 + np.exp(-X @ weights)) - y) @ X
    return total
"""


@pytest.mark.parametrize("name", BAD)
def test_a_kernel_that_leaves_its_arrays_is_named(name, tmp_path, monkeypatch):
    plant("logistic", {name: SOURCE.format(BAD[name])}, tmp_path, monkeypatch)
    end = run("as it is", "--only", f"logistic/{name}")[-1]
    assert re.fullmatch(rf"logistic/{name} gradient of .* flush against .*: SIG(SEGV|BUS)", end)
