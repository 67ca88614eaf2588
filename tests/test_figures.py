"""The figures: every absence is shown, and looks follow from names without a table of them."""

import re
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf, isfinite, log10, nan

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

import impls
from impls import logistic
from scripts import _figures
from scripts._common import families, fastest
from scripts._common.baseline import relative_to
from scripts._figures import _lines, _style
from scripts._measured.results import COLUMNS

SIZES = ((10, 10), (1000, 10), (10, 100))
SYMBOLS = {"skipped": "–", "failed": "✕", "wrong": "≠", "too fast": "!", "missing": "?"}
VALUES = {
    "time": 1e-3,
    "speed_up": 1.0,
    "error": 2e-16,
    "workspace": 8000.0,
    "peak": 5e6,
    "read_roof": 20.0,
}
# What the report adds to the columns of the results.
TOLD = ["bytes_per_value", "rtol", "family", "compulsory_bytes", "working_set"]
MANY_LONG_NAMES = ("matrix", *(f"implementation_with_a_long_name_{i:02}" for i in range(17)))
LINES = ["time_by_samples", "time_by_features", "bandwidth"]
FAMILIES = {
    "matrix": families.NUMPY, "sklearn": families.LIBRARY, "torch": families.LIBRARY,
    "row_loop": families.LOOP, "nested_loop": families.LOOP,
}  # fmt: skip
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
        "problem": "logistic", "implementation": name, "solver": "", "n_samples": n_samples,
        "n_features": n_features, "dataset": "", "metric": metric, "value": value,
        "low": value * 0.9, "high": value * 1.1, "unit": "", "state": "ok", "reason": "",
        "threads": "all", "commit": "c", "environment": "e", "measured": "m",
        "generations": 1, "rounds": 12, "versions": "v", "flag": "",
        "bytes_per_value": 8.0, "rtol": 1e-12, "family": FAMILIES.get(name, families.ONE_PASS),
        "compulsory_bytes": least_bytes(size), "working_set": least_bytes(size),
    } | more  # fmt: skip


def least_bytes(size, bytes_per_value=8):
    if None in size:
        return nan
    return float(logistic.compulsory_bytes(*size, bytes_per_value))


def frame(names=("fast", "matrix"), sizes=SIZES):
    rows = [row(*key) for key in _keys(names, sizes)]
    rows.append(row("time", names[0], (None, None), 1.0, dataset="some_data"))
    results = pd.DataFrame(rows)[[*COLUMNS, *TOLD]]
    return results.astype({"n_samples": "Int64", "n_features": "Int64"})


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


def lose(results, name, size, state):
    """A copy in which a gradient has no time at a size, and so no speed-up."""
    for metric in ("time", "speed_up"):
        results = change(results, metric, name, size, state=state, value=nan, low=nan, high=nan)
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
@pytest.mark.parametrize("names", [("matrix",), ("fast",)], ids=["baseline", "another"])
def test_one_implementation_at_one_size_is_drawn(name, names):
    figure = _figures.draw(name, frame(names, SIZES[:1]), Facts())
    if figure:  # time_by_features and speed-ups need more data
        figure.draw_without_rendering()


@figures
def test_what_looks_like_tex_is_a_name(name):
    figure = _figures.draw(name, frame(("a$_{", "matrix")), Facts(footer=r"$\nothing{"))
    figure.draw_without_rendering()


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


@pytest.mark.parametrize("name", ["speedup", "memory"])
def test_a_new_name_has_a_row(name):
    axes = _figures.draw(name, frame(("fast", "brand_new", "matrix")), Facts()).axes[0]
    assert "brand_new" in [label.get_text() for label in axes.get_yticklabels()]


def test_the_winners_come_first():
    assert _figures.names("results")[0] == "winners"


@pytest.mark.parametrize("name", _figures.names("results") + _figures.names("curves"))
def test_a_figure_has_a_sentence(name):
    assert re.fullmatch(r"[A-Z].{20,}\.", _figures.sentence(name))


# Looks.


@pytest.mark.parametrize("stem", LINES)
def test_another_file_repaints_nothing(stem):
    names = ("fast", "matrix", "sklearn", "row_loop")
    before, after = (
        {line.get_label(): look(line) for line in _figures.draw(stem, f, Facts()).axes[0].lines}
        for f in (frame(names), frame((*names, "a_first", "slower_of_another_name")))
    )
    chosen = [name for name in names if before[name] != look_of_the_rest()]
    assert len(chosen) == 4
    assert {name: after[name] for name in chosen} == {name: before[name] for name in chosen}


