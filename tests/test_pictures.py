"""Pictures that processes draw: the same as without, in the same order."""

from __future__ import annotations

import os

import psutil
import pytest

from impls import _machine
from scripts._report import pictures
from scripts._report.pictures import Style, drawn_aside
from tests._rows import made_rows
from tests.test_page import CURVE, FACTS

ROWS = made_rows().assign(highlighted=False)


def drawn(folder, monkeypatch, n_processes, **style):
    folder.mkdir()
    monkeypatch.setattr(_machine, "count_threads", lambda: n_processes)
    with drawn_aside(ROWS, [CURVE], FACTS, folder, Style(**style)) as collect:
        return collect()


def test_processes_draw_the_same_pictures_in_the_same_order(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "_LEAST_DRAWINGS", 1)
    style = {"only": ("winners", "memory")}
    one, two = (drawn(tmp_path / str(n), monkeypatch, n, **style) for n in (1, 2))
    assert one == two
    assert [each.file for each in one] == ["logistic-winners.png", "logistic-memory.png"]
    for each in one:
        files = [tmp_path / str(n) / each.file for n in (1, 2)]
        assert files[0].read_bytes() == files[1].read_bytes()


def test_an_error_of_a_process_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "_LEAST_DRAWINGS", 1)
    monkeypatch.setattr(_machine, "count_threads", lambda: 2)
    style, file = Style(only=("winners", "memory")), tmp_path / "file"
    file.touch()
    with (
        pytest.raises(FileExistsError),
        drawn_aside(ROWS, [], FACTS, file, style) as collect,
    ):
        collect()


def test_no_process_outlives_an_error_of_the_command(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "_LEAST_DRAWINGS", 1)
    monkeypatch.setattr(_machine, "count_threads", lambda: 2)
    with pytest.raises(KeyboardInterrupt), drawn_aside(ROWS, [], FACTS, tmp_path, Style()):
        raise KeyboardInterrupt
    alive = psutil.process_iter(["ppid", "cmdline"])  # of one that has ended: None
    own = [each for each in alive if each.info["ppid"] == os.getpid()]
    workers = [each for each in own if "spawn" in str(each.info["cmdline"])]
    psutil.wait_procs(workers, timeout=30)
    assert not [worker for worker in workers if worker.is_running()]
