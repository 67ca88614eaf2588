"""Names from elsewhere, in every output: shown as text, never a path, an option or a formula."""

from __future__ import annotations

import csv
import io
import json
import math
import subprocess
import sys
from html.parser import HTMLParser
from xml.etree import ElementTree

import pandas as pd
import pytest
from asv import util
from markdown_it import MarkdownIt
from matplotlib.text import Text

from benchmarks._session.inputs import Data
from benchmarks._session.process import Out
from impls._provenance import Subject
from scripts import _figures, _tables, race
from scripts._common import escape, project
from scripts._common.csv_text import to_csv
from scripts._common.errors import UserError
from scripts._common.records import Facts, MemoryCurve
from scripts._common.tree import committed_tree, working_tree
from scripts._compare import records, text
from scripts._compare.comparison import Comparison, judge
from scripts._compare.results import find_commit
from scripts._experiments import TextTable
from scripts._measured import machine
from scripts._measured.safe_pages import refuse_markup
from scripts._measured.state import load_state, state_of
from scripts._page.render import to_json
from scripts._race.result import Race, Result
from scripts._report.files import write_data, write_index, write_tables
from tests._hostile import NAMES
from tests._paged import FACTS, all_rows, trainings
from tests._rows import KERNELS
from tests.test_compare import pair
from tests.test_race import SETTINGS, made_result