def look(line):
    return line.get_color(), line.get_marker(), str(line._dash_pattern), is_filled(line)


def look_of_the_rest():
    return look(_lines.key("", _lines.GREY_LINE))


def test_families_are_told_apart_without_colours():
    looks = [_style.look_of("name", family) for family in families.FAMILIES]
    assert len({entry["marker"] for entry in looks}) == len(families.FAMILIES)
    assert len({str(entry["linestyle"]) for entry in looks[:4]}) == 4


def test_curves_of_one_figure_differ():
    names = [f"curve {i}" for i in range(8)]
    looks = _style.looks_of_curves(names)
    assert len({entry["color"] for entry in looks.values()}) == 8
    for name in names:
        assert _style.looks_of_curves([name])[name]["color"] in _style.COLOURS


@pytest.mark.parametrize(
    ("peer", "limited", "passes", "family"),
    [
        ("", False, None, families.ONE_PASS),
        ("", False, 1, families.ONE_PASS),
        ("", False, 2, families.NUMPY),
        ("NumPy", False, 1, families.NUMPY),
        ("PyTorch", False, 2, families.LIBRARY),
        ("PyTorch", True, 1, families.LIBRARY),
        ("", True, 1, families.LOOP),
        ("", True, 2, families.LOOP),
        ("NumPy", True, 2, families.LOOP),
    ],
)
def test_the_family_follows_from_constants_and_passes(peer, limited, passes, family):
    info = {"peer": peer, "limited": limited, "passes": passes}
    assert families.family_of(info) == family
    assert families.family_of(info | {"kernel": "fused"}) == families.BLOCKS


@pytest.mark.parametrize("problem", impls.problems())
def test_every_baseline_is_a_numpy_form(problem):
    matrix = impls.load(problem, "matrix")
    limited = bool({"MAX_SAMPLES", "MAX_ELEMENTS"} & set(matrix.options))
    peer = matrix.options.get("PEER", "")
    info = {"peer": peer, "limited": limited, "passes": matrix.passes}
    assert families.family_of(info) == families.NUMPY


def test_white_stays_white_and_colours_stay_near(tmp_path):
    results = scale(frame(), "fast", 0.3)
    for name in ("speedup", "winners"):
        (path,) = _figures.save(_figures.draw(name, results, Facts()), tmp_path, name, ["png"])
        pixels = np.asarray(Image.open(path).convert("RGB"))
        assert (pixels[0, 0] == 255).all()
    (vector,) = _figures.save(_figures.draw("speedup", results, Facts()), tmp_path, "v", ["svg"])
    colour = re.search(r"fill: (#[0-9a-f]{6}); stroke: #ffffff", vector.read_text()).group(1)
    wanted = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
    pixels = np.asarray(Image.open(tmp_path / "speedup.png").convert("RGB")).astype(int)
    assert (np.abs(pixels - wanted).max(axis=2) <= 2).sum() > 1000


def test_save_writes_the_same_bytes_again(tmp_path):
    contents = []
    for _ in range(2):
        paths = _figures.save(
            _figures.draw("memory", frame(sizes=SIZES[:1]), Facts()),
            tmp_path, "memory", _figures.FORMATS,
        )  # fmt: skip
        contents.append([path.read_bytes() for path in paths])
    assert [path.name for path in paths] == ["memory.png", "memory.svg", "memory.pdf"]
    assert contents[0] == contents[1]
    assert b"<dc:date>" not in contents[0][1]
    assert b"CreationDate" not in contents[0][2]


# Lines.


@pytest.mark.parametrize("stem", LINES)
def test_few_lines_are_in_colour_and_named_and_the_rest_is_told(stem):
    names = ("fast", "matrix", "nested_loop", "other_1", "other_2", "row_loop", "sklearn", "torch")
    results = frame(names)
    for name, factor in (("fast", 0.1), ("sklearn", 0.5), ("nested_loop", 9.0)):
        results = scale(results, name, factor)
    figure = _figures.draw(stem, results, Facts())
    labels = {text.get_text() for text in figure.axes[0].texts}
    chosen = {"fast", "matrix", "nested_loop", "sklearn"}
    assert labels - {"L1 ", "L2 "} == chosen
    assert {text.partition(":")[0] for text in legend(figure)} >= chosen
    note = " ".join(figure.texts[-1].get_text().split())
    assert "Grey: other_1, other_2, row_loop, torch." in note


