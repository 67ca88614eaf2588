"""The plug-in table lists without importing, imports one on request, and names what is wrong."""

import dataclasses
import importlib
import json
import multiprocessing
import pickle
import re
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

import numpy as np
import pytest

import impls
from impls import _table
from tests._loading import load_or_skip

PROBLEM = "logistic"
BUILTINS = tuple(name for name in impls.names(PROBLEM) if _table.is_builtin(PROBLEM, name))
PEERS = {"numba", "scipy", "sklearn", "numexpr", "jax", "torch", "daal4py", "dask"}

GOOD = '''
"""The matrix form, from elsewhere.

A second paragraph. Passes over
X: 2, of which one is short.
"""

import numpy as np

RTOL = 1e-9
MAX_SAMPLES = 10_000_000
scratch = None
MixedCase = None


def prepare(X, y):
    return np.asfortranarray(X), y


def gradient(weights, X, y):
    return (1 / (1 + np.exp(-(X @ weights))) - y) @ X
'''


def run_python(code: str, folder: Path | None = None) -> object:
    """JSON output of code in a fresh interpreter."""
    command = [sys.executable, "-c", dedent(code)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def load_builtin(name: str) -> impls.Implementation:
    return load_or_skip(PROBLEM, name)


# Listing and loading


@pytest.mark.parametrize("problem", impls.problems())
def test_names_are_sorted_and_public(problem):
    names = impls.names(problem)
    assert list(names) == sorted(set(names))
    assert not [name for name in names if name.startswith("_")]


def test_listing_imports_no_implementation_and_no_peer_library():
    imported = run_python(f"""
        import json, sys
        import impls
        assert impls.names({PROBLEM!r})
        print(json.dumps(sorted(sys.modules)))
    """)
    assert not PEERS & set(imported)
    assert not [name for name in imported if name.startswith(f"impls.{PROBLEM}")]


@pytest.mark.parametrize("name", BUILTINS)
def test_loading_imports_that_implementation_alone(name):
    options = load_builtin(name).options
    needs_a_package, kernel = "REQUIRES" in options, options.get("KERNEL", name)
    imported = run_python(f"""
        import json, sys
        import impls
        impls.load({PROBLEM!r}, {name!r})
        print(json.dumps(sorted(sys.modules)))
    """)
    prefix = f"impls.{PROBLEM}."
    modules = [module.removeprefix(prefix) for module in imported if module.startswith(prefix)]
    assert {module for module in modules if not module.startswith("_")} == {name, kernel}
    assert needs_a_package or not PEERS & set(imported)


@pytest.mark.parametrize("name", BUILTINS)
def test_a_loaded_implementation_tells_about_itself(name):
    implementation = load_builtin(name)
    assert (implementation.name, implementation.problem) == (name, PROBLEM)
    assert implementation.doc.splitlines()[0].strip()
    assert implementation.source == f"the file impls/{PROBLEM}/{name}.py"
    assert implementation.options.keys() == {key.upper() for key in implementation.options}
    assert 0 < implementation.rtol < 1


def test_an_implementation_is_frozen():
    implementation = impls.load(PROBLEM, "matrix")
    with pytest.raises(dataclasses.FrozenInstanceError):
        implementation.name = "other"
    with pytest.raises(TypeError):
        implementation.options["RTOL"] = 1.0


# Pickles


@pytest.mark.parametrize("name", BUILTINS)
def test_an_implementation_can_be_pickled(name):
    implementation = load_builtin(name)
    for pickled in (implementation, implementation.gradient, implementation.prepare):
        again = pickle.loads(pickle.dumps(pickled))
        again = getattr(again, "__self__", again)
        assert (again.problem, again.name) == (PROBLEM, name)
        assert again.kernel is implementation.kernel


def test_a_plugin_can_be_pickled(plugins):
    weights, X, y = impls.make(PROBLEM, 20, 3)
    gradient = pickle.loads(pickle.dumps(impls.load(PROBLEM, "good").gradient))
    assert impls.relative_error(PROBLEM, gradient(weights, X, y), weights, X, y) < 1e-12


def test_what_was_loaded_from_a_file_is_pickled_by_its_path(tmp_path, monkeypatch):
    (tmp_path / "_mine.py").write_text(GOOD)
    monkeypatch.chdir(tmp_path)
    pickled = pickle.dumps(_table.load_file(PROBLEM, "_mine.py"))
    monkeypatch.chdir("/")
    assert pickle.loads(pickled).name == "mine"
    assert pickle.loads(pickle.dumps(pickle.loads(pickled))).options["RTOL"] == 1e-9
    (tmp_path / "_mine.py").unlink()
    with pytest.raises(impls.UnknownName, match="there is no file"):
        pickle.loads(pickled)


@pytest.mark.parametrize("name", BUILTINS)
def test_pickled_prepared_data_are_taken_by_a_pickled_implementation(name):
    weights, X, y = impls.make(PROBLEM, 20, 3)
    implementation = load_builtin(name)
    prepared = implementation.prepare(np.rint(X * 50), y)
    expected = implementation.gradient(weights, *prepared)
    again, others = pickle.loads(pickle.dumps((implementation, prepared)))
    np.testing.assert_allclose(again.gradient(weights, *others), expected, implementation.rtol)


def test_a_pool_of_processes_computes_gradients():
    implementation = impls.load(PROBLEM, "matrix")
    weights, X, y = impls.make(PROBLEM, 20, 3)
    X, y = implementation.prepare(X, y)
    calls = [(scale * weights, X, y) for scale in range(3)]
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        gradients = pool.starmap(implementation.gradient, calls)
    for call, gradient in zip(calls, gradients, strict=True):
        np.testing.assert_array_equal(gradient, implementation.gradient(*call))


def test_without_rtol_the_default_counts(plugins):
    assert "RTOL" not in impls.load(PROBLEM, "compiled").options
    assert impls.load(PROBLEM, "compiled").rtol == _table.DEFAULT_RTOL
    assert impls.load(PROBLEM, "good").rtol == 1e-9


def test_reason_to_skip_tells_the_limit(plugins):
    limited = impls.load(PROBLEM, "limited")
    assert limited.reason_to_skip(100, 10) is None
    assert limited.reason_to_skip(101, 1) == "limited takes too long above 100 samples"
    assert limited.reason_to_skip(100, 11) == "limited takes too long above 1,000 elements"


# Unknown names

ARRAYS = (np.zeros(1), np.zeros((1, 1)), np.zeros(1))


@pytest.mark.parametrize(
    "call",
    [
        lambda problem: impls.names(problem),
        lambda problem: impls.load(problem, "matrix"),
        lambda problem: impls.make(problem, 1, 1),
        lambda problem: impls.reference(problem, *ARRAYS),
        lambda problem: impls.relative_error(problem, np.zeros(1), *ARRAYS),
        lambda problem: impls.datasets(problem),
        lambda problem: impls.dataset(problem, "breast_cancer"),
    ],
    ids=["names", "load", "make", "reference", "relative_error", "datasets", "dataset"],
)
def test_unknown_problem(call):
    with pytest.raises(impls.UnknownName) as raised:
        call("logistik")
    assert "no problem 'logistik'; did you mean 'logistic'?" in str(raised.value)
    assert str(raised.value).endswith(f"There are: {', '.join(impls.problems())}")


def test_unknown_implementation():
    with pytest.raises(impls.UnknownName) as raised:
        impls.load(PROBLEM, "matrx")
    assert "no implementation 'matrx' of logistic; did you mean 'matrix'?" in str(raised.value)
    assert str(raised.value).endswith(f"There are: {', '.join(impls.names(PROBLEM))}")


def test_unknown_implementation_with_nothing_near():
    with pytest.raises(impls.UnknownName) as raised:
        impls.load(PROBLEM, "qqq")
    assert re.match("no implementation 'qqq' of logistic[.;:,] ", str(raised.value))
    assert str(raised.value).endswith(f"here are: {', '.join(impls.names(PROBLEM))}")


# Plug-ins from elsewhere


class Bad(NamedTuple):
    """A plug-in that breaks the contract, and the expected error."""

    name: str
    value: str
    source: str | None
    error: type[impls.TableError]
    message: str


def bad(name: str, source: str | None, message: str, error: type[impls.TableError]) -> Bad:
    return Bad(name, f"elsewhere.{name}", source, error, message)


FUNCTION = "def gradient(weights, X, y): ...\n"
BAD = [
    bad("no_gradient", "total = 1", "no function gradient(weights, X, y)", impls.BadPlugin),
    bad("none", "gradient = None", "no function gradient(weights, X, y)", impls.BadPlugin),
    bad(
        "constant",
        "gradient = 3",
        "gradient is a int, expected gradient(weights, X, y)",
        impls.BadPlugin,
    ),
    bad(
        "two_arguments",
        "def gradient(X, y): ...",
        "gradient does not take (weights, X, y)",
        impls.BadPlugin,
    ),
    bad(
        "four_arguments",
        "def gradient(weights, X, y, step): ...",
        "gradient does not take (weights, X, y)",
        impls.BadPlugin,
    ),
    bad(
        "keyword_only",
        "def gradient(*, weights, X, y): ...",
        "gradient does not take (weights, X, y)",
        impls.BadPlugin,
    ),
    bad(
        "compiled_with_two_arguments",
        "from numba import njit\n@njit\ndef gradient(X, y): ...",
        "gradient does not take (weights, X, y)",
        impls.BadPlugin,
    ),
    bad(
        "bad_prepare",
        FUNCTION + "def prepare(X): ...",
        "prepare does not take (X, y)",
        impls.BadPlugin,
    ),
    bad(
        "prepare_constant",
        FUNCTION + "prepare = 'rows'",
        "prepare is a str, expected prepare(X, y)",
        impls.BadPlugin,
    ),
    bad(
        "forgives_all",
        FUNCTION + "RTOL = float('inf')",
        "RTOL is inf, expected a number from 0 to 1e-09",
        impls.BadPlugin,
    ),
    bad(
        "forgives_nothing",
        FUNCTION + "RTOL = float('nan')",
        "RTOL is nan, expected a number from 0 to 1e-09",
        impls.BadPlugin,
    ),
    bad(
        "unmeasured",
        FUNCTION + "MAX_SAMPLES = None",
        "MAX_SAMPLES is None, expected a number from 1 to inf",
        impls.BadPlugin,
    ),
    bad("syntax", "def gradient(:", "fails to import: SyntaxError", impls.BadPlugin),
    bad("raises", "1 / 0", "fails to import: ZeroDivisionError: division", impls.BadPlugin),
    bad("exits", "raise SystemExit(3)", "fails to import: SystemExit: 3", impls.BadPlugin),
    bad("threaded", FUNCTION + "THREADS = 4", "THREADS is 4, expected 1, or none", impls.BadPlugin),
    bad(
        "wrong_import",
        "from numpy import no_such_function",
        "fails to import: ImportError: cannot import name 'no_such_function'",
        impls.BadPlugin,
    ),
    bad(
        "needs_a_package",
        "import gradmark_test_absent.part",
        "needs gradmark_test_absent, which is not installed; try: pip install gradmark_test_absent",
        impls.Unavailable,
    ),
    bad(
        "needs_its_own_part",
        "from elsewhere.nowhere import gradient",
        "there is no module elsewhere.nowhere",
        impls.BadPlugin,
    ),
    bad("absent", None, "there is no module elsewhere.absent", impls.BadPlugin),
    Bad(
        "absent_package",
        "gradmark_test_absent.part",
        None,
        impls.BadPlugin,
        "there is no module gradmark_test_absent",
    ),
    Bad(
        "an_object",
        "elsewhere.good:gradient",
        None,
        impls.BadPlugin,
        "gives a function, expected a module",
    ),
    Bad(
        "no_object",
        "elsewhere.good:nothing",
        None,
        impls.BadPlugin,
        "fails to import: AttributeError",
    ),
    Bad("no_value", "two words", None, impls.BadPlugin, "fails to import"),
    Bad("bad-name", "elsewhere.good", None, impls.BadPlugin, "the name 'bad-name' is not"),
    Bad("_hidden", "elsewhere.good", None, impls.BadPlugin, "the name '_hidden' is not"),
    Bad("2fast", "elsewhere.good", None, impls.BadPlugin, "the name '2fast' is not"),
]
FINE = {
    "good": GOOD,
    "compiled": "from numba import njit\n@njit\ndef gradient(weights, X, y): ...",
    # Functions of C extensions often have no signature that Python can read.
    "unreadable": "gradient = dict",
    "limited": FUNCTION + "MAX_SAMPLES = 100\nMAX_ELEMENTS = 1000",
}
DUPLICATE = "chunked"  # no other implementation computes with it


def install(site: Path, distribution: str, entries: dict[str, str]) -> None:
    """Write the files of an installed distribution that registers plug-ins."""
    folder = site / f"{distribution}-1.0.dist-info"
    folder.mkdir()
    header = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n"
    (folder / "METADATA").write_text(header)
    lines = [f"{name} = {value}" for name, value in entries.items()]
    text = "\n".join([f"[gradmark.{PROBLEM}]", *lines, ""])
    (folder / "entry_points.txt").write_text(text)


def write_modules(package: Path, sources: dict[str, str]) -> None:
    package.mkdir()
    for name, source in {"__init__": "", **sources}.items():
        (package / f"{name}.py").write_text(source)


@pytest.fixture
def plugins(tmp_path, monkeypatch):
    """Good, bad and clashing plug-ins, all installed at once."""
    broken = {plugin.name: plugin.source for plugin in BAD if plugin.source is not None}
    write_modules(tmp_path / "elsewhere", FINE | broken)
    entries = {name: f"elsewhere.{name}" for name in FINE}
    entries |= {plugin.name: plugin.value for plugin in BAD}
    install(tmp_path, "gradmark_elsewhere", entries | {DUPLICATE: "elsewhere.good"})
    install(tmp_path, "gradmark_first", {"twice": "elsewhere.good"})
    install(tmp_path, "gradmark_second", {"twice": "elsewhere.compiled"})
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "elsewhere"]:
        del sys.modules[name]
    importlib.invalidate_caches()


