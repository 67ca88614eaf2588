"""Results of another machine of the same name: named, and not mixed with this one's."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from asv.machine import Machine, MachineCollection
from asv.results import get_filename, iter_results

from benchmarks import _measure, _plan
from scripts._common.errors import UserError
from scripts._measured import asv_files, driver, machine, measuring, results
from tests._recorded import COMMIT, ENVIRONMENT, FACTS, LINES, Recorded

RESULTS = json.loads((Path(__file__).parent / "data" / "results.json").read_text())
OTHER = {
    "memory": ({"memory_bytes": 2 * FACTS["memory_bytes"]}, r"47\.1 GiB of memory, not 23\.5 GiB"),
    "system": ({"system": "Darwin arm64"}, "the system Darwin arm64, not Linux x86_64"),
    "caches": ({"cache_bytes": {"1": 65536}}, "caches of 64 KiB, not 32 KiB, 512 KiB, 32768 KiB"),
}
SAME = {
    "nothing": {},
    "a little memory": {"memory_bytes": int(0.97 * FACTS["memory_bytes"])},
    "what is set": {"system": "Linux x86_64, governor powersave"},
    "no memory": {"memory_bytes": 0},
    "damage": {"memory_bytes": "much", "system": None, "cache_bytes": {"a": []}},
}


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    return Recorded(tmp_path, monkeypatch)


def lines_of(facts):
    return [LINES[0], json.dumps({"kind": "facts", "facts": FACTS | facts}), *LINES[2:]]


@pytest.mark.parametrize("facts", SAME.values(), ids=SAME)
def test_a_journal_of_this_machine_is_read(facts, recorded, capsys):
    recorded.record_state(lines=lines_of(facts))
    assert [each.path for each in results.list_results()] == [recorded.path]
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("facts", "told"), OTHER.values(), ids=OTHER)
def test_a_journal_of_another_machine_is_named_and_left_aside(facts, told, recorded, capsys):
    """Its values hold for the same files, libraries, processor and settings."""
    copied = recorded.record_state("a" * 40, lines=lines_of(facts))
    results._name_once.cache_clear()
    frame = results.load_results(recorded.state())
    assert set(frame["commit"].dropna()) == {COMMIT[:8]}
    assert results.facts_of("a" * 8, ENVIRONMENT) is None
    (line,) = capsys.readouterr().err.splitlines()  # once
    assert line.startswith(f"left aside: the journal {copied}: it is of another machine of this n")
    assert re.search(told, line)


def test_nothing_is_added_to_the_journal_of_another_machine(recorded, monkeypatch):
    path = recorded.record_state(lines=lines_of(OTHER["memory"][0]))
    order = measuring.Order((), None, 1, "all")
    with pytest.raises(UserError, match=r"nothing can be kept: .* another machine .* move it away"):
        measuring._begun(path, order)
    monkeypatch.setattr(_measure, "path_of", lambda *_: path)
    monkeypatch.setattr(_measure._provenance, "record", lambda: "digest")
    monkeypatch.setattr(_plan, "current_preset", lambda: None)
    with pytest.raises(RuntimeError, match=r"cannot be continued \(it is of another machine"):
        _measure.values()


@pytest.fixture
def folder(tmp_path):
    """asv's results of this machine, and a file that another one of its name has written."""
    put(tmp_path / "recorded" / "machine.json", RESULTS["params"] | {"version": 1})
    put(tmp_path / "recorded" / f"{'a' * 8}-own.json", RESULTS)
    other = RESULTS | {"params": RESULTS["params"] | {"ram": "1000", "os": "Darwin 24"}}
    put(tmp_path / "recorded" / f"{'b' * 8}-other.json", other)
    return tmp_path


def put(path, record):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record))


def test_asv_reads_no_results_of_another_machine(folder, caplog):
    asv_files.setup()
    assert len(list(iter_results(str(folder)))) == 1
    assert len(list(asv_files.good_results(str(folder)))) == 1
    (told,) = asv_files.faults(str(folder))
    assert "other.json are of another machine of this name, with ram 1000, not 252765" in told
    assert "os Darwin 24, not Linux" in told
    assert "other.json are of another machine" in caplog.text


def test_another_kernel_is_the_same_machine():
    own = RESULTS["params"] | {"os": "Linux 6.1"}
    assert not asv_files.difference(own, own | {"os": "Linux 6.2", "ram": "25276514000"})
    assert asv_files.difference(own, own | {"cpu": "b", "num_cpu": ""}) == "cpu a processor, not b"


def test_nothing_is_added_to_asvs_results_of_another_machine(tmp_path, monkeypatch):
    session = driver.Session(COMMIT, "all", (), "")
    monkeypatch.setattr(machine, "STATE", tmp_path / "state")
    monkeypatch.setattr(driver.Session, "environment", "env")
    monkeypatch.setattr(driver.Session, "config_path", Path("asv.conf.json").absolute())
    monkeypatch.setattr(driver, "Config", Config(tmp_path))
    path = tmp_path / get_filename(machine.machine_name(), COMMIT, "env")
    put(path, RESULTS | {"params": Machine.get_defaults() | {"machine": machine.machine_name()}})
    driver.check_filed(session)
    put(path, RESULTS)
    with pytest.raises(UserError, match=r"nothing can be kept: asv's results .* move them away"):
        driver.check_filed(session)


class Config:
    def __init__(self, folder):
        self.results_dir = str(folder)

    def load(self, _):
        return self


def test_facts_that_were_copied_from_another_machine_are_collected_anew(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(machine, "STATE", tmp_path)
    home = tmp_path / "home.json"
    monkeypatch.setattr(MachineCollection, "get_machine_file_path", lambda: str(home))
    here = Machine.get_defaults()
    edited = here | {"cpu": "my words for it"}
    put(home, {"version": 1, here["machine"]: edited})
    path = machine.settle_machine()
    home.unlink()
    assert json.loads(machine.settle_machine().read_text())[path.stem] == edited
    monkeypatch.setattr(Machine, "get_defaults", lambda: here | {"num_cpu": "4096"})
    assert json.loads(machine.settle_machine().read_text())[path.stem]["num_cpu"] == "4096"
    told = capsys.readouterr().err
    assert f"left aside: asv's file of machines {path} is of another machine" in told
    machine.settle_machine()
    assert capsys.readouterr().err == ""
