"""Which cells are compared, and how both sides are measured if that is done now."""

from __future__ import annotations

from dataclasses import dataclass

import impls
from benchmarks._session.crew import Settings
from benchmarks._session.inputs import Data
from impls import _machine
from scripts._common.errors import UserError


@dataclass(frozen=True)
class Choice:
    """The options of a comparison.

    Attributes
    ----------
    problem : str or None
        This one; all if None.
    names : tuple of str
        These implementations; all if empty.
    sizes : tuple of (n_samples, n_features)
        These; all that are stored, or those of the preset, if empty.
    threads : str
        ``all`` or a number.
    preset : str
        Whose sizes are measured.
    rounds, generations : int
        Samples in each generation of processes, and generations.
    """

    problem: str | None
    names: tuple[str, ...]
    sizes: tuple[tuple[int, int], ...]
    threads: str
    preset: str
    rounds: int
    generations: int

    @property
    def problems(self) -> list[str]:
        """Problems to measure."""
        return [self.problem] if self.problem else list(impls.problems())

    def wants(self, data: Data, name: str) -> bool:
        """Whether a cell takes part."""
        size = data.n_samples, data.n_features
        return (
            self.problem in (None, data.problem)
            and (not self.names or name in self.names)
            and (not self.sizes or size in self.sizes)
        )

    def data(self, problem: str, sizes: tuple[tuple[int, int], ...]) -> list[Data]:
        """Data to measure: the sizes given, or else these, the smallest X first."""
        chosen = dict.fromkeys(self.sizes or sizes)
        return [Data(problem, *size) for size in sorted(chosen, key=lambda s: (s[0] * s[1], s))]

    def settings(self) -> Settings:
        """A session's settings; it fills in problem and names."""
        threads = _machine.count_threads() if self.threads == "all" else int(self.threads)
        return Settings("", (), threads, self.rounds, costs=False)

    def check_names(self, known: set[str]) -> None:
        """Check ``--impl`` against the names that either side has.

        Raises
        ------
        UserError
            If one of them is not known.
        """
        for name in self.names:
            if name not in known:
                raise UserError(
                    f"--impl is {name!r}, which neither side has. There are: "
                    f"{', '.join(sorted(known))}"
                )
