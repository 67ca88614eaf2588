"""Comparisons of commits that ask for different libraries: what decides, and what is made."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from benchmarks._session.process import Process
from scripts._common import project
from scripts._common.errors import UserError
from scripts._common.tree import Tree
from scripts._compare import environments, fresh, now, requirements
from scripts._compare.choice import Choice
from scripts._compare.environments import Failed, make_environment, run_shown
from scripts._compare.named import Named
from scripts._compare.requirements import (
    Requirements,
    choose_environments,
    note_environments,
    requirements_of,
)
from tests._recorded import FILES

ROOT = Path(__file__).resolve().parent.parent
PINS = "numpy==2.4.6\nnumba==0.68.1\nllvmlite==0.50.0\nruff==0.17.5\n"
WANTED = ("numba>=0.60", "numpy>=2.0")
HERE = Requirements(WANTED, PINS)
OLD = Requirements(WANTED, PINS.replace("2.4.6", "2.3.5"))
OLDER = Requirements(WANTED, PINS.replace("0.68.1", "0.62.0").replace("2.4.6", "2.3.5"))


# What decides


def test_the_present_environment_serves_both_where_they_ask_for_the_same():
    assert choose_environments(HERE, HERE, HERE) == (None, None)
    assert choose_environments(OLD, OLD, HERE) == (None, None)


def test_who_asks_for_other_libraries_than_the_working_tree_gets_its_own():
    assert choose_environments(OLD, HERE, HERE) == (OLD, None)
    assert choose_environments(HERE, OLD, HERE) == (None, OLD)
    assert choose_environments(OLD, OLDER, HERE) == (OLD, OLDER)


def test_what_ran_where_is_told():
    same = "A and B ask for the same libraries: both ran with those that are installed here"
    assert note_environments(HERE, HERE, HERE) == f"{same}."
    assert note_environments(OLD, OLD, HERE) == (
        f"{same}, though they ask for others than the working tree: numpy 2.3.5 and 2.4.6."
    )
    assert note_environments(OLD, HERE, HERE) == (
        "A and B ask for different libraries (numpy 2.3.5 and 2.4.6): A ran in an environment of "
        "its own, B with those installed here."
    )
    assert ": B ran in an environment of its own, A with" in note_environments(HERE, OLD, HERE)
    both = note_environments(OLD, OLDER, HERE)
    assert "(numba 0.68.1 and 0.62.0): each ran in an environment of its own." in both


@pytest.mark.parametrize(
    "constraints",
    [
        PINS.replace("ruff==0.17.5", "ruff==0.18.0"),  # a tool
        "# A comment.\n\n" + PINS.replace("==2.4.6\n", "==2.4.6  # why\n"),
        "\n".join(reversed(PINS.splitlines())),
        PINS.replace("numpy", "NumPy"),
    ],
)
def test_what_changes_no_library_makes_no_difference(constraints):
    assert not HERE.differences(Requirements(WANTED, constraints))


def test_libraries_that_those_wanted_require_count():
    other = Requirements(WANTED, PINS.replace("0.50.0", "0.49.0"))
    assert HERE.differences(other) == {"llvmlite": ("==0.50.0", "==0.49.0")}


def test_a_stated_requirement_counts_where_no_version_is_pinned():
    lower, pinned = Requirements(("numpy>=1.26",), ""), Requirements(("numpy>=1.26",), PINS)
    stated = Requirements(("numpy>=2.0",), "")
    assert stated.differences(lower)["numpy"] == (">=2.0", ">=1.26")
    assert not Requirements(("numpy>=2.0",), PINS).differences(pinned)
    more = Requirements(("numpy>=2.0", "torch"), "")
    assert stated.differences(more) == {"torch": ("not asked for", "")}
    assert "torch not asked for and of any version" in note_environments(stated, more, more)


def test_an_environment_is_named_after_what_is_asked_of_its_libraries():
    assert HERE.digest == Requirements(WANTED, PINS.replace("ruff==0.17.5", "")).digest
    assert len({each.digest for each in (HERE, OLD, OLDER)}) == 3


def test_a_commit_is_asked_of_git_and_the_working_tree_read(monkeypatch, tmp_path):
    project_file = """
