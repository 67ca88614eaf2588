"""Records that one package measures and another shows; nothing here reads or computes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Footed(Protocol):
    """What has lines of provenance for the foot of a figure or a table."""

    @property
    def footer(self) -> str:
        """The lines."""


@dataclass(frozen=True)
class Facts:
    """Provenance of a set of results.

    Attributes
    ----------
    command, commit, date : str
        What was run, on which files, when.
    cpu : str
        Processor model.
    system : str
        Operating system and architecture.
    n_threads, memory_bytes : int
        Threads that a measurement may use; memory of the machine.
    cache_bytes : dict[int, int]
        Data cache that a core sees, by level.
    versions : dict[str, str]
        Version by package, and Python's.
    blas : str
        Libraries behind NumPy's products, with version and kernel.
    load : float
        Load of the machine when the run began, in processors.
    """

    command: str
    commit: str
    date: str
    cpu: str
    system: str
    n_threads: int
    memory_bytes: int
    cache_bytes: dict[int, int]
    versions: dict[str, str]
    blas: str
    load: float

    @property
    def footer(self) -> str:
        """Two lines of provenance for the foot of a figure or a table."""
        versions = ", ".join(f"{name} {number}" for name, number in self.versions.items())
        return (
            f"{self.command} · {self.commit} · {self.date} · {self.cpu}, "
            f"{self.n_threads} thread{'s' * (self.n_threads > 1)}\n{self.system} · {versions} · "
            f"{self.blas}"
        )


@dataclass(frozen=True)
class MemoryCurve:
    """Memory over time of a process that draws data, prepares it, warms up and calls a gradient.

    Attributes
    ----------
    seconds, mebibytes : tuple[float, ...]
        Seconds since the start, and resident memory at that time.
    call_seconds : tuple[float, float]
        Start and end of the calls, in seconds since the start.
    """

    problem: str
    implementation: str
    n_samples: int
    n_features: int
    seconds: tuple[float, ...]
    mebibytes: tuple[float, ...]
    call_seconds: tuple[float, float]


@dataclass(frozen=True)
class LossCurve:
    """Loss against seconds of one training.

    Attributes
    ----------
    n_samples, n_features, seed : int
        Of the data that were drawn for it.
    epochs : tuple[int, ...]
        Epochs that had finished, rising.
    seconds : tuple[float, ...]
        Time of these epochs since the start, without the losses.
    losses : tuple[float, ...]
        Of all samples, after each of these epochs.
    least_loss : float
        The least that any weights reach on these data.
    """

    problem: str
    implementation: str
    solver: str
    n_samples: int
    n_features: int
    seed: int
    epochs: tuple[int, ...]
    seconds: tuple[float, ...]
    losses: tuple[float, ...]
    least_loss: float
