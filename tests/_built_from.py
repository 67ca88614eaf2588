"""Digests of what the engine's compiled code is built from, and the command that writes them.

numba's cache on disk notices a change of the file that a function stands in, and of no other. So
each file of the engine that keeps compiled functions names the digest of the engine's files that
it imports, directly or not: a change of those changes it as well.

    python -m tests._built_from
"""

import hashlib
import re
from pathlib import Path

from impls._imports import Sources

IMPLS = Path(__file__).resolve().parent.parent / "impls"
ENGINE = IMPLS / "_onepass"
_NAMED = re.compile(r"(?<=^Built from: )[0-9a-f]{12}", re.MULTILINE)


def keeping():
    """Files of the engine with functions that numba keeps on disk."""
    return [path for path in sorted(ENGINE.glob("*.py")) if "cache=True" in path.read_text("utf-8")]


def digest(path):
    """Digest of the engine's files that a file imports, directly or not."""
    root = f"impls/_onepass/{path.name}"
    files = Sources({"impls": IMPLS}).closure([root]).files - {root, "impls/_onepass/__init__.py"}
    texts = [
        (IMPLS.parent / file).read_bytes()
        for file in sorted(files)
        if file.startswith("impls/_onepass/")
    ]
    return hashlib.sha256(b"".join(texts)).hexdigest()[:12]


def named(path):
    """Digest that a file names, or None."""
    found = _NAMED.search(path.read_text("utf-8"))
    return found and found[0]


def write():
    """Write the digests until none changes: a file that is named may name others."""
    while stale := [path for path in keeping() if named(path) and named(path) != digest(path)]:
        path = stale[0]
        path.write_text(_NAMED.sub(digest(path), path.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    write()
