"""Start a contender's process and talk to it; if it dies or hangs, the session goes on."""

from __future__ import annotations

import json
import os
import queue
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any

import psutil

import impls
from benchmarks._session import answers, guardian
from benchmarks._session.notes import leave_aside
from benchmarks._session.output import Output
from impls._errors import one_line

ROOT = Path(__file__).resolve().parents[2]
# Import `impls` from the order's tree, or from where this process has it, and the suite from this
# tree, whatever is installed: under asv, the package is a commit's.
_BOOT = """
import runpy, sys
_, package, root = sys.argv
runpy.run_path(f"{root}/benchmarks/_session/keeper.py")["keep"]()
sys.path[:0] = [] if package in sys.path else [package]
sys.path.append(root)
from benchmarks._session.worker import main
main()
"""

# Read by the libraries when they are loaded; other limits are set in the process.
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMEXPR_MAX_THREADS",
)
_TORCH_CACHE = "TORCHINDUCTOR_CACHE_DIR"
# OpenBLAS's idle threads spin for 2^this cycles before they sleep. The default of 2^26 or more is
# tens of milliseconds, in which they take a processor from the next contender. 2^20 is still longer
# than any pause between the calls of a sample.
_SLEEP_SOON = {"OPENBLAS_THREAD_TIMEOUT": "20"}
_WAIT_SECONDS = 1.0
# That somebody may stop a contender; one that stops itself is dropped then.
_STOPPED_SECONDS = 900.0
_CLOSE_SECONDS = 10.0  # usually some milliseconds
_DOING = {
    "load": "it was imported",
    "prepare": "it was prepared or its gradient ran",
    "sample": "it was timed",
    "verify": "its gradient was verified",
    "train": "it was trained with",
}
_END_SECONDS = 2.0  # a process that has closed the pipe is usually about to end
# Answers that wait to be read, and signs of one: an implementation that writes more is not kept.
_MOST_WAITING, _LONGEST_ANSWER = 10, 2**30
_FORGED = "it wrote to the pipe that is reserved for results"


class Out(Exception):
    """The process of an implementation cannot go on with what it was asked for.

    ``state`` is one word, such as ``died`` or ``unavailable``; ``reason`` is a sentence.
    """

    def __init__(self, state: str, reason: str) -> None:
        super().__init__(f"{state}: {reason}")
        self.state = state
        self.reason = reason


