"""Errors that are the user's to mend, and how a command ends with one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import impls
from impls._compiled import find_cache


class UserError(Exception):
    """A sentence that says what is wrong and what to do."""


def run_command(main: Callable[[], int]) -> None:
    """Exit with what `main` returns; a user's error is one line on stderr and exit status 1."""
    # Once for all processes that the command starts.
    find_cache(Path(impls.__file__).parent)
    try:
        status = main()
    except (UserError, impls.TableError) as error:
        print(f"error: {error}", file=sys.stderr)
        status = 1
    except BrokenPipeError:  # the reader of a pipe has seen enough
        sys.stderr.close()
        status = 0
    sys.exit(status)
