"""Losses of an implementation's own are checked: a wrong one, a wrong gradient with it, a fault."""

import pytest

from scripts import check
from tests._planting import plant

HEAD = """
import numpy as np

def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(y)

def loss_gradient(weights, X, y):
    residual = X @ weights - y
"""
BODIES = {
    "right": "    return residual @ residual / (2 * len(y)), residual @ X / len(y)",
    "no_half": "    return residual @ residual / len(y), residual @ X / len(y)",
    "a_sum": "    return residual @ residual / (2 * len(y)), residual @ X",
    "raises": "    return 1 / 0",
}
SAID = {
    "no_half": "loss_gradient: got a loss of",
    "a_sum": "loss_gradient: component",
    "raises": "ZeroDivisionError",
}


@pytest.mark.parametrize("name", BODIES)
def test_own_losses_are_checked(name, tmp_path, monkeypatch, capsys):
    plant("linear", {name: f"{HEAD}{BODIES[name]}\n"}, tmp_path, monkeypatch)
    monkeypatch.setattr("sys.argv", ["check", f"linear/{name}"])
    assert check.main() == (name != "right")
    text = capsys.readouterr().out
    assert SAID.get(name, "1 checked, 0 wrong") in text