class Process:
    """A running worker: `ask` it for one step after the other, and `close` it in any case."""

    def __init__(self, order: Mapping[str, Any]) -> None:
        self._step = self._doing = ""  # the step that it is to answer
        self._arguments: Mapping[str, Any] = {}
        self._is_foreign = bool(order["name"])
        self._mark = guardian.mark()
        variables = dict.fromkeys(_THREAD_VARIABLES, str(order["threads"])) | _SLEEP_SOON
        variables |= {guardian.VARIABLE: self._mark, "TMPDIR": guardian.folder()} | _kept_caches()
        if tree := order.get("tree", ""):  # two trees share no compiled code
            variables["NUMBA_CACHE_DIR"] = str(Path(tree) / "compiled")
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", _BOOT, tree or _package(), str(ROOT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            env=os.environ | _import_path() | variables,
            encoding="utf-8",
            errors="replace",  # an implementation may write to the pipe too
            start_new_session=True,  # Ctrl-C reaches the command alone, which then ends them all
        )
        self._contender: psutil.Process | None = None
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()
        assert self._process.stderr is not None
        self._output = Output(self._process.stderr)
        self._send(order)

    def ask(self, step: str, seconds: float, /, **arguments: Any) -> dict[str, Any]:
        """Send a step and wait for its answer; raises as `answer` does."""
        self.send(step, **arguments)
        return self.answer(seconds)

    def send(self, step: str, /, **arguments: Any) -> None:
        """Send a step without waiting; get its `answer` later."""
        self._step, self._doing, self._arguments = secrets.token_hex(8), step, arguments
        self._send({"do": step, "to": self._step, **arguments})

    def answer(self, seconds: float) -> dict[str, Any]:
        """Wait for the contender's answer.

        Raises
        ------
        Out
            If it cannot take part, fails, dies or does not answer within `seconds`.
        """
        line = self._next_line(seconds)
        doing = _DOING.get(self._doing, "it was measured")
        if line is None:
            self.close()
            raise Out("died", f"no answer within {seconds:.0f} s while {doing}")
        if not line.endswith("\n"):  # the pipe has ended, perhaps within a line
            raise Out("died", f"died while {doing}: {self._cause()}")
        reply = self._read(line)
        if "state" in reply:
            raise Out(reply["state"], reply["reason"])
        return reply

    def _read(self, line: str) -> dict[str, Any]:
        """The answer to the last step; anything else was printed by the implementation."""
        try:
            reply: dict[str, Any] = json.loads(line)
            if reply.pop("to") != self._step:
                raise ValueError
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            self.close()
            raise Out("failed", _FORGED) from None
        if self._is_foreign and (fault := answers.misfit(self._doing, self._arguments, reply)):
            self.close()
            raise Out("failed", fault)
        return {k: one_line(v) if isinstance(v, str) else v for k, v in reply.items()}

    @property
    def told(self) -> str:
        """What it has printed, once it is closed: see `Output.told`."""
        return self._output.told

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def close(self) -> None:
        """End the process and all that it has started."""
        if self._process.stdin:
            with suppress(OSError, ValueError):  # from unwritten bytes, or another thread's
                self._process.stdin.close()
        if not self._has_keeper() or self._process.returncode == -signal.SIGKILL:
            self._kill()
        self._output.wait(_END_SECONDS)

    def _has_keeper(self) -> bool:
        """Whether there was one that has ended all by now: see `keeper`."""
        if sys.platform == "linux":
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_CLOSE_SECONDS)
                return True
        return False

    def _kill(self) -> None:
        children = guardian.children(self._process.pid) if self.is_alive else []
        self._process.kill()
        guardian.kill(self._mark)
        guardian.kill_each(children)  # also those without an environment
        self._process.wait()

    def _send(self, message: Mapping[str, Any]) -> None:
        if self._process.stdin is None:
            raise RuntimeError("a process without a pipe")
        with suppress(BrokenPipeError, ValueError):  # it is dead or closed: `answer` reports it
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()

    def _next_line(self, seconds: float) -> str | None:
        """Next line of output within `seconds`, or None.

        Waits in short steps: the system may deliver a signal to a library's thread, and Python
        handles it only once the main thread wakes by itself.
        """
        left, stopped_left, has_ended = seconds, _STOPPED_SECONDS, False
        while True:
            start, step = monotonic(), max(0, min(left, _WAIT_SECONDS))
            with suppress(queue.Empty):
                return self._lines.get(timeout=step)
            if has_ended:
                return ""  # a child of it holds the pipe open
            if left <= 0:
                return None
            # Of a pause that stopped both processes, such as a suspended machine's, little counts.
            if stopped_left > 0 and self._is_stopped():
                stopped_left -= monotonic() - start
            else:
                left -= min(monotonic() - start, 2 * step)
            has_ended = not self.is_alive

    def _is_stopped(self) -> bool:
        """Whether somebody has stopped the contender, which then cannot answer."""
        with suppress(psutil.Error):
            if self._contender is None:  # a keeper has one child, once it has forked
                self._contender = next(iter(psutil.Process(self._process.pid).children()), None)
            running = self._contender or psutil.Process(self._process.pid)
            if running.status() == psutil.STATUS_STOPPED:
                leave_aside(f"time in which process {running.pid} is stopped")
                return True
        return False

    def _listen(self) -> None:
        stdout = self._process.stdout
        if stdout is not None:
            with stdout:
                while line := stdout.readline(_LONGEST_ANSWER):
                    if self._lines.qsize() < _MOST_WAITING:
                        self._lines.put(line)
        self._lines.put("")

    def _cause(self) -> str:
        """Exit status or signal of the process, and the last line that it printed."""
        try:
            status = self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self.close()
            return "it closed its output without ending"
        end = f"killed by {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
        self._output.wait(_END_SECONDS)
        return f"{end}; {line}" if (line := self._output.last_line) else end


def _package() -> str:
    """Folder that holds the package ``impls`` of this process."""
    return str(Path(impls.__file__).parents[1])


def _kept_caches() -> dict[str, str]:
    """Caches of libraries in the temporary folder, which outlive the one of a command."""
    if os.name != "posix":
        return {}
    usual = Path(tempfile.gettempdir()) / f"torchinductor_{os.getuid()}"
    return {_TORCH_CACHE: os.environ.get(_TORCH_CACHE, str(usual))}


def _import_path() -> dict[str, str]:
    """PYTHONPATH as it was before asv removed it, if GRADMARK_PATH has kept it."""
    kept = os.environ.get("GRADMARK_PATH", "")
    return {"PYTHONPATH": kept} if kept else {}
