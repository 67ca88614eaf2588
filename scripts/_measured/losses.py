"""Loss against seconds of trainings, kept for the report's page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from impls import _provenance
from impls._files import FORMAT, write_json
from scripts._common.project import PROVENANCE, STATE
from scripts._common.records import LossCurve
from scripts._measured.curve_files import LossRecord, load_all
from scripts._measured.state import State

FOLDER = STATE / "losses"


def save_losses(state: State, curves: Iterable[LossCurve]) -> list[Path]:
    """Write each curve to a file of its own, over that of the same training; return the paths."""
    paths = []
    for curve in curves:
        path = FOLDER / f"{curve.problem}-{curve.implementation}-{curve.solver}.json"
        _provenance.save(state.provenance, PROVENANCE)
        record = asdict(curve) | {"state": state.provenance.digest}
        write_json(path, {"format": FORMAT, **record})
        paths.append(path)
    return paths


def load_losses(state: State) -> list[LossCurve]:
    """Curves that are valid in a state; a damaged file is named and left aside."""
    return load_all(FOLDER, LossRecord, state, "python -m scripts.train descent")
