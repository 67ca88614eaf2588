"""What a contender's answer to each step must hold.

An implementation may change the modules that write its answers. The session relies on no answer
before it has been looked at here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

# What an answer may say instead of what it was asked for.
_STATES = ("failed", "refused", "skipped", "unavailable", "wrong")
_LARGEST = 1e300  # above it, sums and ratios of numbers are not finite


def is_number(value: Any) -> bool:
    """Whether it is a finite number of at least 0."""
    return type(value) in (int, float) and 0 <= value < _LARGEST


def _is_positive(value: Any) -> bool:
    return is_number(value) and value > 0


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 < value < 2**53


def _are_losses(value: Any) -> bool:
    """Numbers of any sign: Poisson's loss lacks what does not depend on the weights."""
    return type(value) is list and all(type(each) in (int, float) for each in value)


def _are_finite(value: Any) -> bool:
    return _are_losses(value) and all(abs(each) < _LARGEST for each in value)


def _are_seconds(value: Any) -> bool:
    return type(value) is list and all(map(is_number, value))


def _is_bool(value: Any) -> bool:
    return type(value) is bool


def _is_text(value: Any) -> bool:
    return type(value) is str


def _are_texts(value: Any) -> bool:
    return type(value) is list and all(map(_is_text, value))


def _are_reasons(value: Any) -> bool:
    return type(value) is dict and all(map(_is_text, value.values()))


# The forms of values, by key: a key means the same in all answers.
_FORMS: dict[str, Callable[[Any], bool]] = {
    "state": lambda value: value in _STATES,
    "reason": _is_text,
    "in_gradients": is_number,
    "bytes_per_value": lambda value: _is_count(value) and value <= 16,
    "copies": is_number,
    "x_types": _is_text,
    "width": lambda value: _is_count(value) and value <= 16,
    "passes": lambda value: value is None or value == 0 or _is_count(value),
    "peer": _is_text,
    "limited": _is_bool,
    "rtol": is_number,
    "summary": _is_text,
    "gradients": _are_texts,
    "losses": _are_losses,
    "weights": _are_finite,
    "epoch_seconds": _are_seconds,
    "workspace": is_number,
    "peak": is_number,
    "prepare": is_number,
    "prepared": is_number,
    "openmp": is_number,
    "seconds": _is_positive,
    "warm": is_number,
    "fresh": is_number,
    "n_calls": _is_count,
    "processors": is_number,
    "reasons": _are_reasons,
    "suspended": _is_bool,
}
_NEEDED = {
    "load": (
        *("bytes_per_value", "copies", "x_types", "passes", "peer", "limited", "rtol"),
        "summary",
    ),
    "verify": ("gradients",),
    "losses": ("losses",),
    "cost": ("workspace", "prepare", "prepared"),
    "count": ("seconds",),
    "sample": ("seconds", "n_calls"),
}
_NEEDED_OF_SOLUTION = ("weights", "losses", "epoch_seconds", "updates")


def misfit(step: str, arguments: Mapping[str, Any], reply: Mapping[str, Any]) -> str:
    """What is wrong with an answer to a step; empty if nothing."""
    needed = _NEEDED.get(step, ())
    if step == "prepare" and arguments.get("observed", True):
        needed = ("width", "gradients")
    if step == "train" and arguments.get("what") == "solve":
        needed = _NEEDED_OF_SOLUTION
    if "state" in reply:
        needed = ("reason",)
    bad = [key for key in needed if key not in reply]
    bad += [key for key, value in reply.items() if key in _FORMS and not _FORMS[key](value)]
    if not bad:
        return ""
    return f"its answer has no {bad[0]} that can be: it changes what it is measured with"
