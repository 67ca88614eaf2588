"""The page's data and its file; what a browser makes of it is in test_page_browser."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scripts._page
from scripts._advice.advice import FARTHEST
from scripts._common.fastest import PROMISED
from scripts._common.metrics import metrics
from scripts._page import page_data, render
from scripts._page.data import columns
from scripts._page.render import to_json
from tests._paged import CURVE, FACTS
from tests._rows import SIZES, made_rows

PAGE = Path(scripts._page.__file__).parent
OWN = sorted([*PAGE.rglob("*.js"), *PAGE.rglob("*.css")])  # scripts and styles
WIDTH = 110


def data_of(rows, curves=(), facts=FACTS, **options):
    return page_data(rows, curves, facts, metrics(), **options)


def decode(columns):
    texts = {k: v for k, v in columns.items() if isinstance(v, dict)}
    plain = {k: [v["texts"][code] for code in v["codes"]] for k, v in texts.items()}
    return pd.DataFrame(columns | plain)


def test_the_data_hold_the_values_of_the_rows():
    rows = made_rows()
    cells = decode(data_of(rows)["cells"])
    times = rows[rows["metric"] == "time"]
    key = ["implementation", "n_samples", "n_features"]
    both = cells.merge(times, on=key, suffixes=("", "_row"))
    assert len(both) == len(times) == len(cells)
    assert both["time"].to_numpy() == pytest.approx(both["value"].to_numpy(), rel=1e-5)
    assert both["time_high"].to_numpy() == pytest.approx(both["high"].to_numpy(), rel=1e-5)


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
    assert set(data["cells"]["peak"]) == {None}
    assert set(data["cells"]["workspace"]) == {None}
    assert data["curves"][0]["call_seconds"] == [0.05, 0.1]


@settings(max_examples=60)
@given(st.lists(st.text() | st.just("</script><!--"), min_size=1, max_size=5))
def test_any_text_survives_in_a_script_element(texts):
    written = to_json({"texts": texts})
    assert not set(written) & set("<>&\u2028\u2029")
    whole = [text.encode("utf-8", "replace").decode() for text in texts]
    assert json.loads(written)["texts"] == whole


def test_columns_state_each_text_once():
    found = columns(pd.DataFrame({"name": ["b", "a", "b", None], "x": [1.0, 2.5, math.nan, 4]}))
    assert found["name"] == {"codes": [0, 1, 0, 2], "texts": ["b", "a", ""]}
    assert found["x"] == [1, 2.5, None, 4]


def test_no_results_make_a_page():
    rows = made_rows().iloc[:0]
    assert data_of(rows)["cells"]["problem"] == {"codes": [], "texts": []}


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
