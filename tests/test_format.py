"""Numbers as text: significant digits, units, and absent values."""

from math import inf, nan

import pytest

from scripts._common import units


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (13.2e-6, "13.2 us"),
        (1.39e-3, "1.39 ms"),
        (2.5e-7, "250 ns"),
        (1.0, "1.00 s"),
        (75.04, "75.0 s"),
        (0.9996e-3, "1.00 ms"),  # rounded before the unit is chosen
        (-2e-3, "-2.00 ms"),
        (4e-10, "0.400 ns"),
        (0.0, "0 s"),
        (nan, "n/a"),
        (inf, "n/a"),
    ],
)
def test_seconds(value, text):
    assert units.seconds(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 B"),
        (8, "8 B"),
        (512.4, "512 B"),
        (-0.2, "0 B"),
        (999.7, "1.00 kB"),
        (1024, "1.02 kB"),
        (808_000, "808 kB"),
        (1.6e9, "1.60 GB"),
        (-3.5e6, "-3.50 MB"),
        (2e15, "2000 TB"),
        (nan, "n/a"),
    ],
)
def test_n_bytes(value, text):
    assert units.n_bytes(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(2.134, "2.13x"), (0.0512, "0.0512x"), (1234.0, "1230x"), (0.0, "0x"), (nan, "n/a")],
)
def test_ratio(value, text):
    assert units.ratio(value) == text


def test_ratio_with_fewer_digits():
    assert [units.ratio(value, 2) for value in (2.134, 0.996, 127.0)] == ["2.1x", "1.0x", "130x"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(2.0**-53, "1.11e-16"), (0.0, "0"), (3e-7, "3.00e-07"), (1.5, "1.50e+00"), (nan, "n/a")],
)
def test_error(value, text):
    assert units.error(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(12.34, "12.3 GB/s"), (0.0456, "0.0456 GB/s"), (0.0, "0 GB/s"), (inf, "n/a")],
)
def test_gigabytes_per_second(value, text):
    assert units.gigabytes_per_second(value) == text


@pytest.mark.parametrize(
    ("text", "shorter"),
    [
        ("1.50 ms", "1.5 ms"),
        ("1.00e-16", "1e-16"),
        ("0.0100 GB/s", "0.01 GB/s"),
        ("0.0105 GB/s", "0.0105 GB/s"),
        ("100 MB", "100 MB"),
        ("1.05x", "1.05x"),
    ],
)
def test_short(text, shorter):
    assert units.short(text) == shorter


@pytest.mark.parametrize(
    ("number", "unit", "text"),
    [
        (2e-6, "seconds", "2.00 us"),
        (1024, "bytes", "1.02 kB"),
        (12.34, "GB/s", "12.3 GB/s"),
        (12.3456, "rows", "12.35 rows"),
        (0.5, "", "0.5"),
    ],
)
def test_a_value_is_written_in_the_way_of_its_unit(number, unit, text):
    assert units.value(number, unit) == text
