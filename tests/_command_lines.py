"""Command lines, which commands take or refuse; up to where they would work."""

from __future__ import annotations

import argparse
import functools
import importlib
import sys
from typing import Any

import pytest

from scripts._common import cli, errors

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
