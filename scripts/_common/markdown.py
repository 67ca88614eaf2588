"""Texts that GitHub's Markdown shows as they are: names and reasons come from files."""

from __future__ import annotations

import re

_APART = "&#8203;"  # a space without width
_SIGNS = str.maketrans(
    {sign: f"\\{sign}" for sign in "\\`*_~[]!|"}
    | {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
    | {"$": "<span>$</span>"}  # a formula begins at any other, escaped or not
)
# GitHub looks for users to notify, issues, emoji and addresses in the text that it shows, where no
# escape is left.
_LINKED = re.compile(r"[@#]|:(?=//|[\w+-]+:)|(?<=ww)w(?=\.)", re.IGNORECASE)


def escaped(text: str) -> str:
    """One line that shows a text."""
    marked = _LINKED.sub(lambda sign: f"{sign[0]}\0", " ".join(text.splitlines()))
    return marked.translate(_SIGNS).replace("\0", _APART)
