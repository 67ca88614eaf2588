"""Results of several machines: whose they are, what is left out, and what is said of it."""

from __future__ import annotations

import json
import shutil

import pandas as pd
import pytest

from scripts import _tables
from scripts._common.errors import UserError
from scripts._common.fastest import EXACT
from scripts._common.fleet import Fleet, Machine, standings, wins_of
from scripts._common.metrics import metrics
from scripts._fleet.apart import find_machines
from scripts._fleet.choice import Choice
from scripts._fleet.folders import HERE, find_folders, own_folder
from scripts._fleet.hardware import Hardware
from scripts._measured.state import load_state
from scripts._page import page_data
from scripts._report.machines import load_machines
from tests._machines import EPYC, XEON, write_machine
from tests._paged import FACTS
from tests._recorded import ENVIRONMENT, LINES, Recorded
from tests._rows import KERNELS, SIZES, made_rows

ALL = Choice("all")
DATE = "2026-11-27 12:00 UTC"


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    return Recorded(tmp_path, monkeypatch)


def load(recorded, *folders, names=(), choice=ALL):
    return load_machines([str(each) for each in folders], names, recorded.tree, choice)


def labels(loaded):
    return [each.label for each in loaded.machines]


def found_in(*folders):
    return find_machines([own_folder(), *find_folders([str(each) for each in folders])])


def test_each_machine_is_valid_with_its_own_settings_and_facts(recorded, tmp_path):
    anna = write_machine(recorded, tmp_path / "anna", "zen4", XEON, ids="a")
    loaded = load(recorded, anna)
    assert labels(loaded) == ["recorded", "zen4"]
    assert loaded.notes == []
    own, other = loaded.machines
    assert (other.facts.cpu, other.n_threads) == ("Xeon", 16)
    assert own.facts.cpu != "Xeon"
    assert len(own.results) == len(other.results)
    assert (other.results["state"] == "ok").sum() == (own.results["state"] == "ok").sum()


@pytest.mark.parametrize("factor", [2.0**-9, 0.37, 1e4])
def test_a_machine_that_is_slower_throughout_has_the_same_ratios(recorded, tmp_path, factor):
    slow = write_machine(recorded, tmp_path / "slow", "slow", XEON, ids="a", factor=factor)
    loaded = load(recorded, slow)
    own, other = (each.results for each in loaded.machines)
    ratios = own["metric"].isin(["speed_up", "roof_fraction", "time_over_baseline", "chance"])
    assert ratios.any()
    pd.testing.assert_series_equal(own["value"][ratios], other["value"][ratios])
    times = own["metric"] == "time"
    assert not (own["value"][times] == other["value"][times]).any()
    table = _tables.render("machines", loaded.fleet("matrix", DATE))
    rows = [line.split("|")[2:4] for line in table.splitlines() if line.count("|") in (4, 5)]
    body = [(a.strip(), b.strip()) for a, b in rows if "recorded" not in a and "--" not in a]
    assert len(body) > 8
    assert all(a == b for a, b in body)


def test_a_machine_that_differs_has_a_winner_of_its_own(recorded, tmp_path):
    skew = {"numba_loop": 100.0}
    other = write_machine(recorded, tmp_path / "o", "other", XEON, ids="a", skew=skew)
    fleet = load(recorded, other).fleet("matrix", DATE)
    wins = wins_of(fleet, EXACT)["logistic", "10 x 10"]
    names = {machine: winner.row.implementation for machine, winner in wins.items()}
    assert names == {"recorded": "numba_loop", "other": "matrix"}
    assert wins["other"].speed_up == 1.0
    first, second, *_ = standings(wins_of(fleet, EXACT))
    assert {first.implementation, second.implementation} == {"matrix", "numba_loop"}
    assert (first.implementation, first.n_machines, first.of_machines) == ("matrix", 2, 2)


