"""The two sides of a comparison: cells from journals, and trees that are measured now."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from benchmarks import _measure
from benchmarks._session.crew import Settings
from benchmarks._session.inputs import Data
from benchmarks._session.journal import Cell, Journal, Source
from benchmarks._session.measured import BASELINE, TWIN, Round
from benchmarks._session.session import Job
from scripts._common.errors import UserError
from scripts._common.tree import Tree
from scripts._compare import fresh, notes, now, results, stored, trees
from scripts._compare.choice import Choice
from scripts._compare.comparison import SLOWER, judge
from scripts._compare.named import Named
from scripts._compare.pair import UNCHANGED
from scripts._measured.state import load_state
from tests._recorded import FILES, Recorded

ROOT = Path(__file__).resolve().parent.parent
DATA, OTHER = Data("logistic", 100, 10), Data("logistic", 10, 10)
INFO = {"bytes_per_value": 8, "passes": 2, "peer": "", "limited": False, "rtol": 1e-12}
ALL = Choice(None, (), (), "all", "quick", 3, 5)


def journal(commit, times, measurement="m", data=DATA, state="ok", path=None, environment="e"):
    """A session in which each implementation takes so long, in each generation."""
    kept = Journal(path, Source(commit, environment, "all"), "digest")
    n_generations = len(next(iter(times.values())))
    for generation in range(n_generations):
        seconds = {name: own[generation] for name, own in times.items()}
        kept.add_round(measurement, data, Round(generation, seconds, {8: 1e9}, {}))
    kept.add_cells(
        Cell(
            *(data, name, measurement, state, "a reason" * (state != "ok"), "digest", "2026"),
            generations=n_generations,
            shape=(data.n_samples, data.n_features),
            info=INFO,
        )
        for name in times
    )
    return Source(commit, environment, "all"), kept.known


def times(mine=2.0, twin=1.0, scale=1.0, n=3):
    own = {BASELINE: 1.0, TWIN: twin, "mine": mine}
    return {name: [scale * each * (1 + 1e-4 * k) for k in range(n)] for name, each in own.items()}


def collect(*journals, wanted=lambda data, name: True):
    return stored.collect(journals, lambda source, cell: True, wanted)["e"]


def pairs(a, b):
    return {pair.implementation: pair for pair in stored.pair_up(a, b)}


# Journals


def test_sessions_are_compared_by_ratios_to_their_own_baselines():
    """B's machine was half as fast: its baseline too."""
    a = collect(journal("a", times(2.0)))
    b = collect(journal("b", times(2.4, scale=2.0, twin=1.04), "n"))
    found = pairs(a, b)["mine"]
    assert found.medians == (pytest.approx((2.0,) * 3), pytest.approx((2.4,) * 3))
    assert found.band == pytest.approx(0.04)  # of the side where equal kernels differ more
    (verdict,) = judge([found])
    assert (verdict.word, verdict.ratio.value) == (SLOWER, pytest.approx(1.2))
    assert found.roof_fractions[0] > found.roof_fractions[1]


def test_the_baseline_is_not_compared_with_itself_by_ratios_to_itself():
    a, b = collect(journal("a", times())), collect(journal("b", times(), "n"))
    assert "--fresh" in pairs(a, b)[BASELINE].reason


def test_a_cell_that_both_sides_share_has_not_changed():
    a = collect(journal("a", times()))
    assert {pair.reason for pair in pairs(a, a).values()} == {UNCHANGED}


def test_cells_that_a_side_lacks_or_where_it_failed_say_so():
    a, b = collect(journal("a", times())), collect(journal("b", times(), "n", state="wrong"))
    assert pairs(a, {})["mine"].reason == "B has not measured it"
    assert pairs(a, b)["mine"].reason == "B: wrong: a reason"


def test_the_cell_of_most_generations_is_taken_and_of_those_the_newest():
    old, long = journal("a", times(2.0, n=3), "old"), journal("a", times(3.0, n=3), "long")
    short = journal("a", times(9.0, n=1), "short")
    found = collect(short, long, old)  # the last written first
    assert found[DATA, "mine"].cell.measurement == "long"


def test_twins_and_what_is_not_wanted_are_left_out():
    found = collect(journal("a", times()), wanted=lambda data, name: name != BASELINE)
    assert list(found) == [(DATA, "mine")]


def test_both_sides_come_from_the_same_environment_if_there_is_one():
    one = collect(journal("a", times()))
    more = one | {(OTHER, "mine"): one[DATA, "mine"]}
    apart = collect(journal("b", times(), "n"))
    assert stored.common_environment({"x": one, "y": more}, {"x": one, "z": more}) == ("x", "x")
    assert stored.common_environment({"x": one, "y": more}, {"z": one}) == ("y", "z")
    # Cells that both share tell nothing.
    assert stored.common_environment({"x": one, "y": more}, {"x": apart, "y": more})[0] == "x"


