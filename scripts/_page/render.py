"""Put data, style, scripts and the plotting library into one HTML file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scripts._page.library import plotting_library

_HERE = Path(__file__).parent
# In the order in which they need each other; the views come next, and what starts the page last.
_SHARED = (
    *("dom", "format", "data", "state", "controls", "names", "advice", "chart"),
    *("axes", "places", "pareto", "cell"),
)
_SLOT = re.compile(r"/\*\{(\w+)\}\*/")
# Written as escapes, since a script element ends at its first closing tag, whatever the string.
_UNSAFE = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def render(data: Mapping[str, Any]) -> str:
    """The page that shows the data of `page_data`."""
    parts = {
        "style": (_HERE / "page.css").read_text(encoding="utf-8"),
        "theme": (_HERE / "theme.js").read_text(encoding="utf-8"),
        "data": to_json(data),
        "library": _as_script(plotting_library()),
        "scripts": _scripts(),
    }
    page = (_HERE / "page.html").read_text(encoding="utf-8")
    return _SLOT.sub(lambda slot: parts[slot.group(1)], page)


def to_json(data: Mapping[str, Any]) -> str:
    """JSON that can stand inside a script element; NaN is refused."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"), ensure_ascii=False)
    text = text.encode("utf-8", "replace").decode("utf-8")  # lone surrogates
    return text.translate(_UNSAFE)


def _scripts() -> str:
    shared = [_HERE / "js" / f"{name}.js" for name in _SHARED]
    paths = [*shared, *sorted((_HERE / "js" / "views").glob("*.js")), _HERE / "js" / "start.js"]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def _as_script(library: str) -> str:
    """The library as the text of a script element."""
    return library.replace("</script", "<\\/script").replace("<!--", "<\\!--")
