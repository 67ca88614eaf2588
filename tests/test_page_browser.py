"""The report's page in a browser, from a file and without a network."""

from __future__ import annotations

import io
import math
import re

import pandas as pd
import pytest

from scripts._common import escape, units
from scripts._common.records import Facts, MemoryCurve
from tests._browser import Opened
from tests._hostile import HTML
from tests._paged import VIEWS, all_rows, loss_curve, real, write
from tests._rows import KERNELS, SIZES, made_rows

CHARTS = {
    "curves": ["curves"],
    "roofline": ["roofline"],
    "memory": ["workspace", "error-against-time", "memory-over-time-1"],
    "threads": ["threads"],
    "training": ["training", "losses-1"],
}
HOSTILE = (*HTML, "../../x", "x" * 200, r"$\frac{", "=1+1", "\x1b[31m", "\u202eabc\u202c")
every_view = pytest.mark.parametrize("view", VIEWS)


def without_values(rows, chosen, state, reason):
    rows.loc[chosen, ["value", "low", "high"]] = math.nan
    rows.loc[chosen, ["state", "reason"]] = [state, reason]
    return rows


def test_the_page_asks_for_nothing_but_itself(page, page_file):
    for view in VIEWS:
        page.show(view)
    assert page.requests == [page_file.as_uri()]
    assert page.views() == list(VIEWS)


@every_view
def test_a_view_is_drawn_and_its_charts_have_marks(page, view):
    page.show(view)
    assert page.texts("h2")[0]
    marks = page.marks()
    assert list(marks) == CHARTS.get(view, [])
    assert all(count >= len(KERNELS) - 2 for count in marks.values())


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_no_view_is_wider_than_the_window(chromium, page_file, width, dark):
    page = Opened(chromium, page_file, width=width, dark=dark)
    for view in VIEWS:
        page.show(view, cell="1,000 x 100")
        assert page.overflow() <= 0, view
    theme = page.tab.evaluate("getComputedStyle(document.body).backgroundColor")
    page.close()
    assert (theme == "rgb(255, 255, 255)") != dark
    assert not page.complaints


def test_a_name_that_is_switched_off_turns_grey_and_the_others_keep_their_colours(page):
    page.show("curves", error="any")
    labels = page.texts("svg text")
    assert {"fused", "sklearn"} <= set(labels)
    before = swatches(page)
    page.tab.locator(".chip[data-name=fused]").click()
    page.wait()
    assert "fused" not in page.texts("svg text")
    assert "sklearn" in page.texts("svg text")
    assert swatches(page) == before
    page.tab.locator(".chip[data-name=sklearn]").dblclick()
    page.wait()
    assert set(page.texts("svg text")) & set(KERNELS) == {"sklearn"}


def swatches(page):
    colour = "(all) => all.map((each) => getComputedStyle(each).borderTopColor)"
    return page.tab.locator(".chip .swatch").evaluate_all(colour)


def test_curves_relative_to_the_baseline_show_the_speed_up(page):
    page.show("curves", relative="1", at="100")
    page.tab.locator("svg path[aria-roledescription=point]").last.hover()
    tip = page.tab.locator("#vg-tooltip-element.visible")
    tip.wait_for()
    texts = dict(zip(*[iter(tip.locator("td").all_inner_texts())] * 2, strict=True))
    name, size = texts["implementation"], texts["size"]
    value = value_of(all_rows(), name, size, "speed_up")
    assert texts["times as fast as the base"] == units.ratio(value)


def value_of(rows, name, size, metric):
    n, d = (int(number.replace(",", "")) for number in size.split(" x "))
    key = {"implementation": name, "n_samples": n, "n_features": d, "metric": metric}
    key |= {"threads": "all", "dataset": "", "solver": ""}
    (value,) = rows[(rows[list(key)] == pd.Series(key)).all(axis="columns")]["value"]
    return value