def test_plugins_are_listed_and_not_imported(plugins):
    names = impls.names(PROBLEM)
    assert {*FINE, "twice", *(plugin.name for plugin in BAD)} <= set(names)
    assert set(BUILTINS) <= set(names)
    assert list(names) == sorted(set(names))
    assert "elsewhere" not in sys.modules


def test_a_plugin_that_is_installed_or_removed_meanwhile_is_seen(plugins, tmp_path):
    assert "later" not in impls.names(PROBLEM)
    install(tmp_path, "gradmark_later", {"later": "elsewhere.good"})
    assert "later" in impls.names(PROBLEM)
    shutil.rmtree(tmp_path / "gradmark_later-1.0.dist-info")
    assert "later" not in impls.names(PROBLEM)


def test_a_good_plugin_loads_and_computes(plugins):
    implementation = impls.load(PROBLEM, "good")
    weights, X, y = impls.make(PROBLEM, 20, 3)
    prepared = implementation.prepare(X, y)
    assert prepared[0].flags.f_contiguous
    gradient = implementation.gradient(weights, *prepared)
    assert impls.relative_error(PROBLEM, gradient, weights, X, y) < implementation.rtol


def test_a_plugin_loads_beside_the_backport_of_importlib_metadata(plugins):
    # asv imports the backport, and then entry points are of its class.
    pytest.importorskip("importlib_metadata")
    assert impls.load(PROBLEM, "good").kernel


