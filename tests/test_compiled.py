"""What numba needs around it: if it is missing, a sentence says so and the rest works."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from textwrap import dedent

import pytest

import impls
from impls import _compiled, _table

ROOT = Path(__file__).resolve().parent.parent
NOBODY = 65534
# A user who can read everything, because Python may be in root's home, and write nowhere.
AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
AS_NOBODY += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
COMPILED = [
    (problem, name)
    for problem in impls.problems()
    for name in impls.names(problem)
    if _table.is_builtin(problem, name)
    and "numba" in (_table._requires(ROOT / "impls" / problem / f"{name}.py") or "")
]
SERIAL = [entry for entry in COMPILED if "THREADS" in impls.load(*entry).options]
LOAD = """
    import json, sys
    import impls
    from impls import _machine

    def why_not(problem, name):
        try:
            impls.load(problem, name)
        except impls.Unavailable as error:
            return str(error)

    found = {name: why_not(*name.split("/")) for name in NAMES}
    _machine.set_threads(1)
    print(json.dumps(found))
"""
CALL = """
    import impls

    for name in (NAMES):
        implementation = impls.load("logistic", name)
        weights, X, y = impls.make("logistic", 9, 3)
        gradient = implementation.gradient(weights, *implementation.prepare(X, y))
        assert impls.relative_error("logistic", gradient, weights, X, y) < 1e-12
    import numba
    print(numba.config.CACHE_DIR)
"""


def run_python(code, folder=ROOT, prefix=(), **variables):
    """Run a fresh interpreter with these environment variables added."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "HOME") if name in os.environ}
    variables = {name: text for name, text in (kept | variables).items() if text is not None}
    command = [*prefix, sys.executable, "-c", dedent(code)]
    return subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, text=True, check=False
    )


def load_all(names, folder=ROOT, **variables):
    """The reason why each implementation is unavailable, or None, with these variables."""
    code = LOAD.replace("NAMES", repr(["/".join(name) for name in names]))
    done = run_python(code, folder, **variables)
    assert done.returncode == 0, done.stderr
    return {tuple(name.split("/")): reason for name, reason in json.loads(done.stdout).items()}


def test_where_numba_compiles_nothing_compiled_code_is_unavailable():
    reasons = load_all([*COMPILED, ("logistic", "matrix")], NUMBA_DISABLE_JIT="1")
    assert reasons.pop(("logistic", "matrix")) is None
    for (problem, name), reason in reasons.items():
        assert reason.startswith(f"the file impls/{problem}/{name}.py: NUMBA_DISABLE_JIT=1 swi")


@pytest.mark.parametrize(
    "source",
    [
        "import numba as nb",
        "from numba import njit",
        "from impls._loops import make_serial",
        "REQUIRES = 'numpy numba'",
    ],
)
def test_who_uses_numba_without_a_word_is_found_out(tmp_path, source):
    (tmp_path / "mine.py").write_text(f"{source}\ndef gradient(weights, X, y):\n    pass\n")
    code = f"from impls import _table; _table.load_file('logistic', {str(tmp_path / 'mine.py')!r})"
    assert run_python(code).returncode == 0
    assert "NUMBA_DISABLE_JIT=1 switches compiled" in run_python(code, NUMBA_DISABLE_JIT="1").stderr


def test_an_experiment_does_not_call_python_compiled():
    code = "import sys; from scripts import train; from scripts._common.errors import run_command; "
    code += "sys.argv[1:] = ['recursion']; run_command(train.main)"
    with tempfile.TemporaryDirectory() as folder:
        code = code.replace("['recursion']", f"['recursion', '--out', {folder!r}]")
        done = run_python(code, NUMBA_DISABLE_JIT="1")
    assert done.returncode == 1
    assert done.stderr == "error: NUMBA_DISABLE_JIT=1 switches compiled code off; unset it\n"


@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        pytest.param(
            {"NUMBA_THREADING_LAYER": "tbb"},
            "No threading layer could be loaded. HINT: Intel TBB is required, try: ",
            marks=pytest.mark.skipif(bool(find_spec("tbb")), reason="TBB is installed"),
        ),
        ({"NUMBA_THREADING_LAYER": "tbp"}, "The threading layer requested 'tbp' is unknown to "),
        ({"NUMBA_THREADING_LAYER_PRIORITY": "omp"}, "THREADING_LAYER_PRIORITY invalid: ['omp']"),
    ],
)
def test_without_a_threading_layer_what_needs_threads_is_unavailable(layer, reason):
    found = load_all(COMPILED, **layer)
    assert [found.pop(entry) for entry in SERIAL] == [None] * len(SERIAL)
    for (problem, name), text in found.items():
        assert text.startswith(
            f"the file impls/{problem}/{name}.py: numba has no threads: {reason}"
        )
        assert text.endswith("; or unset NUMBA_THREADING_LAYER and NUMBA_THREADING_LAYER_PRIORITY")


def test_what_says_that_it_is_serial_computes_without_threads():
    code = """
        import impls

        for problem, name in NAMES:
            implementation = impls.load(problem, name)
            weights, X, y = impls.make(problem, 900, 300)
            implementation.gradient(weights, *implementation.prepare(X, y))
    """
    done = run_python(code.replace("NAMES", repr(SERIAL)), NUMBA_THREADING_LAYER="tbp")
    assert (SERIAL != [], done.returncode, done.stderr) == (True, 0, "")