@pytest.mark.parametrize("name", ["matrix", "fused", "sklearn", "fused_float32"])
def test_an_opened_cell_shows_the_values_of_the_rows(page, name):
    page.show("which", cell="1,000 x 100")
    row = page.tab.locator(".contenders tbody tr", has=page.tab.get_by_text(name, exact=True))
    shown = [text.partition("\n")[0] for text in row.locator("td.number").all_inner_texts()]
    shown_metrics = ("time", "speed_up", "error", "workspace", "peak", "prepare")
    rows = all_rows()
    value = {metric: value_of(rows, name, "1,000 x 100", metric) for metric in shown_metrics}
    assert shown[:2] == [units.seconds(value["time"]), units.ratio(value["speed_up"])]
    assert shown[2] == units.error(value["error"])
    assert shown[3:5] == [units.n_bytes(value["workspace"]), units.n_bytes(value["peak"])]
    assert shown[5] == units.seconds(value["prepare"])


def test_the_table_filters_sorts_and_survives_a_reload(page):
    page.show("table")
    page.tab.get_by_role("searchbox").fill("1,000 x 100")
    page.tab.get_by_text(re.compile("^5 of 35 rows")).wait_for()
    page.tab.get_by_role("button", name="time", exact=True).press("Enter")
    assert page.tab.locator("th[aria-sort=ascending]").inner_text().startswith("time")
    focused = page.tab.evaluate("document.activeElement.dataset.name")
    names = page.texts(".values tbody th")
    rising = sorted(KERNELS, key=lambda name: value_of(all_rows(), name, "1,000 x 100", "time"))
    assert (focused, names) == ("sort time", rising)
    page.tab.get_by_role("button", name="time ↑").press("Enter")
    page.tab.reload()
    assert page.texts(".values tbody th") == rising[::-1]
    assert page.tab.get_by_role("searchbox").input_value() == "1,000 x 100"


def test_the_csv_holds_what_is_filtered_with_raw_values(page, tmp_path):
    page.show("table", filter="fused_float32")
    with page.tab.expect_download() as download:
        page.tab.get_by_role("button", name="download CSV").click()
    download.value.save_as(tmp_path / "values.csv")
    written = pd.read_csv(tmp_path / "values.csv", keep_default_na=False)
    assert set(written["implementation"]) == {"fused_float32"}
    assert len(written) == len(SIZES) + 1
    (time_of,) = written[(written["n_samples"] == 1000) & (written["n_features"] == 100)]["time"]
    assert time_of == pytest.approx(value_of(all_rows(), "fused_float32", "1,000 x 100", "time"))


def test_choices_survive_a_reload_and_keep_the_focus(page):
    page.show("curves")
    precision = page.tab.get_by_label("Precision")
    precision.focus()
    precision.press("ArrowDown")
    page.wait()
    assert page.tab.evaluate("document.activeElement.dataset.name") == "choose Precision"
    page.tab.get_by_label("Time against").select_option("n_samples")
    page.tab.reload()
    page.wait()
    assert page.tab.get_by_label("Precision").input_value() == "1e-6"
    assert page.tab.get_by_label("Time against").input_value() == "n_samples"
    assert "fused_float32" in page.texts(".chip")


def test_threads_that_make_slower_are_named_with_their_sizes(chromium, tmp_path):
    rows = all_rows()
    slow = (
        (rows["implementation"] == "fused") & (rows["n_samples"] == 10) & (rows["threads"] == "1")
    )
    rows.loc[slow & (rows["metric"] == "time"), ["value", "low", "high"]] /= 3
    page = Opened(chromium, write(tmp_path / "page.html", rows))
    page.show("threads")
    warning = page.text(".advice")
    page.close()
    assert "fused: 10 x 10 (1.8x the time), 10 x 100 (1.8x the time)" in warning
    assert "matrix" not in warning


