"""A small tree with the recorded result file, as if it had been measured in that tree."""

from __future__ import annotations

import itertools
import json
import shutil
from pathlib import Path

from impls import _provenance
from scripts._common import project
from scripts._common.tree import Tree
from scripts._measured import journal as _journal
from scripts._measured import results
from scripts._measured import state as _state

DATA = Path(__file__).parent / "data"
RECORD = json.loads((DATA / "results.json").read_text())
COMMIT, ENVIRONMENT = RECORD["commit_hash"], RECORD["env_name"]
NAMES = ("matrix", "nested_loop", "numba_loop", "float32")
MODULES = ("gradient", "accuracy", "bandwidth", "memory", "workspace", "prepare", "datasets")


class Recorded:
    """The tree, its state, and the result file that asv wrote."""

    def __init__(self, folder, monkeypatch):
        self.root, self._asv = folder / "tree", folder / "asv"
        monkeypatch.setattr(results, "FOLDER", self._asv / "results")
        monkeypatch.setattr(_journal, "FOLDER", self._asv / "journal")
        monkeypatch.setattr(project, "PROVENANCE", self._asv / "provenance")
        monkeypatch.setattr(results, "machine_name", lambda: "recorded")
        _journal.load_state.cache_clear()
        self._write_tree()
        self.path = self.file(COMMIT, ENVIRONMENT)
        self.path.parent.mkdir(parents=True)
        shutil.copy(DATA / "results.json", self.path)
        self.record_state()

    def _write_tree(self):
        for module in MODULES:
            self.write(f"benchmarks/{module}.py", "from impls import _table")
        self.write("impls/__init__.py", "from impls._table import load")
        self.write("impls/_table.py", "from impls import _checks")
        self.write("impls/_checks.py", "import numpy")
        self.write("impls/logistic/__init__.py", "from impls import _checks")
        self.write("impls/logistic/_sigmoid.py", "")
        for name in NAMES:
            self.write(f"impls/logistic/{name}.py", "import numpy")
        self.write("impls/logistic/numba_loop.py", "import numba")
        self.write("impls/logistic/matrix.py", "from impls.logistic._sigmoid import sigmoid")

    def write(self, file, text):
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")

    def file(self, commit, environment):
        return self._asv / "results" / "recorded" / f"{commit[:8]}-{environment}.json"

    @property
    def provenance(self):
        return project.PROVENANCE

    @property
    def journal(self):
        return _journal.path_of(COMMIT, ENVIRONMENT)

    def state(self, like=None):
        """The state that results must match, with the present files."""
        return _state.state_of(self.tree, like)

    @property
    def tree(self):
        return Tree(self.root, COMMIT, f"commit {COMMIT[:8]}")

    def record_state(self, commit=COMMIT, environment=ENVIRONMENT, **changed):
        """Record in the journal that all was measured in the present state, or in a changed one."""
        now = self.state().provenance
        parts = {"files": now.files, "versions": now.versions, "settings": now.settings}
        then = _provenance.Provenance(**{k: v | changed.get(k, {}) for k, v in parts.items()})
        _provenance.save(then, project.PROVENANCE)
        ready = [json.dumps({"cell": c, "outcome": "ready", "reason": ""}) for c in cells()]
        lines = [*ready, *(DATA / "journal.jsonl").read_text().splitlines()]
        path = _journal.path_of(commit, environment)
        path.parent.mkdir(parents=True, exist_ok=True)
        state = f', "state": "{then.digest}"}}'
        path.write_text("".join(f"{line.removesuffix('}')}{state}\n" for line in lines))


def cells():
    """Module, problem and parameters of every recorded value."""
    params = RECORD["result_columns"].index("params")
    for key, row in RECORD["results"].items():
        values = ([json.loads(text.replace("'", '"')) for text in texts] for texts in row[params])
        for combination in itertools.product(*values):
            yield (key.split(".")[0], "logistic", *combination)
