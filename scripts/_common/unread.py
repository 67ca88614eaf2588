"""Options that were given and that nothing would read."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Collection, Iterable

from scripts._common.errors import UserError


def refuse(arguments: Namespace, unread: Iterable[str], reason: str) -> None:
    """Refuse these options if they were given.

    Parameters
    ----------
    arguments : Namespace
        Of `cli.Parser`, which notes what was given.
    reason : str
        Why they are not read.

    Raises
    ------
    UserError
        Names the first of them.
    """
    for name in sorted(arguments.given & {*unread}):
        raise UserError(f"{_option(name)} is not read: {reason}; leave it out")


def refuse_others(arguments: Namespace, read: Collection[str], reason: str) -> None:
    """Refuse what was given besides the options that are read: see `refuse`."""
    refuse(arguments, arguments.given - {*read}, reason)


def require(arguments: Namespace, needed: str, readers: Iterable[str]) -> None:
    """Refuse options that are read beside another one alone, if that is missing.

    Raises
    ------
    UserError
        Names the first of them, and what it needs.
    """
    for name in sorted(arguments.given & {*readers}):
        if needed not in arguments.given:
            own, other = _option(name), _option(needed)
            raise UserError(f"{own} is not read without {other}: add {other}, or leave {own} out")


def _option(name: str) -> str:
    """``--fail-below`` for ``fail_below``."""
    return f"--{name.replace('_', '-')}"