def scale(results, name, factor):
    """A copy in which an implementation takes so many times as long at all sizes."""
    results = results.copy()
    own = results["implementation"] == name
    results.loc[own & (results["metric"] == "time"), ["value", "low", "high"]] *= factor
    results.loc[own & (results["metric"] == "speed_up"), ["value", "low", "high"]] /= factor
    return results


@pytest.mark.parametrize("stem", LINES)
def test_a_name_that_is_asked_for_is_in_colour(stem):
    results = frame(("fast", "matrix", "other_1", "other_2"))
    results = results.assign(highlighted=results["implementation"] == "other_2")
    figure = _figures.draw(stem, results, Facts())
    assert "other_2: as asked for" in legend(figure)


def test_three_digits_are_not_the_fastest_exact_one():
    results = scale(frame(("fast", "rough", "matrix")), "rough", 0.01)
    results.loc[
        (results["metric"] == "error") & (results["implementation"] == "rough"), "value"
    ] = 1e-4
    assert "rough" not in _lines.choose(scale(results, "fast", 0.5)).reasons


def test_the_fastest_exact_to_float32_is_chosen_too():
    results = scale(scale(frame(("fast", "half", "matrix")), "half", 0.01), "fast", 0.5)
    at = (results["metric"] == "error") & (results["implementation"] == "half")
    results.loc[at, "value"] = 1e-7
    assert _lines.choose(results).reasons == {
        "half": "fastest exact to float32",
        "fast": "fastest exact to float64",
        "matrix": "NumPy's two products, the baseline",
    }


def test_an_easy_size_alone_does_not_make_the_fastest():
    """This one has a time at the smallest size only, and is far ahead there."""
    results = scale(scale(frame(("fast", "early", "matrix")), "early", 0.01), "fast", 0.5)
    late = (results["implementation"] == "early") & (results["n_samples"] == 1000).fillna(False)
    results.loc[late, ["state", "value"]] = "skipped", nan
    assert next(iter(_lines.choose(results).reasons)) == "fast"


def test_labels_do_not_overlap():
    names = ["matrix", *(f"name_{i}" for i in range(7))]
    results = frame(names).assign(highlighted=True)
    figure = _figures.draw("time_by_samples", results, Facts())
    figure.draw_without_rendering()
    # The extent of the text alone: the annotation's own includes its line.
    boxes = [Text.get_window_extent(text) for text in figure.axes[0].texts]
    boxes.sort(key=lambda box: box.y0)
    assert len(boxes) == 8
    assert all(low.y1 <= high.y0 + 1 for low, high in pairwise(boxes))


@pytest.mark.parametrize("name", ["short", "a_name_of_thirty_letters_and_on", "x" * 50])
def test_a_wrapped_name_is_the_name(name):
    wrapped = _lines.wrap_name(name, 12)
    assert wrapped.replace("\n", "") == name
    assert all(len(line) <= 12 or "_" not in line[:-1] for line in wrapped.split("\n"))


# Winners.


def winners(results):
    """Texts of each panel."""
    return [texts(axes) for axes in _figures.draw("winners", results, Facts()).axes]


def test_the_winner_its_gain_and_its_lead():
    results = scale(scale(frame(("fast", "sklearn", "matrix")), "fast", 0.1), "sklearn", 0.2)
    exact, single = winners(results)
    assert exact == single == ["fast", "10x", "2.0x over sklearn"] * 3


def test_the_gain_is_paired_and_the_lead_is_of_times():
    """Times of other rounds than the baseline's would give another gain."""
    results = change(scale(frame(), "fast", 0.1), "speed_up", "fast", (10, 10), value=12.0)
    exact, _ = winners(results)
    assert exact[:3] == ["fast", "12x", "10x over matrix"]


def test_blocks_of_rows_are_never_the_fastest():
    """In memory they are their kernel and more: a lead of theirs is chance."""
    results = frame()
    best = fastest.winners(results, fastest.EXACT)[0].row.implementation
    own = results["implementation"] == best
    changed = results.assign(family=results["family"].mask(own, families.BLOCKS))
    names = {winner.row.implementation for winner in fastest.winners(changed, fastest.EXACT)}
    assert names
    assert best not in names


