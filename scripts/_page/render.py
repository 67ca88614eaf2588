"""Put data, style, scripts and the plotting library into one HTML file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scripts._common import escape
from scripts._page.library import plotting_library

_HERE = Path(__file__).parent
# In the order in which they need each other; the views come next, and what starts the page last.
_SHARED = (
    *("dom", "format", "data", "state", "controls", "names", "mesh", "advice", "contest"),
    *("advice_form", "chart", "axes", "places", "pareto", "losses", "columns", "cell", "meanings"),
)
_STYLES = ("colours", "page", "tables")
_SLOT = re.compile(r"/\*\{(\w+)\}\*/")


def render(data: Mapping[str, Any]) -> str:
    """The page that shows the data of `page_data`."""
    parts = {
        "style": "\n".join(_read(f"css/{name}.css") for name in _STYLES),
        "theme": _read("theme.js"),
        "data": to_json(data),
        "library": _as_script(plotting_library()),
        "scripts": _scripts(),
    }
    return _SLOT.sub(lambda slot: parts[slot.group(1)], _read("page.html"))


def to_json(data: Mapping[str, Any]) -> str:
    """JSON that can stand inside a script element; NaN is refused."""
    shown = escape.strings(data)
    text = json.dumps(shown, allow_nan=False, separators=(",", ":"), ensure_ascii=False)
    return escape.script(text)


def _scripts() -> str:
    """The shared scripts, the views, each in a block of its own, and what starts the page."""
    shared = [_read(f"js/{name}.js") for name in _SHARED]
    views = [f"{{\n{_read(path)}}}" for path in sorted((_HERE / "js" / "views").glob("*.js"))]
    return "\n".join([*shared, *views, _read("js/start.js")])


def _read(path: str | Path) -> str:
    return (_HERE / path).read_text(encoding="utf-8")


def _as_script(library: str) -> str:
    """The library as the text of a script element."""
    return library.replace("</script", "<\\/script").replace("<!--", "<\\!--")
