"""The plotting library of the page: Vega-Lite, which vl-convert carries as one script."""

from __future__ import annotations

import functools

import vl_convert

_VEGA_LITE = "6.4"
_SNIPPET = "window.vegaEmbed = vegaEmbed;"


@functools.cache
def plotting_library() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script that sets ``window.vegaEmbed``."""
    return str(vl_convert.javascript_bundle(_SNIPPET, _VEGA_LITE))