def test_a_winner_without_a_baseline_has_no_gain():
    results = lose(scale(frame(), "fast", 0.1), "matrix", (10, 10), "failed")
    results = change(results, "speed_up", "fast", (10, 10), state="missing", value=nan)
    exact, _ = winners(results)
    assert exact[:3] == ["fast", "", ""]


@pytest.mark.parametrize(
    ("metric", "low", "high", "gain"),
    [
        ("speed_up", 7.0, 13.0, "≈ 10x"),
        ("speed_up", -inf, inf, "≈ 10x"),
        ("speed_up", 9.0, 11.0, "10x"),
        ("time", 0.5e-4, 1.5e-4, "10x"),  # a machine that drifts moves both times of a pair
    ],
)
def test_a_gain_is_uncertain_by_its_own_interval(metric, low, high, gain):
    results = change(scale(frame(), "fast", 0.1), metric, "fast", (10, 10), low=low, high=high)
    exact, _ = winners(results)
    assert exact[:2] == ["fast", gain]


def test_a_map_of_many_sizes_shows_some_with_the_extremes():
    sizes = tuple((10 * n, 10) for n in range(1, 41))
    axes = _figures.draw("winners", frame(sizes=sizes), Facts()).axes[0]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert (len(labels), labels[0], labels[-1]) == (15, "10", "400")
    assert texts(axes).count("fast") + texts(axes).count("matrix") == 15


def test_each_tolerance_has_its_own_winner_and_the_rest_is_told():
    names = ("fast", "half", "rough", "matrix")
    results = frame(names)
    for name, factor, error in (("fast", 0.5, 1e-16), ("half", 0.2, 1e-7), ("rough", 0.1, 2e-4)):
        results = scale(results, name, factor)
        at = (results["metric"] == "error") & (results["implementation"] == name)
        results.loc[at, "value"] = error
    exact, single = winners(results)
    assert exact[0] == "fast"
    assert single[0] == "half"
    note = _figures.draw("winners", results, Facts()).texts[-1].get_text()
    assert "less exact than both: rough (error 2e-04)" in note


def test_an_error_that_was_not_measured_there_is_the_largest_elsewhere():
    results = scale(frame(("half", "matrix")), "half", 0.1)
    errors = (results["metric"] == "error") & (results["implementation"] == "half")
    results.loc[errors, "value"] = 1e-7
    first = errors & (results["n_samples"] == 10).fillna(False)
    exact, single = winners(results[~first])
    assert exact[::3] == ["matrix"] * 3 or "half" not in exact
    assert "half" in single


@pytest.mark.parametrize(("rtol", "panels"), [(1e-12, 2), (2e-5, 1), (1e-2, 0)])
def test_a_stated_tolerance_keeps_few_digits_out(rtol, panels):
    """A small measured error shows little: a mean over many samples averages rounding out."""
    results = scale(frame(("fast", "matrix")), "fast", 0.1)
    results = results[results["metric"].isin(["time", "error"])]
    results.loc[results["implementation"] == "fast", "rtol"] = rtol
    assert ["fast" in panel for panel in winners(results)].count(True) == panels


def test_who_has_no_measured_error_does_not_win():
    results = scale(frame(("fast", "matrix")), "fast", 0.1)
    lost = (results["metric"] == "error") & (results["implementation"] == "fast")
    assert not any("fast" in panel for panel in winners(results[~lost]))
    note = _figures.draw("winners", results[~lost], Facts()).texts[-1].get_text()
    assert "fast (error not measured)" in note


# Time.


def test_times_have_a_panel_per_n_features():
    sizes = (*SIZES, (1000, 100))
    axes = _figures.draw("time_by_samples", frame(sizes=sizes), Facts()).axes
    assert [panel.get_title("left") for panel in axes] == ["n_features = 10", "n_features = 100"]
    assert list(series(axes[0], "fast").get_xdata()) == [10, 1000]


@pytest.mark.parametrize("stem", ["time_by_samples", "bandwidth"])
def test_a_panel_has_three_sizes_or_the_most(stem):
    few = ((10, 10), (10, 100), (100, 100))
    many = (*few, (1000, 100), (10, 1000), (100, 1000), (1000, 1000), (5000, 1000))
    for sizes, panels in ((few[:2], [10, 100]), (few, [100]), (many, [100, 1000])):
        axes = _figures.draw(stem, frame(sizes=sizes), Facts()).axes
        assert [a.get_title("left") for a in axes] == [f"n_features = {d:,}" for d in panels]


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


