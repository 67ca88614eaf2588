"""The figures: nothing is silently absent, and names are told apart without a table of them."""

from dataclasses import dataclass, field
from math import inf, isfinite, log10, nan

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scripts import _figures

SIZES = ((10, 10), (1000, 10), (10, 100))
SYMBOLS = {"skipped": "–", "failed": "✕", "wrong": "≠", "missing": "?"}
VALUES = {
    "time": 1e-3,
    "error": 2e-16,
    "workspace": 8000.0,
    "peak_gradient": 105e6,
    "peak_inputs": 100e6,
    "read_roof": 20.0,
}
MANY_LONG_NAMES = ("matrix", *(f"implementation_with_a_long_name_{i:02}" for i in range(17)))
WITH_NAMES = ["time_by_samples", "time_by_features", "bandwidth", "error_against_time"]
figures = pytest.mark.parametrize("name", _figures.names("results"))


@dataclass(frozen=True)
class Facts:
    cache_bytes: dict[int, int] = field(default_factory=lambda: {1: 32_768, 2: 2**21})
    footer: str = "python -m scripts.run\nsome machine"


@dataclass(frozen=True)
class Curve:
    problem: str = "logistic"
    implementation: str = "matrix"
    n_samples: int = 1000
    n_features: int = 100
    seconds: tuple[float, ...] = (0.0, 1.0, 2.0, 3.0, 4.0)
    mebibytes: tuple[float, ...] = (10.0, 100.0, 150.0, 120.0, 100.0)
    call_seconds: tuple[float, float] = (1.5, 3.5)


def row(metric, name, size, value, **more):
    n_samples, n_features = size
    return {
        "problem": "logistic", "implementation": name, "n_samples": n_samples,
        "n_features": n_features, "dataset": "", "metric": metric, "value": value,
        "low": value * 0.9, "high": value * 1.1, "unit": "", "state": "ok", "reason": "",
        "threads": "all", "commit": "c", "environment": "e", "measured": "m",
        "bytes_per_value": 8.0,
    } | more  # fmt: skip


def frame(names=("fast", "matrix"), sizes=SIZES):
    rows = [row(*key) for key in _keys(names, sizes)]
    rows.append(row("time", names[0], (None, None), 1.0, dataset="some_data"))
    return pd.DataFrame(rows).astype({"n_samples": "Int64", "n_features": "Int64"})


def _keys(names, sizes):
    return [(metric, n, size, VALUES[metric]) for metric in VALUES for n in names for size in sizes]


def change(results, metric, name, size, **values):
    """A copy with other values in one row."""
    results = results.copy()
    at = (results["metric"] == metric) & (results["implementation"] == name)
    at &= (results["n_samples"] == size[0]) & (results["n_features"] == size[1])
    assert at.fillna(False).sum() == 1
    for column, value in values.items():
        results.loc[at.fillna(False), column] = value
    return results


