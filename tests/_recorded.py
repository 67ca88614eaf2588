"""A small tree with the recorded journal, as if it had been measured in that tree."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks import _measure
from benchmarks._session import whose
from benchmarks._session.journal import Source
from impls import _provenance
from scripts._common import project
from scripts._common.tree import Tree
from scripts._measured import journals, results
from scripts._measured import state as _state

LINES = (Path(__file__).parent / "data" / "journal.jsonl").read_text().splitlines()
FACTS = json.loads(LINES[1])["facts"]
SOURCE = Source(**{k: v for k, v in json.loads(LINES[0]).items() if k != "kind"})
COMMIT, ENVIRONMENT = SOURCE.commit, SOURCE.environment
NAMES = ("matrix", "nested_loop", "numba_loop", "float32")
FILES = {
    "benchmarks/_session/rounds.py": "from impls import _table",
    "benchmarks/_session/training.py": "from impls import _solve",
    "impls/__init__.py": "from impls._table import load",
    "impls/_table.py": "from impls import _checks",
    "impls/_checks.py": "import numpy",
    "impls/_solve.py": "",
    "impls/solvers/sgd.py": "",
    "impls/logistic/__init__.py": "from impls import _checks",
    "impls/logistic/_sigmoid.py": "",
    "impls/logistic/_datasets.py": "",
    "impls/logistic/matrix.py": "from impls.logistic._sigmoid import sigmoid",
    "impls/logistic/nested_loop.py": "import numpy",
    "impls/logistic/numba_loop.py": "import numba",
    "impls/logistic/float32.py": "import numpy",
}


class Recorded:
    """The tree, its state, and the journal of a session in it."""

    def __init__(self, folder, monkeypatch):
        self.root = folder / "tree"
        monkeypatch.setattr(_measure, "FOLDER", folder / "asv" / "session")
        monkeypatch.setattr(project, "PROVENANCE", folder / "asv" / "provenance")
        monkeypatch.setattr(results, "machine_name", lambda: "recorded")
        monkeypatch.setattr(whose, "here", lambda: FACTS)
        _state.load_state.cache_clear()
        for file, text in FILES.items():
            self.write(file, text)
        self.record_state()

    def write(self, file, text):
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")

    @property
    def provenance(self):
        return project.PROVENANCE

    @property
    def path(self):
        return self.path_of(COMMIT)

    def path_of(self, commit, environment=ENVIRONMENT):
        return _measure.path_of(Source(commit, environment, "all"), "recorded")

    def state(self, like=None):
        """The state that results must match, with the present files."""
        return _state.state_of(self.tree, like)

    @property
    def tree(self):
        return Tree(self.root, COMMIT, f"commit {COMMIT[:8]}")

    def record_state(self, commit=COMMIT, lines=LINES, **changed):
        """Write a journal of the present state, or of a changed one; return its path."""
        now = self.state().provenance
        parts = {"files": now.files, "versions": now.versions, "settings": now.settings}
        then = _provenance.Provenance(**{k: v | changed.get(k, {}) for k, v in parts.items()})
        _provenance.save(then, project.PROVENANCE)
        path = self.path_of(commit)
        path.parent.mkdir(parents=True, exist_ok=True)
        text = "".join(f"{line}\n" for line in lines)
        path.write_text(text.replace("DIGEST", then.digest).replace(COMMIT, commit))
        journals._open.cache_clear()  # two writes may carry the same time
        return path
