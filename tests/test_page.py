"""The page's data and its file; what a browser makes of it is in test_page_browser."""

from __future__ import annotations

import itertools
import json
import math
import random
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scripts._page
from scripts._advice.advice import FARTHEST
from scripts._common import escape
from scripts._common.fastest import PROMISED
from scripts._common.metrics import metrics
from scripts._page import page_data, render
from scripts._page.data import columns
from scripts._page.render import to_json
from tests._paged import CURVE, FACTS
from tests._rows import KERNELS, SIZES, made_rows

PAGE = Path(scripts._page.__file__).parent
OWN = sorted([*PAGE.rglob("*.js"), *PAGE.rglob("*.css")])  # scripts and styles
WIDTH = 110


def data_of(rows, curves=(), facts=FACTS, **options):
    return page_data(rows, curves, facts, metrics(), **options)


def decode(columns):
    """As `rowsOf` of data.js does it."""

    def values(column):
        if isinstance(column, list):
            return column
        runs = (code if isinstance(code, list) else (code, 1) for code in column["codes"])
        return [column["values"][code] for code, times in runs for _ in range(times)]

    return pd.DataFrame({name: values(column) for name, column in columns.items()})


def test_the_data_hold_the_values_of_the_rows():
    rows = made_rows()
    cells = decode(data_of(rows)["cells"])
    times = rows[rows["metric"] == "time"]
    key = ["implementation", "n_samples", "n_features"]
    both = cells.merge(times, on=key, suffixes=("", "_row"))
    assert len(both) == len(times) == len(cells)
    assert both["time"].to_numpy() == pytest.approx(both["value"].to_numpy(), rel=5e-6)
    assert both["time_high"].to_numpy() == pytest.approx(both["high"].to_numpy(), rel=5e-5)


def test_the_mesh_holds_every_measured_size():
    (mesh,) = data_of(made_rows())["meshes"]
    assert (mesh["problem"], mesh["threads"]) == ("logistic", "all")
    assert {tuple(size) for size in mesh["sizes"]} == set(SIZES)
    assert {i for triangle in mesh["triangles"] for i in triangle} == set(range(len(SIZES)))


def test_absent_values_are_null_and_the_data_are_strict_json():
    rows = made_rows()
    rows.loc[rows["metric"] == "peak", "value"] = math.nan
    rows.loc[rows["metric"] == "workspace", "value"] = math.inf
    data = json.loads(to_json(data_of(rows, [CURVE])), parse_constant=pytest.fail)
    n_cells = len(KERNELS) * len(SIZES)
    for name in ("peak", "workspace"):
        assert data["cells"][name] == {"codes": [[0, n_cells]], "values": [None]}
    assert data["curves"][0]["call_seconds"] == [0.05, 0.1]


@settings(max_examples=60)
@given(st.lists(st.text() | st.just("</script><!--"), min_size=1, max_size=5))
def test_any_text_survives_in_a_script_element(texts):
    written = to_json({"texts": texts})
    assert not set(written) & set("<>&\u2028\u2029")
    assert json.loads(written)["texts"] == [*map(escape.lines, texts)]


def test_columns_state_each_text_once():
    found = columns(pd.DataFrame({"name": ["b", "a", "b", None], "x": [1.0, 2.5, math.nan, 4]}))
    assert found["name"] == {"codes": [0, 1, 0, 2], "values": ["b", "a", ""]}
    assert found["x"] == [1, 2.5, None, 4]


def test_columns_state_what_comes_again_as_its_number():
    found = columns(pd.DataFrame({"x": [8.0, 8.0, 8.0, 0.5, 0.5, math.nan]}))
    assert found["x"] == {"codes": [[0, 3], 1, 1, 2], "values": [8, 0.5, None]}


@given(st.lists(st.sampled_from(["", "a", "b"]) | st.none()))
def test_columns_of_texts_can_be_read_again(texts):
    found = decode(columns(pd.DataFrame({"name": pd.Series(texts, dtype=object)})))
    assert list(found["name"]) == [text or "" for text in texts]


