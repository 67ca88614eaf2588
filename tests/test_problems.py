"""The order of problems where none was chosen."""

from __future__ import annotations

import pandas as pd

import impls
from scripts._common.names import all_problems
from scripts._common.problems import MAIN, by_cells
from scripts._tables._summary import summary_rows
from tests._browser import Opened
from tests._paged import write
from tests._rows import KERNELS, made_rows

FEW = {name: KERNELS[name] for name in ("matrix", "fused")}
ROWS = pd.concat([made_rows(FEW, problem=name) for name in ("linear", "logistic")])


def test_most_cells_come_first_then_the_main_problem_then_names():
    cells = ["linear"] * 2 + ["softmax"] * 3 + ["logistic"] * 2 + ["huber"] * 2
    assert by_cells(cells) == ["softmax", "logistic", "huber", "linear"]
    assert by_cells([]) == []


def test_every_problem_is_listed_once():
    assert sorted(all_problems()) == [*impls.problems()]
    assert all_problems()[0] == MAIN == "logistic"


def test_a_summary_begins_with_the_first_problem():
    assert [row[0] for row in summary_rows(ROWS)][::2] == ["logistic", "linear"]


def test_the_page_opens_with_the_first_problem(chromium, tmp_path):
    page = Opened(chromium, write(tmp_path / "page.html", ROWS))
    page.show("which")
    chosen = page.tab.locator("select[data-name='choose Problem']")
    assert chosen.input_value() == "logistic"
    assert chosen.locator("option").all_inner_texts() == ["logistic", "linear"]
    page.close()