def test_a_plugin_tells_its_docstring_options_and_source(plugins):
    implementation = impls.load(PROBLEM, "good")
    assert implementation.doc.startswith("The matrix form, from elsewhere.\n\nA second paragraph. ")
    assert implementation.options == {"RTOL": 1e-9, "MAX_SAMPLES": 10_000_000}
    assert implementation.passes == 2
    source = "the entry point good = elsewhere.good of the package gradmark_elsewhere"
    assert implementation.source == source


def test_a_plugin_without_docstring_has_an_empty_one(plugins):
    assert impls.load(PROBLEM, "compiled").doc == ""
    assert impls.load(PROBLEM, "compiled").passes is None


def test_a_compiled_function_without_signature_is_accepted(plugins):
    assert impls.load(PROBLEM, "unreadable").kernel is dict


@pytest.mark.parametrize("plugin", BAD, ids=lambda plugin: plugin.name)
def test_a_bad_plugin_is_named_with_what_is_wrong(plugins, plugin):
    with pytest.raises(impls.TableError) as raised:
        impls.load(PROBLEM, plugin.name)
    assert raised.type is plugin.error
    where = f"the entry point {plugin.name} = {plugin.value} of the package gradmark_elsewhere"
    assert str(raised.value).startswith(where)
    assert plugin.message in str(raised.value)


