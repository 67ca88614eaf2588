"""Whatever a command line holds, it is taken, or the command ends with status 2 and says why.

Commands run in this process up to where they would measure, read or write.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

import impls
from tests._command_lines import RIGHT, WORK, ended, options_of
from tests._fuzz import DEFAULT_CASES, Cases, fuzz

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = sorted(path.stem for path in (ROOT / "scripts").glob("[!_]*.py"))
NUMBERS = [
    "0",
    "1",
    "-1",
    "2",
    "10",
    "007",
    "1,000",
    "1_0",
    "1e5",
    "1.5",
    "nan",
    "inf",
    "-inf",
    "²",
]
NUMBERS += ["٣", "", " ", " 3 ", "9" * 19, "9" * 400, "9" * 5000, "-" + "9" * 5000, "1e400", "0x10"]
WORDS = [
    "logistic",
    "matrix",
    "fused",
    "all",
    "both",
    "float32",
    "quick",
    "png",
    "winners",
    "timing",
]
WORDS += [
    "logistic/fused",
    "logistic/",
    "/",
    "//",
    "softmax/../logistic",
    "descent",
    "digits",
    "mnist",
]
WORDS += [
    "HEAD",
    ".",
    "..",
    "commit:HEAD",
    "machine:",
    "impl:",
    "impl:fused",
    "commit:",
    "machine:../..",
]
WORDS += [
    "10MB",
    "1.5GiB",
    "B",
    "-",
    "--",
    "---",
    "--=",
    "-h",
    "--help",
    "(",
    "[",
    "*",
    "(?P<a",
    "\\",
]
WORDS += [
    "/dev/null",
    "/no/where.csv",
    "no.npz",
    "a\x00b",
    "two\nlines",
    "\x1b[2J",
    "\udcff",
    "🙂",
    "%s",
]
WORDS += [
    "20000x50",
    "0x0",
    "x",
    "9x" + "9" * 5000,
    "a" * 5000,
    "{}",
    "{0}",
    "$(id)",
    "<b>",
    "'",
    '"',
]
VALUES = st.one_of(st.sampled_from(NUMBERS), st.sampled_from(WORDS), st.text(max_size=6))


@st.composite
def command_lines(draw: Any) -> tuple[str, list[str]]:
    """A command with options, most with as many values as they take; some are misspelt."""
    command = draw(st.sampled_from(COMMANDS))
    words = [draw(VALUES) for _ in RIGHT.get(command, ())]
    words = draw(st.sampled_from([words, RIGHT.get(command, []), [*words, draw(VALUES)]]))
    for _ in range(draw(st.integers(0, 4))):
        option, takes = draw(st.sampled_from(sorted(options_of(command).items(), key=str)))
        n_values = {None: 1, "+": draw(st.integers(1, 3)), "*": draw(st.integers(0, 3))}.get(
            takes, takes
        )
        if draw(st.integers(0, 9)) == 0:
            option, n_values = draw(st.sampled_from([f"{option}x", f"-{option}", f"{option}="])), 1
        words = [*words, option, *(draw(VALUES) for _ in range(n_values))]
    return command, words


@fuzz(3000, given=command_lines())
def test_a_command_line_is_taken_or_refused_in_one_line(capsys, given):
    command, words = given
    status, told = ended(command, words, capsys)
    assert status in (0, 2)
    assert "Traceback" not in told
    if status:
        *usage, last = told.splitlines()
        assert last.startswith(("error: ", f"python -m scripts.{command}: error: "))
        assert not usage or usage[0].startswith("usage: ")
        assert last.isprintable()
        assert max(map(len, last.split())) < 1100
    else:
        assert told == ""


def test_the_shares_of_all_fuzz_tests_make_10_000_cases():
    for path in Path(__file__).parent.glob("test_fuzz_*.py"):
        importlib.import_module(f"tests.{path.stem}")
    assert sum(Cases.shares.values()) >= DEFAULT_CASES


def test_every_command_is_known_here():
    assert sorted(WORK) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_a_right_command_line_begins_to_work(command, capsys):
    assert ended(command, RIGHT.get(command, []), capsys) == (0, "")


def test_a_problem_is_named_where_it_is_wrong(capsys):
    status, told = ended("list", ["logistik"], capsys)
    assert (status, told.count("\n")) == (2, 1)
    assert told.startswith("error: no problem 'logistik'; did you mean logistic?")
    assert all(problem in told for problem in impls.problems())
