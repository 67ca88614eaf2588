"""Command-line options that the commands share."""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from tempfile import TemporaryFile

from scripts._common.errors import UserError

# Form of a bar that counts expected seconds.
BAR = "{desc}{percentage:3.0f}%|{bar}| {elapsed}, {remaining} left"


def make_parser(command: str, description: str | None, examples: str) -> ArgumentParser:
    """Parser of ``python -m scripts.COMMAND``; `examples` follow the options in its help."""
    return ArgumentParser(
        prog=f"python -m scripts.{command}",
        description=description,
        epilog=examples,
        formatter_class=RawDescriptionHelpFormatter,
    )


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
