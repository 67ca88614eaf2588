"""Options that commands share."""

from __future__ import annotations

import json
import math
import sys

import pytest

import impls
from benchmarks._session.judging import Findings
from scripts import check, list
from scripts._common import cli, isolated
from scripts._common.names import suggest


def call(main, *argv, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["command", *argv])
    return main()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--thread", "1"], "unrecognized arguments: --thread 1; did you mean --threads?"),
        (["--thread=1"], "unrecognized arguments: --thread=1; did you mean --threads?"),
        (["--wholly-other"], "unrecognized arguments: --wholly-other\n"),
        (["other"], "unrecognized arguments: other\n"),
    ],
)
def test_an_unknown_option_names_the_nearest(given, told, capsys):
    parser = cli.make_parser("some", None, "examples:\n")
    parser.allow_abbrev = False
    parser.add_argument("--threads")
    with pytest.raises(SystemExit) as ended:
        parser.parse_args(given)
    assert ended.value.code == 2
    assert told in capsys.readouterr().err


def test_a_name_that_is_near_nothing_has_no_suggestion():
    assert suggest("matrx", ["matrix", "fused"]) == "; did you mean matrix?"
    assert suggest("zzz", iter(["matrix", "fused"])) == ""


FOUND = {
    "fused": isolated.Description("One pass.", "1", 8, "one pass", 1e-12),
    "guess": isolated.Description("", "?", 4, "one pass", 1e-5),
    "jax": impls.Unavailable("jax is not installed"),
    "bad": impls.BadPlugin("bad has no gradient"),
}


@pytest.mark.parametrize(("broken", "status"), [(True, 1), (False, 0)])
def test_list_prints_one_object(broken, status, monkeypatch, capsys):
    found = {name: each for name, each in FOUND.items() if broken or name != "bad"}
    monkeypatch.setattr(isolated, "describe", lambda *_: found)
    assert call(list.main, "linear", "--json", monkeypatch=monkeypatch) == status
    told = json.loads(capsys.readouterr().out)["linear"]
    assert told["fused"] == {
        "state": "available",
        "summary": "One pass.",
        "passes": 1,
        "bytes_per_value": 8,
    }
    assert told["guess"]["passes"] is None
    assert told["jax"] == {"state": "unavailable", "reason": "jax is not installed"}
    assert ("bad" in told) == broken
    assert told.get("bad", {"state": "broken"})["state"] == "broken"


@pytest.mark.parametrize(
    ("findings", "state", "status"),
    [
        ({"errors": {"a": 1e-16}, "limit": 1e-12}, "right", 0),
        ({"errors": {"a": math.inf}, "limit": 1e-12, "problems": ["a: it died"]}, "wrong", 1),
        ({"unavailable": "jax is not installed"}, "unavailable", 0),
    ],
)
def test_check_prints_one_object(findings, state, status, monkeypatch, capsys):
    monkeypatch.setattr(check, "_draw", lambda _: [])
    monkeypatch.setattr(check, "judge", lambda _, name, **_batches: Findings(name, **findings))
    assert call(check.main, "linear/matrix", "--json", monkeypatch=monkeypatch) == status
    told = json.loads(capsys.readouterr().out)["linear"]["matrix"]
    assert told["state"] == state
    assert len(told["reasons"]) == (state != "right")
    assert told["errors"] == ({} if state == "unavailable" else {"a": None if status else 1e-16})
    assert told["limit"] == (None if state == "unavailable" else 1e-12)
