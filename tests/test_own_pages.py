"""What is added to asv's pages."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path

import asv
import pytest

from benchmarks import _measure
from scripts._common import history
from scripts._measured import own_pages, plugin
from scripts._measured.machine_page import describe_machine
from scripts._measured.offline_pages import OfflinePages, localise

ASV_PAGE = (Path(asv.__file__).parent / "www" / "index.html").read_text()
FACTS = {
    "command": "python -m scripts.run",
    "commit": "commit 01234567",
    "date": "2026-01-02 03:04 UTC",
    "cpu": "A processor, 3rd generation",
    "system": "Linux x86_64",
    "n_threads": 2,
    "memory_bytes": 16_000_000_000,
    "cache_bytes": {"1": 32768, "3": 33554432},
    "versions": {"Python": "3.11.7", "numpy": "2.4.6"},
    "blas": "openblas 0.3",
    "load": 0.5,
}
MACHINE = {"machine": "here", "cpu": "A processor", "num_cpu": "2", "ram": "25276510208"}
MACHINE |= {"os": "Linux 6", "arch": "x86_64", "version": 1}


def scripts_of(html):
    return re.findall(r'<script[^>]* src="([^"]*)"', html)


def test_scripts_stand_between_what_they_change_and_what_calls_it():
    names = scripts_of(own_pages.add(ASV_PAGE, has_report=False))
    own = [i for i, name in enumerate(names) if name.startswith("gradmark/")]
    assert [names[i] for i in own] == [
        f"gradmark/{path.name}" for path in sorted(own_pages.FOLDER.glob("*.js"))
    ]
    assert names.index("asv_ui.js") + 1 == own[0]
    assert names[own[-1] + 1] == "summarygrid.js"


def test_their_own_scripts_may_run():
    html = localise(own_pages.add(ASV_PAGE, has_report=False))
    assert "script-src 'self' " in html
    assert not any("//" in name for name in scripts_of(html))
    assert own_pages.OwnPages.order < OfflinePages.order


@pytest.mark.parametrize("has_report", [True, False])
def test_the_report_is_linked_where_there_is_one(has_report):
    html = own_pages.add(ASV_PAGE, has_report)
    assert ('href="report.html"' in html) == has_report
    assert 'href="#/machines"' in html


@pytest.mark.parametrize("form", ["", ASV_PAGE.replace('src="asv_ui.js"', 'src="ui.js"')])
def test_a_page_of_another_form_stays_with_a_warning(form, caplog):
    assert own_pages.add(form, has_report=True) == form
    (told,) = [each for each in caplog.records if each.levelno >= logging.WARNING]
    assert "nothing is added" in told.msg


def test_the_copied_report_leads_back_into_the_pages(tmp_path):
    report, copy = tmp_path / "index.html", tmp_path / "report.html"
    report.write_text(f'{{"history": "{history.pages_from(tmp_path)}"}}')
    assert own_pages.copy_report(report, copy)
    assert copy.read_text() == '{"history": "index.html"}'


def test_without_a_report_nothing_is_copied(tmp_path):
    assert not own_pages.copy_report(tmp_path / "index.html", tmp_path / "report.html")
    assert list(tmp_path.iterdir()) == []


def test_rows_without_a_value_are_dropped_from_a_list(tmp_path):
    path = tmp_path / "summary.json"
    path.write_text(json.dumps([{"idx": i, "last_value": [0.0, None][i % 2]} for i in range(4)]))
    own_pages.keep_valued_rows(path)
    assert [row["idx"] for row in json.loads(path.read_text())] == [0, 2]
    own_pages.keep_valued_rows(tmp_path / "missing.json")


SOURCE = {"kind": "source", "commit": "a" * 40, "environment": "here", "threads": "all"}


@pytest.fixture
def journals(tmp_path, monkeypatch):
    monkeypatch.setattr(_measure, "FOLDER", tmp_path)
    (tmp_path / "here").mkdir()
    return tmp_path / "here"


def test_a_machine_is_told_with_the_facts_of_its_last_measurement(journals):
    records = [SOURCE, {"kind": "facts", "facts": FACTS}]
    (journals / "some.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in records))
    told = describe_machine("here", MACHINE)
    assert told["processor"] == "A processor, 3rd generation"
    assert told["memory"] == "25.3 GB"
    assert told["caches of a core"] == "L1 32 KiB, L3 32768 KiB"
    assert told["versions"] == "Python 3.11.7, numpy 2.4.6"
    assert told["last measured"] == "2026-01-02 03:04 UTC, commit 01234567"


@pytest.mark.parametrize("line", ["", "{", '{"kind": "facts", "facts": {"cpu": "x"}}'])
def test_without_facts_a_machine_is_told_as_asv_knows_it(journals, line):
    (journals / "some.jsonl").write_text(f"{json.dumps(SOURCE)}\n{line}")
    told = describe_machine("here", MACHINE | {"os": "", "arch": ""})
    assert told == {"processor": "A processor", "processors": "2", "memory": "25.3 GB"}


def test_asv_loads_every_plug_in_of_the_configuration():
    settings = (own_pages.ROOT / "asv.conf.json").read_text()
    named = set(re.findall(r'"\.scripts\._measured\.(\w+)"', settings))
    publishers = {"safe_pages", "values_only", "own_pages", "offline_pages"}
    assert named == {"machine", plugin.__name__.rpartition(".")[2], *publishers}


def test_a_machine_is_known_by_its_folder_whatever_its_file_says(journals, tmp_path):
    (tmp_path / "elsewhere.jsonl").write_text(json.dumps({"kind": "facts", "facts": FACTS}) + "\n")
    own = tmp_path / "results" / "here"
    own.mkdir(parents=True)
    odd = MACHINE | {"machine": "elsewhere", "cpu": "\x1b[2Ja"}
    (own / "machine.json").write_text(json.dumps(odd))
    (found,) = own_pages._machines(str(own.parent)).items()
    assert found[0] == "here"
    assert "last measured" not in found[1]  # nothing is read outside of the machine's folder
