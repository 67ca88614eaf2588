"""Workspace: bytes that one gradient allocates above its inputs, exactly."""

from typing import Any

from benchmarks import _suite
from benchmarks._cell import Check
from impls import _measure


class _Workspace(_suite.OnGrid):
    check = Check.NONE

    def track_workspace(self, *_: Any) -> int:
        return _measure.workspace_bytes(self.cell.gradient)


globals().update(_suite.per_problem(_Workspace))
