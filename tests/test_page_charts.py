"""What a chart of the page is besides its picture: a table, a file for a paper, names."""

from __future__ import annotations

import re
import struct
import zlib

import pytest

from scripts._common import units
from scripts._common.records import MemoryCurve
from tests._browser import Opened
from tests._paged import all_rows, loss_curve, write
from tests._rows import KERNELS, made_rows

CHARTED = ("curves", "roofline", "memory", "threads", "training")
DARK = re.compile("#14161a|#e8e8e8|#a8adb5|#383c44|#4aa8e0|#ff8f4a|#3ecfa3|#e49ac6|#9fd8ff", re.I)
_RGB = 2  # the colour type of a PNG without transparency


def figures_of(page):
    return page.tab.locator("figure[data-chart]").all()


def saved(page, figure, kind):
    with page.tab.expect_download() as download:
        figure.get_by_role("button", name=f"save {kind}").click()
    return download.value.path().read_bytes()


def first_pixel(png):
    """Colour of the upper left pixel; the first one has no neighbours to be filtered by."""
    chunks, at = b"", 8
    kind = png[25]
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            chunks += png[at + 8 : at + 8 + length]
        at += 12 + length
    return tuple(zlib.decompress(chunks)[1 : 4 if kind == _RGB else 5])[:3]


@pytest.mark.parametrize("view", CHARTED)
def test_a_chart_of_a_dark_page_is_saved_for_paper(chromium, page_file, view):
    page = Opened(chromium, page_file, dark=True)
    page.show(view)
    for figure in figures_of(page):
        shown = figure.locator(".chart svg").first.evaluate("(svg) => svg.outerHTML")
        text = saved(page, figure, "SVG").decode()
        assert DARK.search(shown)
        assert DARK.findall(text) == []
        assert 'fill="#ffffff"' in text
    page.close()


def test_a_picture_of_a_dark_page_is_white_and_the_page_stays_dark(chromium, page_file):
    page = Opened(chromium, page_file, dark=True)
    page.show("curves")
    (figure,) = figures_of(page)
    assert first_pixel(saved(page, figure, "PNG")) == (255, 255, 255)
    page.tab.locator(".chip[data-name=fused]").click()
    page.wait()
    assert DARK.search(page.tab.locator(".chart svg").first.evaluate("(svg) => svg.outerHTML"))
    page.close()


def test_the_map_of_a_dark_page_is_saved_for_paper(chromium, page_file):
    page = Opened(chromium, page_file, dark=True)
    page.show("which")
    text = saved(page, page.tab.locator("#main"), "SVG").decode()
    page.close()
    assert DARK.findall(text) == []


@pytest.mark.parametrize("view", CHARTED)
def test_each_chart_has_its_values_as_a_table_for_the_keyboard(page, view):
    page.show(view)
    for figure in figures_of(page):
        figure.locator("summary").focus()
        assert figure.locator("table").count() == 0
        page.tab.keyboard.press("Enter")
        figure.locator("table").wait_for()
        n_heads = figure.locator("thead th[scope=col]").count()
        rows = figure.locator("tbody tr")
        assert rows.count() >= 1
        assert rows.locator("th[scope=row]").count() == rows.count()
        assert rows.first.locator("th, td").count() == n_heads >= 3
        page.tab.keyboard.press("Tab")
        label = page.tab.evaluate("document.activeElement.getAttribute('aria-label')")
        assert label == figure.locator("figcaption").text_content()


def test_a_table_holds_the_values_of_its_chart(page):
    page.show("curves", error="any", at="100")
    figure = page.tab.locator("figure[data-chart=curves]")
    figure.locator("summary").click()
    figure.locator("tbody tr").first.wait_for()
    rows = [row.locator("th, td").all_inner_texts() for row in figure.locator("tbody tr").all()]
    times = made_rows()
    times = times[(times["metric"] == "time") & (times["n_features"] == 100)]
    expected = {
        (row.implementation, f"{row.n_samples:,} x 100", units.seconds(row.value))
        for row in times.itertuples()
    }
    assert {tuple(row[:3]) for row in rows} == expected