@given(st.lists(st.sampled_from([0.0, 1 / 3, 2.0**60, 1e-300]) | st.floats(allow_nan=True)))
def test_columns_of_numbers_can_be_read_again(numbers):
    found = decode(columns(pd.DataFrame({"time": pd.Series(numbers, dtype=float)})))
    for read, number in zip(found["time"], numbers, strict=True):
        if math.isfinite(number):
            assert read == pytest.approx(number, rel=5e-6, abs=0)
        else:
            assert read is None or math.isnan(read)


def test_reasons_of_single_values_stand_at_their_cells():
    rows = made_rows()
    for name, metric, why in [("fused", "peak", "no peak"), ("sklearn", "workspace", "unknown")]:
        own = (rows["implementation"] == name) & (rows["metric"] == metric)
        rows.loc[own, ["state", "reason"]] = "skipped", why
    found = data_of(rows)
    cells, reasons = decode(found["cells"]), decode(found["reasons"]).fillna("")
    told = [*zip(cells["implementation"], reasons["peak"], reasons["workspace"], strict=True)]
    assert len({*told}) == len(KERNELS)  # the same for all data
    assert {("fused", "no peak", ""), ("sklearn", "", "unknown")} <= {*told}


def test_a_page_of_very_many_values_is_small():
    rng = random.Random(0)
    names = {f"kernel{i}": each for i, each in enumerate([*KERNELS.values()] * 6)}
    sizes = list(itertools.product([10 * k for k in range(1, 56)], range(1, 5)))
    rows = made_rows(KERNELS | names, sizes)
    for column in ("value", "low", "high"):
        rows[column] *= [rng.uniform(0.9, 1.1) for _ in range(len(rows))]
    rows.loc[rows["metric"] == "break_even", ["state", "reason"]] = "skipped", "not faster"
    assert len(rows) > 100_000
    assert len(to_json(data_of(rows))) < 1.8e6


def test_no_results_make_a_page():
    rows = made_rows().iloc[:0]
    assert data_of(rows)["cells"]["problem"] == {"codes": [], "values": []}


def test_the_page_asks_for_nothing_and_is_small():
    page = render(data_of(made_rows(), [CURVE]))
    assert len(page.encode()) < 3_000_000
    assert "/*{" not in page  # every slot is filled
    head = page.partition("<body>")[0]
    assert re.findall(r"(?:src|href)=(\S+)", head) == ['"data:,">']
    assert page.count("<script") == page.count("</script>") == 4


MARKUP = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc|DOMParser"
    r"|createContextualFragment|\beval\(|new Function|javascript:|setAttribute\(\s*[\"'`]on"
)


def test_scripts_never_take_text_for_markup():
    page = render(data_of(made_rows()))
    own = page.rpartition('id="library"')[2].partition("</script>")[2]
    assert "createElement" in own
    assert MARKUP.findall(own) == []


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_scripts_and_styles_can_be_read(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if len(line) > WIDTH] == []


def test_every_script_and_style_is_in_the_page():
    page = render(data_of(made_rows()))
    for path in OWN:
        assert path.read_text(encoding="utf-8") in page, path


def test_the_page_is_told_what_the_report_was_asked_for():
    data = data_of(made_rows(), base="fused", history="../pages")
    assert (data["base"], data["history"], data["n_threads"]) == ("fused", "../pages", 2)
    assert data_of(made_rows())["base"] == data["baseline"] == "matrix"
    assert dict(data["rules"]["promised"]) == PROMISED
    assert data["rules"]["farthest"] == FARTHEST


def test_verdicts_count_the_threads_that_all_stands_for():
    """A report of one thread shows the cells of all threads too."""
    facts = replace(FACTS, n_threads=1)
    cells = decode(data_of(made_rows(), facts=facts, n_threads=4)["cells"])
    assert cells["why"].str.contains("one of 4 threads works").any()


def test_cells_hold_what_chance_does_at_their_size():
    cells = decode(data_of(made_rows())["cells"])
    assert set(cells["chance_band"]) == {0.0302}
    assert set(cells["tie_band"]) == {0.0302}
