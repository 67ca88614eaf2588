"""Comparisons: what is called a change, what a word names, what is shown, and the command."""

from __future__ import annotations

import json
import math
import random
import re
import sys
from contextlib import contextmanager
from dataclasses import replace
from statistics import median

import pandas as pd
import pytest

from benchmarks._session.statistics import Estimate
from scripts import _figures, compare
from scripts._common.errors import UserError
from scripts._common.records import Facts
from scripts._compare import records, text
from scripts._compare.comparison import (
    FASTER,
    NO_CHANGE,
    NOT_COMPARABLE,
    SLOWER,
    Comparison,
    judge,
)
from scripts._compare.intervals import one_sample, two_sample
from scripts._compare.named import Named, check_kinds, resolve
from scripts._compare.pair import UNCHANGED, Pair
from tests._hostile import NAMES

ROUNDS = 3
# Of the logarithm of a time: between generations of processes, and between rounds of one.
BETWEEN, WITHIN = 0.003, 0.01
N_TRIES, N_CELLS = 100, 24


def pair(*medians, band=0.01, name="mine", reason="", data="1,000 x 100"):
    return Pair("linear", name, data, 800_000, tuple(map(tuple, medians)), band, reason)


def drawn(rng, true, generations):
    """Median ratio of each generation's rounds."""

    def one():
        shift = rng.gauss(0, BETWEEN)
        return median(true * math.exp(shift + rng.gauss(0, WITHIN)) for _ in range(ROUNDS))

    return [one() for _ in range(generations)]


def simulated(rng, true, generations, paired):
    """Cells of one comparison, with the band that the baseline's twin shows."""
    chance = drawn(rng, 1.0, generations)
    band = max(abs(math.log(median(chance))), 0.005)
    for number in range(N_CELLS):
        b = drawn(rng, true if number == 0 else 1.0, generations)
        a = [] if paired else [drawn(rng, 1.0, generations)]
        yield pair(*a, b, band=band, name=f"mine{number}")


# Statistics


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("generations", [3, 5])
def test_equal_sides_are_called_different_in_no_more_than_1_of_100_comparisons(paired, generations):
    rng = random.Random(generations + 10 * paired)
    called = 0
    for _ in range(N_TRIES):
        verdicts = judge(list(simulated(rng, 1.0, generations, paired)))
        called += any(verdict.word in (SLOWER, FASTER) for verdict in verdicts)
    assert called <= N_TRIES // 100


@pytest.mark.parametrize("paired", [True, False])
def test_a_tenth_more_time_is_found_in_five_generations_and_nothing_else(paired):
    rng = random.Random(paired)
    found = []
    for _ in range(N_TRIES):
        verdicts = judge(list(simulated(rng, 1.1, 5, paired)))
        found.append([v.pair.implementation for v in verdicts if v.word == SLOWER])
    assert sum(names == ["mine0"] for names in found) >= 90
    assert sum(len(names) > 1 for names in found) <= 1


def test_an_interval_of_paired_ratios_is_students_in_logarithms():
    # Logarithms -0.1, 0, 0.1: t(2) at 2.5 % is 4.3027, the standard error 0.1 / sqrt(3).
    found = one_sample([math.exp(-0.1), 1.0, math.exp(0.1)], 0.025)
    half = math.exp(4.302653 * 0.1 / math.sqrt(3))
    assert [found.value, found.low, found.high] == pytest.approx([1, 1 / half, half])
    assert math.isnan(one_sample([1.0], 0.025).low)


def test_an_interval_of_two_sessions_is_welchs_in_logarithms():
    under, over = [0.0, 0.1, 0.2], [1.0, 1.1, 1.2, 1.3]
    found = two_sample([math.exp(x) for x in under], [math.exp(x) for x in over], 0.025)
    # As scipy.stats.ttest_ind(over, under, equal_var=False).confidence_interval() gives it.
    assert math.log(found.low) == pytest.approx(0.82682885)
    assert math.log(found.high) == pytest.approx(1.27317115)
    assert two_sample([2, 2, 2], [4, 4, 4], 0.025) == Estimate(2, 2, 2)


