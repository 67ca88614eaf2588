"""Dependencies of a cell: edits that make a value stale, and edits that do not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from impls import _machine, _provenance
from impls._provenance import Provenance, Rules, Subject
from scripts._common import project
from scripts._measured.state import load_state

ROOT = Path(__file__).resolve().parent.parent
FILES = {
    "benchmarks/gradient.py": "from benchmarks import _plan",
    "benchmarks/presets.json": "{}",
    "benchmarks/_plan.py": "NAME = 'presets.json'",
    "benchmarks/_session/__init__.py": "",
    "benchmarks/_session/rounds.py": "from benchmarks._session import inputs",
    "benchmarks/_session/inputs.py": "import psutil\nimport impls\nimpls.load",
    "benchmarks/_session/journal.py": "from benchmarks._session import inputs",
    "benchmarks/_session/training.py": "import impls\nimpls.load\nimpls.solve",
    "impls/__init__.py": "from impls._table import load\nfrom impls._solve import solve",
    "impls/_table.py": "",
    "impls/_solve.py": "",
    "impls/solvers/sgd.py": "",
    "impls/solvers/gd.py": "",
    "impls/linear/__init__.py": "",
    "impls/linear/_datasets.py": "",
    "impls/linear/_shared.py": "",
    "impls/linear/matrix.py": "",
    "impls/linear/loop.py": "from impls.linear import _shared\nimport numba",
}
LOOP = Subject("linear", "loop")
MATRIX = Subject("linear", "matrix")
EPOCH = Subject("linear", "loop", solver="sgd")
DATASET = Subject("linear", "loop", dataset="diabetes")
PLUGIN = Subject("linear", "theirs")


@pytest.fixture
def tree(tmp_path):
    for file, text in FILES.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
    return tmp_path


def look(tree, plugins=()):
    """The present state and the rules for it."""
    sources = _provenance.find_sources(tree / "impls", tree / "benchmarks", plugins)
    state = _provenance.collect(sources)
    return state, Rules(sources, state)


def changed(tree, edit, *cells, plugins=()):
    """The cells whose values an edit makes stale."""
    before, _ = look(tree, plugins)
    edit()
    _, rules = look(tree, plugins)
    return [cell for cell in cells if rules.changes(cell, before)]


@pytest.mark.parametrize(
    ("file", "voided"),
    [
        ("impls/linear/loop.py", [LOOP, EPOCH, DATASET]),
        ("impls/linear/_shared.py", [LOOP, EPOCH, DATASET]),
        ("impls/linear/matrix.py", [MATRIX, EPOCH]),  # the baseline computes a training's target
        ("impls/linear/__init__.py", [LOOP, MATRIX, EPOCH, DATASET]),
        ("impls/linear/_datasets.py", [DATASET]),
        ("impls/solvers/sgd.py", [EPOCH]),
        ("impls/solvers/gd.py", []),
        ("impls/_solve.py", [EPOCH]),
        ("impls/_table.py", [LOOP, MATRIX, EPOCH, DATASET]),
        ("benchmarks/_session/rounds.py", [LOOP, MATRIX, EPOCH, DATASET]),
        ("benchmarks/_session/inputs.py", [LOOP, MATRIX, EPOCH, DATASET]),
        ("benchmarks/_session/training.py", [EPOCH]),
        ("benchmarks/_session/journal.py", []),
        ("benchmarks/_plan.py", []),
        ("benchmarks/gradient.py", []),
        ("benchmarks/presets.json", []),
        ("impls/linear/new.py", []),
    ],
)
def test_an_edit_voids_what_depends_on_the_file_and_nothing_else(tree, file, voided):
    def edit():
        (tree / file).write_text(FILES.get(file, "") + "\n# edited")

    assert changed(tree, edit, LOOP, MATRIX, EPOCH, DATASET) == voided


def test_a_file_that_was_touched_has_not_changed(tree):
    assert changed(tree, (tree / "impls/linear/loop.py").touch, LOOP) == []


def test_an_import_that_is_new_counts(tree):
    before, _ = look(tree)
    (tree / "impls/linear/extra.py").write_text("")
    (tree / "impls/linear/loop.py").write_text("from impls.linear import extra")
    _, rules = look(tree)
    assert [text.split()[0] for text in rules.changes(LOOP, before)] == [
        "impls/linear/extra.py",
        "impls/linear/loop.py",
    ]


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """An installed package with the implementation ``theirs``."""
    site = tmp_path / "site"
    package, facts = site / "their_package", site / "their_package-1.0.dist-info"
    for folder in (package, facts):
        folder.mkdir(parents=True)
    for name, text in {"__init__": "", "theirs": "from their_package import fast"}.items():
        (package / f"{name}.py").write_text(text)
    (package / "fast.py").write_text("import numpy")
    (package / "data.txt").write_text("")
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: their_package\nVersion: 1.0\n")
    entry = "[gradmark.linear]\ntheirs = their_package.theirs\n"
    (facts / "entry_points.txt").write_text(entry)
    monkeypatch.syspath_prepend(site)
    return package


@pytest.mark.parametrize(
    ("file", "voided"), [("theirs.py", True), ("fast.py", True), ("data.txt", False)]
)
def test_an_edit_of_an_installed_plugin_voids_it_though_its_version_stays(
    tree, plugin, file, voided
):
    def edit():
        (plugin / file).write_text("# edited")

    expected = [PLUGIN] if voided else []
    assert changed(tree, edit, PLUGIN, MATRIX, plugins=["linear/theirs"]) == expected


def test_a_plugin_exists_and_what_is_gone_does_not(tree, plugin):
    _, rules = look(tree, ["linear/theirs"])
    assert rules.has("linear", "theirs")
    assert rules.has("linear", "loop")
    assert not rules.has("linear", "gone")


def test_a_library_matters_to_those_who_use_it(tree):
    state, rules = look(tree)
    old = Provenance(state.files, state.versions | {"numba": "0"}, state.settings)
    assert rules.changes(LOOP, old) == [f"numba is {state.versions['numba']} and was 0"]
    assert rules.changes(MATRIX, old) == []
    without = {name: text for name, text in state.versions.items() if name != "numba"}
    (change,) = rules.changes(LOOP, Provenance(state.files, without, state.settings))
    assert change.endswith("and was not installed")


def test_python_and_what_the_session_uses_matter_to_all(tree):
    state, rules = look(tree)
    for name in ("Python", "psutil"):
        old = Provenance(state.files, state.versions | {name: "0"}, state.settings)
        assert rules.changes(MATRIX, old)


@pytest.mark.parametrize(
    ("name", "matters"),
    [
        ("NUMBA_DISABLE_JIT", True),
        ("OPENBLAS_NUM_THREADS", True),
        ("OMP_WAIT_POLICY", True),
        ("GRADMARK_THREADS_PAY_FROM", True),
        ("NUMBA_CACHE_DIR", False),
        ("KMP_DUPLICATE_LIB_OK", False),
        ("EDITOR", False),
    ],
)
def test_variables_that_change_what_is_measured_are_settings(tree, monkeypatch, name, matters):
    monkeypatch.delenv(name, raising=False)
    assert changed(tree, lambda: monkeypatch.setenv(name, "1"), MATRIX) == [MATRIX] * matters


def test_the_processors_that_a_process_may_use_are_a_setting(tree, monkeypatch):
    def edit():
        monkeypatch.setattr(_machine, "count_threads", lambda: 999)

    assert changed(tree, edit, MATRIX) == [MATRIX]


def test_what_is_kept_is_read_back(tree, tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_ODD", "\udcff")  # a byte that is no text
    monkeypatch.setattr(project, "PROVENANCE", tmp_path / "kept")
    load_state.cache_clear()
    state, _ = look(tree)
    _provenance.save(state, project.PROVENANCE)
    assert load_state(state.digest) == state


@pytest.mark.parametrize("record", [None, [], {}, {"files": 1}, {"files": {"a": 1}}])
def test_a_record_of_another_form_is_named_and_counts_as_none(
    record, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(project, "PROVENANCE", tmp_path)
    load_state.cache_clear()
    (tmp_path / "digest.json").write_text(json.dumps(record))
    assert load_state("digest") is None
    assert f"left aside: the state {tmp_path / 'digest.json'}" in capsys.readouterr().err


def test_the_hash_of_a_file_is_gits(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"hello\n")
    assert _provenance.hash_file(path) == "ce013625030ba8dba906f756967f9e9ca394464a"


def test_the_project_itself_has_a_state():
    root = Path(__file__).resolve().parent.parent
    state, rules = look(root)
    assert len(state.files) > 50
    assert rules.changes(Subject("logistic", "matrix"), state) == []


def test_no_value_depends_on_what_keeps_it():
    sources = _provenance.find_sources(ROOT / "impls", ROOT / "benchmarks")
    measuring = sources.closure(["benchmarks/_session/rounds.py"]).files
    keeping = {f"benchmarks/_session/{name}.py" for name in ("journal", "known", "lines", "cell")}
    assert keeping <= sources.closure(["benchmarks/_session/journal.py"]).files
    assert not keeping & {*measuring}
