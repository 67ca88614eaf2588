"""Comma-separated text: digits, and texts that a spreadsheet would run."""

from __future__ import annotations

import io

import pandas as pd
import pytest

from scripts._common.csv_text import to_csv


@pytest.mark.parametrize("text", ["=1+1", "+1", "-x", "@sum", "\t=1", "\r=1"])
def test_a_formula_becomes_a_text(text):
    (row,) = pd.read_csv(io.StringIO(to_csv(pd.DataFrame({"reason": [text]})))).itertuples()
    assert row.reason.startswith("'")


def test_numbers_stay_numbers_and_other_texts_stay_as_they_are():
    rows = pd.DataFrame({"value": [-1.23456789, None], "name": ["fused", "a=b"]})
    found = pd.read_csv(io.StringIO(to_csv(rows)))
    assert list(found["name"]) == ["fused", "a=b"]
    assert found["value"][0] == -1.23457
    assert found["value"].isna()[1]
