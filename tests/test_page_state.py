"""What the page keeps in its address, and what it does when that changes."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

from tests._browser import Opened
from tests._paged import all_rows, write
from tests._rows import KERNELS, made_rows

ODD = ("constructor", "__proto__", "-1", "1e999", "\u202e<b>", "9" * 400, "%", "0.5", "NaN")
KEYS = ("base", "n", "d", "calls", "at", "size", "cell", "show", "sort", "filter", "view")
_COUNT_DRAWINGS = """() => {
  window.drawings = 0;
  new MutationObserver((all) => { window.drawings += all.length; })
    .observe(document.getElementById("main"), { childList: true });
}"""
_COUNT_LISTENERS = """
  window.listening = 0;
  for (const [name, step] of [["addEventListener", 1], ["removeEventListener", -1]]) {
    const own = window[name];
    window[name] = function (type, ...rest) {
      if (type === "resize") window.listening += step;
      return own.call(this, type, ...rest);
    };
  }
"""
_FAIL_AT_THE_FIRST_CHART = """() => {
  const fail = () => dispatchEvent(new ErrorEvent("error", { message: "another one" }));
  addEventListener("hashchange", () => queueMicrotask(fail), { once: true });
}"""


def base_of(page):
    return page.tab.locator("select[data-name='choose Relative to']")


@pytest.mark.parametrize(("base", "chosen"), [("fused", "fused"), ("nothing", "matrix")])
def test_speed_ups_are_over_the_baseline_of_the_report(chromium, tmp_path, base, chosen):
    page = Opened(chromium, write(tmp_path / "page.html", made_rows(), base=base))
    page.show("which")
    assert base_of(page).input_value() == chosen
    base_of(page).select_option("sklearn")
    assert "base=sklearn" in page.tab.url
    base_of(page).select_option(chosen)
    assert f"speed-up over {chosen}" in page.text()
    page.close()


def test_a_base_that_was_not_measured_gives_way_to_one_that_was(page):
    page.show("which", base="row_loop")
    assert base_of(page).input_value() == "row_loop"
    page.show("which", base="gone")
    assert base_of(page).input_value() == "matrix"


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_address_shows_a_page_all_the_same(page, odd):
    for view in ("which", "curves", "table"):
        page.show(**(dict.fromkeys(KEYS, odd) | {"view": view, odd: "x"}))
        assert page.texts("#main h2"), view
        assert base_of(page).input_value() == "matrix"


def test_a_typed_address_and_a_step_back_draw_once(page):
    page.show("which")
    page.tab.evaluate(_COUNT_DRAWINGS)
    page.show("table")
    assert page.tab.evaluate("window.drawings") == 1
    page.tab.get_by_role("link", name="Threads").click()
    page.tab.go_back()
    page.tab.wait_for_function("document.querySelector('.view-table')")
    page.wait()
    assert page.tab.evaluate("window.drawings") == 3


def test_charts_that_are_gone_no_longer_listen(chromium, page_file):
    page = Opened(chromium, page_file, script=_COUNT_LISTENERS)
    page.show("memory")
    first = page.tab.evaluate("window.listening")
    for view in ("curves", "roofline", "memory", "table", "memory"):
        page.show(view)
    again = page.tab.evaluate("window.listening")
    page.show("table")
    none = page.tab.evaluate("window.listening")
    page.close()
    assert first == again > 0 == none


def test_an_error_of_the_page_does_not_stop_the_charts(page):
    page.tab.evaluate(_FAIL_AT_THE_FIRST_CHART)
    page.show("curves")
    assert page.marks()["curves"] > 0


def test_a_name_with_a_comma_can_be_switched(chromium, tmp_path):
    kernels = {"matrix": KERNELS["matrix"]} | dict.fromkeys(["a,b%2C", "c"], KERNELS["fused"])
    page = Opened(chromium, write(tmp_path / "page.html", made_rows(kernels)))
    page.show("curves")
    page.tab.get_by_role("button", name="a,b%2C", exact=True).dblclick()
    page.wait()
    pressed = page.texts(".chip[aria-pressed=true]")
    page.tab.reload()
    assert page.texts(".chip[aria-pressed=true]") == pressed == ["a,b%2C"]
    page.close()


def test_a_saved_chart_is_valid_whatever_the_names(chromium, tmp_path):
    kernels = {"matrix": KERNELS["matrix"], "\u001b[31m\u0000<&\ufffe": KERNELS["fused"]}
    page = Opened(chromium, write(tmp_path / "page.html", made_rows(kernels)))
    page.show("curves")
    with page.tab.expect_download() as download:
        page.tab.get_by_role("button", name="save SVG").click()
    text = download.value.path().read_text(encoding="utf-8")
    page.close()
    texts = "".join(ElementTree.fromstring(text).itertext())
    assert "\ufffd[31m\ufffd<&" in texts


def test_on_a_phone_the_names_stay_while_the_values_scroll(chromium, page_file):
    page = Opened(chromium, page_file, width=390)
    page.show("which", cell="1,000 x 100")
    page.tab.locator(".cell .scroll").evaluate("(box) => { box.scrollLeft = 400; }")
    left = page.tab.locator(".contenders tbody th").first.bounding_box()["x"]
    edge = page.tab.locator(".cell .scroll").bounding_box()["x"]
    page.close()
    assert left == pytest.approx(edge, abs=2)


def test_all_threads_are_those_of_the_machine(chromium, tmp_path):
    """Also in a report of one thread, whose facts are of one."""
    page = Opened(chromium, write(tmp_path / "page.html", all_rows(), n_threads=8))
    page.show("threads")
    text = page.text()
    page.close()
    assert "all 8 threads" in text
    assert "times as fast as with 1 thread" in text


def test_noise_says_what_counts_as_a_tie(page):
    page.show("measured")
    assert "up to 5.0 % a tie (0.50 % at least)" in page.text()


def test_no_time_at_all_is_zero_seconds(chromium, tmp_path):
    rows = made_rows()
    rows.loc[rows["metric"] == "prepare", ["value", "low", "high"]] = 0
    page = Opened(chromium, write(tmp_path / "page.html", rows))
    page.show("table", filter="fused")
    shown = set(page.texts("td[data-key=prepare]"))
    page.close()
    assert all(text.startswith("0 s") for text in shown)
