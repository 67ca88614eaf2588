"""Errors that a user can correct, and the exit status that a command ends with."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

import impls
from impls._compiled import find_cache
from scripts._common.checked import Misfit

_PIPE_CLOSED = 141  # what a shell reports for a program that SIGPIPE ended
_NO_ACCESS = "change its permissions or its owner, or use a copy that is yours"
_ADVICE = {
    errno.EACCES: _NO_ACCESS,
    errno.EPERM: _NO_ACCESS,
    errno.EROFS: "use a copy elsewhere",
    errno.ENOSPC: "make room there",
    errno.EDQUOT: "make room there",
    errno.ENAMETOOLONG: "use a shorter path",
    errno.EISDIR: "a file is expected there: move the folder away",
    errno.ENOTDIR: "a folder is expected there: move the file away",
    errno.EEXIST: "a folder is expected there: move the file away",
}


class UserError(Exception):
    """An error whose message says what is wrong and what to do."""


def run_command(main: Callable[[], int]) -> None:
    """Exit with what `main` returns; print a user's error as one line and exit with 1."""
    _open_streams()
    if isinstance(sys.stdout, io.TextIOWrapper):  # "?" for characters that the terminal lacks
        sys.stdout.reconfigure(errors="replace")
    # Once, for all processes that the command starts.
    find_cache(Path(impls.__file__).parent)
    status = _run(main)
    _drop_output()
    sys.exit(status)


def _open_streams() -> None:
    """Reopen closed standard streams: a new file would get their numbers, and be written to."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)
    os.close(number)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, "w" if number else "r", closefd=False))


def explain(error: OSError) -> str:
    """Turn a system error into a sentence: where, why, and what to do."""
    where = "a file or the output" if error.filename is None else error.filename
    advice = _ADVICE.get(error.errno or 0)
    return f"{where}: {error.strerror or error}{f'; {advice}' if advice else ''}"


def _run(main: Callable[[], int]) -> int:
    status = _PIPE_CLOSED
    try:
        status = main()
        _flush()
    except SystemExit as ended:  # argparse, after --help or a wrong option
        status = _fail(ended.code) if isinstance(ended.code, str) else int(ended.code or 0)
    except BrokenPipeError:  # the reader closed the pipe; a status that main returned is kept
        pass
    except (UserError, Misfit, impls.TableError) as error:
        status = _fail(str(error))
    except OSError as error:
        status = _fail(explain(error))
    return status


def _fail(sentence: str) -> int:
    print(f"error: {sentence}", file=sys.stderr)
    return 1


def _flush() -> None:
    if sys.stdout is not None:  # None: it was closed from the start
        sys.stdout.flush()


def _drop_output() -> None:
    """Discard unread output: the interpreter would try to write it at exit, and complain."""
    try:
        _flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
