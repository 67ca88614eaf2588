"""What the commands' options have in common."""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from tempfile import TemporaryFile

from scripts._common.errors import UserError


def make_parser(command: str, description: str | None, examples: str) -> ArgumentParser:
    """Parser of ``python -m scripts.COMMAND``, its module's docstring above, examples below."""
    return ArgumentParser(
        prog=f"python -m scripts.{command}",
        description=description,
        epilog=examples,
        formatter_class=RawDescriptionHelpFormatter,
    )


def make_out_folder(name: str) -> Path:
    """Make the folder of ``--out`` and try it: before the work, whose results it is for.

    Raises
    ------
    UserError
        If nothing can be written there.
    """
    folder = Path(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder) as file:
            file.write(b"a full disk takes the name alone")
    except OSError as error:
        raise UserError(
            f"--out is {name}, where nothing can be written ({error.strerror}); name another folder"
        ) from error
    return folder
