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
    assert "[31m <&" in texts


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


def test_a_link_to_what_is_not_there_is_told_and_corrected(page):
    asked = {"base": "gone", "size": "3 x 3", "cell": "7 x 7", "show": "fused,none", "sort": "age"}
    page.show("curves", problem="nope", libraries="2", error="any", **asked)
    told = page.text("#notice")
    assert "problem = nope" in told
    assert "libraries = 2" in told
    assert "and 5 more" in told or "and 4 more" in told
    assert page.tab.evaluate("location.hash") == "#view=curves&error=any&show=fused"
    page.tab.reload()
    page.wait()
    assert page.text("#notice") == ""


@pytest.mark.parametrize(
    ("key", "value"),
    [("cell", "7 x 7"), ("size", "3 x 3"), ("at", "7"), ("base", "gone"), ("sort", "age")],
)
def test_each_choice_that_is_not_there_is_named(page, key, value):
    page.show("table", **{key: value})
    assert f"{key} = {value}" in page.text("#notice")
    assert page.tab.evaluate("location.hash") == "#view=table"


def test_a_link_to_what_is_there_keeps_its_address(page):
    given = {"base": "fused", "cell": "10 x 100", "at": "100", "sort": "-time", "show": "fused"}
    page.show("table", size="digits", libraries="0", n="5", **given)
    assert page.text("#notice") == ""
    address = page.tab.evaluate("location.hash")
    assert {f"{key}={value.replace(' ', '+')}" for key, value in given.items()} <= set(
        address.lstrip("#").split("&")
    )


def test_the_csv_says_what_it_holds(page):
    page.show("table", threads="1")
    button = page.tab.get_by_role("button", name="download CSV")
    assert button.inner_text() == "download CSV of logistic, 1 thread"
    assert "results.csv" in button.get_attribute("title")


def contradicting():
    """At 1,000 x 100, fused has the lower median time and fused_float32 the higher ratio."""
    rows = made_rows()
    at = (rows["n_samples"] == 1000) & (rows["n_features"] == 100)
    time = at & (rows["metric"] == "time")
    own = dict(zip(rows[time]["implementation"], rows[time]["value"], strict=True))
    slower = time & (rows["implementation"] == "fused_float32")
    rows.loc[slower, "value"] = 1.1 * own["fused"]
    return rows


def test_a_cell_says_which_of_two_that_disagree_is_to_be_trusted(chromium, tmp_path):
    page = Opened(chromium, write(tmp_path / "page.html", contradicting()))
    page.show("which", cell="1,000 x 100")
    text = page.text(".contradiction")
    assert text.startswith("fused has the lower median time (30.5 us against 33.6 us), but ")
    assert "fused_float32 the higher ratio" in text
    assert "Trust the ratio" in text
    page.show("which", cell="1,000 x 10")
    assert page.tab.locator(".contradiction").count() == 0
    page.show("which", cell="1,000 x 100", base="sklearn")  # whose ratios are those of medians
    assert page.tab.locator(".contradiction").count() == 0
    page.close()


def test_more_processors_than_threads_are_flagged_in_words(chromium, tmp_path):
    rows = all_rows()
    over = (rows["metric"] == "processors") & (rows["implementation"] == "fused")
    rows.loc[over & (rows["threads"] == "1"), "value"] = 1.11
    rows.loc[over & (rows["threads"] == "all"), "value"] = 2.09
    page = Opened(chromium, write(tmp_path / "page.html", rows))
    page.show("which", cell="1,000 x 100", threads="1")
    flagged = page.tab.locator(".contenders tr", has=page.tab.get_by_text("above its 1 thread"))
    assert flagged.locator("th .name").all_text_contents() == ["fused"]
    page.show("measured", threads="1")
    assert "CPU time / wall time is above the threads" in page.text()
    page.show("measured", threads="all")
    assert "CPU time / wall time is above the threads" not in page.text()
    page.close()


def test_how_it_was_measured_counts_rounds_and_generations(chromium, tmp_path):
    rows = made_rows()
    rows.loc[rows["n_samples"] == 10, ["rounds", "generations"]] = [30.0, 3.0]
    page = Opened(chromium, write(tmp_path / "page.html", rows))
    page.show("measured")
    facts = dict(zip(page.texts("dt"), page.texts("dd"), strict=True))
    warned = "20 of 30 times come from fewer than 3 generations" in page.text()
    page.close()
    assert facts["rounds of a time"] == "12 (12 to 30)"
    assert facts["generations of processes"] == "1 (1 to 3)"
    assert warned
