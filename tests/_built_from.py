"""Digests of the sources of the engine's compiled code, and the command that writes them.

numba's cache on disk notices changes in the file that defines a function, and in no other. So each
file of the engine with cached functions contains a digest of the engine's files that it imports,
directly or not. When one of those changes, the digest, and thus the file, changes as well.

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
    """Files of the engine with functions that numba caches on disk."""
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
    """Digest that a file contains, or None."""
    found = _NAMED.search(path.read_text("utf-8"))
    return found and found[0]


def write():
    """Write the digests until none changes, because files with a digest depend on one another."""
    while stale := [path for path in keeping() if named(path) and named(path) != digest(path)]:
        path = stale[0]
        path.write_text(_NAMED.sub(digest(path), path.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    write()