def test_a_change_is_called_only_if_the_whole_interval_is_outside_the_band():
    slow = [1.05, 1.0501, 1.0502]
    words = [judge([pair(slow, band=band)])[0].word for band in (0.01, 0.0499, 0.1)]
    assert words == [SLOWER, NO_CHANGE, NO_CHANGE]
    assert judge([pair([1 / x for x in slow])])[0].word == FASTER
    assert judge([pair([1.0, 1.05, 1.1])])[0].word == NO_CHANGE


def test_more_comparisons_widen_the_intervals():
    one = judge([pair([1.04, 1.05, 1.06])])[0].ratio
    many = judge([pair([1.04, 1.05, 1.06])] * 10)[0].ratio
    assert many.low < one.low < one.value == many.value


def test_what_cannot_be_judged_says_why_and_does_not_widen_the_others():
    alone = judge([pair([1.04, 1.05, 1.06])])[0].ratio
    pairs = [pair([1.04, 1.05, 1.06]), pair([2.0, 2.0]), pair(reason="B: wrong: off")]
    pairs += [pair(reason=UNCHANGED), pair([2.0, 2.0, 2.0], band=math.inf)]
    verdicts = judge(pairs)
    assert verdicts[0].ratio == alone
    assert [v.word for v in verdicts[1:]] == [NOT_COMPARABLE] * 2 + [NO_CHANGE, NOT_COMPARABLE]
    assert verdicts[1].reason == "fewer than 3 generations of processes"
    assert verdicts[1].ratio.value == 2
    assert math.isnan(verdicts[1].ratio.low)
    assert verdicts[2].reason == "B: wrong: off"
    assert "twin has no time" in verdicts[4].reason


# Names

FINDERS = {
    "impl": lambda word: word if word in ("matrix", "main") else "",
    "machine": lambda word: word if word in ("laptop", "main") else "",
    "commit": lambda word: {"main": "a" * 40, "origin/main": "b" * 40, ".": "."}.get(word, ""),
}


@pytest.mark.parametrize(
    ("word", "kind", "name"),
    [
        ("matrix", "impl", "matrix"),
        ("laptop", "machine", "laptop"),
        ("origin/main", "commit", "b" * 40),
        (".", "commit", "."),
        ("commit:main", "commit", "a" * 40),
        ("machine:main", "machine", "main"),
    ],
)
def test_a_word_names_an_implementation_a_machine_or_a_commit(word, kind, name):
    found = resolve(word, FINDERS)
    assert (found.kind, found.name) == (kind, name)


def test_an_ambiguous_word_shows_the_prefixes():
    with pytest.raises(UserError, match="impl:main or machine:main or commit:main"):
        resolve("main", FINDERS)


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("-x", "looks like an option"),
        ("commit:--output=x", "looks like an option"),
        ("", "is empty"),
        ("impl:", "is empty"),
        ("./impls", "looks like a path"),
        ("/etc/passwd", "looks like a path"),
        ("machine:../laptop", "looks like a path"),
        ("a/../b", "looks like a path"),
        ("..\\laptop", "looks like a path"),
        ("ma\0in", "characters that no name has"),
        ("nothing", "is neither an implementation nor a machine nor a commit"),
        ("impl:laptop", "is not an implementation"),
    ],
)
def test_words_that_name_nothing_are_refused(word, message):
    everything = {kind: (lambda found: found) for kind in FINDERS}
    finders = FINDERS if message.startswith("is n") else everything
    with pytest.raises(UserError) as caught:
        resolve(word, finders)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (("impl", "matrix"), ("commit", "main"), "both have to be of one kind"),
        (("impl", "matrix"), ("impl", "matrix"), "scripts.race --aa --contender matrix"),
        (("machine", "laptop"), ("machine", "laptop"), "expected two machines"),
    ],
)
def test_both_sides_are_of_one_kind(a, b, message):
    with pytest.raises(UserError) as caught:
        check_kinds(Named(*a, a[1]), Named(*b, b[1]))
    assert message in str(caught.value)


def test_a_commit_can_be_compared_with_itself():
    check_kinds(Named("commit", "a" * 40, "HEAD"), Named("commit", "a" * 40, "main"))


# What is shown


def compared(pairs, **others):
    return Comparison(
        "A = main (0123abcd)", "B = HEAD (4567abcd)", "Ratios", judge(pairs), **others
    )


