"""What every command's ``--help`` looks like."""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter


def make_parser(command: str, description: str | None, examples: str) -> ArgumentParser:
    """Parser of ``python -m scripts.COMMAND``, its module's docstring above, examples below."""
    return ArgumentParser(
        prog=f"python -m scripts.{command}",
        description=description,
        epilog=examples,
        formatter_class=RawDescriptionHelpFormatter,
    )
