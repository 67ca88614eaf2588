"""Rows of results as a report has them, of a small made-up grid."""

from __future__ import annotations

import itertools
import math

import pandas as pd

from benchmarks._session.values import METRICS
from scripts._common.metrics import metrics

SIZES = tuple(itertools.product((10, 1000, 100_000), (10, 100)))
# By name: family, passes, bytes per value, RTOL, error, nanoseconds of a call and of a value of X.
KERNELS = {
    "matrix": ("NumPy forms", "2", 8.0, 1e-12, 1e-16, 2000, 1.0),
    "fused": ("one pass", "1", 8.0, 1e-12, 2e-16, 500, 0.3),
    "fused_float32": ("one pass", "1", 4.0, 2e-5, 1e-7, 600, 0.15),
    "sklearn": ("libraries", "2", 8.0, 1e-12, 3e-16, 30_000, 0.9),
    "row_loop": ("teaching loops", "1", 8.0, 1e-12, 1e-16, 900, 90.0),
}


def made_rows(kernels=KERNELS, sizes=SIZES, problem="logistic", threads="all"):
    """A row per kernel, size and metric; each value has an interval of 2 % on either side."""
    rows = [
        _row(problem, name, size, threads, metric, value)
        for name, size in itertools.product(kernels, sizes)
        for metric, value in _values(name, kernels[name], size, kernels["matrix"]).items()
    ]
    frame = pd.DataFrame(rows)
    return frame.astype(dict.fromkeys(["n_samples", "n_features"], "Int64"))


def _values(name, kernel, size, baseline):
    _, _, width, _, error, *_ = kernel
    seconds, base = (_seconds(each, size) for each in (kernel, baseline))
    n_bytes = size[0] * size[1] * width
    values = dict.fromkeys(METRICS, math.nan) | {
        "time": seconds,
        "time_mean": 1.1 * seconds,
        "time_p90": 1.2 * seconds,
        "time_over_baseline": seconds / base,
        "speed_up": base / seconds,
        "error": error,
        "workspace": 8.0 * size[0],
        "peak": 4096.0,
        "prepare": 10 * seconds,
        "prepared": n_bytes,
        "break_even": 3.0,
        "read_roof": 40.0,
        "roof_fraction": n_bytes / seconds / 40e9,
        "processors": 1.0,
    }
    return values | ({"chance": 1.01} if name == "matrix" else {})


def _seconds(kernel, size):
    *_, call, value = kernel
    return 1e-9 * (call + value * size[0] * size[1])


def _row(problem, name, size, threads, metric, value):
    family, passes, width, rtol, *_ = KERNELS.get(name, KERNELS["matrix"])
    return {
        "problem": problem,
        "implementation": name,
        "solver": "",
        "n_samples": size[0],
        "n_features": size[1],
        "dataset": "",
        "metric": metric,
        "value": value,
        "low": 0.98 * value,
        "high": 1.02 * value,
        "unit": metrics()[metric].unit,
        "state": "ok",
        "reason": "",
        "threads": threads,
        "commit": "0" * 8,
        "environment": "recorded",
        "measured": "2026-11-26T12:00:00+00:00",
        "generations": 1.0,
        "rounds": 12.0,
        "versions": "Python 3.11, numpy 2.4",
        "flag": "",
        "bytes_per_value": width,
        "family": family,
        "passes": passes,
        "rtol": rtol,
        "compulsory_bytes": size[0] * size[1] * width,
        "working_set": size[0] * size[1] * 8.0,
    }