def heat_map(results) -> dict[str, list[str]]:
    """Texts from left to right of each row."""
    axes = _figures.draw("speedup", results, Facts()).axes[0]
    names = [label.get_text() for label in axes.get_yticklabels()]
    rows = dict(zip(axes.get_yticks(), names, strict=True))
    found = {name: [] for name in names}
    for text in sorted(axes.texts, key=lambda text: text.get_position()[0]):
        if text.get_position()[1] in rows and text.get_transform() is axes.transData:
            found[rows[text.get_position()[1]]].append(text.get_text())
    return found


@pytest.mark.parametrize("state", SYMBOLS)
def test_each_state_has_its_own_mark(state):
    results = lose(frame(), "fast", SIZES[0], state)
    axes = _figures.draw("speedup", results, Facts()).axes[0]
    marks = [text for text in texts(axes) if text in SYMBOLS.values()]
    assert marks == [SYMBOLS[state]]
    assert [patch.get_label() for patch in axes.patches if patch.get_label()] == [
        f"{SYMBOLS[state]}  {state}"
    ]


def test_marks_differ_without_their_symbols():
    patches = _figures.draw("speedup", frame(), Facts()).legends[0].get_patches()
    marks = [f"{symbol}  {state}" for state, symbol in SYMBOLS.items()]
    assert [patch.get_label() for patch in patches[:-1]] == marks
    assert len({(patch.get_hatch(), patch.get_facecolor()) for patch in patches}) == 6


def test_a_cell_without_a_row_is_missing():
    results = frame()
    gone = results["metric"].isin(["time", "speed_up"]) & (results["implementation"] == "fast")
    gone &= (results["n_samples"] == 1000).fillna(False)
    assert heat_map(results[~gone])["fast"][2] == "?"


def test_speedups_and_the_times_of_the_baseline():
    """Speed-ups are those of pairs: the times alone would give 0.013x, 1.0x and 1.4x."""
    results = change(frame(), "time", "matrix", (10, 10), value=13.2e-6)
    results = change(results, "time", "matrix", (1000, 10), value=1.39e-3)
    results = change(results, "speed_up", "fast", (10, 10), value=0.0147)
    results = change(results, "speed_up", "fast", (1000, 10), value=2.13)
    cells = heat_map(results)
    # Columns by working set: (10, 10), (10, 100), (1000, 10).
    assert cells["matrix"] == ["13.2 us", "1.00 ms", "1.39 ms"]
    assert cells["fast"] == ["0.015x", "1.0x", "2.1x"]


def test_the_first_row_is_x_read_once_at_the_roof():
    results = frame()
    at = (results["metric"] == "read_roof") & (results["n_samples"] == 1000).fillna(False)
    cells = heat_map(results[~at])
    name, texts_of_it = next(iter(cells.items()))
    assert name == "X read once at the roof"
    # 20 GB/s for 1 ms, over 1,040 and 9,680 bytes.
    assert texts_of_it == ["19000x", "2100x"]


def test_groups_stand_together_with_the_fastest_first():
    results = frame(("a", "b", "c", "matrix", "row_loop", "sklearn", "torch"))
    for name, factor in (("b", 0.1), ("torch", 0.5), ("c", 2.0)):
        results = scale(results, name, factor)
    rows = list(heat_map(results))
    assert rows[1:] == ["matrix", "b", "a", "c", "torch", "sklearn", "row_loop"]


def test_what_is_skipped_at_every_size_is_in_the_note():
    results = frame(("fast", "gone", "matrix"))
    results.loc[results["implementation"] == "gone", ["state", "value"]] = "skipped", nan
    results = lose(results, "gone", SIZES[0], "missing")
    assert "gone" not in heat_map(results)
    figure = _figures.draw("speedup", results, Facts())
    assert "Skipped at every size: gone." in figure.texts[-1].get_text()


@pytest.mark.parametrize(
    ("metric", "low", "high", "hatched"),
    [
        ("speed_up", 0.75, 1.25, True),
        ("speed_up", -inf, inf, True),
        ("speed_up", 0.85, 1.15, False),
        ("speed_up", nan, nan, False),
        ("time", 0.5e-3, 1.5e-3, False),
    ],
)
def test_cells_are_hatched_by_the_interval_of_the_speedup(metric, low, high, hatched):
    results = change(frame(), metric, "fast", (10, 10), low=low, high=high)
    patches = _figures.draw("speedup", results, Facts()).axes[0].patches
    assert sum("\\" in (patch.get_hatch() or "") for patch in patches) == hatched


