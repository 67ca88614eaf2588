"""Changes to a folder that it removes."""

import os
import tempfile
from pathlib import Path

folder = tempfile.mkdtemp()
os.chdir(folder)
Path(folder).rmdir()


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
