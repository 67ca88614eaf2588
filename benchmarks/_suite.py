"""Templates of the suite's classes; `per_problem` makes a class per problem from each.

asv starts a process for each value, which reads it from what the session has measured.
`setup_cache` is the session: asv calls it once per commit and environment. Templates are abstract,
so that asv ignores them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

from benchmarks import _measure, _plan
from benchmarks._session.values import FAULTS, Value

Values = dict[tuple[str, ...], Value]
_LONGEST_SECONDS = 4 * 3600.0  # of the preset `full`


class Template(ABC):
    """A class of benchmarks of one problem."""

    problem: str
    # Raised by hand when the data or the meaning of a metric changes. asv's default, a hash of the
    # source, would drop every result when a comment is edited.
    version = "3"  # measured by a session
    param_names: tuple[str, ...]
    # Metrics of metrics.json that have a method.
    metrics: ClassVar[tuple[str, ...]]
    # What follows the problem's name in titles.
    data_title: ClassVar[str] = ""

    @staticmethod
    @abstractmethod
    def list_params(problem: str) -> list[list[Any]]:
        """Values of each parameter."""

    @abstractmethod
    def key(self, metric: str, *params: Any) -> tuple[str, ...]:
        """Key of a value: see `benchmarks._measure.values`."""

    def setup_cache(self) -> Values:
        """Measure what this commit and environment lack; all values by key."""
        return _measure.values()

    setup_cache.timeout = _LONGEST_SECONDS  # type: ignore[attr-defined]

    def read(self, metric: str, values: Values, *params: Any) -> Any:
        """The value, with its samples where there are some; NaN, as asv skips, if it is missing.

        Raises
        ------
        RuntimeError
            If it is wrong, too fast or failed.
        """
        value = values.get(self.key(metric, *params), Value(state="missing"))
        if value.state in FAULTS:
            raise RuntimeError(f"{value.state}: {value.reason}")
        return {"samples": list(value.samples), "number": 1} if value.samples else value.value


def per_problem(template: type[Template]) -> dict[str, type[Template]]:
    """Make a subclass of `template` for each problem, under the problem's own name."""
    return {
        problem: type(
            problem,
            (template,),
            {
                "problem": problem,
                "params": template.list_params(problem),
                "__module__": template.__module__,
                **{
                    f"track_{metric}": _method(metric, problem + template.data_title)
                    for metric in template.metrics
                },
            },
        )
        for problem in _plan.problems()
    }


def _method(metric: str, subject: str) -> Callable[..., Any]:
    """A method that asv takes for a benchmark of a subject, the problem."""

    def track(self: Template, values: Values, *params: Any) -> Any:
        return self.read(metric, values, *params)

    track.unit = _plan.metrics()[metric]["unit"]  # type: ignore[attr-defined]
    track.__name__ = f"track_{metric}"
    track.pretty_name = f"{subject}: {_plan.metrics()[metric]['label']}"  # type: ignore[attr-defined]
    track.__doc__ = _plan.metrics()[metric]["label"]
    return track