[project]
name = "gradmark"
dependencies = ["numpy>=2.0"]
[project.optional-dependencies]
data = ["scikit-learn>=1.4"]
absent = ["gradmark_test_absent>=1"]
peers = ["gradmark[data,absent]"]
dev = ["ruff"]
"""
    files = {"c:pyproject.toml": project_file, "c:constraints.txt": PINS}
    monkeypatch.setattr(requirements, "git", lambda *words: files[words[-1]].encode())
    found = requirements_of(Named("commit", "c", "c"))
    assert found == Requirements(("numpy>=2.0", "scikit-learn>=1.4"), PINS)
    monkeypatch.setattr(project, "ROOT", tmp_path)
    (tmp_path / "constraints.txt").write_text(PINS)
    assert requirements_of(Named("commit", ".", ".")) == Requirements((), PINS)


def test_the_working_tree_asks_for_what_its_kernels_import():
    found = requirements_of(Named("commit", ".", "."))
    assert {"numpy", "scipy", "numba", "llvmlite", "scikit-learn"} <= found.versions.keys()
    assert not {"ruff", "asv", "pytest", "gradmark"} & found.versions.keys()


def test_who_imports_a_library_that_differs_is_measured(tmp_path):
    """Though no file differs: numba_loop imports numba, the others NumPy alone."""
    trees = []
    for side in "ab":
        for file, text in FILES.items():
            path = tmp_path / side / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + "\n")
        trees.append(Tree(tmp_path / side, "a" * 40, ""))
    everything = Choice("logistic", (), (), "all", "quick", 3, 5)
    assert now._choose(trees, everything)[0] == {}
    assert now._choose(trees, everything, ["llvmlite"])[0] == {"logistic": ["numba_loop"]}
    names, others = now._choose(trees, everything, ["numpy"])
    assert len(names["logistic"]) == 4
    assert others == []


# What is made


class Pip:
    """Runs nothing, and makes the interpreter's file; `failing`: the word of a step that fails."""

    def __init__(self, failing=""):
        self.commands = []
        self.failing = failing

    def __call__(self, command):
        self.commands.append(list(command))
        if self.failing in command:
            raise Failed("ERROR: No matching distribution found for numpy==2.3.5")
        if "venv" in command:
            python = Path(command[-1]) / "bin" / "python"
            python.parent.mkdir(parents=True, exist_ok=True)
            python.touch()


@pytest.fixture
def state(tmp_path, monkeypatch):
    monkeypatch.setattr(project, "STATE", tmp_path / "asv")
    return tmp_path / "asv"


def test_an_environment_is_made_once_with_the_commits_own_constraints(state, capsys):
    pip = Pip()
    python = make_environment(OLD, "main (0123abcd)", pip)
    folder = python.parent.parent
    assert folder.parent.parent == state
    venv, install = pip.commands
    assert venv == [sys.executable, "-m", "venv", "--clear", str(folder)]
    assert install[:4] == [str(python), "-m", "pip", "install"]
    at = install.index("-c")
    assert install[at + 2 :] == ["--", *WANTED]
    assert Path(install[at + 1]).read_text() == OLD.constraints
    told = capsys.readouterr()
    assert "Setting up an environment with the libraries of main (0123abcd)" in told.err
    assert told.out == ""
    assert make_environment(OLD, "main (0123abcd)", pip) == python
    assert len(pip.commands) == 2
    assert capsys.readouterr().err == ""
    assert make_environment(OLDER, "older", pip) != python


@pytest.mark.parametrize("failing", ["venv", "pip"])
def test_an_environment_that_cannot_be_made_is_told_and_made_anew(state, failing):
    with pytest.raises(UserError) as caught:
        make_environment(OLD, "main (0123abcd)", Pip(failing))
    message = str(caught.value)
    assert "main (0123abcd) asks for: ERROR: No matching distribution" in message
    assert "without --fresh" in message
    pip = Pip()
    make_environment(OLD, "main (0123abcd)", pip)
    assert len(pip.commands) == 2


def test_an_environment_whose_python_is_gone_is_made_anew(state):
    make_environment(OLD, "main", Pip()).unlink()
    pip = Pip()
    make_environment(OLD, "main", pip)
    assert len(pip.commands) == 2


