"""Curves that are read from files: checked, and left aside by name where they are damaged."""

from __future__ import annotations

import json
import math
from dataclasses import asdict

import pytest

from scripts._common import checked
from scripts._measured import curve_files, curves, losses
from tests._paged import CURVE, loss_curve

LOSS = loss_curve()
RECORDS = {"memory": curve_files.MemoryRecord, "loss": curve_files.LossRecord}
MADE = {"memory": CURVE, "loss": LOSS}


class State:
    """A state in which the curves of some digests are valid."""

    def has(self, cell):
        return cell.implementation != "gone"

    def changes(self, cell, digest):
        return [] if digest == "now" else ["a file has changed"]


def record_of(curve, state="now", **changes):
    return json.loads(json.dumps(asdict(curve) | {"state": state} | changes))


def written(folder, **records):
    folder.mkdir()
    for name, record in records.items():
        text = record if isinstance(record, bytes) else json.dumps(record).encode()
        (folder / f"{name}.json").write_bytes(text)
    return folder


@pytest.mark.parametrize("kind", MADE)
def test_a_curve_comes_back_as_it_was_written(kind):
    assert checked.fit(record_of(MADE[kind]), RECORDS[kind]).made() == MADE[kind]


def test_only_curves_of_the_state_are_shown(tmp_path, monkeypatch, capsys):
    then, gone = record_of(LOSS, "then"), record_of(LOSS, implementation="gone")
    monkeypatch.setattr(
        losses, "FOLDER", written(tmp_path / "losses", now=record_of(LOSS), then=then, gone=gone)
    )
    assert losses.load_losses(State()) == [LOSS]
    assert capsys.readouterr().err == ""


DAMAGED = {
    "memory": [
        ({"seconds": "0.1"}, "seconds is '0.1', expected a list"),
        ({"seconds": [0.0, "x"]}, "seconds.1 is 'x', expected a number"),
        ({"mebibytes": [1.0]}, "seconds 2, mebibytes 1"),
        ({"mebibytes": [1.0, math.nan]}, "mebibytes.1 is nan, expected a finite number"),
        ({"call_seconds": [1.0]}, "call_seconds.1 is missing"),
        ({"n_samples": True}, "n_samples is True, expected a whole number"),
        ({"problem": "../../etc"}, "problem is '../../etc', expected a name"),
        ({"state": 3}, "state is 3, expected a text"),
    ],
    "loss": [
        ({"epochs": []}, "expected lists of the same length, not empty: epochs 0"),
        ({"seconds": [0.03, 0.02, 0.01]}, "expected seconds that rise from above 0"),
        ({"epochs": [0, 1, 2]}, "epochs.0 is 0, expected at least 1"),
        ({"losses": [1.0, None, 2.0]}, "losses.1 is None, expected a number"),
        ({"least_loss": math.inf}, "least_loss is inf, expected a finite number"),
        ({"solver": ""}, "solver is '', expected a name"),
        ({"implementation": None}, "implementation is None, expected a text"),
        ({"n_features": 10**400}, "n_features is 1000"),
        ({"seed": -1}, "seed is -1, expected at least 0"),
        ({"losses": [1.0, 2.0, 10**400]}, "losses.2 is 1000"),
    ],
}
CASES = [(kind, changes, told) for kind, own in DAMAGED.items() for changes, told in own]


@pytest.mark.parametrize(("kind", "changes", "told"), CASES, ids=[case[2] for case in CASES])
def test_a_damaged_curve_is_named_and_the_rest_is_shown(
    tmp_path, monkeypatch, capsys, kind, changes, told
):
    module = {"memory": curves, "loss": losses}[kind]
    load = {"memory": curves.load_curves, "loss": losses.load_losses}[kind]
    good, bad = record_of(MADE[kind]), record_of(MADE[kind], **changes)
    monkeypatch.setattr(module, "FOLDER", written(tmp_path / "all", good=good, bad=bad))
    assert load(State()) == [MADE[kind]]
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"left aside: the curve {tmp_path / 'all' / 'bad.json'} cannot be read")
    assert told in line
    assert "delete it and make it again: python -m scripts." in line


@pytest.mark.parametrize("text", [b"", b"{", b"null", b"[1]", b"\xff\xfe", b"[" * 100_000, b"{}"])
def test_a_file_that_is_no_record_is_named(tmp_path, monkeypatch, capsys, text):
    folder = written(tmp_path / "all", good=record_of(LOSS), bad=text)
    monkeypatch.setattr(losses, "FOLDER", folder)
    assert losses.load_losses(State()) == [LOSS]
    assert "bad.json cannot be read" in capsys.readouterr().err


def test_a_folder_in_place_of_a_curve_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(losses, "FOLDER", written(tmp_path / "all", good=record_of(LOSS)))
    (tmp_path / "all" / "odd.json").mkdir()
    assert losses.load_losses(State()) == [LOSS]
    assert "odd.json cannot be read (it is a folder, expected a file)" in capsys.readouterr().err
