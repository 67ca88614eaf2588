"""The plotting library of the page: Vega-Lite, which vl-convert carries as one script."""

from __future__ import annotations

import functools
from importlib.metadata import version

import vl_convert

from scripts._common.kept import kept

_VEGA_LITE = "6.4"
_SNIPPET = "window.vegaEmbed = vegaEmbed;"


@functools.cache
def plotting_library() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script that sets ``window.vegaEmbed``.

    It takes a second to make.
    """
    name = f"vega-lite-{_VEGA_LITE}-of-{version('vl-convert-python')}.js"
    return kept(name, lambda: str(vl_convert.javascript_bundle(_SNIPPET, _VEGA_LITE)))