def test_who_is_the_fastest_less_often_does_not_count_for_a_machine():
    quick = KERNELS | {"sklearn": ("libraries", "2", 8.0, 1e-12, 3e-16, 100, 0.35)}
    rows = {"a": made_rows(quick), "b": made_rows(quick, SIZES[:2]), "c": made_rows(KERNELS)}
    own = tuple(Machine(name, each.assign(baseline="matrix"), FACTS) for name, each in rows.items())
    found = {
        each.implementation: (each.n_machines, each.n_wins, each.of_machines, each.of_data)
        for each in standings(wins_of(Fleet(own, "", DATE, ""), EXACT))
    }
    assert found == {"fused": (2, 10, 3, 14), "sklearn": (1, 4, 3, 14)}


def test_a_copy_is_counted_once(recorded, tmp_path):
    shutil.copytree(tmp_path / "asv", tmp_path / "copy" / ".asv")
    found, notes = found_in(tmp_path / "copy")
    assert [each.label for each in found] == ["recorded"]
    assert len(found[0].journals) == 1
    assert notes == [
        f"All 4 measurements of recorded in copy are those of recorded in {HERE}, and are counted "
        "once."
    ]


def test_a_copy_under_another_name_is_counted_once(recorded, tmp_path):
    shutil.copytree(tmp_path / "asv", tmp_path / "copy" / ".asv")
    session = tmp_path / "copy" / ".asv" / "session"
    (session / "recorded").rename(session / "renamed")
    found, (note,) = found_in(tmp_path / "copy")
    assert [each.label for each in found] == ["recorded"]
    assert "renamed in copy are those of recorded in" in note


def test_a_copy_that_has_gone_on_is_added(recorded, tmp_path):
    longer = write_machine(recorded, tmp_path / "longer", "recorded")
    recorded.record_state(lines=LINES[:13])  # the first two of four sets of data
    own = load(recorded)
    loaded = load(recorded, longer)
    assert labels(loaded) == ["recorded"]
    assert loaded.notes == [
        f"1 of the 4 measurements of recorded in longer are those of recorded in {HERE}, and are "
        "counted once; the others are added to recorded."
    ]
    sizes = [set(each.machines[0].results["n_samples"].dropna()) for each in (own, loaded)]
    assert sizes == [{10}, {10, 100, 1000}]


def test_two_machines_of_one_name_stay_apart(recorded, tmp_path):
    ben = write_machine(recorded, tmp_path / "ben", "recorded", XEON, ids="b")
    loaded = load(recorded, ben)
    assert labels(loaded) == [f"recorded ({HERE})", "recorded (ben)"]
    (note,) = loaded.notes
    assert note.startswith("recorded names 2 machines, which are shown apart: ")
    assert "that in ben has Xeon, 16 processors and 137 GB of memory" in note
    assert "GRADMARK_MACHINE" in note


def test_one_name_and_one_model_without_a_common_measurement_stay_apart(recorded, tmp_path):
    cloud = write_machine(recorded, tmp_path / "cloud", "recorded", ids="c")
    loaded = load(recorded, cloud)
    assert labels(loaded) == [f"recorded ({HERE})", "recorded (cloud)"]
    assert "the same facts and no measurement in common" in loaded.notes[0]


def test_equal_ids_of_other_times_are_other_measurements(recorded, tmp_path):
    other = write_machine(recorded, tmp_path / "other", "recorded", factor=2.0)
    assert len(found_in(other)[0]) == 2


def test_one_name_with_other_facts_in_one_folder_is_two_machines(recorded, tmp_path):
    both = write_machine(recorded, tmp_path / "both", "vm", EPYC, ids="a")
    more = write_machine(recorded, tmp_path / "more", "vm", XEON, ids="b")
    journal = next(more.glob(".asv/session/vm/*.jsonl"))
    journal.rename(both / ".asv" / "session" / "vm" / "other.jsonl")
    shutil.copytree(more / ".asv" / "provenance", both / ".asv" / "provenance", dirs_exist_ok=True)
    loaded = load(recorded, both)
    assert labels(loaded)[1:] == ["vm (both)", "vm (both, 2)"]
    assert {each.facts.cpu for each in loaded.machines[1:]} == {"EPYC", "Xeon"}
    assert "vm names 2 machines" in loaded.notes[0]