def test_threads_are_not_started_to_find_out_that_they_can_be_had():
    """A process whose numba has loaded GNU OpenMP must not fork."""
    code = """
        import impls
        from numba.np.ufunc import parallel

        impls.load("logistic", "numba_parallel")
        print(parallel._is_initialized)
    """
    assert run_python(code).stdout == "False\n"


# The folder for compiled code


@pytest.fixture
def installed():
    """A copy of the package that other users can read but not write."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "impls", folder / "impls", ignore=ignore)
        (folder / "tmp").mkdir()
        (folder / "tmp").chmod(0o1777)
        (folder / "home").mkdir()
        if not shutil.which("setpriv") or run_python("", folder, AS_NOBODY).returncode:
            pytest.skip("no other user can be tried from here")
        os.chown(folder / "home", NOBODY, NOBODY)
        yield folder


@pytest.mark.parametrize(
    ("home", "names"), [("/nonexistent", '"numba_loop", "fused", "auto"'), (None, '"numba_loop",')]
)
def test_who_has_no_home_and_cannot_write_beside_the_code_has_a_folder(installed, home, names):
    temporary = installed / "tmp"
    code = CALL.replace("NAMES", names)
    done = run_python(code, installed, AS_NOBODY, HOME=home, TMPDIR=str(temporary))
    folder = temporary / f"gradmark-numba-{NOBODY}"
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{folder}\n"
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"gradmark: numba keeps compiled code in {folder}, because it cannot ")
    assert line.endswith("NUMBA_CACHE_DIR names another folder")
    assert (folder.stat().st_mode & 0o777, folder.stat().st_uid) == (0o700, NOBODY)
    assert list(folder.glob("impls_*/_loops.*.nbc"))


def test_who_has_a_home_keeps_compiled_code_there(installed):
    home = installed / "home"
    code = CALL.replace("NAMES", '"numba_loop",')
    done = run_python(code, installed, AS_NOBODY, HOME=str(home), TMPDIR=str(installed / "tmp"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "\n", "")
    assert list(home.glob(".cache/numba/impls_*/_loops.*.nbc"))


def test_a_cache_folder_of_root_in_ones_home_is_passed_over(installed):
    """A run with root's rights leaves such a folder."""
    (installed / "home" / ".cache" / "numba").mkdir(parents=True)
    variables = {"HOME": str(installed / "home"), "TMPDIR": str(installed / "tmp")}
    done = run_python(CALL.replace("NAMES", '"numba_loop",'), installed, AS_NOBODY, **variables)
    assert done.stdout == f"{installed}/tmp/gradmark-numba-{NOBODY}\n", done.stderr


def test_a_folder_that_cannot_be_written_is_not_replaced_by_the_usual_one(installed):
    """Code of a separate cache, as that of another tree's, must not mix with other code."""
    code = CALL.replace("NAMES", '"numba_loop",')
    variables = {"HOME": str(installed / "home"), "TMPDIR": str(installed / "tmp")}
    done = run_python(code, installed, AS_NOBODY, NUMBA_CACHE_DIR="/proc/apart", **variables)
    assert done.stdout.startswith(f"{installed}/tmp/gradmark-numba-{NOBODY}-"), done.stderr
    assert "it cannot write to /proc/apart;" in done.stderr
    assert not (installed / "home" / ".cache").exists()


def test_without_any_folder_compiled_code_is_unavailable(installed):
    code = """
        import impls, tempfile

        tempfile.tempdir = "/nonexistent"
        impls.load("logistic", "matrix")
        try:
            impls.load("logistic", "numba_loop")
        except impls.Unavailable as error:
            print(error)
    """
    done = run_python(code, installed, AS_NOBODY, HOME=None)
    assert done.stdout.endswith("one that can be written: NUMBA_CACHE_DIR\n"), done.stderr


@pytest.fixture
def nothing_else(tmp_path, monkeypatch):
    """Make only the temporary folder writable; return the path of numba's folder in it."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(_compiled, "_can_write", lambda folder: folder.parent == tmp_path)
    monkeypatch.setattr(_compiled, "_set_cache", lambda folder: None)
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    return tmp_path / f"gradmark-numba-{os.geteuid()}"


def told_folder(capsys):
    """The folder that the message names."""
    _compiled.find_cache(None)
    return Path(capsys.readouterr().err.partition(" code in ")[2].partition(",")[0])


@pytest.mark.skipif(os.name != "posix", reason="others' folders are POSIX's")
def test_a_folder_of_ones_own_is_used_again(nothing_else, capsys):
    assert told_folder(capsys) == nothing_else
    assert told_folder(capsys) == nothing_else


def make_link(path):
    target = path.parent / "target"
    target.mkdir(mode=0o700)
    path.symlink_to(target)


def make_foreign(path):
    if os.geteuid() != 0:
        pytest.skip("no folder can be given to another user from here")
    path.mkdir(mode=0o700)
    os.chown(path, NOBODY, NOBODY)


def make_open(path):
    path.mkdir()
    path.chmod(0o777)


@pytest.mark.skipif(os.name != "posix", reason="others' folders are POSIX's")
@pytest.mark.parametrize("make", [make_link, make_foreign, make_open, Path.touch])
def test_a_folder_that_others_can_write_to_is_not_used(nothing_else, capsys, make):
    """numba runs the code that it finds in its cache."""
    make(nothing_else)
    folder = told_folder(capsys)
    assert folder.parent == nothing_else.parent
    assert folder.name.startswith("gradmark-numba-")
    assert folder != nothing_else
    assert folder.stat().st_mode & 0o777 == 0o700
    assert not (nothing_else.parent / "target" / "logistic").exists()
