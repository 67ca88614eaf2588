"""Speed-ups and calls that pay, relative to any implementation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from scripts._common.metrics import BASELINE

_KEY = ["problem", "n_samples", "n_features", "dataset", "implementation"]
_VALUES = ["value", "low", "high"]
_PAIRED, _MEDIANS = "paired", "medians"


def baseline_of(results: pd.DataFrame) -> str:
    """What the speed-ups of some rows are relative to."""
    return str(results["baseline"].iloc[0]) if "baseline" in results and len(results) else BASELINE


def explain(results: pd.DataFrame) -> str:
    """How the speed-ups of some rows were computed, in a sentence; empty for `BASELINE`."""
    name = baseline_of(results)
    if name == BASELINE:
        return ""
    found = results.loc[results["metric"] == "speed_up", "compared"]
    n_medians, n = int((found == _MEDIANS).sum()), int((found != "").sum())
    way = f"the ratio of two speed-ups over {BASELINE}, each of the same rounds"
    if n_medians:
        way += f" ({n_medians} of {n}: the ratio of the median times, where {BASELINE} has none)"
    return f"Speed-ups are over {name}: {way}; the interval is the widest that theirs allow."


def relative_to(results: pd.DataFrame, name: str) -> pd.DataFrame:
    """The results with speed-ups over `name`, and calls from which preparation pays.

    Adds the columns ``baseline``, which is `name`, and ``compared``, which says of a speed-up
    whether it follows from paired rounds or from median times.
    """
    results = results.assign(baseline=name, compared="")
    if name == BASELINE:
        return results
    frames = [results[~results["metric"].isin(["speed_up", "break_even"])]]
    frames += [_speed_ups(results, name), _break_even(results, name)]
    return pd.concat([each for each in frames if len(each)]).sort_index()


def paying_calls(more: Any, gain: Any) -> Any:
    """The least number of calls that gain more than is spent before them; NaN if that is not known.

    Parameters
    ----------
    more : float or array of float
        Seconds of preparation, over those of the other.
    gain : float or array of float
        Seconds that each call takes less, above 0.
    """
    return np.maximum(0.0, np.floor(more / gain) + 1)


def _speed_ups(results: pd.DataFrame, name: str) -> pd.DataFrame:
    rows = results[results["metric"] == "speed_up"]
    own, base = _both(results, rows, "speed_up", name)
    times, base_times = _both(results, rows, "time", name)
    paired, medians = _ratio(own, base), _ratio(base_times, times)
    is_paired = paired["value"].notna()
    found = paired.where(is_paired, medians)
    found[rows["implementation"] == name] = found[rows["implementation"] == name].where(
        found.isna(), 1.0
    )
    compared = is_paired.map({True: _PAIRED, False: _MEDIANS}).where(found["value"].notna(), "")
    return _fill(rows, found, times["value"].notna(), name).assign(compared=compared)


def _break_even(results: pd.DataFrame, name: str) -> pd.DataFrame:
    """Calls from which preparation and gradients together take less than those of `name`."""
    rows = results[results["metric"] == "break_even"]
    own, base = (each["value"] for each in _both(results, rows, "time", name))
    prepare, base_prepare = (each["value"] for each in _both(results, rows, "prepare", name))
    gain = (base - own).where(own < base)
    calls = paying_calls(prepare - base_prepare, gain)
    found = pd.DataFrame({"value": calls, "low": np.nan, "high": np.nan})
    filled = _fill(rows, found, own.notna(), name)
    told = {"state": "skipped", "reason": f"it is not faster than {name}"}
    for column, text in told.items():
        filled[column] = filled[column].where(~(own >= base), text)
    return filled


def _fill(rows: pd.DataFrame, found: pd.DataFrame, is_timed: pd.Series, name: str) -> pd.DataFrame:
    """Rows with other values; one without keeps its reason unless it has a time of its own."""
    absent = found["value"].isna()
    state, reason = rows["state"].where(absent, "ok"), rows["reason"].where(absent, "")
    lost = absent & is_timed
    return rows.assign(
        **found,
        state=state.where(~lost, "missing"),
        reason=reason.where(~lost, f"{name} has no time here"),
    )


def _both(
    results: pd.DataFrame, rows: pd.DataFrame, metric: str, name: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Values of a metric on the data of each row: of its implementation, and of `name`."""
    keys = rows[_KEY]
    return _at(results, metric, keys), _at(results, metric, keys.assign(implementation=name))


def _at(results: pd.DataFrame, metric: str, keys: pd.DataFrame) -> pd.DataFrame:
    good = results[(results["metric"] == metric) & (results["state"] == "ok")]
    found = keys.merge(good[[*_KEY, *_VALUES]].drop_duplicates(_KEY), how="left", on=_KEY)
    return found[_VALUES].set_axis(keys.index).astype(float)


def _ratio(above: pd.DataFrame, below: pd.DataFrame) -> pd.DataFrame:
    """Ratio of two values, with the widest interval that theirs allow."""
    return pd.DataFrame(
        {
            "value": above["value"] / below["value"],
            "low": above["low"].clip(lower=0) / below["high"],
            "high": above["high"] / below["low"].clip(lower=0),
        }
    )
