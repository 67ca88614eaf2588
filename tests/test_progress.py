"""Waiting for asv."""

from __future__ import annotations

import sys

import psutil
import pytest

from scripts._measured import progress


@pytest.mark.parametrize(
    ("text", "percent"),
    [
        (b"", 0),
        (b"no number\n", 0),
        ("[ 7.69%] · Loading\n[15.38%] ·· Couldn't find 50% of\n".encode(), 15),
        (b"[100.00%] Writing index\n", 100),
    ],
)
def test_the_last_percent_counts(text, percent):
    assert progress.percent_in(text) == percent


def test_the_status_is_that_of_the_process_and_old_lines_do_not_count(tmp_path, monkeypatch):
    log = tmp_path / "asv.log"
    log.write_bytes(b"[100.00%] of an earlier one\n")
    seen = []
    monkeypatch.setattr(progress, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(progress, "percent_in", lambda text: seen.append(text) or 0)
    code = "import sys; sys.stdin.read(1); sys.exit(3)"
    process = psutil.Popen([sys.executable, "-c", code], stdin=-1)
    waits = process.wait

    def wait(timeout):
        if len(seen) == 2:
            process.stdin.close()
        return waits(timeout)

    monkeypatch.setattr(process, "wait", wait, raising=False)
    assert progress.wait(process, log) == 3
    assert set(seen) == {b""}
