"""What a word of the command line names: an implementation, a machine or a commit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from scripts._common.errors import UserError

IMPLEMENTATION, MACHINE, COMMIT = "impl", "machine", "commit"
_TITLES = {IMPLEMENTATION: "an implementation", MACHINE: "a machine", COMMIT: "a commit"}
WORKING_TREE = (".", "worktree")


@dataclass(frozen=True)
class Named:
    """One side of a comparison.

    Attributes
    ----------
    kind : str
        ``impl``, ``machine`` or ``commit``.
    name : str
        The implementation, the machine's folder or the commit's hash; ``.``: the working tree.
    word : str
        As it was given, without a prefix.
    """

    kind: str
    name: str
    word: str

    @property
    def title(self) -> str:
        """For people."""
        if self.kind == COMMIT:
            return "the working tree" if self.name == "." else f"{self.word} ({self.name[:8]})"
        return self.name


def resolve(given: str, finders: Mapping[str, Callable[[str], str]]) -> Named:
    """Find what a word names.

    Parameters
    ----------
    given : str
        A word, or one of the prefixes ``impl:``, ``machine:`` and ``commit:`` and a word.
    finders : mapping of str to callable
        By kind: returns the full name of what a word names, or an empty string.

    Raises
    ------
    UserError
        If it names nothing, or several things, or looks like an option or a path.
    """
    prefix, colon, rest = given.partition(":")
    kinds, word = ([prefix], rest) if colon and prefix in finders else (list(finders), given)
    _refuse_odd(given, word)
    found = {kind: name for kind in kinds if (name := finders[kind](word))}
    if len(found) > 1:
        what = " and ".join(_TITLES[kind] for kind in found)
        choices = " or ".join(f"{kind}:{word}" for kind in found)
        raise UserError(f"{given!r} is {what}; say which: {choices}")
    if not found:
        what = " nor ".join(_TITLES[kind] for kind in kinds)
        names = f"is neither {what}" if len(kinds) > 1 else f"is not {what}"
        raise UserError(
            f"{given!r} {names} that is known here; python -m scripts.list shows the "
            "implementations, .asv/session holds a folder per machine, and commits are those of "
            "this clone"
        )
    ((kind, name),) = found.items()
    return Named(kind, name, word)


def check_kinds(a: Named, b: Named) -> None:
    """Check that two sides can be compared.

    Raises
    ------
    UserError
        If they are of different kinds, or the same implementation or machine.
    """
    if a.kind != b.kind:
        raise UserError(
            f"{a.word!r} is {_TITLES[a.kind]} and {b.word!r} is {_TITLES[b.kind]}; both have to "
            "be of one kind"
        )
    if a.name == b.name and a.kind == IMPLEMENTATION:
        raise UserError(
            f"both are {a.name}; an implementation is raced against copies of itself by: "
            f"python -m scripts.race --aa --contender {a.name}"
        )
    if a.name == b.name and a.kind == MACHINE:
        raise UserError(f"both are {a.name}, expected two machines")


def _refuse_odd(given: str, word: str) -> None:
    """Refuse what git or a file system could take for something else than a name."""
    if word.startswith("-") or not word:
        kind = "looks like an option" if word else "is empty"
        raise UserError(f"{given!r} {kind}, expected an implementation, a machine or a commit")
    parts = word.replace("\\", "/").split("/")
    if word not in WORKING_TREE and (parts[0] in ("", ".", "~") or ".." in parts):
        raise UserError(
            f"{given!r} looks like a path, expected an implementation, a machine or a commit; a "
            "dot alone is the working tree"
        )
    if not word.isprintable():
        raise UserError(f"{given!r} holds characters that no name has")
