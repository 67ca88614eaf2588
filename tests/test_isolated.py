"""An odd implementation stops no other: list, check, report and trace run each in a process."""

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import impls
from benchmarks._session.judging import draw_easy
from scripts import check, list, trace
from scripts._common import isolated, judging
from scripts._common.errors import UserError
from scripts._common.families import NUMPY, ONE_PASS, OTHER
from scripts._common.tree import working_tree
from scripts._experiments import descent
from scripts._measured import chosen, curves, sampling
from scripts._measured.state import state_of
from tests._copied import copy_packages
from tests._planting import plant

ROOT = Path(__file__).resolve().parent.parent
PROBLEM = "linear"
RIGHT = "(X @ weights - y) @ X / len(y)"
GRADIENT = f"\n\ndef gradient(weights, X, y):\n    return {RIGHT}\n"
SEGFAULT = "import ctypes; ctypes.string_at(0)"
# Code that an implementation runs at its import, and the end of its process as it is reported.
IMPORTS = {
    "exits": ("import os; os._exit(0)", "died while it was imported: exit status 0"),
    "crashes": (SEGFAULT, "died while it was imported: killed by SIGSEGV"),
    "says_why": (
        "import os; os.write(2, b'last words\\n'); os._exit(3)",
        "died while it was imported: exit status 3; last words",
    ),
    "leaves": ("raise SystemExit(0)", "fails to import: SystemExit: 0"),
    "interrupts": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "kills_its_group": (
        "import os, signal; os.killpg(0, signal.SIGKILL)",
        "died while it was imported: killed by SIGKILL",
    ),
    "closes_all": ("import os; os.closerange(0, 256)", "died while it was imported: exit status"),
    "goes_mute": (
        "import os, time; os.closerange(0, 256); time.sleep(600)",
        "died while it was imported: it closed its output without ending",
    ),
    "answers_itself": (
        "import os\nfor fd in range(3, 64):\n    try: os.write(fd, b'{\"gradients\": []}\\n')\n"
        "    except OSError: pass",
        "it wrote to the pipe that is reserved for results",
    ),
    "has_no_number": ("RTOL = 'small'", "RTOL is 'small', expected a number from 0 to 1e-09"),
    "has_no_size": ("BYTES_PER_VALUE = 'few'", "BYTES_PER_VALUE is 'few', expected a number"),
}
FINE = {
    "fine": GRADIENT,
    "noisy": "import sys\nprint('x' * 10**6)\nprint('y' * 10**6, file=sys.stderr)" + GRADIENT,
    "patches": "import numpy as np\nnp.dot = np.matmul = np.einsum = None" + GRADIENT,
}
CALLS = {
    "exits": ("import os; os._exit(0)", "exit status 0"),
    "crashes": (SEGFAULT, "killed by SIGSEGV"),
    "ignores_the_end": (
        "import os, signal; signal.signal(15, signal.SIG_IGN); os.kill(os.getpid(), 9)",
        "killed by SIGKILL",
    ),
}


@pytest.fixture
def planted(tmp_path, monkeypatch):
    sources = {name: source + GRADIENT for name, (source, _) in IMPORTS.items()}
    plant(PROBLEM, sources | FINE, tmp_path, monkeypatch)


def call(main, *argv, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["command", *argv])
    return main()


def test_list_names_each_and_goes_on(planted, monkeypatch, capsys):
    assert call(list.main, PROBLEM, monkeypatch=monkeypatch) == 1
    output = capsys.readouterr()
    for name, (_, end) in IMPORTS.items():
        (line,) = [
            line
            for line in output.out.splitlines()
            if (line.startswith("broken: ") and f"{name} = " in line)
            or line.startswith(f"broken: {PROBLEM}/{name}: ")
        ]
        assert end in line
    for name in (*FINE, "matrix", "numba_parallel"):
        assert any(
            line.split()[:1] == [name] and line.endswith("yes") for line in output.out.splitlines()
        )
    assert len(output.out) < 20_000
    (told,) = [line for line in output.err.splitlines() if line.startswith(f"{PROBLEM}/noisy")]
    # The ends of the lines may still be in the process's own buffers when it is ended.
    counted = r"printed 2,000,00[0-2] bytes, of which the last line is: yyy"
    assert re.match(f"{PROBLEM}/noisy {counted}", told)
    assert len(told) < 400
    assert "xxx" not in output.out


def test_check_names_each_and_goes_on(planted, monkeypatch, capsys):
    assert call(check.main, PROBLEM, monkeypatch=monkeypatch) == 1
    text = capsys.readouterr().out
    for name, (_, end) in IMPORTS.items():
        (line,) = [
            line for line in text.splitlines() if line.startswith(f"WRONG {PROBLEM}/{name}:")
        ]
        assert end in line
    assert f"{len(impls.names(PROBLEM))} checked, {len(IMPORTS)} wrong" in text