def test_facts_that_a_machine_may_change_do_not_make_it_another():
    own = Hardware("EPYC", "2", "Linux x86_64", 25_276_510_208, ((1, 32768),))
    assert own.differs(Hardware("EPYC", "2", "Linux x86_64", 25_276_514_304)) == []
    assert own.differs(Hardware()) == []
    assert own.differs(Hardware("EPYC", "4")) == ["2 processors"]
    assert own.differs(Hardware(memory_bytes=2 * own.memory_bytes)) == ["25.3 GB of memory"]
    assert own.differs(Hardware(caches=((1, 49152),))) == ["L1 of 32.8 kB"]


def test_results_of_another_version_of_the_suite_are_left_out(recorded, tmp_path):
    files = {"benchmarks/_session/rounds.py": "0" * 40}
    old = write_machine(recorded, tmp_path / "old", "old", XEON, ids="a", files=files)
    loaded = load(recorded, old)
    assert labels(loaded) == ["recorded"]
    (note,) = loaded.notes
    assert note.startswith("old is left out, of another version of the suite: ")
    assert "benchmarks/_session/rounds.py has changed" in note


def test_single_values_of_other_files_are_left_out(recorded, tmp_path):
    files = {"impls/logistic/numba_loop.py": "0" * 40}
    some = write_machine(recorded, tmp_path / "some", "some", XEON, ids="a", files=files)
    loaded = load(recorded, some)
    assert loaded.notes == [
        "Of the 16 times of some, 3 measured before a file, a library or a setting changed are "
        "left out: impls/logistic/numba_loop.py has changed."
    ]
    rows = loaded.machines[1].results
    of_it = rows[(rows["implementation"] == "numba_loop") & (rows["metric"] == "time")]
    assert set(of_it["state"]) == {"missing"}


def test_the_last_measurement_says_which_files_if_nothing_holds_for_the_tree(recorded, tmp_path):
    before = recorded.state().provenance.files["impls/_table.py"]
    recorded.write("impls/_table.py", "changed = True")
    files = {"impls/_table.py": before}
    same = write_machine(recorded, tmp_path / "same", "same", XEON, ids="a", files=files)
    loaded = load(recorded, same)
    assert labels(loaded) == ["recorded", "same"]
    assert "these are of what was measured last" in loaded.notes[0]
    with pytest.raises(UserError, match=r"impls/_table\.py has changed"):
        load(recorded, same, choice=Choice("all", None, "0" * 40))


def test_without_the_states_nothing_is_known_to_hold(recorded, tmp_path):
    bare = write_machine(recorded, tmp_path / "bare", "bare", XEON, ids="a", provenance=False)
    assert load(recorded, bare).notes == [
        "bare is left out: there is no record of the files and versions that it has measured; copy "
        "its folder .asv/provenance too."
    ]
    with_it = write_machine(recorded, tmp_path / "with", "bare", XEON, ids="a")
    for path in with_it.glob(".asv/provenance/*"):
        shutil.copy(path, recorded.provenance)
    load_state.cache_clear()
    assert labels(load(recorded, bare)) == ["recorded", "bare"]  # copied into this folder's


def test_an_implementation_that_is_not_here_is_named(recorded, tmp_path):
    rename = {"numba_loop": "mine"}
    other = write_machine(recorded, tmp_path / "o", "other", XEON, ids="a", rename=rename)
    (note,) = load(recorded, other).notes
    assert note.startswith("Of other, logistic/mine is left out: not part of commit ")


def test_what_needs_a_library_that_is_missing_here_is_known_from_there(recorded, tmp_path):
    recorded.write("impls/logistic/onedal.py", "import daal4py")
    recorded.record_state()
    rename = {"numba_loop": "onedal"}
    other = write_machine(recorded, tmp_path / "o", "other", XEON, ids="a", rename=rename)
    fleet = load(recorded, other).fleet("matrix", DATE)
    wins = wins_of(fleet, EXACT)["logistic", "10 x 10"]
    assert wins["other"].row.implementation == "onedal"
    assert (wins["other"].row.rtol, wins["other"].row.family) == (1e-11, "one pass")


def test_a_machine_without_facts_is_known_by_its_states(recorded, tmp_path):
    lines = [line for line in LINES if '"kind": "facts"' not in line]
    plain = write_machine(recorded, tmp_path / "p", "plain", XEON, ids="a", lines=lines)
    facts = load(recorded, plain).machines[1].facts
    assert (facts.cpu, facts.n_threads, facts.memory_bytes) == ("Xeon", 16, 0)
    assert "numpy" in facts.versions


