"""Texts from elsewhere, shown as text in every format.

Names, reasons and facts come from files, plug-ins, other machines and the command line. Each
format has signs that it reads as something else: this is the only place that knows them. HTML pages
insert texts as text nodes, and figures are drawn without formulas.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_FORMULA = ("=", "+", "-", "@")  # also full-width
_APART = "&#8203;"  # a space without width
_SIGNS = str.maketrans(
    {sign: f"\\{sign}" for sign in "\\`*~|"}
    | {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
    | {"$": "<span>$</span>"}  # a formula begins at any other, escaped or not
)
# What is markup in some places alone, by its last sign: emphasis, except inside of a word; the end
# of a link's text or of a reference; an image; what begins a block at the start of a line.
_PLACED = re.compile(
    r"(?<![^\W_])_|_(?![^\W_])|\](?=[(\[:])|!(?=\[|$)"
    r"|^[\[:]|^[-+#](?=\s|$)|^[-=](?=[-=]*$)|^\d{1,9}[.)](?=\s|$)"
)
# GitHub looks for users to notify, issues, emoji and addresses in the text that it shows, where no
# escape is left.
_LINKED = re.compile(
    r"@(?=\w)|#(?=\d)|(?<=\bGH)-(?=\d)|:(?=//|[\w+-]+:|$)|(?<=ww)w(?=\.)|(?<=mailto):|(?<=xmpp):",
    re.IGNORECASE,
)
# Written as escapes, since a script element ends at its first closing tag, whatever the string.
_UNSAFE = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def line(text: str) -> str:
    """One line without signs that steer a terminal or turn the direction of what follows."""
    shown = " ".join(_printable(text).split())
    return shown or ("?" if text.strip() else "")


def lines(text: str) -> str:
    """The same for a text of several lines, which keeps its spaces and its tabs."""
    return "\n".join("\t".join(map(_printable, each.split("\t"))) for each in text.split("\n"))


def markdown(text: str) -> str:
    """One line that GitHub's Markdown, and any other, shows as the text."""
    marked = _LINKED.sub(lambda sign: f"{sign[0]}\0", line(text))
    placed = _PLACED.sub(lambda found: f"{found[0][:-1]}\1{found[0][-1]}", marked)
    return placed.translate(_SIGNS).replace("\1", "\\").replace("\0", _APART)


def markdown_code(text: str) -> str:
    """One line as code in Markdown, outside of tables."""
    shown = line(text)
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    pad = " " if shown[:1] == "`" or shown[-1:] == "`" else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def markdown_lines(text: str) -> str:
    """A text of several lines as a paragraph in Markdown that breaks where they end."""
    return "  \n".join(map(markdown, text.splitlines()))


def script(json_text: str) -> str:
    """JSON that can stand inside a script element of HTML."""
    return json_text.translate(_UNSAFE)


def strings(data: Any) -> Any:
    """Plain data with `lines` of all its texts, those that are keys too."""
    if isinstance(data, str):
        return lines(data)
    if isinstance(data, Mapping):
        return {strings(key): strings(value) for key, value in data.items()}
    return [*map(strings, data)] if isinstance(data, list | tuple) else data


def cell(value: Any) -> Any:
    """A value for a spreadsheet: a quote comes before a text that begins a formula."""
    if not isinstance(value, str):
        return value
    shown = line(value)
    sign = unicodedata.normalize("NFKC", shown[:1])
    return f"'{shown}" if sign in _FORMULA else shown


def frame(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows whose texts are lines, for a format with types, such as Parquet."""
    texts = rows.select_dtypes(exclude=["number", "bool", "datetime"])
    return rows.assign(**{str(name): _column(texts[name]) for name in texts})


def _column(values: pd.Series) -> pd.Series:
    texts = (value for value in values.unique() if isinstance(value, str))
    odd = {text: line(text) for text in texts if line(text) != text}
    return values.map(lambda value: odd.get(value, value)) if odd else values


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else " " for sign in text)