def test_the_report_takes_what_it_can_get(planted):
    names = ["float32", "exits", "crashes", "fine", "gone"]
    results = pd.DataFrame({"problem": PROBLEM, "implementation": [*names, *names]})
    described = chosen.describe(results.assign(n_samples=10, n_features=10))
    assert described["bytes_per_value"].tolist() == 2 * [4.0, 8.0, 8.0, 8.0, 8.0]
    assert described["family"][:5].tolist() == [NUMPY, OTHER, OTHER, ONE_PASS, OTHER]


@pytest.mark.parametrize(("source", "end"), CALLS.values(), ids=CALLS)
def test_check_says_on_what_the_gradient_ended_the_process(tmp_path, source, end):
    path = tmp_path / "mine.py"
    path.write_text(
        f"def gradient(weights, X, y):\n    if len(y) == 1000:\n        {source}\n"
        f"    return {RIGHT}\n"
    )
    verdict = judging.judge(PROBLEM, path, [*draw_easy(PROBLEM)])
    assert verdict.problems == [f"1000 x 10: died while it was prepared or its gradient ran: {end}"]
    assert verdict.errors["10 x 10"] < 1e-12
    assert [check._cell(verdict, name) for name in ("1000 x 10", "10 x 1000")] == [
        "died WRONG",
        "not reached",
    ]


def test_what_an_error_says_is_one_line_that_any_terminal_takes(tmp_path):
    path = tmp_path / "mine.py"
    said = "'\\x1b[31mred\\nnext\\udcff\\u2028end' + 'x' * 10**6"
    path.write_text(f"def gradient(weights, X, y):\n    raise ValueError({said})\n")
    (told,) = judging.judge(PROBLEM, path, [*draw_easy(PROBLEM)][:1]).problems
    assert told.startswith("10 x 10: ValueError: [31mred next endxxx")
    assert len(told) < 1000


@pytest.mark.parametrize("pair", ["None", "(X, y, 1)", "X[0, 0]"])
def test_a_prepare_that_gives_no_pair_is_named(tmp_path, pair):
    path = tmp_path / "mine.py"
    path.write_text(f"def prepare(X, y):\n    return {pair}\n{GRADIENT}")
    (told,) = judging.judge(PROBLEM, path, [*draw_easy(PROBLEM)][:1]).problems
    assert told.endswith(f"{path}: prepare does not return a pair (X, y)")


def test_what_prepare_lacks_is_told_as_unavailable(tmp_path):
    path = tmp_path / "mine.py"
    lacks = (
        "def prepare(X, y):\n    from impls import Unavailable\n    raise Unavailable('no F16C')"
    )
    path.write_text(lacks + GRADIENT)
    verdict = judging.judge(PROBLEM, path, [*draw_easy(PROBLEM)][:1])
    assert (verdict.problems, verdict.unavailable) == ([], "no F16C")


def test_what_hangs_is_ended_and_named(planted, tmp_path, monkeypatch):
    monkeypatch.setattr(isolated, "_LOAD_SECONDS", 2.0)
    folder = tmp_path / "more"
    folder.mkdir()
    path = folder / "hangs.py"
    child = folder / "child"
    path.write_text(
        "import os, signal, subprocess, time\nsignal.signal(15, signal.SIG_IGN)\n"
        "child = subprocess.Popen(['sleep', '600'])\n"
        f"open({str(child)!r}, 'w').write(str(child.pid))\n"
        "time.sleep(600)" + GRADIENT
    )
    verdict = judging.judge(PROBLEM, path, [])
    assert verdict.problems == ["no answer within 2 s while it was imported"]
    if child.exists():  # the process may have ended before it wrote the file
        assert not is_running(int(child.read_text()))


