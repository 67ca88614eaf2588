"""The standard streams of a command: all are open, and texts from elsewhere are shown as text."""

from __future__ import annotations

import io
import os
import re
import sys

from scripts._common import escape

_NAMES = ("stdin", "stdout", "stderr")
# What tqdm writes: a bar, spaces over it, a move between two bars.
_BAR = re.compile(r"\r[^\r\x1b]*(?:%\||\[\d\d:)[^\r\x1b]*\r?|\r *\r?|\n*(?:\x1b\[A)*")


class _Shown(io.TextIOWrapper):
    """Writes a space for each sign that would steer the terminal, except for those of a bar."""

    def write(self, text: str) -> int:
        """As a text stream does."""
        return super().write(text if _BAR.fullmatch(text) else escape.lines(text))


def open_streams() -> None:
    """Reopen closed streams, and show what is written to the others as text."""
    _reopen()
    for name in _NAMES[1:]:
        stream = getattr(sys, name)
        if type(stream) is io.TextIOWrapper:  # something else may be put there, as by a test
            setattr(sys, name, _wrapped(stream))


def _reopen() -> None:
    """A new file would get the number of a closed stream, and be written to."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)
    os.close(number)
    for number, name in enumerate(_NAMES):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, "w" if number else "r", closefd=False))


def _wrapped(stream: io.TextIOWrapper) -> _Shown:
    encoding, is_by_line = stream.encoding, stream.line_buffering
    # "?" for characters that the terminal lacks
    return _Shown(stream.detach(), encoding, "replace", line_buffering=is_by_line)
