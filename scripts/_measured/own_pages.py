"""asv plug-in: what this project adds to asv's pages.

Scripts and a style sheet (folder ``www``), a page about the machines, and a copy of the report, to
which the pages link. The list loses its rows without a value.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asv import util
from asv.console import log
from asv.graph import Graph
from asv.publishing import OutputPublisher

from impls._files import Unreadable, read_file
from scripts._common.escape import strings
from scripts._common.history import pages_from
from scripts._common.project import ROOT
from scripts._measured.asv_files import machine_files
from scripts._measured.machine_page import describe_machine

REPORT = ROOT / "reports" / "index.html"
FOLDER = Path(__file__).parent / "www"
# After asv's own publishers, before `OfflinePages`, which lists the scripts that may run.
ORDER = 10
_MOST_BYTES = 2**28  # of a report


@dataclass(frozen=True)
class Addition:
    """HTML to put behind a text that asv's index.html holds once."""

    behind: str
    html: str


class OwnPages(OutputPublisher):  # type: ignore[misc]
    """Add files to the pages and name them in index.html."""

    order = ORDER

    @classmethod
    def publish(cls, conf: Any, repo: Any, benchmarks: Any, graphs: Any, revisions: Any) -> None:
        """asv calls this when its own pages are written, all but the index of benchmarks."""
        folder = Path(conf.html_dir)
        for graph in {graph.path: graph for _, graph in graphs}.values():
            keep_valued_rows(folder / f"{Graph.get_file_path(graph.params, 'summary')}.json")
        shutil.copytree(FOLDER, folder / "gradmark")
        (folder / "machines.json").write_text(json.dumps(strings(_machines(conf.results_dir))))
        # The copied report names no icon, and browsers then ask for this one.
        shutil.copyfile(folder / "swallow.ico", folder / "favicon.ico")
        has_report = copy_report(REPORT, folder / "report.html")
        page = folder / "index.html"
        page.write_bytes(add(page.read_bytes().decode(), has_report).encode())


def keep_valued_rows(path: Path) -> None:
    """Drop the rows of a list of asv's that have no value."""
    if path.is_file():
        rows = util.load_json(str(path))
        valued = [row for row in rows if row["last_value"] is not None]
        util.write_json(str(path), valued, compact=True)


def copy_report(report: Path, copy: Path) -> bool:
    """Copy a report beside the pages, with its links into them; whether there is one."""
    try:
        page = read_file(report, _MOST_BYTES)
    except (OSError, Unreadable):
        return False
    copy.write_bytes(page.replace(pages_from(report.parent).encode(), b"index.html"))
    return True


def add(html: str, has_report: bool) -> str:
    """asv's index.html with what is added; as it was, with a warning, if it has another form."""
    additions = _additions(has_report)
    unknown = [each.behind for each in additions if html.count(each.behind) != 1]
    if unknown:
        log.warning(f"asv's index.html does not hold {unknown[0]!r} once: nothing is added to it")
        return html
    for each in additions:
        html = html.replace(each.behind, each.behind + each.html)
    return html


def _additions(has_report: bool) -> list[Addition]:
    names = sorted(path.name for path in FOLDER.glob("*.js"))
    scripts = "".join(f'\n    <script src="gradmark/{name}"></script>' for name in names)
    items = '\n        <li id="nav-li-machines"><a href="#/machines">Machines</a></li>'
    items += '\n        <li><a href="report.html">Report</a></li>' * has_report
    style = '\n    <link href="gradmark/pages.css" rel="stylesheet" type="text/css"/>'
    style += '\n    <meta name="viewport" content="width=device-width, initial-scale=1">'
    return [
        # They change what asv's later scripts call.
        Addition('src="asv_ui.js">\n    </script>', scripts),
        Addition('<link href="summarylist.css" rel="stylesheet" type="text/css"/>', style),
        Addition('<a href="#/regressions">Regressions</a></li>', items),
    ]


def _machines(results_dir: str) -> dict[str, dict[str, str]]:
    """What is known of each machine with results, by its name, which is that of its folder."""
    paths = map(Path, machine_files(results_dir))
    records = {path.parent.name: util.load_json(str(path)) for path in paths}
    return {name: describe_machine(name, record) for name, record in records.items()}