def test_memory_over_time_has_names_on_a_phone(chromium, tmp_path):
    curves = [
        MemoryCurve("logistic", name, 10, 10, (0.0, 1.0), (5.0, 6.0), (0.0, 1.0))
        for name in ("fused", "sklearn")
    ]
    page = Opened(chromium, write(tmp_path / "page.html", all_rows(), curves=curves), width=390)
    page.show("memory")
    names = page.tab.locator("ul.key:has(+ figure[data-chart=memory-over-time-1]) li")
    assert names.all_text_contents() == ["fused", "sklearn"]
    assert all(name.is_visible() for name in names.all())
    swatch = "(each) => getComputedStyle(each.querySelector('.swatch')).borderTopColor"
    assert len({name.evaluate(swatch) for name in names.all()}) == 2
    page.close()


def test_loss_is_drawn_against_seconds_above_the_least(chromium, tmp_path):
    losses = [
        *(loss_curve("fused", solver) for solver in ("gd", "sgd")),
        loss_curve("matrix", "sgd", seconds=(0.02, 0.04, 0.06)),
        loss_curve("matrix", "sgd", problem="linear"),
    ]
    page = Opened(chromium, write(tmp_path / "page.html", all_rows(), losses=losses))
    page.show("training")
    figure = page.tab.locator("figure[data-chart=losses-1]")
    labels = set(figure.locator("svg text").all_text_contents())
    assert {"gd, fused", "sgd, fused", "sgd, matrix"} <= labels
    points = figure.locator("path[aria-roledescription=point]")
    assert str(points.first.get_attribute("aria-label")).startswith("x: 0.01; y: 2; ")
    figure.locator("summary").click()
    figure.locator("tbody tr").first.wait_for()
    first = figure.locator("tbody tr").first.locator("th, td").all_inner_texts()
    assert first == ["fused", "gd", "1", "10.0 ms", "3.00000", "2.00"]
    trained = page.tab.get_by_role("region", name="Trainings with loss against seconds")
    rows = [row.locator("th, td").all_inner_texts() for row in trained.locator("tbody tr").all()]
    assert rows[1] == ["fused", "sgd", "3", "30.0 ms", "2.00x", "0.125"]
    assert rows[0][4] == "n/a"  # there is no gd of the base
    page.close()


def test_a_loss_that_is_the_least_at_once_is_drawn_as_it_is(chromium, tmp_path):
    losses = [loss_curve(losses=(1.0, 1.0, 1.0))]
    page = Opened(chromium, write(tmp_path / "page.html", all_rows(), losses=losses))
    page.show("training")
    title = page.text("figure[data-chart=losses-1] figcaption")
    assert title == "logistic: loss against seconds, 1,000 x 2, seed 0"
    assert page.marks()["losses-1"] >= 3
    page.close()
    assert not page.complaints


def test_without_losses_the_page_names_the_command(chromium, tmp_path):
    losses = [loss_curve("fused", problem="linear")]
    page = Opened(chromium, write(tmp_path / "page.html", made_rows(), losses=losses))
    page.show("training")
    text = page.text()
    page.close()
    assert "python -m scripts.train descent" in text
    assert "Recorded for linear." in text


def test_every_name_of_many_has_a_colour_of_its_own(chromium, tmp_path):
    names = ["matrix", *(f"kernel_{i}" for i in range(31))]
    rows = made_rows(dict.fromkeys(names, KERNELS["fused"]))
    for dark in (False, True):
        page = Opened(chromium, write(tmp_path / "page.html", rows), dark=dark)
        page.show("curves")
        colour = "(all) => all.map((each) => getComputedStyle(each).borderTopColor)"
        colours = page.tab.locator(".chip .swatch").evaluate_all(colour)
        page.close()
        assert len(set(colours)) == len(colours) == len(names)


def test_the_training_chart_names_what_is_coloured_and_greys_the_rest(page):
    page.show("training", show="fused")
    figure = page.tab.locator("figure[data-chart=training]")
    texts = set(figure.locator("svg text").all_text_contents())
    assert texts & set(KERNELS) == {"fused"}
    grey = "(all) => all.map((each) => each.getAttribute('stroke'))"
    marks = figure.locator("path[aria-roledescription=point]")
    faint = page.tab.evaluate(
        "getComputedStyle(document.documentElement).getPropertyValue('--faint').trim()"
    )
    strokes = marks.evaluate_all(grey)
    assert set(strokes) - {faint} != set()
    assert strokes.count(faint) > len(strokes) / 2
