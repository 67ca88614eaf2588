"""The page's advice, and its map, beside those of `scripts._advice`."""

from __future__ import annotations

import itertools
import math
from random import Random
from urllib.parse import urlencode

import pytest

from scripts._advice.advice import FARTHEST, Question, advise, measured_sizes
from scripts._advice.cells import cells_of
from scripts._advice.mesh import TOLERANCE, mesh_of
from tests._browser import Opened
from tests._paged import write
from tests._rows import KERNELS, SIZES, made_rows

# Equally fast, so that their names decide: by code points, not by UTF-16, the last is the last.
TIED = dict.fromkeys(["a,c", "b", "\uff5e", "\U0001f600"], KERNELS["fused"])
MESHES = {
    "grid": SIZES,
    "line": ((10, 10), (1000, 10), (100_000, 10)),
    "diagonal": ((10, 1), (100, 10), (1000, 100)),
    "one size": ((30, 100),),  # ten times 30 is a little further than 10, as numbers are rounded
}
PRECISIONS = ("1e-12", "1e-6", "1e-5", "1e-3", "any")
_READ = """async (addresses) => {
  const turned = (to) => new Promise((done) => {
    addEventListener("hashchange", () => setTimeout(done), { once: true });
    location.hash = to;
  });
  const found = [];
  for (const to of addresses) {
    await turned(to);
    const items = [...document.querySelectorAll("[data-advised]")];
    found.push({
      names: items.map((item) => item.dataset.advised),
      seconds: items.map((item) => Number(item.dataset.seconds)),
      kind: document.querySelector("ol[data-kind]")?.dataset.kind ?? null,
      text: document.querySelector("output").textContent,
    });
  }
  return found;
}"""


def varied_rows(sizes, seed=0):
    """Rows with ties, gaps, lacking preparations, and another chance at each size."""
    source = Random(seed)
    rows = made_rows(KERNELS | TIED, sizes)
    ends = ["value", "low", "high"]
    for (name, *_), own in rows.groupby(["implementation", "n_samples", "n_features"]):
        times = own.index[own["metric"] == "time"]
        rows.loc[times, ends] *= source.choice([1, 1, 1.003, 1.01, 1.04, 1.3])
        if name != "matrix" and source.random() < 0.08:
            rows.loc[own.index, ["state", "reason", *ends]] = ["failed", "died", *[math.nan] * 3]
        if source.random() < 0.1:
            rows.loc[own.index[own["metric"] == "prepare"], ends] = math.nan
    chance = rows.index[(rows["metric"] == "chance") & (rows["implementation"] == "matrix")]
    for row in chance:
        rows.loc[row, "high"] = source.choice([1.0001, 1.01, 1.03, 1.4, math.nan])
        rows.loc[row, "low"] = 0.9999
    return rows


def shapes_of(sizes, seed=0):
    """Measured ones, one at the limit of the advice, and others in and around."""
    source = Random(seed)
    drawn = [tuple(round(10 ** source.uniform(0, most)) for most in (6.8, 3.6)) for _ in range(50)]
    n, d = max(sizes)
    return [*sizes, (10 * n, d), (10 * n + 1, d), (n // 2, d), *drawn]


def cases_of(sizes):
    """Each shape with and without calls; libraries and precisions in turns."""
    others = itertools.cycle(itertools.product((True, False), PRECISIONS))
    pairs = itertools.product(shapes_of(sizes), (None, 1, 50))
    return [(shape, calls, *next(others)) for shape, calls in pairs]


def address_of(shape, calls, libraries, error):
    state = {"n": shape[0], "d": shape[1], "calls": calls or "", "libraries": int(libraries)}
    return "#" + urlencode(state | {"error": error})


@pytest.mark.parametrize("sizes", MESHES.values(), ids=MESHES)
def test_the_page_advises_what_the_command_advises(chromium, tmp_path, sizes):
    rows = varied_rows(sizes)
    cells = cells_of(rows)
    mesh = mesh_of(measured_sizes(cells))
    page = Opened(chromium, write(tmp_path / "page.html", rows))
    cases = cases_of(sizes)
    found = page.tab.evaluate(_READ, [address_of(*case) for case in cases])
    page.close()
    assert not page.complaints
    for (shape, calls, libraries, error), own in zip(cases, found, strict=True):
        limit = math.inf if error == "any" else float(error)
        question = Question(*shape, max_error=limit, calls=calls, libraries=libraries)
        advice = advise(cells, mesh, question)
        is_far = advice.factor > FARTHEST * (1 + TOLERANCE)
        choices = () if is_far else advice.choices
        assert own["names"] == [choice.implementation for choice in choices], question
        assert own["seconds"] == pytest.approx([each.seconds for each in choices], rel=1e-4)
        assert own["kind"] == (advice.kind if choices else None)
        assert ("no advice" in own["text"]) == is_far


def test_the_map_names_what_the_advice_names_first(chromium, tmp_path):
    rows = varied_rows(SIZES)
    cells = cells_of(rows)
    mesh = mesh_of(measured_sizes(cells))
    page = Opened(chromium, write(tmp_path / "page.html", rows))
    page.show("which")
    shown = page.texts("table.map .winner b")
    page.close()
    firsts = [advise(cells, mesh, Question(*size)).choices[0] for size in SIZES]
    assert shown == [choice.implementation for choice in firsts]


def test_a_tie_tells_who_is_faster_and_by_how_much(chromium, tmp_path):
    rows = made_rows({name: KERNELS[name] for name in ("matrix", "fused", "sklearn")})
    times = (rows["metric"] == "time") & (rows["implementation"] != "matrix")
    rows.loc[times, ["value", "low", "high"]] = [100e-9, 99e-9, 101e-9]
    library = times & (rows["implementation"] == "sklearn")
    rows.loc[library, ["value", "low", "high"]] /= 1.02
    page = Opened(chromium, write(tmp_path / "page.html", rows))
    page.show("which")
    shown = page.texts("table.map .winner")
    page.close()
    assert all(text.startswith("fused") for text in shown)
    assert all("a tie with sklearn, which is 2.0 % faster" in text for text in shown)


def test_the_command_of_the_advice_names_the_threads(chromium, tmp_path):
    page = Opened(chromium, write(tmp_path / "page.html", made_rows(threads="1")))
    page.show("which", n="500", d="50")
    command = page.text("output code")
    page.close()
    assert command == "python -m scripts.recommend 500 50 --problem logistic --threads 1 --measure"
