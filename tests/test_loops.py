"""The compiled loop that problems share: its cache on disk follows the residual."""

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

CODE = """
    import numpy as np
    from impls._loops import make_serial
    from mine import residual

    gradient = make_serial(residual)
    X, y = np.ones((2, 3)), np.zeros(2)
    values = gradient(np.ones(3), X, y)
    (compiled,) = [c.cell_contents for c in gradient.__closure__]
    print(values[0], sum(compiled.stats.cache_hits.values()))
"""


def test_compiled_code_is_kept_until_the_residual_changes(tmp_path):
    variables = os.environ | {
        "NUMBA_CACHE_DIR": str(tmp_path / "cache"),
        "PYTHONPATH": os.pathsep.join([str(tmp_path), str(Path.cwd())]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }

    def run(formula, slope=1):
        (tmp_path / "parameter.py").write_text(f"SLOPE = {slope}\n")
        (tmp_path / "mine.py").write_text(
            f"from parameter import SLOPE\ndef residual(z, y):\n    return SLOPE * ({formula})\n"
        )
        command = [sys.executable, "-c", dedent(CODE)]
        done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
        return done.stdout.split() or done.stderr

    assert run("z - y") == ["6.0", "0"]
    assert run("z - y") == ["6.0", "1"]
    assert run("z - y", slope=2) == ["12.0", "0"]
    assert run("z + 1") == ["8.0", "0"]
    assert run("z - y") == ["6.0", "1"]
