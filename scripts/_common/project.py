"""Paths of the tree, and read-only access to git."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".asv"
PROVENANCE = STATE / "provenance"


def git(*arguments: str, root: Path | None = None) -> bytes | None:
    """Output of a git command that only reads; None if it fails, or git or a clone is missing.

    Callers put names that come from a user or a file behind ``--end-of-options``, so that none is
    taken for an option.
    """
    command = ["git", "--no-optional-locks", "-C", str(root or ROOT), *arguments]
    # Variables such as GIT_DIR would name another repository.
    variables = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    try:
        done = subprocess.run(
            command, check=True, stdin=subprocess.DEVNULL, capture_output=True, env=variables
        )
    except (OSError, ValueError, subprocess.CalledProcessError):  # ValueError: a null byte
        return None
    return done.stdout
