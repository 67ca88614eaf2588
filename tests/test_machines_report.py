"""The report of several machines: its files, and what they show of names from outside."""

from __future__ import annotations

import re
import sys

import pandas as pd
import pytest

from scripts import report
from scripts._common.errors import UserError
from tests._browser import Opened
from tests._machines import EPYC, XEON, write_machine
from tests._recorded import ENVIRONMENT, Recorded

HOSTILE = "<img src=x onerror=alert(1)>|$x^2$ `a` =1"
SKEW = {"numba_loop": 100.0}


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    made = Recorded(tmp_path, monkeypatch)
    monkeypatch.setattr(report, "working_tree", lambda: made.tree)
    return made


def write(monkeypatch, out, *argv):
    """Run the command; return the texts that it has written, by name."""
    monkeypatch.setattr(sys, "argv", ["report", "--out", str(out), *map(str, argv)])
    assert report.main() == 0
    written = [path for path in out.iterdir() if path.suffix in (".md", ".csv", ".html")]
    return {path.name: path.read_text(encoding="utf-8") for path in written}


def test_the_report_of_machines(recorded, tmp_path, monkeypatch, capsys):
    zen = write_machine(recorded, tmp_path / "anna", "zen4", XEON, ids="a", skew=SKEW)
    old = write_machine(recorded, tmp_path / "old", "old", EPYC, ids="o", provenance=False)
    out = tmp_path / "out"
    written = write(monkeypatch, out, "--results", zen, old)
    printed = capsys.readouterr()
    assert re.search(r"logistic +float64 +matrix +2 of 2 +6 of 8 ", printed.out)
    assert f"recorded and zen4. Open {out / 'index.html'}" in printed.out
    assert "note: old is left out" in printed.err
    assert set(written) == {"README.md", "machines.md", "results.csv", "index.html"}
    index = written["README.md"]
    assert re.search(r"\| zen4 +\| +Xeon \| +16 \| +137 GB ", index)
    assert "- old is left out: " in index
    assert "- zen4: Python " in index
    assert "![A map per machine" in index
    assert (out / "logistic-machines.png").is_file()
    assert re.search(r"\| 10 x 10 +\| +numba_loop 5.84x \| +matrix 1.00x", written["machines.md"])
    rows = pd.read_csv(out / "results.csv")
    assert list(rows["machine"].unique()) == ["recorded", "zen4"]
    assert pd.read_parquet(out / "results.parquet").columns[0] == "machine"
    for path in out.iterdir():
        assert ENVIRONMENT.encode() not in path.read_bytes(), path  # it may hold a path
        assert str(tmp_path).encode() not in path.read_bytes(), path


def test_names_from_folders_are_shown_as_they_are(recorded, tmp_path, monkeypatch, chromium):
    own = write_machine(recorded, tmp_path / "odd", HOSTILE, XEON | {"cpu": "<b>|$"}, ids="a")
    proto = write_machine(recorded, tmp_path / "p", "__proto__", XEON, ids="p")
    formula = write_machine(recorded, tmp_path / "f", "=1+1", XEON, ids="f")
    written = write(monkeypatch, tmp_path / "out", "--results", own, proto, formula)
    for name in ("README.md", "machines.md"):
        assert not re.search("<(?!/?span>)|(?<!\\\\)`a", written[name])
    assert "'=1+1,logistic" in written["results.csv"]
    page = Opened(chromium, tmp_path / "out" / "index.html")
    assert page.texts("select[data-name='choose Machine'] option") == [
        *("recorded", HOSTILE, "__proto__", "=1+1"),
    ]
    for name in (HOSTILE, "__proto__"):
        page.show("which", machine=name)
        assert page.text("#machine").startswith(f"{name}: ")
    page.show("machines")
    assert HOSTILE in page.texts("table.machines thead th")
    assert page.complaints == []
    page.close()


@pytest.mark.parametrize(
    ("options", "files"),
    [
        (["--only", "machines", "--format", "svg"], {"machines.md", "logistic-machines.svg"}),
        (["--impl", "float32", "--baseline", "numba_loop"], {"index.html", "machines.md"}),
    ],
)
def test_the_options_of_a_report_hold_for_machines(recorded, tmp_path, monkeypatch, options, files):
    zen = write_machine(recorded, tmp_path / "zen", "zen", XEON, ids="z")
    written = write(monkeypatch, tmp_path / "out", "--results", zen, *options)
    linked = set(re.findall(r"\]\(([^)]*)\)", written["README.md"]))
    assert files | {"results.csv", "results.parquet"} <= linked
    assert ("index.html" in linked) == ("index.html" in files)
    if "--baseline" in options:
        assert "Speed-ups are over numba_loop" in written["machines.md"]
        assert "matrix" not in set(pd.read_csv(tmp_path / "out" / "results.csv")["implementation"])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--machines", "recorder"], "no machine 'recorder'; did you mean recorded?"),
        (["--machines", "--only", "timing"], "no picture or table 'timing'"),
        (["--machines", "--impl", "matrx"], "did you mean matrix"),
        (["--machines", "--problem", "logistc"], "did you mean logistic"),
        (["--only", "machines"], "no picture or table 'machines'"),
    ],
)
def test_what_machines_do_not_have_is_refused(recorded, tmp_path, monkeypatch, options, told):
    with pytest.raises(UserError, match=re.escape(told)):
        write(monkeypatch, tmp_path / "out", *options)
