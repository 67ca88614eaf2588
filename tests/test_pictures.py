"""Pictures that processes draw: the same as without, in the same order."""

from __future__ import annotations

import pytest

from impls import _machine
from scripts._report import pictures
from scripts._report.pictures import Style, write_pictures
from tests._rows import made_rows
from tests.test_page import CURVE, FACTS

ROWS = made_rows().assign(highlighted=False)


def drawn(folder, monkeypatch, n_processes, **style):
    folder.mkdir()
    monkeypatch.setattr(_machine, "count_threads", lambda: n_processes)
    return write_pictures(ROWS, [CURVE], FACTS, folder, Style(**style))


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
    with pytest.raises(FileNotFoundError):
        monkeypatch.setattr(_machine, "count_threads", lambda: 2)
        write_pictures(ROWS, [], FACTS, tmp_path / "absent", Style(only=("winners", "memory")))