def test_a_plugin_with_the_name_of_a_builtin_is_refused(plugins):
    with pytest.raises(impls.BadPlugin) as raised:
        impls.load(PROBLEM, DUPLICATE)
    assert f"{PROBLEM}/{DUPLICATE} is claimed by" in str(raised.value)
    assert f"the file impls/{PROBLEM}/{DUPLICATE}.py" in str(raised.value)
    assert f"{DUPLICATE} = elsewhere.good of the package gradmark_elsewhere" in str(raised.value)


def test_two_packages_with_one_new_name_are_refused(plugins):
    with pytest.raises(impls.BadPlugin) as raised:
        impls.load(PROBLEM, "twice")
    assert "twice = elsewhere.good of the package gradmark_first" in str(raised.value)
    assert "twice = elsewhere.compiled of the package gradmark_second" in str(raised.value)


def test_builtins_work_beside_bad_plugins(plugins):
    for plugin in BAD:
        with pytest.raises(impls.TableError):
            impls.load(PROBLEM, plugin.name)
    loaded = [load_builtin(name).name for name in BUILTINS if name != DUPLICATE]
    assert loaded == [name for name in BUILTINS if name != DUPLICATE]
    assert impls.load(PROBLEM, "good").name == "good"


# Files: in a copy of the package, which a fresh interpreter imports

