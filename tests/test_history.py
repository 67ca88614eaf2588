"""Addresses of histories in asv's pages."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest

from benchmarks import datasets, gradient
from scripts._common import history


def parts(address):
    benchmark, _, query = address.removeprefix("#").partition("?")
    return benchmark, parse_qs(query, strict_parsing=True)


@pytest.mark.parametrize("metric", ["time", "time_over_baseline"])
def test_a_size_leads_to_its_history(metric):
    benchmark, chosen = parts(history.address("linear", "float32", (10_000, 100), metric))
    assert benchmark == f"gradient.linear.track_{metric}"
    assert hasattr(gradient.linear, f"track_{metric}")
    assert chosen == {
        "p-implementation": ["'float32'"],
        "p-n_samples": ["10000"],
        "p-n_features": ["100"],
    }
    names = {name.removeprefix("p-") for name in chosen}
    assert names == set(gradient.linear.param_names)


def test_a_data_set_leads_to_its_history():
    benchmark, chosen = parts(history.address("linear", "float32", "diabetes"))
    assert benchmark == "datasets.linear.track_time"
    names = {name.removeprefix("p-"): value for name, value in chosen.items()}
    assert names == {"implementation": ["'float32'"], "dataset": ["'diabetes'"]}
    assert set(names) == set(datasets.linear.param_names)


def test_signs_of_an_address_are_escaped():
    text = history.page("b", {"a&b": ["1=2", "#3"], "c": "x y"})
    assert text == "#b?a%26b=1%3D2&a%26b=%233&c=x%20y"