def test_implementations_are_compared_within_the_rounds_of_one_session():
    cells = collect(journal("a", times(1.5)), journal("a", times(1.5), "n", OTHER))
    found = stored.pair_implementations(cells, BASELINE, "mine")
    assert [pair.data for pair in found] == ["10 x 10", "100 x 10"]
    assert found[0].medians == (pytest.approx((1.5,) * 3),)
    apart = dict(cells) | dict(collect(journal("a", {"mine": [1.0]}, "later")))
    found = stored.pair_implementations(apart, BASELINE, "mine")
    assert found[1].reason == stored.NOT_TOGETHER


# Stored results on disk


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    """A tree with results on this machine, of which git knows one commit."""
    found = Recorded(tmp_path, monkeypatch)
    monkeypatch.setattr(results, "machine_name", lambda: "recorded")
    monkeypatch.setattr(results, "working_tree", lambda: found.tree)
    monkeypatch.setattr(trees, "working_tree", lambda: found.tree)

    @contextmanager
    def committed_tree(revision):
        """A copy; in the commit d, an implementation differs."""
        with TemporaryDirectory() as folder:
            copy = shutil.copytree(found.root, Path(folder) / "tree")
            if revision == "d" * 40:
                (copy / "impls/logistic/nested_loop.py").write_text("import numba\n")
            yield Tree(copy, revision, f"commit {revision[:8]}")

    monkeypatch.setattr(trees, "committed_tree", committed_tree)
    return found


def write(commit, measured, measurement):
    path = _measure.path_of(Source(commit, "e", "all"), "recorded")
    journal(commit, measured, measurement, path=path)


def commit(letter):
    return Named("commit", letter * 40, letter)


def test_two_commits_are_compared_from_their_journals(recorded):
    write("b" * 40, times(2.0), "b")
    write("c" * 40, times(2.5), "c")
    found = results.from_journals(commit("b"), commit("c"), ALL)
    (slow,) = found.called(SLOWER)
    assert (slow.name, slow.ratio.value) == ("logistic/mine", pytest.approx(1.25))
    assert found.a == "A = b (bbbbbbbb)"


def test_a_commit_without_results_names_the_command_that_makes_them(recorded, monkeypatch):
    recorded.path.unlink()
    write("b" * 40, times(2.0), "b")
    with pytest.raises(UserError, match=r"asv run cccccccccccc\^!"):
        results.from_journals(commit("b"), commit("c"), ALL)


def test_results_of_other_commits_count_where_nothing_has_changed(recorded):
    found = results.from_journals(commit("c"), commit("d"), replace(ALL, sizes=((10, 10),)))
    reasons = {verdict.pair.implementation: verdict.reason for verdict in found.verdicts}
    assert reasons["matrix"] == UNCHANGED
    assert reasons["nested_loop"] == "B has not measured it"


def test_one_generation_calls_nothing_and_says_what_gives_three(recorded):
    write("b" * 40, times(2.0, n=1), "b")
    write("c" * 40, times(2.5, n=1), "c")
    found = results.from_journals(commit("b"), commit("c"), ALL)
    assert not found.changes
    assert found.n_judged == 0
    assert "standard" in found.advice


def test_machines_are_found_by_their_folders(recorded):
    write("b" * 40, times(2.0), "b")
    assert results.find_machine("recorded") == "recorded"
    assert results.find_machine("other") == ""
    assert results.find_machine("..") == ""


# An odd name, which a pattern of file names would take for another.
LABS = Named("machine", "lab", ""), Named("machine", "lab[1]", "")


def labs(recorded, versions=None, folder="impls", **changed):
    """Notes on a machine and on another, where some libraries or files differed."""
    files = {f"{folder}/{name}.py": digest for name, digest in changed.items()}
    for side, parts in zip(LABS, ({}, {"files": files, "versions": versions or {}}), strict=True):
        path = recorded.record_state(**parts)
        path.parent.rename(path.parent.with_name(side.name))
    assert results.find_machine("lab[1]") == "lab[1]"
    return results.from_journals(*LABS, ALL).notes


def test_machines_that_ran_the_same_code_are_compared_without_a_remark(recorded):
    (note,) = labs(recorded, versions={"numpy": "another"})
    assert "Two machines" in note


def test_machines_that_ran_different_code_are_told_with_its_names(recorded):
    _, note = labs(recorded, **{"logistic/numba_loop": "0" * 40, "logistic/unused": "0" * 40})
    assert note == "A and B ran different code: logistic/numba_loop (3 cells)."


def test_an_edit_of_a_shared_file_is_told_of_whom_it_concerns(recorded):
    _, note = labs(recorded, **{"logistic/_sigmoid": "0" * 40})
    assert note.startswith("A and B ran different code: logistic/matrix (")
    assert "," not in note


def test_another_session_is_told_where_it_measured_the_cells_that_both_have(recorded):
    _, note = labs(recorded, folder="benchmarks/_session", rounds="0" * 40)
    assert note.startswith("A and B were measured by different versions of the session: logistic/")


def test_a_file_of_the_session_that_measured_none_of_the_cells_is_not_told(recorded):
    (note,) = labs(recorded, folder="benchmarks/_session", unused="0" * 40)
    assert "Two machines" in note