FILES = {
    "fine": GOOD,
    "check": FUNCTION,
    "bad-name": FUNCTION,
    "syntax": "def gradient(:",
    "no_gradient": "total = 1",
    "needs": "REQUIRES = 'some-package another'\nimport gradmark_test_absent",
    "needs_its_own_part": "from impls.logistic._nowhere import gradient",
    "needs_a_tool": (
        "from impls import Unavailable\nraise Unavailable('it needs a compiler; install one')"
    ),
}
FILE_ERRORS = {
    "check": ("BadPlugin", "has the name of the problem's own check"),
    "bad-name": ("BadPlugin", "the name 'bad-name' is not"),
    "syntax": ("BadPlugin", "fails to import: SyntaxError"),
    "no_gradient": ("BadPlugin", "no function gradient(weights, X, y)"),
    "needs": ("Unavailable", "try: pip install some-package another"),
    "needs_its_own_part": ("BadPlugin", "there is no module impls.logistic._nowhere"),
    "needs_a_tool": ("Unavailable", ": it needs a compiler; install one"),
}
LOAD_ALL = """
    import json
    from pathlib import Path

    import impls

    # Otherwise an installed package would be tested instead of the copy.
    assert Path(impls.__file__).parent == Path("impls").resolve(), impls.__file__
    outcome = {"problems": impls.problems()}
    for name in impls.names("logistic"):
        try:
            outcome[name] = ["", impls.load("logistic", name).source]
        except impls.TableError as error:
            outcome[name] = [type(error).__name__, str(error)]
    weights, X, y = impls.make("logistic", 20, 3)
    matrix = impls.load("logistic", "matrix")
    gradient = matrix.gradient(weights, *matrix.prepare(X, y))
    outcome["error"] = impls.relative_error("logistic", gradient, weights, X, y)
    print(json.dumps(outcome))
"""