def is_running(pid):
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def test_trace_records_the_others_and_tells_what_they_print(planted, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(curves, "FOLDER", tmp_path / "curves")
    monkeypatch.setattr(curves, "PROVENANCE", tmp_path / "provenance")
    names = ("exits", "crashes", "leaves", "noisy", "fine")
    cells = [(PROBLEM, name, 10, 3) for name in names]
    assert curves.record_curves(state_of(working_tree()), cells, again=False) == 2
    kept = sorted(path.name for path in (tmp_path / "curves").iterdir())
    assert kept == [f"{PROBLEM}-{name}-10x3.json" for name in ("fine", "noisy")]
    assert f"{PROBLEM}/noisy printed 2,000,002 bytes" in capsys.readouterr().err


@pytest.mark.parametrize("argv", [[], ["--impl", "jax"]])
def test_trace_tells_what_was_named_and_lacks_a_package(argv, monkeypatch, capsys):
    monkeypatch.setattr(trace, "missing_package", lambda problem, name: name == "jax")
    monkeypatch.setattr(trace, "record_curves", lambda *_, again: 0)
    monkeypatch.setattr(sys, "argv", ["trace", *argv])
    assert trace.main() == 0
    told = capsys.readouterr().err
    assert ("Not available here: " in told and "linear/jax" in told) == bool(argv)


@pytest.mark.parametrize("reason", [impls.Unavailable("not here"), impls.Unfit("no levels")])
def test_what_has_no_curve_for_a_known_reason_says_nothing(reason, monkeypatch):
    def refuse(*_):
        raise reason

    pipe = io.StringIO()
    monkeypatch.setattr(sampling, "_sample", refuse)
    monkeypatch.setattr(sampling, "keep_input", lambda: None)
    monkeypatch.setattr(sampling, "keep_output", lambda: pipe)
    monkeypatch.setattr(sys, "argv", ["sampling", PROBLEM, "matrix", "10", "3"])
    sampling.main()
    assert not pipe.getvalue()


# Odd files: in a copy of the tree, in which commands run

ODD = {
    "half.py": b'"""Half-written."""\n\ndef gradient(weights, X, y:\n',
    "marked.py": b"\xef\xbb\xbf" + GRADIENT.encode(),
    "cookie.py": b"# -*- coding: latin-1 -*-\nauthor = '\xe9'\n" + GRADIENT.encode(),
    "no_cookie.py": b"author = '\xe9'\n" + GRADIENT.encode(),
    "._apple.py": b"\0\5\26\7",
    ".hidden.py": GRADIENT.encode(),
    "mine (copy).py": GRADIENT.encode(),
    "requires.py": b"import sys\n\nREQUIRES = sys.platform and 'numpy'\n" + GRADIENT.encode(),
    "annotated.py": b"REQUIRES: str = 'gradmark-test-absent'\n" + GRADIENT.encode(),
}
BROKEN = {
    "half": "the file impls/linear/half.py fails to import: SyntaxError",
    "no_cookie": "the file impls/linear/no_cookie.py fails to import: SyntaxError",
    "mine (copy)": "the file impls/linear/mine (copy).py: the name 'mine (copy)' is not a letter, "
    "then letters, digits or _; rename it",
    "requires": "the file impls/linear/requires.py, line 3: REQUIRES is ",
}
ASK = f"""
import json, impls
from benchmarks import _plan
from impls import _table
names = impls.names({PROBLEM!r})
lacking = [name for name in names if _table.missing_package({PROBLEM!r}, name)]
print(json.dumps([names, lacking, _plan.implementations({PROBLEM!r})]))
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """The commands in a tree with two implementations and odd files, folders, links and pipes."""
    folder = tmp_path_factory.mktemp("tree")
    copy_packages(folder)
    problem = folder / "impls" / PROBLEM
    for path in problem.glob("[a-z]*.py"):
        if path.stem not in ("matrix", "numba_parallel"):
            path.unlink()
    for name, content in ODD.items():
        (problem / name).write_bytes(content)
    (problem / "folder.py").mkdir()
    (problem / ".#matrix.py").symlink_to("nobody@nowhere.1:2")
    (problem / "nowhere.py").symlink_to(problem / "absent.py")
    os.mkfifo(problem / "pipe.py")
    return folder


def run(folder, *arguments):
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, timeout=120
    )


LISTED = ["annotated", "cookie", *BROKEN, "marked", "matrix", "numba_parallel"]
GOOD = ["annotated", "cookie", "marked", "matrix", "numba_parallel"]


def test_what_is_no_file_of_ours_is_not_listed(tree):
    names, lacking, measured = json.loads(run(tree, "-c", ASK).stdout)
    assert names == sorted(LISTED)
    assert lacking == ["annotated"]
    assert measured == sorted(name for name in LISTED if name != "mine (copy)")


@pytest.mark.parametrize("command", ["list", "check"])
def test_an_odd_file_is_named_and_the_others_go_on(tree, command):
    done = run(tree, "-m", f"scripts.{command}", PROBLEM)
    assert done.returncode == 1
    assert done.stderr == ""
    lead = "broken: " if command == "list" else "WRONG linear/"
    lines = [line for line in done.stdout.splitlines() if line.startswith(lead)]
    assert len(lines) == len(BROKEN)
    for message in BROKEN.values():
        assert sum(message in line for line in lines) == 1
    assert "half.py, line 3)" in done.stdout
    assert "no_cookie.py, line 1)" in done.stdout
    rows = {line.split()[0]: line for line in done.stdout.splitlines() if line.strip()}
    assert all("broken" not in rows[name] and "WRONG" not in rows[name] for name in GOOD)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("import os; os._exit(0)", "died while it was trained with: exit status 0"),
        ("raise SystemExit(0)", "SystemExit: 0"),
        ("return 1e9 * weights", "Diverged: "),
    ],
)
def test_descent_tells_of_a_kernel_that_fails(fault, told, tmp_path, monkeypatch):
    source = "calls = []\n\n\ndef gradient(weights, X, y):\n    calls.append(1)\n"
    source += f"    if len(calls) > 20:\n        {fault}\n    return {RIGHT}\n"
    plant(PROBLEM, {"planted": source}, tmp_path, monkeypatch)
    with pytest.raises(UserError, match=rf"^linear/planted: {re.escape(told)}"):
        descent.train(descent.draw_data(0), "planted", 0)


def test_descent_imports_its_kernel_elsewhere(planted):
    with pytest.raises(impls.BadPlugin, match="died while it was imported: exit status 0"):
        descent.train(descent.draw_data(0), "exits", 0)
