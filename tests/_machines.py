"""Folders of other machines, made from the recorded journal: other times, facts, files and ids."""

from __future__ import annotations

import json
from dataclasses import replace

from impls import _provenance
from tests._recorded import COMMIT, LINES

EPYC = {"cpu": "EPYC", "processors": "2", "n_threads": 2}
XEON = {"cpu": "Xeon", "processors": "16", "n_threads": 16, "memory_bytes": 128 << 30}
SAME = {}  # as recorded


def write_machine(recorded, folder, name, facts=SAME, *, ids="", factor=1.0, skew=None, **more):
    """Write ``folder/.asv`` with the journal and the state of a machine; return the folder.

    Parameters
    ----------
    facts : dict
        ``cpu``, ``processors`` and whatever the facts of a run hold.
    ids : str
        Begins the ids of the measurements; empty: those that were recorded.
    factor : float
        Of all times.
    skew : dict, optional
        Of the times of single implementations.
    more
        ``files`` that differ in the state; ``lines`` of the journal; ``rename``, names of
        implementations in place of others; ``provenance``, whether the state is there.
    """
    asv = folder / ".asv"
    state = _state(recorded, facts, more.get("files", {}))
    if more.get("provenance", True):
        _provenance.save(state, asv / "provenance")
    path = asv / "session" / name / _provenance.journal_name(COMMIT, "env")
    path.parent.mkdir(parents=True, exist_ok=True)
    records = [json.loads(line) for line in more.get("lines", LINES)]
    change = {"facts": facts, "ids": ids, "factor": factor, "skew": skew or {}}
    lines = [json.dumps(_changed(record, state.digest, **change)) for record in records]
    text = "".join(f"{line}\n" for line in lines)
    for old, new in more.get("rename", {}).items():
        text = text.replace(f'"{old}"', json.dumps(new))
    path.write_text(text)
    return folder


def _state(recorded, facts, files):
    now = recorded.state().provenance
    given = {"processor": facts.get("cpu"), "processors": facts.get("processors")}
    settings = now.settings | {key: text for key, text in given.items() if text}
    return replace(now, files=now.files | files, settings=settings)


def _changed(record, digest, *, facts, ids, factor, skew):
    if record["kind"] == "facts":
        record["facts"] |= {key: value for key, value in facts.items() if key != "processors"}
    if "digest" in record:
        record["digest"] = digest
        record["measurement"] = ids + record["measurement"]
    if record["kind"] == "round":
        seconds, roofs = record["seconds"], record["roofs"]
        record["seconds"] = {n: s * factor * skew.get(n, 1) for n, s in seconds.items()}
        record["roofs"] = {width: speed / factor for width, speed in roofs.items()}
    return record
