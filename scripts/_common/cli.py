"""Command-line options that the commands share."""

from __future__ import annotations

import json
from argparse import SUPPRESS, ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, NoReturn

from scripts._common.errors import UserError, printable
from scripts._common.names import suggest

# Form of a bar that counts expected seconds.
BAR = "{desc}{percentage:3.0f}%|{bar}| {elapsed}, {remaining} left"


class Parser(ArgumentParser):
    """Names the nearest option to one that does not exist, and notes which options were given."""

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Options of the command line; a wrong one ends the command with status 2.

        `given` holds the names of those that are there, be it with the value of their default.
        """
        arguments, unknown = self.parse_known_args(args, namespace)
        if unknown:
            self._refuse(unknown)
        arguments.given = self._given(args)
        return arguments

    def _given(self, args: Any) -> frozenset[str]:
        options = [action for action in self._actions if action.option_strings]
        defaults = [action.default for action in options]
        for action in options:
            action.default = SUPPRESS
        found = vars(self.parse_known_args(args)[0])
        for action, default in zip(options, defaults, strict=True):
            action.default = default
        return frozenset(action.dest for action in options if action.dest in found)

    def error(self, message: str) -> NoReturn:
        """End with status 2, and with one line of what is wrong."""
        super().error(printable(message))

    def _refuse(self, unknown: Sequence[str]) -> NoReturn:
        known = [option for action in self._actions for option in action.option_strings]
        hints = (suggest(text.partition("=")[0], known) for text in unknown if text[0:1] == "-")
        hint = next(filter(None, hints), "")
        self.error(f"unrecognized arguments: {' '.join(unknown)}{hint}")


def make_parser(command: str, description: str | None, examples: str) -> ArgumentParser:
    """Parser of ``python -m scripts.COMMAND``; `examples` follow the options in its help."""
    return Parser(
        prog=f"python -m scripts.{command}",
        description=description,
        epilog=examples,
        formatter_class=RawDescriptionHelpFormatter,
    )


def add_json_option(parser: ArgumentParser) -> None:
    """Add ``--json``, after which `print_json` is to be the only output."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def print_json(found: Mapping[str, Any]) -> None:
    """Print an object; numbers that JSON lacks are to be None."""
    print(json.dumps(found, indent=2, allow_nan=False))


def make_out_folder(name: str) -> Path:
    """Make the folder of ``--out`` and write to it, so that a bad one ends a command at once.

    Raises
    ------
    UserError
        If the folder cannot be written to.
    """
    folder = Path(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder) as file:
            file.write(b"on a full disk a file can be made, but not filled")
    except OSError as error:
        raise UserError(
            f"--out is {name}, which cannot be written to ({error.strerror}); name another folder"
        ) from error
    return folder