def copy_package(folder: Path, files: dict[str, str]) -> Path:
    """A copy of the package with files added to the problem."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(impls.__file__).parent, folder / "impls", ignore=ignored)
    for name, source in files.items():
        (folder / "impls" / PROBLEM / f"{name}.py").write_text(source)
    return folder


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    """For each implementation of the copy, [error, message or source] of loading it."""
    folder = copy_package(tmp_path_factory.mktemp("copy"), FILES)
    for other in ("a_problem", "z_problem", "solvers", "_shared", "notes"):
        (folder / "impls" / other).mkdir(exist_ok=True)
        if other != "notes":
            (folder / "impls" / other / "__init__.py").touch()
    return run_python(LOAD_ALL, folder)


@pytest.mark.parametrize("name", FILE_ERRORS)
def test_a_bad_file_is_named_with_what_is_wrong(outcome, name):
    error, message = FILE_ERRORS[name]
    assert outcome[name][0] == error
    assert outcome[name][1].startswith(f"the file impls/{PROBLEM}/{name}.py")
    assert message in outcome[name][1]


def test_a_new_file_needs_no_other_edit(outcome):
    assert outcome["fine"] == ["", f"the file impls/{PROBLEM}/fine.py"]
    assert outcome["error"] < 1e-12


@pytest.mark.parametrize("name", ["make", "np"])
def test_a_file_cannot_replace_what_the_problem_uses(tmp_path, name):
    """Python makes a submodule an attribute of its package, and overwrites one of that name."""
    outcome = run_python(LOAD_ALL, copy_package(tmp_path, {name: FUNCTION}))
    assert outcome[name][0] == "BadPlugin"
    assert f"the file impls/{PROBLEM}/{name}.py has the name of" in outcome[name][1]
    assert outcome["error"] < 1e-12


@pytest.mark.parametrize("name", BUILTINS)
def test_builtins_work_beside_bad_files(outcome, name):
    load_builtin(name)
    assert outcome[name] == ["", f"the file impls/{PROBLEM}/{name}.py"]


def test_problems_are_the_folders_of_problems_alone(outcome):
    assert outcome["problems"] == sorted({"a_problem", "z_problem", *impls.problems()})


@pytest.mark.parametrize("problem", impls.problems())
def test_a_missing_library_makes_only_its_implementations_unavailable(problem):
    """If no library is installed, implementations that need one say so and the rest load."""
    outcome = run_python(f"""
        import json, sys
        sys.modules |= dict.fromkeys({PEERS})
        import impls
        outcome = {{}}
        for name in impls.names({problem!r}):
            try:
                outcome[name] = impls.load({problem!r}, name).source
            except impls.Unavailable as error:
                outcome[name] = str(error)
        print(json.dumps(outcome))
    """)
    for name in filter(lambda name: _table.is_builtin(problem, name), outcome):
        requires = _table._requires(Path(_table.__file__).parent / problem / f"{name}.py")
        if requires:
            assert f"not installed; try: pip install {requires}" in outcome[name]
        else:
            assert outcome[name] == f"the file impls/{problem}/{name}.py"


def test_a_library_that_is_too_old_is_named():
    outcome = run_python("""
        import json, sys
        from types import ModuleType
        torch = sys.modules["torch"] = ModuleType("torch")
        torch.nn, torch.__version__ = ModuleType("torch.nn"), "2.6.0"
        import impls
        try:
            impls.load("softmax", "torch_linear_cross_entropy")
        except impls.Unavailable as error:
            print(json.dumps(str(error)))
    """)
    assert outcome.endswith("as of 2.13, and there is 2.6.0; try: pip install --upgrade torch")
