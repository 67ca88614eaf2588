"""The files of one side."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from scripts._common.tree import Tree, committed_tree, working_tree
from scripts._compare.named import Named


def tree_of(side: Named) -> AbstractContextManager[Tree]:
    """The files of a commit, which are gone at the end, or the working tree."""
    return nullcontext(working_tree()) if side.name == "." else committed_tree(side.name)
