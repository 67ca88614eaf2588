"""asv plug-in: text from result files appears in asv's pages as text, never as markup.

asv's JavaScript inserts as HTML what machine.json, benchmarks.json, the result files and the names
of tags contain. Source code is only shown, so it is escaped. Other strings are also keys or parts
of addresses, and none needs markup: if one contains any, nothing is published.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from asv import util
from asv.benchmarks import Benchmarks
from asv.publishing import OutputPublisher

from scripts._measured import asv_files

_MARKUP = re.compile("[<>&\"']")
# Fields of a benchmark that may hold markup: code, which is escaped, and values of parameters,
# which the pages insert as text.
_FREE_FIELDS = ("code", "params")


def setup() -> None:
    """asv calls this once the plug-in is loaded: what does not fit is not read, nor published."""
    asv_files.setup()


class SafePages(OutputPublisher):  # type: ignore[misc]
    """Check what asv is about to publish, before all other publishers; makes no page."""

    order = -1

    @classmethod
    def publish(cls, conf: Any, repo: Any, benchmarks: Any, graphs: Any, revisions: Any) -> None:
        """asv calls this, and later writes the benchmarks as changed here."""
        refuse_markup(conf.results_dir, benchmarks, repo.get_tags())
        for benchmark in benchmarks.values():
            benchmark["code"] = html.escape(str(benchmark.get("code", "")))


def refuse_markup(results_dir: str, benchmarks: Any, tags: Iterable[str]) -> None:
    """Raise asv's UserError at the first string that the pages would take for markup."""
    for path in asv_files.machine_files(results_dir):
        _check(path, util.load_json(path))
    path = Benchmarks.get_benchmark_file_path(results_dir)
    for name, benchmark in benchmarks.items():
        fields = {key: value for key, value in benchmark.items() if key not in _FREE_FIELDS}
        _check(path, [name, fields])
    for results in asv_files.good_results(results_dir):
        path = str(Path(results_dir, results._filename))
        _check(path, [*results.params, *results.env_vars])
        _check_file_names(path, results.params)
    _check("a tag of the repository", list(tags))


def _check(where: str, value: Any) -> None:
    for text in _strings(value):
        if _MARKUP.search(text):
            raise util.UserError(
                f"nothing is published: {where} holds {text!r}, which asv's pages would take for "
                "markup; correct it or move it away"
            )


def _check_file_names(where: str, names: Iterable[str]) -> None:
    """Refuse names such as ``..``: asv names the folders of its graphs after the parameters."""
    for name in names:
        if not name.strip("."):
            raise util.UserError(
                f"nothing is published: {where} has a parameter {name!r}, which names another "
                "folder; correct it or move it away"
            )


def _strings(value: Any) -> Iterator[str]:
    """Every string in the contents of a JSON file, including keys."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        yield from _strings(list(value.values()))
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)