@pytest.fixture(scope="module")
def hostile_file(tmp_path_factory):
    kernels = {"matrix": KERNELS["matrix"]} | dict.fromkeys(HOSTILE, KERNELS["fused"])
    rows = all_rows(kernels)
    rows.loc[rows["dataset"] == "digits", "dataset"] = HOSTILE[0]
    rows.loc[rows["n_samples"] == 100_000, "flag"] = HOSTILE[1]
    gone = (rows["n_samples"] == 10) & (rows["implementation"] != "matrix")
    rows = without_values(rows, gone, "failed", HOSTILE[0])
    facts = Facts(*HOSTILE[:5], 2, 8 << 30, {}, {HOSTILE[0]: HOSTILE[2]}, HOSTILE[5], 0.1)
    curves = [
        MemoryCurve("logistic", name, 10, 10, (0.0, 1.0), (5.0, 6.0), (0.0, 1.0))
        for name in HOSTILE
    ]
    losses = [loss_curve(name, name) for name in HOSTILE]
    return write(tmp_path_factory.mktemp("hostile") / "index.html", rows, facts, curves, losses)


@pytest.mark.parametrize("width", [390, 1280])
@every_view
def test_hostile_names_are_shown_as_text(chromium, hostile_file, view, width):
    page = Opened(chromium, hostile_file, width=width)
    page.show(view, cell="1,000 x 100", size="1,000 x 100")
    shown = page.text()
    made = page.tab.locator("main img, main script, main b b, main iframe").count()
    wide = page.overflow()
    page.close()
    words = " ".join(shown.split())
    assert [name for name in map(escape.line, HOSTILE) if name not in words] == []
    assert (made, page.requests, page.complaints) == (0, [hostile_file.as_uri()], [])
    assert wide <= 0


def test_a_formula_is_no_formula_in_the_csv(chromium, hostile_file):
    page = Opened(chromium, hostile_file)
    page.show("table", filter="=1+1")
    with page.tab.expect_download() as download:
        page.tab.get_by_role("button", name="download CSV").click()
    written = pd.read_csv(io.BytesIO(download.value.path().read_bytes()))
    page.close()
    assert set(written["implementation"]) == {"'=1+1"}


def only_one():
    return made_rows({"matrix": KERNELS["matrix"]}, sizes=SIZES[:1])


def all_failed():
    rows = made_rows()
    return without_values(rows, rows.index, "failed", "it raised an error")


def no_noise():
    rows = made_rows()
    return rows[rows["metric"] != "chance"]


def no_baseline():
    rows = made_rows()
    return rows[rows["implementation"] != "matrix"]


def only_real():
    return real(made_rows())


def no_rows():
    return made_rows().iloc[:0]


@pytest.mark.parametrize("rows", [only_one, all_failed, no_noise, no_baseline, only_real, no_rows])
def test_results_that_lack_something_break_no_view(chromium, tmp_path, rows):
    page = Opened(chromium, write(tmp_path / "page.html", rows(), curves=(), losses=()))
    for view in VIEWS:
        page.show(view)
        assert page.text().strip(), view
    page.close()
    assert not page.complaints


def many_rows(n_rows):
    """About so many rows, with as many different names as a grid of 20 sizes takes."""
    sizes = [(n, d) for n in (10, 100, 1000, 10_000, 100_000) for d in (3, 10, 30, 100)]
    per_name = len(made_rows({"matrix": KERNELS["matrix"]}, sizes))
    names = [f"kernel_{i}" for i in range(n_rows // per_name)]
    tuned = {
        name: (*KERNELS["fused"][:5], 500 + 7.13 * i, 0.3 + 0.0117 * i)
        for i, name in enumerate(names)
    }
    return made_rows({"matrix": KERNELS["matrix"], **tuned}, sizes)


def test_a_hundred_thousand_rows_make_a_small_page_that_works(chromium, tmp_path):
    path = write(tmp_path / "page.html", many_rows(100_000))
    assert path.stat().st_size <= 3_000_000
    page = Opened(chromium, path)
    for view in ("which", "curves", "table"):
        page.show(view)
    drawn = page.tab.locator(".values tbody tr").count()
    page.close()
    assert drawn == 200
    assert not page.complaints
