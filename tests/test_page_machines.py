"""The page of several machines: the switch, and the view that compares them by ratios."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from scripts._common.metrics import metrics
from scripts._page import page_data, render
from tests._browser import Opened
from tests._paged import FACTS, VIEWS, all_rows
from tests._rows import KERNELS, SIZES, made_rows

# On the second machine a library is fast; the third is the first one at a ninth of its speed, with
# fewer sizes.
FAST = KERNELS | {
    "sklearn": ("libraries", "2", 8.0, 1e-12, 3e-16, 100, 0.05),
    "onedal": ("libraries", "2", 8.0, 1e-12, 3e-16, 5000, 0.5),
}
SLOW = {name: (*told, 9 * call, 9 * value) for name, (*told, call, value) in KERNELS.items()}
NAMES = ["laptop", "zen4 <b>", "slow"]
TIME = re.compile(r"\d (ns|us|ms|s)\b")


def machines():
    slow = made_rows(SLOW, SIZES[:4])
    return dict(zip(NAMES, (all_rows(), all_rows(FAST), slow), strict=True))


@pytest.fixture(scope="module")
def machines_file(tmp_path_factory):
    pages = [
        [name, page_data(rows, [], replace(FACTS, cpu=f"CPU of {name}"), metrics())]
        for name, rows in machines().items()
    ]
    path = tmp_path_factory.mktemp("machines") / "index.html"
    path.write_text(render({"machines": pages, "notes": ["old <i> is left out"]}), encoding="utf-8")
    return path


@pytest.fixture
def several(chromium, machines_file):
    opened = Opened(chromium, machines_file)
    yield opened
    opened.close()
    assert not opened.complaints


def choose(page, label, value):
    page.tab.locator(f"select[data-name='choose {label}']").select_option(value)
    page.wait()


def cells_of(page, row):
    return page.tab.locator(f"table.machines tbody tr:has(th:text-is('{row}')) td").all()


def test_the_switch_shows_the_other_machine_and_stays_in_the_address(several):
    several.show("which")
    assert several.text("#machine").startswith("laptop: CPU of laptop")
    assert "sklearn" not in several.texts("table.map td b")
    choose(several, "Machine", NAMES[1])
    assert several.text("#machine").startswith("zen4 <b>: CPU of zen4 <b>")
    assert "sklearn" in several.texts("table.map td b")
    several.tab.reload()
    assert several.text("#machine").startswith("zen4 <b>")
    choose(several, "Machine", "laptop")
    assert "sklearn" not in several.texts("table.map td b")


def test_every_view_is_drawn_of_every_machine(several):
    for name in NAMES:
        for view in VIEWS:
            several.show(view, machine=name)
            assert several.texts("h2")[0]
    assert several.views()[:2] == ["which", "machines"]
    assert len(several.requests) == 1


def test_a_name_has_one_colour_on_all_machines(several):
    colour = "(all) => all.map((e) => [e.dataset.name, e.querySelector('i').style.cssText])"
    found = []
    for name in NAMES:
        several.show("curves", machine=name, error="any")
        found.append(dict(several.tab.locator(".chip").evaluate_all(colour)))
    assert found[0] == found[2]
    assert found[1] == found[0] | {"onedal": found[1]["onedal"]}
    colours = {int(re.search(r"--name-(\d+)", text)[1]) for text in found[1].values()}
    assert colours == set(range(len(FAST)))


def test_machines_are_compared_by_ratios_alone(several):
    several.show("machines")
    assert several.texts("table.machines thead th") == ["data", *NAMES, "on most machines"]
    assert several.text("#main").count("speed-up") > 1
    assert not TIME.search(several.text("#main"))
    first, second, third, most = cells_of(several, "1,000 x 100")
    assert first.inner_text() == third.inner_text() or "not measured" in third.inner_text()
    assert first.locator("b").inner_text() == "fused"
    assert second.locator("b").inner_text() == "sklearn"
    assert most.inner_text().startswith("fused\n2 of 3")


def test_a_slower_machine_has_the_same_row(several):
    several.show("machines")
    for n, d in SIZES[:4]:
        first, _, third, _ = cells_of(several, f"{n:,} x {d}")
        assert first.inner_text() == third.inner_text()
    rows = several.tab.locator("[aria-label^='All implementations'] tbody tr").all_inner_texts()
    assert any(row.startswith("fused\t") for row in rows)


def test_what_a_machine_has_not_measured_says_so(several):
    several.show("machines")
    _, _, third, _ = cells_of(several, "100,000 x 100")
    assert third.inner_text() == "not measured"
    counts = several.texts("[aria-label^='On how many'] tbody tr:first-child td")
    assert counts[0] == "2 of 3laptop, slow"
    assert counts[1].endswith(f" of {2 * (len(SIZES) + 1) + 4}")
    assert "old <i> is left out" in several.texts("li")


def test_a_cell_leads_to_its_machine(several):
    several.show("machines")
    cells_of(several, "1,000 x 100")[1].locator("button").click()
    assert several.text("#machine").startswith("zen4 <b>")
    assert several.tab.locator("#cell").is_visible()
    several.tab.go_back()
    assert several.text("#machine").startswith("laptop")


def test_what_the_other_machine_lacks_is_told(several):
    several.show("which", machine=NAMES[1], threads="1")
    assert not several.texts("#notice p")
    choose(several, "Machine", "slow")
    assert "threads = 1" in several.text("#notice")
    several.show("which", machine="gone")
    assert "machine = gone" in several.text("#notice")
    assert several.text("#machine").startswith("laptop")


@pytest.mark.parametrize("width", [390, 1280])
def test_the_view_is_not_wider_than_the_window(chromium, machines_file, width):
    page = Opened(chromium, machines_file, width=width, dark=True)
    page.show("machines")
    assert page.overflow() <= 0
    page.close()


def test_a_page_of_one_machine_has_no_switch(page):
    page.show("machines")
    assert "view = machines" in page.text("#notice")
    page.show("which", machine="laptop")
    assert "machine = laptop" in page.text("#notice")
    assert not page.texts("select[data-name='choose Machine']")