def some():
    steady = [0.9999, 1.0, 1.0001]
    return [
        pair([1.2, 1.2001, 1.2002], name="slow"),
        pair([1.5, 1.5001, 1.5002], name="slower", data="10 x 10"),
        pair([0.5, 0.5001, 0.5002], name="fast"),
        pair(steady, name="steady"),
        pair(reason="B: failed: MemoryError|<b>", name="broken"),
    ]


def test_the_summary_names_changes_first_then_counts_reasons_and_means():
    shown = text.summary(compared(some(), notes=("A note.",)))
    lines = shown.splitlines()
    assert "Cells compared: 4; slower: 2; faster: 1." in lines[0]
    rows = [line.split("|")[2].strip() for line in lines if line.startswith(("| slo", "| fas"))]
    assert rows == ["linear/slower", "linear/slow", "linear/fast"]
    assert "- not comparable: 1\n  - 1: B: failed: MemoryError|<b>" in shown  # a terminal
    parts = ["| linear/slower ", "- no change: 1", "| linear/steady ", "- A note."]
    assert sorted(parts, key=shown.index) == parts


def test_markdown_shows_texts_from_files_as_they_are():
    gone = pair(reason="[a](b) ![c](d) `e` |f| <h> &amp; \\", name="__gone__")
    comparison = compared([*some(), gone], notes=("[n](m)",))
    for shown in (text.comment(comparison), text.page(comparison, "", "a_b_c\nd")):
        assert "\\[a\\](b) \\![c\\](d) \\`e\\` \\|f\\| &lt;h&gt; &amp;amp; \\\\" in shown
        assert "\\[n\\](m)" in shown
    assert "| linear/\\_\\_gone\\_\\_ " in shown
    assert shown.endswith("a_b_c  \nd\n")
    assert "| linear/__" not in shown
    assert "[a](b) ![c](d) `e` |f| <h> &amp; \\" in text.summary(comparison)  # a terminal


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_name_adds_no_line_and_no_column(name):
    odd = [replace(each, implementation=name, reason=name, data=name) for each in some()]
    for shown in (text.comment, lambda found: text.page(found, "", "facts")):
        plain, hostile = shown(compared(some())), shown(compared(odd, notes=(name,)))
        assert len(hostile.splitlines()) <= len(plain.splitlines()) + 2  # the note
        columns = [len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) for line in hostile.splitlines()]
        assert set(columns) <= {0, 4, 7, 10}


def test_the_reasons_are_told_where_nothing_can_be_judged():
    shown = text.summary(compared([pair(reason="B: wrong: far off")], advice="add --fresh"))
    assert "Nothing can be called a change: B: wrong: far off (1 cell)." in shown
    assert "generations" not in shown
    assert "add --fresh" not in shown


def test_reasons_of_several_kinds_are_told_with_their_numbers():
    few, no_twin = pair([2.0, 2.0]), pair([2.0] * 5, band=math.inf)
    shown = text.summary(compared([few, no_twin, no_twin], advice="Add --fresh."))
    assert (
        "change: the baseline's twin has no time here, so that chance is not known (2 cells); "
        in (shown)
    )
    assert "fewer than 3 generations of processes (1 cell). Add --fresh." in shown
    reasons = [pair(reason=letter) for letter in "aaabbbccde"]
    shown = text.summary(compared(reasons))
    assert "change: a (3 cells); b (3 cells); c (2 cells); other reasons (2 cells)." in shown


def test_means_are_of_cells_that_can_be_judged():
    comparison = compared([pair([1.2] * 3), pair([9.0] * 3, data="10 x 10", band=math.inf)])
    mean, number = comparison.means["linear/mine"]
    assert (mean, number) == (pytest.approx(1.2), 1)


def test_what_can_be_found_follows_from_intervals_and_bands():
    found = compared([pair([0.99, 1.0, 1.01], band=0.02)])
    (verdict,) = found.verdicts
    assert 1 + found.resolution == pytest.approx(verdict.ratio.high / verdict.ratio.value * 1.02)
    assert "A ratio of 1.08x would be found in half of them." in text.summary(found)


def test_few_generations_are_told_with_the_command_that_gives_more():
    shown = text.summary(compared([pair([2.0, 2.0])], advice="add --fresh"))
    assert "change: fewer than 3 generations of processes (1 cell). add --fresh" in shown
    assert "2.00x" in shown  # the mean is still there


def test_a_comparison_without_differences_says_so():
    shown = text.summary(compared([pair(reason=UNCHANGED)]))
    assert "No file that an implementation depends on differs." in shown
    assert "Nothing can be called" not in shown
    assert "1.00x" not in shown


