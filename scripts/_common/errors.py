"""Errors that a user can correct, and the exit status that a command ends with."""

from __future__ import annotations

import errno
import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

import impls
from impls._compiled import find_cache
from scripts._common import escape
from scripts._common.checked import Misfit
from scripts._common.streams import open_streams

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_WRONG_USAGE = 2  # as argparse has it; 1 may also be what a command has found out
_LONGEST_WORD = 1000  # paths may be long
_PIPE_CLOSED = 141  # what a shell reports for a program that SIGPIPE ended
_NO_ACCESS = "change its permissions or its owner, or use a copy that is yours"
_ADVICE = {
    errno.EACCES: _NO_ACCESS,
    errno.EPERM: _NO_ACCESS,
    errno.EROFS: "use a copy elsewhere",
    errno.ENOSPC: "make room there",
    errno.EDQUOT: "make room there",
    errno.EFBIG: "raise the limit of the size of a file (ulimit -f)",
    errno.ENAMETOOLONG: "use a shorter path",
    errno.EISDIR: "a file is expected there: move the folder away",
    errno.ENOTDIR: "a folder is expected there: move the file away",
    errno.EEXIST: "a folder is expected there: move the file away",
}


class UserError(Exception):
    """An error whose message says what is wrong and what to do."""


class UsageError(UserError):
    """An error in the command line itself."""


def checks_usage(check: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Decorator of what checks the command line alone: its errors are those of the usage."""

    @functools.wraps(check)
    def checked(*arguments: Parameters.args, **options: Parameters.kwargs) -> Result:
        try:
            return check(*arguments, **options)
        except (UserError, impls.TableError) as error:
            raise UsageError(str(error)) from error

    return checked


def run_command(main: Callable[[], int]) -> None:
    """Exit with what `main` returns; print a user's error as one line and exit with 1, or 2."""
    open_streams()
    # Once, for all processes that the command starts.
    find_cache(Path(impls.__file__).parent)
    status = _run(main)
    _drop_output()
    sys.exit(status)


def explain(error: OSError) -> str:
    """Turn a system error into a sentence: where, why, and what to do."""
    where = "a file or the output" if error.filename is None else escape.line(str(error.filename))
    advice = _ADVICE.get(error.errno or 0)
    return f"{where}: {error.strerror or error}{f'; {advice}' if advice else ''}"


def printable(text: str) -> str:
    """Text that may name what was given, as one line of printable, not endless words."""
    words, longest = escape.line(text).split(), _LONGEST_WORD
    return " ".join(w if len(w) <= longest else f"{w[:longest]}..." for w in words)


def _run(main: Callable[[], int]) -> int:
    status = _PIPE_CLOSED
    try:
        status = main()
        _flush()
    except SystemExit as ended:  # argparse, after --help or a wrong option
        status = _fail(ended.code) if isinstance(ended.code, str) else int(ended.code or 0)
    except BrokenPipeError:  # the reader closed the pipe; a status that main returned is kept
        pass
    except UsageError as error:
        status = _fail(str(error), _WRONG_USAGE)
    except (UserError, Misfit, impls.TableError) as error:
        status = _fail(str(error))
    except OSError as error:
        status = _fail(explain(error))
    return status


def _fail(sentence: str, status: int = 1) -> int:
    print(f"error: {printable(sentence)}", file=sys.stderr)
    return status


def _flush() -> None:
    if sys.stdout is not None:  # None: it was closed from the start
        sys.stdout.flush()


def _drop_output() -> None:
    """Discard unread output: the interpreter would try to write it at exit, and complain."""
    try:
        _flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
