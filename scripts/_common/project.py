"""Where things are in the tree, and git, which is only ever read."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".asv"
PROVENANCE = STATE / "provenance"


def git(*arguments: str, root: Path | None = None) -> bytes | None:
    """Output of a git command that only reads; None if it fails, or git or a clone is missing.

    Options come from here alone: what a user or a file names stands behind
    ``--end-of-options``.
    """
    command = ["git", "--no-optional-locks", "-C", str(root or ROOT), *arguments]
    try:
        done = subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout
