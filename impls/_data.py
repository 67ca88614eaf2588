"""Data of every problem: seeded generators and real data sets."""

from __future__ import annotations

import importlib
import inspect
from importlib.util import find_spec
from typing import Any, cast

import numpy as np

from impls._counts import check_count
from impls._errors import Unavailable
from impls._table import check_name, problem_module

Array = np.ndarray[Any, Any]
Batch = tuple[Array, Array, Array]


def make(problem: str, n_samples: int, n_features: int, seed: int = 0) -> Batch:
    """Draw ``(weights, X, y)`` in float64 and C order, in the problem's own shapes.

    Raises
    ------
    UnknownName
        If there is no such problem.
    TypeError, ValueError
        If a size is no whole number of at least 1, or the seed none of at least 0.
    """
    n_samples = check_count("n_samples", n_samples)
    n_features = check_count("n_features", n_features)
    generator = np.random.default_rng(check_count("seed", seed, least=0))
    return cast("Batch", problem_module(problem).make(n_samples, n_features, generator))


def datasets(problem: str) -> tuple[str, ...]:
    """Names of a problem's real data sets, sorted.

    Raises
    ------
    UnknownName
        If there is no such problem.
    """
    return tuple(sorted(_loaders(problem)))


def dataset(problem: str, name: str) -> Batch:
    """``(weights, X, y)`` of a real data set, with seeded weights, in the form that `make` returns.

    Raises
    ------
    UnknownName
        If there is no such problem or data set.
    Unavailable
        If scikit-learn, which bundles the data, is not installed.
    """
    loaders = _loaders(problem)
    check_name("data set", name, loaders, f" of {problem}")
    try:
        return cast("Batch", loaders[name]())
    except ImportError as error:
        raise Unavailable(
            f"the data set {name} comes with scikit-learn, which cannot be imported ({error}); "
            'try: pip install "gradmark[data]"'
        ) from error


def _loaders(problem: str) -> dict[str, Any]:
    """Public functions of the problem's ``_datasets`` module, if it has one."""
    problem_module(problem)
    if find_spec(f"impls.{problem}._datasets") is None:
        return {}
    module = importlib.import_module(f"impls.{problem}._datasets")
    functions = inspect.getmembers(module, inspect.isfunction)
    own = [(name, f) for name, f in functions if f.__module__ == module.__name__]
    return {name: f for name, f in own if not name.startswith("_")}