@pytest.mark.parametrize("processors", ["0", "9" * 5000, "many"])
def test_odd_facts_are_those_of_the_states(recorded, tmp_path, processors):
    odd = {"cpu": "Xeon", "processors": processors, "load": float("nan")}
    other = write_machine(recorded, tmp_path / "o", "other", odd, ids="a")
    machine = load(recorded, other).machines[1]
    assert (machine.facts.cpu, machine.facts.n_threads, machine.n_threads) == ("Xeon", 1, 1)
    page_data(machine.of_all, [], machine.facts, metrics())


@pytest.mark.parametrize("problem", ["9" * 400, "../logistic", "a/b"])
def test_an_odd_problem_is_none_of_these(recorded, tmp_path, problem):
    lines = [*LINES, *(line.replace('"logistic"', json.dumps(problem)) for line in LINES[2:])]
    other = write_machine(recorded, tmp_path / "o", "other", XEON, ids="a", lines=lines)
    loaded = load(recorded, other)
    assert set(loaded.machines[1].results["problem"]) == {"logistic"}


def test_what_has_no_results_as_chosen_is_told(recorded, tmp_path):
    other = write_machine(recorded, tmp_path / "o", "other", XEON, ids="a")
    with pytest.raises(UserError, match="other is left out: it has no results with 3 threads"):
        load(recorded, other, choice=Choice("3"))
    loaded = load(recorded, other, choice=Choice("all", ENVIRONMENT))
    assert labels(loaded) == ["recorded", "other"]


def test_machines_are_chosen_by_name_or_label(recorded, tmp_path):
    ben = write_machine(recorded, tmp_path / "ben", "recorded", XEON, ids="b")
    zen = write_machine(recorded, tmp_path / "zen", "zen", XEON, ids="z")
    assert labels(load(recorded, ben, zen, names=["zen"])) == ["zen"]
    assert labels(load(recorded, ben, zen, names=["recorded (ben)"])) == ["recorded (ben)"]
    assert len(load(recorded, ben, zen, names=["recorded"]).machines) == 2
    with pytest.raises(UserError, match="no machine 'zne'; did you mean zen"):
        load(recorded, ben, zen, names=["zne"])


@pytest.mark.parametrize("part", [".", ".asv", ".asv/session", ".asv/session/zen"])
def test_a_folder_is_found_however_much_of_it_is_copied(recorded, tmp_path, part):
    zen = write_machine(recorded, tmp_path / "anna", "zen", XEON, ids="a")
    assert labels(load(recorded, zen / part)) == ["recorded", "zen"]


def test_folders_are_called_by_what_tells_them_apart(recorded, tmp_path):
    for name in ("a/work", "b/work", "c"):
        write_machine(recorded, tmp_path / name, "m", XEON, ids=name)
    folders = find_folders([str(tmp_path / name) for name in ("a/work/.asv", "b/work", "c")])
    assert [each.label for each in folders] == ["a/work", "b/work", "c"]


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda path: None, "which is no folder"),
        (lambda path: path.write_text(""), "which is no folder"),
        (lambda path: path.mkdir(), "holds no journals"),
        (
            lambda path: (path / "anna" / ".asv").mkdir(parents=True),
            "several machines, to be named",
        ),
        (lambda path: asv_results(path), "holds what asv keeps, and not the journals"),
    ],
)
def test_a_folder_without_results_is_refused(recorded, tmp_path, make, told):
    make(tmp_path / "odd")
    with pytest.raises(UserError, match=f"odd.*{told}.*expected the folder .asv"):
        find_folders([str(tmp_path / "odd")])


def asv_results(path):
    (path / "results" / "vm").mkdir(parents=True)
    (path / "results" / "vm" / "machine.json").write_text("{}")


def test_a_folder_that_is_named_twice_is_refused(recorded, tmp_path):
    zen = write_machine(recorded, tmp_path / "zen", "zen", XEON, ids="z")
    with pytest.raises(UserError, match="twice"):
        find_folders([str(zen), str(zen / ".asv")])
