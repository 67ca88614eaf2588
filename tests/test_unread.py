"""An option that nothing would read is refused, and named; never ignored."""

from __future__ import annotations

import re

import pytest

from scripts import recommend
from scripts._common import cli
from scripts._race import options
from tests._command_lines import ended, options_of


@pytest.mark.parametrize(
    ("given", "noted"),
    [
        ([], set()),
        (["X"], set()),
        (["--threads", "all"], {"threads"}),
        (["--threads=1", "--size", "1", "2", "--size", "3", "4"], {"threads", "size"}),
        (["X", "--fail", "0.5", "--cold"], {"fail_below", "cold"}),
    ],
)
def test_what_was_given_is_noted_and_changes_no_value(given, noted):
    parser = cli.make_parser("some", None, "examples:\n")
    parser.add_argument("what", nargs="?", default="everything")
    parser.add_argument("--threads", default="all")
    parser.add_argument("--size", nargs=2, type=int, action="append")
    parser.add_argument("--fail-below", type=float, default=0.25)
    parser.add_argument("--cold", action="store_true")
    for _ in range(2):
        found = parser.parse_args(given)
        assert found.given == noted
        assert found.what == ("X" if "X" in given else "everything")
        assert found.threads == ("1" if "--threads=1" in given else "all")
        assert found.size == ([[1, 2], [3, 4]] if "size" in noted else None)
        assert (found.fail_below, found.cold) == ((0.5, True) if "cold" in noted else (0.25, False))


MODES = [
    ("race", "--tune", [], options.READ_BY_TUNE),
    ("race", "--aa", [], options.READ_BY_AA),
    ("recommend", "--validate", ["3"], recommend._READ_BY_TRIAL),
]


@pytest.mark.parametrize(
    ("command", "mode", "values", "option"),
    [
        (command, mode, values, option)
        for command, mode, values, read in MODES
        for option in options_of(command)
        if option.startswith("--") and option.strip("-").replace("-", "_") not in {*read, "help"}
    ],
)
def test_a_mode_refuses_every_option_that_it_does_not_read(command, mode, values, option, capsys):
    n_values = {None: 1, "+": 1}.get(options_of(command)[option], options_of(command)[option])
    status, told = ended(command, [mode, *values, option, *["1"] * n_values], capsys)
    assert status == 2
    # Of two modes, either may refuse the other.
    assert re.match(f"error: ({option}|{mode}) .*(leave it out|add --data FILE)$", told)


@pytest.mark.parametrize(("command", "mode", "values", "read"), MODES)
def test_what_a_mode_reads_are_options(command, mode, values, read):
    assert {mode, *(f"--{name.replace('_', '-')}" for name in read)} <= options_of(command).keys()


@pytest.mark.parametrize(
    ("command", "argv", "message"),
    [
        ("race", ["--aa", "--contender", "fused", "matrix"], "--aa races one --contender, and 2 "),
        ("recommend", ["5", "--validate", "3"], "N and D are not read: --validate draws"),
        ("run", ["--preset", "smoke", "--again"], "--again is not read: the preset smoke keeps"),
        ("run", ["--problem", "linear", "--impl", "chunked"], "no implementation of linear 'chu"),
        ("scale", ["disk", "--workers", "2"], "--workers is not read: it is of the part workers"),
        ("scale", ["workers", "--dtype", "float64"], "--dtype is not read: it is of the part disk"),
        ("scale", ["softmax", "workers", "--folder", "."], "--folder is not read: it is of the"),
        ("train", ["--seed", "0"], "--seed is not read: without the name of an experiment"),
        ("train", ["--out", "."], "--out is not read: without the name of an experiment"),
        ("report", ["--only", "timing", "--format", "png"], "--format is not read: --only names"),
        ("report", ["--only", "timing", "--highlight", "x"], "--highlight is not read: --only"),
        ("report", ["--machines", "--highlight", "x"], "--highlight is not read: a report of"),
    ],
)
def test_an_option_beside_which_another_is_not_read(command, argv, message, capsys):
    status, told = ended(command, argv, capsys)
    assert (status, told.count("\n")) == (2, 1)
    assert told.startswith(f"error: {message}")
