"""Keep the last of what a process prints, and count the rest, so that much of it blocks nothing."""

from __future__ import annotations

import threading
from typing import IO, Any

from impls._errors import one_line

_KEPT_BYTES = 4096
_LONGEST_LINE = 300


class Output:
    """What comes through a process's pipe, as it comes."""

    def __init__(self, stream: IO[Any]) -> None:
        # Kept whole: without its text layer, which closes it, a stream waits for its reader.
        self._stream = stream
        self._last, self._n_bytes = b"", 0
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with self._stream:
            source: Any = getattr(self._stream, "buffer", self._stream)  # bytes
            while printed := source.read1(65536):
                self._n_bytes += len(printed)
                self._last = (self._last + printed)[-_KEPT_BYTES:]

    def wait(self, seconds: float) -> None:
        """Wait for the end of the pipe, but not for long: another process may hold it open."""
        self._thread.join(seconds)

    @property
    def last_line(self) -> str:
        """The last line that is not empty, or the end of it."""
        lines = self._last.decode(errors="replace").strip().splitlines()
        return one_line(lines[-1])[:_LONGEST_LINE] if lines else ""

    @property
    def told(self) -> str:
        """How much it was, and the last line; empty if nothing was printed."""
        if not self._n_bytes:
            return ""
        n_bytes = f"{self._n_bytes:,} byte{'s' * (self._n_bytes > 1)}"
        return f"printed {n_bytes}, of which the last line is: {self.last_line or 'empty'}"