def test_what_a_command_prints_is_shown_on_stderr(capsys):
    run_shown([sys.executable, "-c", "print('Collecting numpy')"])
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "  Collecting numpy\n")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("print('ERROR: no such version'); print('a notice'); exit(1)", "ERROR: no such version"),
        ("import sys; sys.exit('no ensurepip')", "no ensurepip"),
        ("exit(3)", "exit status 3"),
    ],
)
def test_a_command_that_fails_tells_why(code, message):
    with pytest.raises(Failed) as caught:
        run_shown([sys.executable, "-c", code])
    assert str(caught.value) == message


def test_a_command_that_is_not_there_tells_so():
    with pytest.raises(Failed, match="gradmark_test_absent"):
        run_shown(["gradmark_test_absent"])


def test_settings_that_mislead_pip_are_left_out(monkeypatch, capsys):
    for name in environments._MISLEADING:
        monkeypatch.setenv(name, "/nowhere")
    code = "import os; print(sorted(k for k in os.environ if k.startswith(('PIP', 'PYTHONP'))))"
    run_shown([sys.executable, "-c", code])
    assert "PIP_TARGET" not in (told := capsys.readouterr().err)
    assert "PYTHONPATH" not in told
    assert "PIP_USER" in told


# Where a side runs


def interpreter(folder, mark):
    """An interpreter that marks its processes, in place of one of another environment."""
    path = folder / f"python-{mark}"
    path.write_text(f'#!/bin/sh\nGRADMARK_TEST_SIDE={mark} exec "{sys.executable}" "$@"\n')
    path.chmod(0o755)
    return path


KERNEL = """
import os
import impls

BYTES_PER_VALUE = 8
PEER = f"{os.environ.get('GRADMARK_TEST_SIDE')} {impls.__file__} {os.environ['NUMBA_CACHE_DIR']}"


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(y)
"""


@pytest.mark.parametrize("own", [("A", None), (None, "B"), ("A", "B")])
def test_each_side_runs_with_its_own_interpreter_and_files(tmp_path, own):
    (tmp_path / "impls").symlink_to(ROOT / "impls")
    with fresh.copied([Tree(tmp_path, "", "")] * 2) as places:
        pythons = [interpreter(tmp_path, mark) if mark else None for mark in own]
        entrances = fresh.entrances(places, pythons)
        for place, entrance, mark in zip(places, entrances, own, strict=True):
            (place / "impls" / "linear" / "mine.py").write_text(KERNEL)
            order = {"problem": "linear", "threads": 1, "name": "mine", "tree": str(entrance)}
            process = Process(order)
            try:
                ran, file, compiled = process.ask("load", 60)["peer"].split()
            finally:
                process.close()
            assert ran == str(mark)
            assert Path(file) == place / "impls" / "__init__.py"
            assert Path(compiled).is_relative_to(place)


def test_sides_without_an_interpreter_of_their_own_start_as_they_are(tmp_path):
    assert fresh.entrances([tmp_path], [None]) == [tmp_path]
    assert not [*tmp_path.iterdir()]


def test_a_side_is_measured_in_the_environment_that_it_needs(monkeypatch, tmp_path):
    """The kernels, the session and pip are made up: who gets which interpreter is not."""
    asked = {"a" * 40: OLD, ".": HERE}
    orders = {}
    monkeypatch.setattr(now, "requirements_of", lambda side: asked[side.name])
    monkeypatch.setattr(now, "tree_of", nullcontext)
    monkeypatch.setattr(now, "_choose", lambda *_: ({"linear": ["matrix"]}, []))
    monkeypatch.setattr(now, "make_environment", lambda needs, title: tmp_path / needs.digest)
    places = [tmp_path / side for side in fresh.SIDES]
    monkeypatch.setattr(fresh, "copied", lambda trees: nullcontext(places))
    monkeypatch.setattr(
        fresh, "measure", lambda jobs, settings, n: orders.update(settings.elsewhere)
    )
    monkeypatch.setattr(fresh, "pairs", lambda *_: [])
    monkeypatch.setattr(fresh, "faults", lambda _: [])
    sides = Named("commit", "a" * 40, "main"), Named("commit", ".", ".")
    found, _ = now.measure_trees(*sides, Choice(None, (), (), "1", "quick", 1, 1))
    workers = [
        (Path(orders[f"matrix of {side}"]["tree"]) / "benchmarks/_session/worker.py").read_text()
        for side in fresh.SIDES
    ]
    assert OLD.digest in workers[0]
    assert repr(sys.executable) in workers[1]
    assert note_environments(OLD, HERE, HERE) in found.notes
