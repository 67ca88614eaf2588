"""Numbers as text for figures and tables: three significant digits and a unit; lists of words."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

# Shown for a value that is missing or not finite.
NO_VALUE = "n/a"

_SECONDS = ((1e-9, "ns"), (1e-6, "us"), (1e-3, "ms"), (1.0, "s"))
_BYTES = ((1.0, "B"), (1e3, "kB"), (1e6, "MB"), (1e9, "GB"), (1e12, "TB"))


def seconds(value: float) -> str:
    """A time: ``13.2 us``, ``1.39 ms``."""
    return _with_unit(value, _SECONDS) if value else "0 s"


def n_bytes(value: float) -> str:
    """An amount of memory, in multiples of 1000: ``512 B``, ``808 kB``, ``1.60 GB``."""
    if abs(value) < 999.5:  # whole bytes: there is no fraction of one
        return f"{round(value)} B"
    return _with_unit(value, _BYTES)


def gigabytes_per_second(value: float) -> str:
    """A bandwidth given in GB/s: ``12.3 GB/s``."""
    return f"{_plain(value)} GB/s" if math.isfinite(value) else NO_VALUE


def ratio(value: float, digits: int = 3) -> str:
    """A speed-up or a fraction: ``2.13x``."""
    return f"{_plain(value, digits)}x" if math.isfinite(value) else NO_VALUE


def ratios(values: Iterable[float]) -> str:
    """The least and the largest of some ratios: ``1.3x to 6.0x``; empty if none is finite."""
    known = [value for value in values if math.isfinite(value)]
    if not known:
        return ""
    low, high = (ratio(value, 2) for value in (min(known), max(known)))
    return low if low == high else f"{low} to {high}"


def error(value: float) -> str:
    """A relative error: ``1.11e-16``, and ``0`` for an exact result."""
    if not math.isfinite(value):
        return NO_VALUE
    return f"{value:.2e}" if value else "0"


def value(number: float, unit: str) -> str:
    """A value in the way of its unit; of a unit that has none, 4 digits and the unit."""
    ways = {"seconds": seconds, "bytes": n_bytes, "GB/s": gigabytes_per_second}
    return ways[unit](number) if unit in ways else f"{number:.4g} {unit}".rstrip()


def listed(words: Iterable[str]) -> str:
    """At least one word: ``a, b and c``."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def short(text: str) -> str:
    """`text` without trailing zeros of decimals: ``1.50 ms`` becomes ``1.5 ms``."""
    return re.sub(r"\.0+(?!\d)|(\.\d*[1-9])0+(?!\d)", r"\1", text)


def _with_unit(value: float, units: tuple[tuple[float, str], ...]) -> str:
    if not math.isfinite(value):
        return NO_VALUE
    rounded = _round(value)  # before the unit is chosen: 999.9 us is 1.00 ms
    scale, unit = max((u for u in units if u[0] <= abs(rounded)), default=units[0])
    return f"{_plain(rounded / scale)} {unit}"


def _round(value: float, digits: int = 3) -> float:
    return float(f"{value:.{digits - 1}e}")


def _plain(value: float, digits: int = 3) -> str:
    """The significant digits, without an exponent."""
    rounded = _round(value, digits)
    if rounded == 0:
        return "0"
    return f"{rounded:.{max(0, digits - 1 - math.floor(math.log10(abs(rounded))))}f}"
