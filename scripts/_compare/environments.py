"""Virtual environments for commits that ask for other libraries than the working tree."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks._session import guardian
from scripts._common import project
from scripts._common.errors import UserError
from scripts._compare.requirements import Requirements

# They would make pip install elsewhere, or Python import from elsewhere.
_MISLEADING = ("PIP_TARGET", "PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV", "PYTHONPATH", "PYTHONHOME")
_PIP = ("-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off")


class Failed(Exception):
    """A command has failed; the text is the line that tells why."""


Run = Callable[[Sequence[str]], None]


def run_shown(command: Sequence[str]) -> None:
    """Run a command, and show what it prints on stderr.

    Raises
    ------
    Failed
        If it cannot be started, or its exit status is not 0.
    """
    variables = {k: v for k, v in os.environ.items() if k not in _MISLEADING} | {"PIP_USER": "0"}
    variables |= {guardian.VARIABLE: (mark := guardian.mark()), "TMPDIR": guardian.folder()}
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=variables,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        raise Failed(str(error)) from None
    lines = []
    with process:
        try:
            for line in process.stdout or ():
                print(f"  {line.rstrip()}", file=sys.stderr)
                lines.append(line.strip())
        except BaseException:
            guardian.kill(mark)
            raise
    if process.returncode:
        told = [line for line in lines if line] or [f"exit status {process.returncode}"]
        raise Failed(next((line for line in told if line.startswith("ERROR")), told[-1]))


def make_environment(wanted: Requirements, title: str, run: Run = run_shown) -> Path:
    """The interpreter of an environment with these libraries, which is made unless it is there.

    Parameters
    ----------
    title : str
        Of the commit that asks for them, for people.

    Raises
    ------
    UserError
        If it cannot be made.
    """
    folder = project.STATE / "environments" / wanted.digest
    python, is_ready = folder / "bin" / "python", folder / "ready"
    if is_ready.is_file() and python.exists():  # the Python that it links to may be gone
        return python
    print(
        f"Setting up an environment with the libraries of {title} in {folder} (once, some two "
        "minutes)",
        file=sys.stderr,
    )
    constraints = folder / "constraints.txt"
    try:
        run([sys.executable, "-m", "venv", "--clear", str(folder)])
        constraints.write_text(wanted.constraints, encoding="utf-8")
        run([str(python), *_PIP, "-c", str(constraints), "--", *wanted.wanted])
    except (Failed, OSError) as error:
        raise UserError(
            f"no environment can be made with the libraries that {title} asks for: "
            f"{str(error).rstrip('.')}; the lines above tell more. Compare with a commit that asks "
            "for the same libraries as the working tree, or compare stored results without --fresh"
        ) from None
    is_ready.touch()
    return python
