"""The files of one side."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from scripts._common.tree import Tree, committed_tree, working_tree
from scripts._compare.named import Named


@contextmanager
def tree_of(side: Named) -> Iterator[Tree]:
    """The files of a commit, which are gone at the end, or the working tree."""
    if side.name == ".":
        yield working_tree()
        return
    with committed_tree(side.name) as tree:
        yield tree
