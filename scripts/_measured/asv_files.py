"""asv's files are checked before asv reads them; what does not fit is left aside.

asv's own reader trusts a file: it waits for a pipe, and lists every choice of the parameters that a
file names, however many those are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal

from asv import benchmarks, machine, results, util
from asv.commands import compare, publish, show
from asv.console import log
from pydantic import Field, InstanceOf, RootModel, TypeAdapter, model_validator

from impls._errors import one_line
from scripts._common.checked import (
    ByName,
    Many,
    Misfit,
    Name,
    Number,
    Record,
    Text,
    Whole,
    fit,
    matching,
    read,
)

_MOST_CHOICES = 1_000_000  # of parameters; the preset `full` has some 2,000
_MOST_ROWS = 10_000  # benchmarks of a file
_LAST_DATE = 253_402_300_799_999  # the last millisecond of the year 9999
_COLUMNS = frozenset({"result", "params", "version", "started_at", "duration", "samples"})
_IGNORED = frozenset({"profile"})
_STATISTIC = "stats_"
_MACHINE = "machine.json"
_FACTS = "asv's facts about a machine"
_MEMORY = 0.05  # relative: what a system reports changes a little with its version
_COMPARED = ("cpu", "num_cpu", "ram", "arch", "os")
Facts = Mapping[str, Any]
# asv writes NaN and infinity, and null where a benchmark failed.
_Numbers = Many[Annotated[float, Field(strict=True)] | None]
_Params = Annotated[Many[Many[InstanceOf[str]]], Field(max_length=20)]
_Short = Annotated[Text, Field(max_length=1000)]
_Facts = ByName[InstanceOf[str], _Short | None]
_ANYTHING: TypeAdapter[Any] = TypeAdapter(Any)


class _Row(Record):
    """What a result file holds of a benchmark."""

    result: _Numbers | None = None
    params: _Params | None = None
    version: _Short | None = None
    started_at: Whole | None = None
    duration: Number | None = None
    samples: Many[_Numbers | None] | None = None
    statistics: ByName[InstanceOf[str], _Numbers | None] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check(self) -> _Row:
        n_choices = _count_choices(self.params or ())
        columns = [self.result, self.samples, *self.statistics.values()]
        if any(each is not None and len(each) != n_choices for each in columns):
            raise ValueError(f"expected {n_choices:,} values, one for each choice of parameters")
        return self


class _Place(Record):
    machine: Name


class ResultFile(Record):
    """Values of a commit on a machine in an environment."""

    version: Literal[2]
    commit_hash: Annotated[Text, matching("[0-9a-f]{1,64}", "a hash of git's")]
    date: Annotated[int, Field(strict=True, ge=0, le=_LAST_DATE)]
    env_name: _Short
    python: _Short
    params: _Facts
    requirements: _Facts
    env_vars: ByName[InstanceOf[str], _Short] = Field(default_factory=dict)
    result_columns: Annotated[Many[InstanceOf[str]], Field(max_length=50)]
    results: Annotated[ByName[InstanceOf[str], list[Any]], Field(max_length=_MOST_ROWS)]
    durations: ByName[InstanceOf[str], Number] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check(self) -> ResultFile:
        fit(self.params, _Place)
        for name in self.result_columns:
            if name not in _COLUMNS | _IGNORED and not name.startswith(_STATISTIC):
                raise ValueError(f"result_columns holds {name!r:.40}, which asv does not know")
        for name, values in self.results.items():
            try:
                fit(_named(self.result_columns, values), _Row)
            except Misfit as error:
                raise ValueError(f"results.{name}: {error}") from error
        return self


class MachineFile(Record):
    """asv's facts about a machine."""

    version: Literal[1]
    machine: Name
    arch: _Short = ""
    cpu: _Short = ""
    num_cpu: _Short = ""
    os: _Short = ""
    ram: Annotated[_Short, Field(max_length=30)] = ""


class _Benchmark(Record):
    name: Annotated[Text, Field(min_length=1)]
    type: Text
    unit: Text
    version: Text
    code: InstanceOf[str] = ""
    pretty_name: Text | None = None
    param_names: Many[InstanceOf[str]]
    params: _Params

    @model_validator(mode="after")
    def _check(self) -> _Benchmark:
        _count_choices(self.params)
        if len(self.param_names) != len(self.params):
            raise ValueError("expected as many param_names as params")
        return self


class BenchmarksFile(
    RootModel[
        Annotated[ByName[InstanceOf[str], Literal[2] | _Benchmark], Field(max_length=_MOST_ROWS)]
    ]
):
    """asv's list of benchmarks, by name, and its version."""


def setup() -> None:
    """Let asv's readers check first, in this process, from now on."""
    if getattr(util.load_json, "checks", None) is None:
        util.load_json = _guarded(util.load_json)
        results.Results.load = _checked(results.Results.load)
        publish.iter_machine_files = machine_files  # `SafePages` has told the others
        for each in (machine, show, compare):
            each.iter_machine_files = told_machine_files


def machine_files(results_dir: str) -> Iterator[str]:
    """Paths of the files of the machines whose facts fit."""
    paths = _machine_files(results_dir)
    return (str(path) for path in paths if not fault(path, MachineFile))


