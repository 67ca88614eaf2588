"""Where a page finds the history of its values: asv's pages.

asv's pages have to be served (``asv preview``); a browser does not let them read from a disk.
"""

from __future__ import annotations

import os
from pathlib import Path

from scripts._common.project import ROOT


def pages_from(folder: Path) -> str:
    """Address of asv's pages for a page in this folder."""
    return Path(os.path.relpath(ROOT / ".asv" / "html" / "index.html", folder)).as_posix()