def test_a_comment_has_less_than_60_lines_whatever_was_found():
    many = [pair([1.2, 1.2, 1.2], name=f"slow{i}") for i in range(100)]
    many += [pair(reason=f"reason {i}", name=f"gone{i}") for i in range(100)]
    shown = text.comment(compared(many, notes=("note",) * 20))
    assert len(shown.splitlines()) < 60
    assert "88 more changes" in shown
    assert "14 more notes: --out writes them all." in shown
    assert shown.count("<details>") == shown.count("</details>") == 1
    assert shown.index("linear/slow0") < shown.index("<details>")
    assert "Cells compared: 100; slower: 100; faster: 0." in shown


def test_json_has_no_number_that_is_not_one():
    comparison = compared([*some(), pair([2.0, 2.0], band=math.inf)])
    record = json.loads(json.dumps(records.as_json(comparison), allow_nan=False))
    assert record["counts"] == {SLOWER: 2, FASTER: 1, NO_CHANGE: 1, NOT_COMPARABLE: 2}
    assert record["cells"][4]["ratio"] is None
    assert record["cells"][0]["low"] > 1.19
    assert record["geometric_means"]["linear/slow"] == pytest.approx(1.2, rel=1e-3)


def test_the_page_holds_every_cell():
    shown = text.page(compared(some()), "compare.png", "facts")
    table = shown.partition("## All cells")[2]
    assert all(f"| linear/{each.implementation} " in table for each in some())
    assert "![Ratio of each cell with its interval](compare.png)" in shown


def test_only_certain_slowdowns_are_above_a_limit():
    comparison = compared([*some(), pair([1.0, 1.3, 1.6], name="noisy")])
    names = [verdict.pair.implementation for verdict in comparison.slowdowns_above(1.3)]
    assert names == ["slower"]


FACTS = Facts("command", "", "", "", "", 1, 1, {1: 1}, {}, "", 0.0)


def test_the_figure_has_a_row_per_judged_cell_with_its_interval():
    assert _figures.names("comparison") == ["compare"]
    figure = _figures.draw("compare", compared(some()), FACTS)
    labels = [each.get_text() for each in figure.axes[0].get_yticklabels()]
    assert labels == [
        *("linear/fast 1,000 x 100", "linear/steady 1,000 x 100"),
        *("linear/slow 1,000 x 100", "linear/slower 10 x 10"),
    ]
    marks = [line.get_xdata()[0] for line in figure.axes[0].lines if len(line.get_xdata()) == 1]
    assert marks == pytest.approx([0.5, 1, 1.2, 1.5], rel=1e-3)
    assert _figures.draw("compare", compared([pair([2.0, 2.0])]), FACTS) is None


def test_a_narrow_axis_still_has_numbers():
    axes = _figures.draw("compare", compared([pair([0.998, 1.0, 1.002])]), FACTS).axes[0]
    low, high = axes.get_xlim()
    assert sum(low <= tick <= high for tick in axes.get_xticks()) >= 3


def test_the_figure_draws_every_change_of_very_many_cells():
    steady = [pair([0.98, 1.0, 1.02], name=f"steady{i}") for i in range(60)]
    changed = pair([1.2, 1.2001, 1.2002], name="slow")
    figure = _figures.draw("compare", compared([*steady, changed]), FACTS)
    labels = [each.get_text() for each in figure.axes[0].get_yticklabels()]
    assert len(labels) == 40
    assert labels[-1] == "linear/slow 1,000 x 100"