def test_without_a_baseline_a_cell_shows_its_time():
    results = lose(frame(), "matrix", (10, 10), "failed")
    results = change(results, "speed_up", "fast", (10, 10), state="missing", value=nan)
    cells = heat_map(results)
    assert (cells["matrix"][0], cells["fast"][0]) == ("✕", "1.00 ms")


@pytest.mark.parametrize("stem", ["winners", "speedup"])
def test_another_baseline_is_named_with_the_way_of_comparing(stem):
    results = relative_to(scale(frame(("fast", "matrix", "sklearn")), "fast", 0.1), "sklearn")
    figure = _figures.draw(stem, results, Facts())
    assert "over sklearn" in figure.get_suptitle()
    note = " ".join(figure.texts[-1].get_text().split())
    assert "Speed-ups are over sklearn: the ratio of two speed-ups over matrix" in note


def test_another_baseline_has_the_row_of_times():
    results = scale(frame(("fast", "matrix", "sklearn")), "sklearn", 0.5)
    cells = heat_map(relative_to(results, "sklearn"))
    assert list(cells)[:2] == ["X read once at the roof", "sklearn"]
    assert cells["sklearn"] == ["500 us"] * 3
    assert cells["matrix"] == ["0.50x"] * 3


def test_times_of_many_sizes_stand_in_two_lines():
    """Bold times of one line would touch each other."""
    sizes = tuple((10 * n, 10) for n in range(1, 13))
    results = frame(sizes=sizes)
    results.loc[results["metric"] == "time", "value"] = 5.25e-3
    assert heat_map(results)["matrix"] == ["5.25\nms"] * 12


def test_a_heat_map_of_much_leaves_out_the_slowest_and_says_so():
    names = ("matrix", *(f"name_{n:02}" for n in range(43)))
    results = frame(names, tuple((10 * n, 10) for n in range(1, 31)))
    for n, name in enumerate(names[1:]):
        results = scale(results, name, 1.1**n)
    figure = _figures.draw("speedup", results, Facts())
    rows = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert rows[1:] == ["matrix", *names[1:41]]
    columns = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert len(columns) == 24
    assert columns[0].startswith("10 × 10,")
    assert columns[-1].startswith("300 × 10,")
    note = " ".join(figure.texts[-1].get_text().split())
    assert "Left out: the slowest 3. 24 of 30 sizes." in note


def test_colours_are_centred_at_1():
    results = change(frame(), "speed_up", "fast", (10, 10), value=3.0)
    low, high = _figures.draw("speedup", results, Facts()).axes[1].get_ylim()
    assert low == -high == pytest.approx(-log10(3))


# Bandwidth.


def test_bandwidth_is_compulsory_bytes_over_time():
    n_bytes = least_bytes((10, 100))
    results = change(frame(), "time", "fast", (10, 100), compulsory_bytes=n_bytes / 2)
    results = results[(results["n_samples"] == 10).fillna(False)]
    axes = _figures.draw("bandwidth", results, Facts()).axes[1]
    assert series(axes, "fast").get_ydata() == pytest.approx([n_bytes / 2 / 1e-3 / 1e9])
    for name in ("fast", "matrix"):
        assert series(axes, name).get_xdata() == [n_bytes]


def test_the_roof_is_the_median_and_the_caches_are_named():
    results = change(frame(("a", "b", "matrix")), "read_roof", "a", (10, 10), value=90.0)
    results = change(results, "read_roof", "b", (10, 10), value=30.0)
    (axes,) = _figures.draw("bandwidth", results, Facts()).axes
    assert list(roof(axes).get_ydata()) == [30.0, 20.0]
    assert {text.strip() for text in texts(axes)} >= {"L1", "L2"}


def test_the_roof_of_one_size_is_a_dash():
    (axes,) = _figures.draw("bandwidth", frame(sizes=SIZES[:1]), Facts()).axes
    assert list(roof(axes).get_ydata()) == [20.0, 20.0]


def roof(axes):
    return max(axes.lines, key=lambda line: line.get_linewidth())