def test_code_that_is_not_known_is_not_called_different(recorded):
    labs(recorded, **{"logistic/numba_loop": "0" * 40})
    present = recorded.state().provenance.digest
    (lost,) = (path for path in recorded.provenance.glob("*.json") if path.stem != present)
    lost.unlink()
    load_state.cache_clear()
    _, note = results.from_journals(*LABS, ALL).notes  # and no other session is claimed
    assert note.startswith("Whether A and B ran the same code is not known of logistic/")


def test_code_of_what_is_not_here_is_not_known(recorded):
    labs(recorded, **{"logistic/numba_loop": "0" * 40})
    (recorded.root / "impls/logistic/numba_loop.py").unlink()
    _, note = results.from_journals(*LABS, ALL).notes
    assert "is not known of logistic/numba_loop (3 cells): " in note


def test_many_names_are_told_by_their_number():
    places = [(DATA, f"mine{number}") for number in range(7)]
    assert notes._told([*places, (OTHER, "mine0")]).startswith("logistic/mine0 (2 cells), ")
    assert notes._told(places).endswith("logistic/mine4 (1 cell) and 2 more implementations")


def test_implementations_of_different_sessions_are_refused_with_fresh(recorded):
    sides = Named("impl", "matrix", ""), Named("impl", "float32", "")
    found = results.from_journals(*sides, ALL)
    assert {pair.pair.implementation for pair in found.verdicts} == {"float32"}
    with pytest.raises(UserError, match="matrix fused --fresh"):
        results.from_journals(sides[0], Named("impl", "fused", ""), ALL)


def test_commits_are_asked_of_git_behind_the_end_of_options(monkeypatch):
    asked = []
    monkeypatch.setattr(results, "git", lambda *words: asked.append(words))
    assert results.find_commit("HEAD") == ""
    assert asked[0][-2:] == ("--end-of-options", "HEAD^{commit}")
    assert results.find_commit("worktree") == "."


# Trees


def tree(folder, **changed):
    """A small tree, in which some implementations of logistic differ, or are gone if None."""
    files = FILES | {f"impls/logistic/{name}.py": text for name, text in changed.items()}
    for file, text in files.items():
        if text is not None:
            path = folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{text}\n")
    return Tree(folder, "a" * 40, "")


def chosen(tmp_path, choice=ALL, **changed):
    return now._choose([tree(tmp_path / "a"), tree(tmp_path / "b", **changed)], choice)


def test_only_what_differs_is_measured(tmp_path):
    names, others = chosen(tmp_path, numba_loop="import numba  # faster", float32=None)
    assert names == {"logistic": ["numba_loop"]}
    reasons = {pair.implementation: pair.reason for pair in others}
    assert reasons == {
        "float32": "A alone has it",
        "matrix": UNCHANGED,
        "nested_loop": UNCHANGED,
    }


def test_an_edit_of_a_shared_file_measures_who_imports_it(tmp_path):
    names, _ = chosen(tmp_path, _sigmoid="import math")
    assert names == {"logistic": ["matrix"]}


def test_what_is_named_is_measured_whether_it_differs_or_not(tmp_path):
    names, others = chosen(tmp_path, replace(ALL, names=("matrix",)))
    assert (names, others) == ({"logistic": ["matrix"]}, [])
    with pytest.raises(UserError, match="--impl is 'matrx', which neither side has"):
        chosen(tmp_path, replace(ALL, names=("matrx",)))


SLOW = """
import os
import impls

if not os.environ["NUMBA_CACHE_DIR"].endswith("/B/compiled"):
    raise RuntimeError("compiled code of the other tree")
if "/B/" not in impls.__file__:
    raise RuntimeError("impls of the other tree")


def gradient(weights, X, y):
    for _ in range(4):
        found = (X @ weights - y) @ X / len(y)
    return found
"""


def test_each_side_runs_its_own_tree_in_the_same_rounds(tmp_path):
    root = tmp_path / "edited"
    shutil.copytree(ROOT / "impls", root / "impls", ignore=shutil.ignore_patterns("__pycache__"))
    (root / "impls/linear/matrix.py").write_text(SLOW)
    both_trees = [Tree(ROOT, "", ""), Tree(root, "", "")]
    names = ("matrix", "row_loop", "float32")
    both = {name: (f"{name} of A", f"{name} of B") for name in names}
    job = Job(Data("linear", 3000, 30), tuple(name for each in both.values() for name in each))
    (root / "impls/linear/row_loop.py").write_text(SLOW.replace("/ len(y)", "* 2"))
    with fresh.copied(both_trees) as places:
        settings = Settings("", (), 1, rounds=2, costs=False, warm_seconds=0.001)
        settings = replace(settings, elsewhere=fresh.orders(both, places))
        known = fresh.measure([job], settings, 1)
    found = {pair.implementation: pair for pair in fresh.pairs(known, [job], {"linear": both})}
    (ratio,) = found["matrix"].medians[0]
    assert ratio > 1.5
    assert found["row_loop"].reason.startswith("B: wrong: ")
    assert len(found["float32"].medians[0]) == 1  # it takes part, though no file of it differs
    assert len(fresh.faults(known)) == 1
    assert not places[0].exists()