# The command line


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["HEAD", "HEAD", "--rounds", "3"], "--rounds is not read without --fresh"),
        (["HEAD", "HEAD", "--preset", "quick"], "--preset is not read without --fresh"),
        (
            ["HEAD", "HEAD", "--fresh", "--size", "9", "9", "--preset", "quick"],
            "--preset is not read: --size takes",
        ),
        (["HEAD", "HEAD", "--fresh", "--preset", "quik"], "did you mean quick?"),
        (["HEAD", "HEAD", "--fresh", "--generations", "0"], "--generations is 0"),
        (["HEAD", "HEAD", "--fail-above", "0.9"], "--fail-above is 0.9, expected a ratio"),
        (["HEAD", "HEAD", "--fail-above", "nan"], "--fail-above is nan, expected a ratio"),
        (["HEAD", "HEAD", "--size", "0", "1"], "--size is 0 1, expected two numbers"),
        (["HEAD", "HEAD", "--problem", "linar"], "did you mean linear?"),
        (["HEAD", "HEAD", "--threads", "0"], "--threads is '0'"),
        (["matrix", "float32", "--impl", "fused"], "--impl restricts"),
        (["matrix", "HEAD"], "both have to be of one kind"),
    ],
)
def test_compare_refuses_what_makes_no_sense(argv, message, monkeypatch):
    monkeypatch.setattr(compare, "find_commit", lambda word: "a" * 40 if word == "HEAD" else "")
    with pytest.raises(UserError) as caught:
        compare._sides(compare._parse(argv))
    assert message in str(caught.value)


def run(monkeypatch, comparison, *options, faults=()):
    monkeypatch.setattr(compare, "_compare", lambda a, b, arguments: (comparison, list(faults)))
    monkeypatch.setattr(sys, "argv", ["compare", "impl:matrix", "impl:float32", *options])
    return compare.main()


def test_the_exit_status_says_that_a_slowdown_is_certain(monkeypatch, capsys):
    comparison = compared(some())
    assert run(monkeypatch, comparison) == 0
    assert run(monkeypatch, comparison, "--fail-above", "1.6") == 0
    assert run(monkeypatch, comparison, "--fail-above", "1.3", faults=["x: wrong"]) == 1
    assert "certainly slower than 1.3x: linear/slower at 10 x 10" in capsys.readouterr().err
    assert run(monkeypatch, comparison, "--fail-above", "1.6", faults=["x: wrong"]) == 2


def test_json_alone_is_printed_and_files_are_written(monkeypatch, capsys, tmp_path):
    comparison = compared(some())
    assert run(monkeypatch, comparison, "--json", "--out", str(tmp_path)) == 0
    assert json.loads(capsys.readouterr().out)["b"] == "B = HEAD (4567abcd)"
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"compare.md", "compare.csv", "compare.png", "compare.svg"}


def test_a_spreadsheet_takes_no_reason_for_a_formula(monkeypatch, tmp_path):
    odd = pair(reason='=HYPERLINK("http://a")', name="odd")
    run(monkeypatch, compared([*some(), odd]), "--out", str(tmp_path))
    rows = pd.read_csv(tmp_path / "compare.csv").set_index("implementation")
    assert rows["reason"]["odd"] == '\'=HYPERLINK("http://a")'
    assert rows["ratio"]["fast"] == pytest.approx(0.5, rel=1e-3)


def test_the_rows_of_a_spreadsheet_are_those_of_json(monkeypatch, tmp_path):
    comparison = compared(some())
    run(monkeypatch, comparison, "--out", str(tmp_path))
    rows = pd.read_csv(tmp_path / "compare.csv")
    cells = records.as_json(comparison)["cells"]
    assert list(rows) == list(cells[0])
    assert [*rows["verdict"]] == [cell["verdict"] for cell in cells]
    assert rows["ratio"].isna().tolist() == [cell["ratio"] is None for cell in cells]


@pytest.mark.parametrize("sides", [("impl:matrix", "impl:float32"), ("commit:HEAD", "commit:HEAD")])
def test_no_other_run_is_under_way_while_both_are_measured(monkeypatch, sides):
    events = []

    @contextmanager
    def lock():
        events.append("locked")
        yield
        events.append("released")

    def measured(a, b, choice):
        events.append("measured")
        return compared(some()), []

    monkeypatch.setattr(compare, "only_one_at_a_time", lock)
    monkeypatch.setattr(compare, "find_commit", lambda word: "a" * 40)
    for name in ("measure_implementations", "measure_trees"):
        monkeypatch.setattr(compare, name, measured)
    monkeypatch.setattr(sys, "argv", ["compare", *sides, "--fresh"])
    assert compare.main() == 0
    assert events == ["locked", "measured", "released"]


def test_stored_results_are_compared_without_waiting(monkeypatch):
    monkeypatch.setattr(compare, "only_one_at_a_time", None)
    monkeypatch.setattr(compare, "from_journals", lambda a, b, choice: compared(some()))
    monkeypatch.setattr(sys, "argv", ["compare", "impl:matrix", "impl:float32"])
    assert compare.main() == 0
