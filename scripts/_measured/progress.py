"""Wait for asv, and show how far its log says it is."""

from __future__ import annotations

import re
from pathlib import Path

import psutil
from tqdm import tqdm

_PERCENT = re.compile(rb"\[ *(\d+)(?:\.\d+)?%\]")
_LOOK_SECONDS = 0.2


def wait(process: psutil.Popen, log: Path) -> int:
    """Exit status of a process, once it has ended.

    Parameters
    ----------
    process : psutil.Popen
        asv; the lines that it adds to the log begin with how much is done, such as ``[ 7.69%]``.
    log : Path
    """
    start = log.stat().st_size
    with tqdm(total=100, desc="asv, in %", delay=1, disable=None, leave=False) as bar:
        while True:
            try:
                return int(process.wait(_LOOK_SECONDS))
            except psutil.TimeoutExpired:
                bar.update(percent_in(log.read_bytes()[start:]) - bar.n)


def percent_in(text: bytes) -> int:
    """The last number of percent in a log; 0 without one."""
    return int(([b"0", *_PERCENT.findall(text)])[-1])