def texts(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def series(axes: Axes, name: str):
    return next(line for line in axes.lines if line.get_label() == name)


def is_filled(line) -> bool:
    return line.get_markerfacecolor() == line.get_color()


# Every figure.


@figures
@pytest.mark.parametrize("names", [("fast", "matrix"), MANY_LONG_NAMES], ids=["few", "many"])
def test_nothing_is_cut_off_or_overlaps(name, names):
    figure = _figures.draw(name, frame(names), Facts())
    figure.draw_without_rendering()
    legend = figure.legends[0].get_window_extent()
    assert figure.bbox.x0 <= legend.x0 < legend.x1 <= figure.bbox.x1
    assert figure.texts[-1].get_window_extent().y1 <= legend.y0
    for axes in figure.axes:
        assert axes.has_data()
        box = axes.get_tightbbox()
        assert legend.y1 <= box.y0 < box.y1 <= figure.bbox.y1
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1


@figures
def test_no_rows_give_none(name):
    assert _figures.draw(name, frame().iloc[:0], Facts()) is None
    assert _figures.draw(name, pd.DataFrame(), Facts()) is None


@figures
def test_no_values_give_none(name):
    assert _figures.draw(name, frame().assign(state="skipped", value=nan), Facts()) is None


@figures
def test_tells_the_origin(name):
    assert "some machine" in "\n".join(
        text.get_text() for text in _figures.draw(name, frame(), Facts()).texts
    )


@figures
def test_leaves_matplotlib_as_it_was(name):
    before = dict(matplotlib.rcParams)
    _figures.draw(name, frame(), Facts())
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("stem", WITH_NAMES)
def test_a_new_name_is_in_the_legend(stem):
    figure = _figures.draw(stem, frame(("fast", "brand_new", "matrix")), Facts())
    assert legend(figure)[:3] == ["brand_new", "fast", "matrix"]


@pytest.mark.parametrize("name", ["speedup", "memory"])
def test_a_new_name_has_a_row(name):
    axes = _figures.draw(name, frame(("fast", "brand_new", "matrix")), Facts()).axes[0]
    assert "brand_new" in [label.get_text() for label in axes.get_yticklabels()]


def test_names_are_told_apart_without_colours():
    names = [f"name_{number:02}" for number in range(36)]
    axes = _figures.draw("time_by_samples", frame(names, SIZES[:1]), Facts()).axes[0]
    lines = [series(axes, name) for name in names]
    assert len({(line.get_marker(), str(line._dash_pattern)) for line in lines}) == 36
    assert len({(line.get_marker(), is_filled(line)) for line in lines[:18]}) == 18


def test_save_writes_the_same_bytes_again(tmp_path):
    contents = []
    for _ in range(2):
        paths = _figures.save(
            _figures.draw("memory", frame(sizes=SIZES[:1]), Facts()), tmp_path, "memory"
        )
        contents.append([path.read_bytes() for path in paths])
    assert [path.name for path in paths] == ["memory.png", "memory.svg"]
    assert contents[0] == contents[1]
    assert b"<dc:date>" not in contents[0][1]


# Time.


def test_times_have_a_panel_per_n_features():
    axes = _figures.draw("time_by_samples", frame(), Facts()).axes
    assert [panel.get_title("left") for panel in axes] == ["n_features = 10", "n_features = 100"]
    assert list(series(axes[0], "fast").get_xdata()) == [10, 1000]


def test_times_by_features_need_two_sizes():
    (axes,) = _figures.draw("time_by_features", frame(), Facts()).axes
    assert axes.get_title("left") == "n_samples = 10"
    assert list(series(axes, "fast").get_xdata()) == [10, 100]
    assert _figures.draw("time_by_features", frame(sizes=SIZES[:2]), Facts()) is None


@pytest.mark.parametrize(
    ("low", "high", "bar"),
    [
        (0.5e-3, 2e-3, [0.5e-3, 2e-3]),
        (-inf, inf, [1e-3, 1e-3]),
        (nan, nan, [1e-3, 1e-3]),
        (0.5e-3, inf, [0.5e-3, 1e-3]),
    ],
)
def test_intervals_leave_out_bounds_that_are_not_finite(low, high, bar):
    results = change(frame(("matrix",), SIZES[:1]), "time", "matrix", SIZES[0], low=low, high=high)
    figure = _figures.draw("time_by_samples", results, Facts())
    figure.draw_without_rendering()
    (interval,) = figure.axes[0].collections
    assert list(interval.get_segments()[0][:, 1]) == bar


@pytest.mark.parametrize("state", SYMBOLS)
def test_a_line_breaks_where_a_time_is_not_there(state):
    sizes = ((10, 10), (100, 10), (1000, 10))
    results = change(frame(sizes=sizes), "time", "fast", sizes[1], state=state, value=nan)
    times = series(_figures.draw("time_by_samples", results, Facts()).axes[0], "fast").get_ydata()
    assert [isfinite(value) for value in times] == [True, False, True]


# Speed-up.


def heat_map(results) -> dict[tuple[int, int], str]:
    """Text by column and row."""
    axes = _figures.draw("speedup", results, Facts()).axes[0]
    return {tuple(int(x) for x in text.get_position()): text.get_text() for text in axes.texts}


@pytest.mark.parametrize("state", SYMBOLS)
def test_each_state_has_its_own_mark(state):
    results = change(frame(), "time", "fast", SIZES[0], state=state, value=nan)
    axes = _figures.draw("speedup", results, Facts()).axes[0]
    marks = [text for text in texts(axes) if text in SYMBOLS.values()]
    assert marks == [SYMBOLS[state]]
    assert [patch.get_label() for patch in axes.patches if patch.get_label()] == [
        f"{SYMBOLS[state]}  {state}"
    ]


def test_marks_differ_without_their_symbols():
    patches = _figures.draw("speedup", frame(), Facts()).legends[0].get_patches()
    assert [patch.get_label().split()[1] for patch in patches] == list(SYMBOLS)
    assert len({(patch.get_hatch(), patch.get_facecolor()) for patch in patches}) == 4


def test_a_cell_without_a_row_is_missing():
    results = frame()
    gone = (results["metric"] == "time") & (results["implementation"] == "fast")
    gone &= (results["n_samples"] == 1000).fillna(False)
    assert heat_map(results[~gone])[2, 1] == "?"


def test_speedups_and_the_times_of_the_baseline():
    results = change(frame(), "time", "matrix", (10, 10), value=13.2e-6)
    results = change(results, "time", "matrix", (1000, 10), value=1.39e-3)
    results = change(results, "time", "fast", (1000, 10), value=1.39e-3 / 2.13)
    cells = heat_map(results)
    # Columns by working set: (10, 10), (10, 100), (1000, 10). The baseline is the first row.
    assert [cells[column, 0] for column in range(3)] == ["13.2 us", "1.00 ms", "1.39 ms"]
    assert [cells[column, 1] for column in range(3)] == ["0.013x", "1.0x", "2.1x"]


def test_without_a_baseline_a_cell_shows_its_time():
    results = change(frame(), "time", "matrix", (10, 10), state="failed", value=nan)
    cells = heat_map(results)
    assert (cells[0, 0], cells[0, 1]) == ("✕", "1.00 ms")


def test_colours_are_centred_at_1():
    results = change(frame(), "time", "fast", (10, 10), value=1e-3 / 3)
    low, high = _figures.draw("speedup", results, Facts()).axes[1].get_ylim()
    assert low == -high == pytest.approx(-log10(3))


# Bandwidth.


def test_bandwidth_is_compulsory_bytes_over_time():
    results = change(frame(), "time", "fast", (10, 100), bytes_per_value=4.0)
    axes = _figures.draw("bandwidth", results, Facts()).axes[1]
    n_bytes = 4 * (10 * 100 + 10 + 2 * 100)
    assert series(axes, "fast").get_xdata() == [n_bytes]
    assert series(axes, "fast").get_ydata() == pytest.approx([n_bytes / 1e-3 / 1e9])
    assert series(axes, "matrix").get_xdata() == [2 * n_bytes]


def test_the_roof_is_the_median_and_the_caches_are_named():
    results = change(frame(("a", "b", "matrix")), "read_roof", "a", (10, 10), value=90.0)
    results = change(results, "read_roof", "b", (10, 10), value=30.0)
    axes = _figures.draw("bandwidth", results, Facts()).axes[0]
    roof = max(axes.lines, key=lambda line: line.get_linewidth())
    assert list(roof.get_ydata()) == [30.0, 20.0, 20.0]
    assert [text.strip() for text in texts(axes)] == ["L1", "L2"]


# Memory.


def test_workspace_of_0_bytes_has_a_place():
    results = change(frame(), "workspace", "fast", (10, 10), value=0.0)
    figure = _figures.draw("memory", results, Facts())
    figure.draw_without_rendering()
    axes = figure.axes[0]
    assert 0.0 in axes.lines[0].get_xdata()
    assert axes.get_xlim()[0] < 0
    assert "0 B" in [label.get_text() for label in axes.get_xticklabels()]


def test_the_peak_stands_on_that_of_the_inputs():
    figure = _figures.draw("memory", frame(("matrix",), SIZES[:1]), Facts())
    below, added = figure.axes[1].patches
    assert (below.get_x(), below.get_width()) == (0, 100e6)
    assert (added.get_x(), added.get_width()) == (100e6, 5e6)


@pytest.mark.parametrize("state", SYMBOLS)
@pytest.mark.parametrize(("metric", "panel"), [("workspace", 0), ("peak_inputs", 1)])
def test_memory_names_the_state(metric, panel, state):
    results = change(frame(), metric, "fast", (10, 10), state=state, value=nan)
    axes = _figures.draw("memory", results, Facts()).axes
    assert [texts(a) for a in axes] == [[state] if a is axes[panel] else [] for a in axes]


def test_memory_shows_sizes_with_data_only():
    results = frame(sizes=(*SIZES, (10, 1000), (1000, 1000)))
    gone = (results["metric"] != "time") & (results["n_samples"] == 1000).fillna(False)
    figure = _figures.draw("memory", results[~gone], Facts())
    assert legend(figure)[:-1] == ["10 × 10", "10 × 100", "10 × 1,000"]


# Error against time.


def test_error_0_is_drawn_and_named():
    results = change(frame(), "error", "fast", (10, 10), value=0.0)
    figure = _figures.draw("error_against_time", results, Facts())
    figure.draw_without_rendering()
    axes = figure.axes[0]
    points = [line.get_ydata() for line in axes.lines if line.get_marker() != "None"]
    assert [0.0] in [list(point) for point in points]
    assert axes.get_ylim()[0] < 0
    assert "0" in [label.get_text() for label in axes.get_yticklabels()]


def test_error_0_everywhere():
    results = frame()
    results.loc[results["metric"] == "error", "value"] = 0.0
    _figures.draw("error_against_time", results, Facts()).draw_without_rendering()


def test_rounding_of_both_precisions_is_drawn():
    axes = _figures.draw("error_against_time", frame(), Facts()).axes[0]
    heights = [line.get_ydata()[0] for line in axes.lines if line.get_linestyle() == ":"]
    assert heights == [np.finfo(np.float64).eps / 2, np.finfo(np.float32).eps / 2]


@pytest.mark.parametrize("state", SYMBOLS)
def test_a_name_without_a_point_is_told(state):
    results = change(frame(), "time", "fast", (10, 10), state=state, value=nan)
    labels = [
        axes.get_xlabel() for axes in _figures.draw("error_against_time", results, Facts()).axes
    ]
    assert [f"fast {state}" in label for label in labels] == [True, False, False]


def test_few_sizes_are_chosen_the_extremes_among_them():
    sizes = tuple((n_samples, 10) for n_samples in (10, 20, 30, 40, 50, 60))
    axes = _figures.draw("error_against_time", frame(sizes=sizes), Facts()).axes
    titles = [panel.get_title("left") for panel in axes]
    assert len(titles) == 3
    assert (titles[0], titles[-1]) == ("10 × 10", "60 × 10")


# Memory over time.


def test_memory_over_time():
    curves = [Curve(), Curve(implementation="fast", call_seconds=(2.2, 2.4))]
    figure = _figures.draw("memory_over_time", curves, Facts())
    figure.draw_without_rendering()
    titles = [axes.get_title("left") for axes in figure.axes]
    # 150 MiB in the calls over 100 MiB before them; the other has no sample in its calls.
    assert titles == ["fast\nnot sampled", "matrix\n+52.4 MB"]
    assert figure.axes[0].get_ylim() == figure.axes[1].get_ylim()


def test_memory_over_time_of_no_curves():
    assert _figures.draw("memory_over_time", [], Facts()) is None


def test_memory_over_time_tells_sizes_that_differ():
    figure = _figures.draw("memory_over_time", [Curve(), Curve(n_samples=10)], Facts())
    assert figure.axes[0].get_title("left").splitlines()[1] == "10 × 100"
