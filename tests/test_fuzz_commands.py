"""Whatever a command line holds, it is taken, or the command ends with status 2 and says why.

Commands run in this process up to where they would measure, read or write.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

import impls
from scripts._common import cli, errors
from tests._fuzz import DEFAULT_CASES, Cases, fuzz

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = sorted(path.stem for path in (ROOT / "scripts").glob("[!_]*.py"))
# Where each command begins to work, after it has checked its options.
WORK = {
    "check": ["_draw", "read_own"],
    "compare": ["make_out_folder", "_compare"],
    "list": ["isolated.describe"],
    "publish": ["driver.write_config"],
    "race": ["make_out_folder", "_race_copies", "_tune"],
    "recommend": ["read_own", "_measure", "_cells"],
    "report": ["make_out_folder"],
    "run": ["only_one_at_a_time"],
    "scale": ["make_out_folder"],
    "trace": ["working_tree"],
    "train": ["make_out_folder", "_print_names"],
}
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
RIGHT = {"compare": ["matrix", "fused"], "recommend": ["10", "10"], "check": ["logistic"]}
RIGHT |= {"list": ["logistic"], "train": ["descent"]}


class Working(BaseException):
    """The command has taken its options and begins to work."""


@functools.cache
def options_of(command: str) -> dict[str, Any]:
    """Options of a command, each with how many values it takes."""
    found: dict[str, Any] = {}

    def note(parser: argparse.ArgumentParser, *_: Any) -> Any:
        for each in parser._actions:
            found.update(dict.fromkeys(each.option_strings, each.nargs))
        raise Working

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Working):
        patch.setattr(sys, "argv", [command])
        patch.setattr(cli.Parser, "parse_args", note)
        module_of(command).main()
    return found


def module_of(command: str) -> Any:
    return importlib.import_module(f"scripts.{command}")


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


def stop(*_: Any, **__: Any) -> Any:
    raise Working


def ended(command: str, words: list[str], capsys: Any) -> tuple[int, str]:
    """Exit status and what stderr says; status 0 if the command began to work."""
    module = module_of(command)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [command, *words])
        for place in WORK[command]:
            patch.setattr(f"scripts.{command}.{place}", stop)
        try:
            status = errors._run(module.main)
        except Working:
            status = 0
    return status, capsys.readouterr().err


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
