"""Damaged and hostile files: what can stand where a good file is expected."""

from __future__ import annotations

import copy
import itertools
import json
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Put = Callable[[Path, bytes], None]
_HUGE = 3 * 2**30
_BRACKETS = 200_000


def _of(data: bytes) -> Put:
    return lambda path, good: path.write_bytes(data) and None


def _make(changed: Callable[[bytes], bytes]) -> Put:
    return lambda path, good: path.write_bytes(changed(good)) and None


def _sparse(path: Path, good: bytes) -> None:
    """A file that takes no room on the disk and 3 GiB in memory."""
    with path.open("wb") as file:
        file.write(good)
        file.truncate(_HUGE)


def _socket(path: Path, good: bytes) -> None:
    here = os.open(".", os.O_RDONLY)  # a socket's path may have about 100 characters
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.fchdir(here)
        os.close(here)


def _loop(path: Path, good: bytes) -> None:
    path.symlink_to(path.name)


# No file at all in a file's place.
KINDS: dict[str, Put] = {
    "a folder": lambda path, good: path.mkdir(),
    "a pipe": lambda path, good: os.mkfifo(path),
    "a socket": _socket,
    "a device": lambda path, good: path.symlink_to("/dev/zero"),
    "a link to nothing": lambda path, good: path.symlink_to("nothing"),
    "a link to itself": _loop,
}
# Files of text whose contents are no record.
TEXTS: dict[str, Put] = {
    "nothing": _of(b""),
    "a newline": _of(b"\n"),
    "many newlines": _of(b"\n" * 2**20),
    "zeros": _of(bytes(4096)),
    "latin-1": _of(b'{"name": "caf\xe9"}\n'),
    "UTF-16": _make(lambda good: good.decode("latin-1").encode("utf-16")),
    "a byte-order mark": _make(lambda good: b"\xef\xbb\xbf" + good),
    "half of it": _make(lambda good: good[: len(good) // 2]),
    "it twice on a line": _make(lambda good: good.strip() + good),
    "open brackets": _of(b"[" * _BRACKETS),
    "open braces": _of(b'{"a":' * _BRACKETS),
    "nested brackets": _of(b"[" * _BRACKETS + b"]" * _BRACKETS + b"\n"),
    "null": _of(b"null\n"),
    "a number": _of(b"1e30\n"),
    "an integer of 10,000 digits": _of(b"9" * 10_000 + b"\n"),
    "a text": _of(b'"\\ud800"\n'),
    "a list": _of(b"[{}]\n"),
    "an empty object": _of(b"{}\n"),
    "a key twice": _of(b'{"a": 1, "a": 2}\n'),
    "HTML": _of(b"<!doctype html><title>404</title>\n"),
    "Python": _of(b"__import__('os').system('true')\n"),
    "a pickle": _of(b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x07builtins\x94."),
}
HUGE: dict[str, Put] = {"3 GiB": _sparse}
FILES = KINDS | TEXTS | HUGE

# What stands in the place of a value of a good record.
_VALUES = (
    *(None, True, -1, 0, 0.5, 2**53 + 1, 2**70, 10**400, 1e30, -1e-300),
    *(float("nan"), float("inf"), "", "x", "\ud800", "../../etc/passwd", "<script>", "a\nb\0"),
    *("9" * 5000, [], [[]], [None], {}, {"": None}),
)


def _places(record: Any, most: int) -> Iterator[tuple[Any, ...]]:
    """Places within a record: of each list and mapping within it the first two."""
    items = record.items() if isinstance(record, dict) else enumerate(record)
    for key, value in itertools.islice(items, most):
        yield (key,)
        if isinstance(value, dict | list):
            yield from ((key, *rest) for rest in _places(value, 2))


def _set(record: Any, place: tuple[Any, ...], value: Any) -> None:
    for key in place[:-1]:
        record = record[key]
    if value is _set:
        del record[place[-1]]
    else:
        record[place[-1]] = value


def variants(record: Any, most: int = 30) -> Iterator[tuple[str, Any]]:
    """The record with one value changed or left out, and what was done."""
    for place in _places(record, most):
        for value in (_set, *_VALUES):
            changed = copy.deepcopy(record)
            _set(changed, place, value)
            told = "left out" if value is _set else f"{value!r:.20}"
            yield f"{'.'.join(map(str, place))}: {told}", changed


def dumped(record: Any) -> bytes:
    """As JSON, with NaN, infinity and lone surrogates."""
    return json.dumps(record).encode()
