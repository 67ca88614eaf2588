"""JSON whose objects have each key once.

Part of the suite, because `impls` may be that of a commit which lacks it.
"""

from __future__ import annotations

import json
from typing import Any


def parse_json(text: bytes | str) -> Any:
    """The value that a text of JSON stands for.

    Raises
    ------
    ValueError
        If it is none, or an object has a key twice: the other value would be lost without a word.
    RecursionError
    """
    return json.loads(text, object_pairs_hook=_unique)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"it has the key {twice!r:.60} twice in an object")
    return found
