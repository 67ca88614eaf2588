"""What a process prints is kept up to a limit, and told in a line."""

import os

import pytest

from benchmarks._session.output import _KEPT_BYTES, Output


def told(*parts):
    reading, writing = os.pipe()
    output = Output(os.fdopen(reading, "rb"))
    with os.fdopen(writing, "wb") as pipe:
        pipe.writelines(parts)
    output.wait(10)
    return output


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([], ""),
        ([b"x"], "printed 1 byte, of which the last line is: x"),
        ([b"one\ntwo\n\n"], "printed 9 bytes, of which the last line is: two"),
        ([b"\n"], "printed 1 byte, of which the last line is: empty"),
        ([b"\x1b[31mred\xff\n"], "printed 10 bytes, of which the last line is: [31mred\ufffd"),
    ],
)
def test_what_is_printed_is_told_in_a_line(parts, expected):
    assert told(*parts).told == expected


def test_much_output_is_counted_and_not_kept():
    output = told(*[b"y" * 1000] * 1000)
    assert output.told.startswith("printed 1,000,000 bytes, of which the last line is: yyy")
    assert len(output.told) < 400
    assert len(output._last) == _KEPT_BYTES