def told_machine_files(results_dir: str) -> Iterator[str]:
    """As `machine_files`; asv's log tells which do not fit."""
    for path in _machine_files(results_dir):
        if why := fault(path, MachineFile):
            log.warning(f"left aside: {_told(_FACTS, path, why)}")
    return machine_files(results_dir)


def good_results(results_dir: str) -> Iterator[Any]:
    """asv's results that fit, also those of a machine whose facts do not."""
    for path in _result_files(results_dir):
        if not (fault(path, ResultFile) or foreign(path)):
            yield results.Results.load(str(path))


def faults(results_dir: str) -> Iterator[str]:
    """A sentence for each result file and each machine's that does not fit."""
    for path in _result_files(results_dir):
        if why := fault(path, ResultFile):
            yield _told("asv's results", path, why)
        elif why := foreign(path):
            yield f"asv's results in {one_line(str(path))} {why}; move them away"
    for path in _machine_files(results_dir):
        if why := fault(path, MachineFile):
            yield _told(_FACTS, path, why)


def benchmarks_fault(results_dir: str) -> str:
    """What does not fit in asv's list of benchmarks; empty if it does or is not there."""
    return fault(benchmarks.Benchmarks.get_benchmark_file_path(results_dir), BenchmarksFile)


def foreign(path: str | Path, own: Facts | None = None) -> str:
    """How the machine of a result file differs from its folder's, or one of other facts."""
    with suppress(FileNotFoundError, Misfit):
        facts = _facts_beside(Path(path)) if own is None else own
        told = difference(read(Path(path), ResultFile).params, facts)
        return f"are of another machine of this name, with {told}" if told else ""
    return ""


def difference(its: Facts, own: Facts) -> str:
    """How asv's facts of two machines differ, in words; empty if nothing tells.

    A system's version and a few pages of memory change on the same machine.
    """
    pairs = {key: [str(each.get(key) or "") for each in (its, own)] for key in _COMPARED}
    apart = {k: both for k, both in pairs.items() if all(both) and not _is_same(k, *both)}
    return "; ".join(f"{key} {one_line(a)}, not {one_line(b)}" for key, (a, b) in apart.items())


def _is_same(key: str, a: str, b: str) -> bool:
    if key == "ram" and a.isdigit() and b.isdigit():
        return math.isclose(int(a[:30]), int(b[:30]), rel_tol=_MEMORY)
    return a.split()[:1] == b.split()[:1] if key == "os" else a == b


def _facts_beside(path: Path) -> Facts:
    """Facts of the machine whose folder a result file is in; none if they are damaged."""
    with suppress(FileNotFoundError, Misfit):
        return read(path.parent / _MACHINE, MachineFile).model_dump()
    return {}


def fault(path: str | Path, model: Any) -> str:
    """What does not fit in a file; empty if it does or is not there."""
    try:
        read(Path(path), model)
    except FileNotFoundError:
        return ""
    except Misfit as error:
        return str(error)
    return ""


def _result_files(results_dir: str) -> list[Path]:
    """What asv takes for result files."""
    return [each for each in _files(results_dir) if each.name not in (_MACHINE, "benchmarks.json")]


def _machine_files(results_dir: str) -> list[Path]:
    return [each for each in _files(results_dir) if each.name == _MACHINE]


def _files(results_dir: str) -> list[Path]:
    """All files of JSON, at any depth; links to nothing, too."""
    return sorted(Path(results_dir).rglob("*.json"))


def _told(what: str, path: Path, why: str) -> str:
    again = "delete it; the next python -m scripts.run writes it again"
    return f"{what} in {one_line(str(path))} cannot be read ({why}); {again}"


def _named(columns: Sequence[str], values: list[Any]) -> dict[str, Any]:
    """The fields of a `_Row`."""
    pairs = list(zip(columns, values, strict=False))
    statistics = {name: value for name, value in pairs if name.startswith(_STATISTIC)}
    return {n: value for n, value in pairs if n in _COLUMNS} | {"statistics": statistics}


def _count_choices(params: Iterable[Sequence[str]]) -> int:
    """Choices of parameters that there are; raises if they are too many to be listed."""
    n_choices = math.prod(map(len, params))
    if n_choices > _MOST_CHOICES:
        raise ValueError(f"params has {n_choices:,} choices, expected at most {_MOST_CHOICES:,}")
    return n_choices


def _guarded(load_json: Callable[..., Any]) -> Callable[..., Any]:
    """asv's reader of JSON, which waits for no pipe and ends in an error of asv's."""

    def load(path: str, *arguments: Any, **options: Any) -> Any:
        model = MachineFile if Path(path).name == _MACHINE else _ANYTHING
        if why := "" if options.get("js_comments") else fault(path, model):
            raise util.UserError(f"{path} cannot be read ({why})")
        return load_json(path, *arguments, **options)

    load.checks = True  # type: ignore[attr-defined]
    return load


def _checked(load: Any) -> Any:
    """asv's reader of results, which checks first."""

    def checked_load(path: str, *arguments: Any, **options: Any) -> Any:
        if why := fault(path, ResultFile):
            raise util.UserError(f"left aside: {path} cannot be read ({why})")
        if why := foreign(path):
            raise util.UserError(f"left aside: the results in {path} {why}")
        return load(path, *arguments, **options)

    return staticmethod(checked_load)