def test_bandwidths_that_do_not_matter_are_below_the_axis_and_named():
    results = scale(scale(frame(("fast", "matrix", "row_loop")), "row_loop", 1e4), "fast", 1e-4)
    results = results[results["metric"] != "read_roof"]
    figure = _figures.draw("bandwidth", scale(results, "matrix", 1e-4), Facts())
    low, high = figure.axes[0].get_ylim()
    values = series(figure.axes[0], "fast").get_ydata()
    assert low <= min(values) < max(values) <= high
    assert high / low < 1000
    assert "Below the axis: row_loop." in figure.texts[-1].get_text()


# Memory.


def test_workspace_of_0_bytes_has_a_place():
    results = change(frame(), "workspace", "fast", (10, 10), value=0.0)
    figure = _figures.draw("memory", results, Facts())
    figure.draw_without_rendering()
    axes = figure.axes[0]
    assert 0.0 in axes.lines[0].get_xdata()
    assert axes.get_xlim()[0] < 0
    assert "0 B" in [label.get_text() for label in axes.get_xticklabels()]


def test_memory_has_points_of_the_workspace_and_of_the_growth():
    left, right = _figures.draw("memory", frame(("matrix",), SIZES[:1]), Facts()).axes
    assert [list(line.get_xdata()) for line in left.lines] == [[8000.0]]
    assert [list(line.get_xdata()) for line in right.lines] == [[5e6]]


@pytest.mark.parametrize("state", SYMBOLS)
@pytest.mark.parametrize(("metric", "panel"), [("workspace", 0), ("peak", 1)])
def test_memory_names_the_state(metric, panel, state):
    results = change(frame(), metric, "fast", (10, 10), state=state, value=nan)
    axes = _figures.draw("memory", results, Facts()).axes
    assert [texts(a) for a in axes] == [[state] if a is axes[panel] else [] for a in axes]


def test_memory_names_what_has_a_value_in_any_panel():
    results = frame(("both", "half", "neither", "matrix"))
    of_memory = results["metric"].isin(["workspace", "peak"])
    gone = of_memory & (results["implementation"] == "neither")
    gone |= (results["metric"] == "peak") & (results["implementation"] == "half")
    results.loc[gone, ["state", "value"]] = "skipped", nan
    left, right = _figures.draw("memory", results, Facts()).axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["both", "half", "matrix"]
    assert texts(right) == ["skipped"] * len(SIZES)


def test_memory_is_sorted_by_need_with_few_values_last():
    results = frame(("a", "b", "c", "matrix"))
    for name, factor in (("a", 100.0), ("c", 0.01)):
        of = results["metric"].isin(["workspace", "peak"]) & (results["implementation"] == name)
        results.loc[of, "value"] *= factor
    results = change(results, "workspace", "c", (10, 10), state="skipped", value=nan)
    axes = _figures.draw("memory", results, Facts()).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["b", "matrix", "a", "c"]


def test_memory_shows_sizes_with_data_only():
    results = frame(sizes=(*SIZES, (10, 1000), (1000, 1000)))
    gone = (results["metric"] != "time") & (results["n_samples"] == 1000).fillna(False)
    figure = _figures.draw("memory", results[~gone], Facts())
    assert legend(figure) == ["10 × 10", "10 × 100", "10 × 1,000"]


def test_memory_tells_how_many_of_the_sizes_it_shows():
    sizes = tuple((n_samples, 10) for n_samples in (10, 20, 30, 40, 50))
    figure = _figures.draw("memory", frame(sizes=sizes), Facts())
    assert legend(figure) == ["10 × 10", "30 × 10", "50 × 10"]
    assert "3 of 5 sizes." in " ".join(figure.texts[-1].get_text().split())


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


def test_only_families_with_a_point_are_in_the_legend_of_errors():
    results = change(frame(("matrix", "sklearn"), SIZES[:1]), "time", "sklearn", (10, 10),
                     state="skipped", value=nan)  # fmt: skip
    assert legend(_figures.draw("error_against_time", results, Facts())) == [families.NUMPY]


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
    note = _figures.draw("error_against_time", results, Facts()).texts[-1].get_text()
    assert f"No point at 10 × 10: fast {state}." in note


def test_the_fastest_of_each_precision_is_named():
    results = frame(("fast", "half", "matrix"))
    results.loc[(results["metric"] == "error") & (results["implementation"] == "half"), "value"] = (
        1e-7
    )
    axes = _figures.draw("error_against_time", scale(results, "fast", 0.1), Facts()).axes[0]
    assert texts(axes) == ["fast", "half"]


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