# pandas refuses half characters, which no reader lets through.
TEXTS = tuple(name for name in NAMES if name.isprintable() or not "\udc00" <= max(name) < "\ue000")
LINES = tuple(map(escape.line, TEXTS))
ODD = Facts(*NAMES[10:15], 2, 8 << 30, {}, {NAMES[15]: NAMES[16]}, NAMES[-1], 0.1)
NO_WIDTH = "\u200b"
# Tags that our own Markdown makes; those of links and images are counted.
TAGS = {
    *("h1", "h2", "h3", "p", "ul", "ol", "li", "hr", "br", "code", "span", "details", "summary"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}


class Shown(HTMLParser):
    """A page of Markdown as GitHub shows it: its tags, its text and its cells."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.text = [], ""
        github = MarkdownIt("gfm-like")
        github.linkify.set({"fuzzy_link": False})  # GitHub links no name without www
        self.feed(github.render(page))
        self.text = self.text.replace(NO_WIDTH, "")

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


def assert_text(page, names=LINES, links=0, images=0):
    """The page shows the names, and nothing of them is markup, a mention or an address."""
    shown = Shown(page)
    assert [name for name in names if name not in shown.text] == []
    assert {tag for tag in shown.tags if tag not in ("a", "img")} <= TAGS
    assert (shown.tags.count("a"), shown.tags.count("img")) == (links, images)
    assert all(sign.isprintable() or sign == "\n" for sign in page)


@pytest.fixture(scope="module")
def rows():
    """Results of implementations, data sets, reasons and flags with these names."""
    kernels = {"matrix": KERNELS["matrix"]} | dict.fromkeys(TEXTS, KERNELS["fused"])
    found = all_rows(kernels).drop_duplicates()
    own = found["implementation"].isin(TEXTS)
    found.loc[found["dataset"] != "", "dataset"] = NAMES[12]
    found.loc[own, "reason"] = found.loc[own, "implementation"]
    found.loc[own & (found["n_samples"] == 10), ["state", "value"]] = ["failed", math.nan]
    found.loc[found["n_samples"] == 1000, "flag"] = NAMES[13]
    found["problem"] = NAMES[20]
    return found[found["threads"] == "all"].assign(highlighted=False)


def raced():
    """A race of contenders, libraries, data and reasons with these names."""
    measured = made_result().measured
    info = measured.infos["ours"]
    for name in TEXTS:
        measured.infos[name] = info | {"peer": name}
        for each in measured.rounds:
            each.seconds[name] = 1e-6
    measured.out |= {f"no {name}": Out("died", name) for name in TEXTS}
    measured.data = Data("logistic", 10, 10, NAMES[10])
    return Race(SETTINGS, (Result(measured),))


def compared():
    """A comparison with these names, of which each is also a reason and a note."""
    changed = [pair([1.2, 1.2001, 1.2002], name=name, data=name) for name in TEXTS]
    absent = [pair(name=name, reason=name) for name in TEXTS]
    return Comparison(NAMES[10], NAMES[11], "Ratios", judge([*changed, *absent]), NAMES)


# Markdown.

PLACES = (
    *("{}", "x {}", "{} y", "- {}", "1. {}", "- {}: y", "# {}", "y\n{}", "{}\ny"),
    "| a |\n| - |\n| {} |",
)


@pytest.mark.parametrize("name", NAMES)
def test_markdown_shows_a_name_as_it_is_at_any_place(name):
    for place in PLACES:
        found, plain = (Shown(place.format(text)) for text in (escape.markdown(name), "PLAIN"))
        assert found.text == plain.text.replace("PLAIN", escape.line(name)), place
        # A span keeps off formulas.
        assert [tag for tag in found.tags if tag != "span"] == plain.tags, place


@pytest.mark.parametrize("name", NAMES)
def test_markdown_shows_a_name_as_code(name):
    found = Shown(f"x {escape.markdown_code(name)} y")
    assert (found.tags, found.text) == (["p", "code"], f"x {escape.line(name)} y\n")


@pytest.mark.parametrize("name", ["fused_float32", "10,000 x 10", "1.2 ms ±3%, 1.5x", "failed [1]"])
def test_a_usual_text_stays_as_it_is(name):
    assert escape.markdown(name) == name


@pytest.mark.parametrize("name", ["@user", "o/r#2", "GH-3", ":a:", "$x$", "\\$x$", "WWW.a.com"])
def test_github_finds_nothing_to_link_or_to_typeset(name):
    shown = escape.markdown(name)
    assert name[-1:] in shown  # still there
    for found in ("@u", "#2", "GH-3", ":a:", "$x", "x$", "www."):
        assert found.lower() not in shown.lower()


@pytest.mark.parametrize("table", _tables.names("results"))
def test_every_table_of_a_report_shows_names_as_text(table, rows):
    own = {"training": trainings(rows), "others": rows.assign(metric=NAMES[9])}
    page = _tables.render(table, own.get(table, rows))
    assert_text(page, LINES if table != "noise" else [escape.line(NAMES[13])])


def test_a_reports_index_shows_names_as_text(rows, tmp_path):
    path = write_index(rows, {}, [], ODD, tmp_path, NAMES)
    assert_text(path.read_text("utf-8"), (*LINES, *map(escape.line, NAMES[10:17])), links=2)
    (files,) = {*write_tables(rows, ODD, tmp_path, ["accuracy"])}
    assert escape.line(NAMES[10]) in Shown((tmp_path / files).read_text("utf-8")).text


def test_a_race_shows_names_as_text(tmp_path):
    race._write(raced(), ODD, tmp_path)
    assert_text((tmp_path / "race.md").read_text("utf-8"))


def test_a_comparison_shows_names_as_text():
    assert_text(text.page(compared(), "", ODD.footer))
    assert_text(text.comment(compared()), [escape.line(NAMES[10])])


def test_an_experiment_shows_names_as_text():
    table = TextTable("Title", ["name", *NAMES], [[name] * (len(NAMES) + 1) for name in NAMES])
    assert_text(table.markdown)


# Data.


def fields(written):
    return [field for row in csv.reader(io.StringIO(written)) for field in row]


def assert_cells(written):
    """Each name is one field, and none is a formula or steers a terminal."""
    found = fields(written)
    assert {*map(escape.cell, TEXTS)} <= {*found}
    assert not [field for field in found if field[:1] in tuple("=@＝") or field[:2] in ("+1", "-x")]
    assert written.replace("\n", "").isprintable()


def test_a_reports_data_hold_names_as_text(rows, tmp_path):
    write_data(rows, tmp_path)
    assert_cells((tmp_path / "results.csv").read_text("utf-8"))
    found = pd.read_parquet(tmp_path / "results.parquet")
    assert {*found["implementation"]} == {"matrix", *LINES}
    assert found["value"].equals(rows["value"].reset_index(drop=True))


def test_the_data_of_a_race_and_of_a_comparison_hold_names_as_text(tmp_path):
    race._write(raced(), FACTS, tmp_path)
    assert_cells((tmp_path / "race.csv").read_text("utf-8"))
    assert_cells(to_csv(pd.DataFrame(records.records(compared().verdicts))))


@pytest.mark.parametrize("name", NAMES)
def test_a_cell_of_a_spreadsheet_is_the_name_behind_a_quote_if_it_were_a_formula(name):
    shown = escape.cell(name)
    assert shown.removeprefix("'") == escape.line(name).removeprefix("'")
    assert not shown.startswith(("=", "+", "-", "@", "＝", "\t", "\r"))


def test_the_data_of_the_page_cannot_leave_their_script():
    written = to_json({"names": NAMES, "by name": dict.fromkeys(NAMES, 1.0)})
    assert not set(written) & set("<>&\u2028\u2029")
    assert json.loads(written)["names"] == [*map(escape.lines, NAMES)]


# Figures.


def assert_drawn(figure, folder):
    """Vectors and pixels can be made, hold no element of a name's, and no name is a formula."""
    svg, png = _figures.save(figure, folder, "figure", ["svg", "png"])
    tags = {element.tag.rpartition("}")[2] for element in ElementTree.parse(svg).iter()}
    assert not tags & {"script", "img", "a", "foreignObject"}
    assert png.stat().st_size
    texts = [each.get_text() for each in figure.findobj(Text)]
    assert all(sign.isprintable() or sign == "\n" for each in texts for sign in each)


@pytest.mark.parametrize("name", ["winners", "speedup", "memory"])
def test_a_reports_figures_draw_names(name, rows, tmp_path):
    assert_drawn(_figures.draw(name, rows, ODD), tmp_path)


def test_memory_over_time_draws_names(tmp_path):
    times = (0.0, 1.0), (5.0, 6.0), (0.0, 1.0)
    odd = (name for name in NAMES if not name.isascii() or "$" in name or "\x1b" in name)
    curves = [MemoryCurve(name, name, 10, 10, *times) for name in odd]
    assert_drawn(_figures.draw("memory_over_time", curves, ODD), tmp_path)


def test_a_comparisons_figure_draws_names(tmp_path):
    assert_drawn(_figures.draw("compare", compared(), ODD), tmp_path)


# Terminals.

PRINTS = """
import sys
from scripts._common.errors import UserError, run_command
from tests._hostile import NAMES
def main():
    for name in NAMES:
        print("name:", name)
        print("name:", name, file=sys.stderr)
    raise UserError("".join(NAMES))
run_command(main)
"""


def test_a_terminal_is_not_steered_by_a_name():
    done = subprocess.run([sys.executable, "-c", PRINTS], cwd=project.ROOT, capture_output=True)
    assert done.returncode == 1
    for written in (done.stdout.decode(), done.stderr.decode()):
        assert all(sign.isprintable() or sign in "\n\t" for sign in written)
        assert all(f"name: {' '.join(name.split())}" in " ".join(written.split()) for name in LINES)
    assert done.stderr.decode().splitlines()[-1].startswith("error: ../../x")


# Paths, options, asv's pages.


@pytest.mark.parametrize("name", NAMES)
def test_no_name_is_an_option_of_git(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError), committed_tree(name):
        pass
    assert find_commit(name) == ""
    assert not any(tmp_path.iterdir())


@pytest.fixture(scope="module")
def state():
    return state_of(working_tree())


@pytest.mark.parametrize("name", [*NAMES, "../logistic/fused", "../impls/logistic"])
def test_no_name_is_a_path_to_what_a_value_depends_on(name, state):
    named = [Subject(name, "fused"), Subject("logistic", name), Subject("logistic", "fused", name)]
    assert state.has(Subject("logistic", "fused", "sgd"))
    assert not any(map(state.has, named))
    assert load_state(name) is None


@pytest.mark.parametrize("name", ["../../x", "..", "-x", "", "a/b", "a\\b", "<b>", "\x1b[2J"])
def test_a_host_whose_name_names_no_folder_is_told_to_take_another(name, monkeypatch):
    monkeypatch.delenv(machine.NAME_VARIABLE, raising=False)
    monkeypatch.setattr(machine.Machine, "get_unique_machine_name", lambda: name)
    with pytest.raises(UserError, match=machine.NAME_VARIABLE):
        machine.machine_name()


@pytest.mark.parametrize("name", NAMES)
def test_asvs_pages_hold_no_name_that_is_markup(name, tmp_path):
    folder = tmp_path / "some"
    folder.mkdir()
    (folder / "machine.json").write_text(json.dumps({"machine": "some", "cpu": name, "version": 1}))
    try:
        refuse_markup(str(tmp_path), {}, [name])
    except util.UserError:
        return
    assert not set(name) & set("<>&\"'")
