"""Faults that a single call does not show are named by check and in a session."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import impls
from benchmarks._session import session
from benchmarks._session.crew import Settings
from benchmarks._session.inputs import Data
from benchmarks._session.journal import Journal, Known, Source
from benchmarks._session.judging import draw_easy
from impls import _accuracy, _table, _verify
from scripts._common import judging
from tests._planting import plant

PROBLEM = "logistic"
RIGHT = """
import numpy as np

kept = {}


def right(weights, X, y):
    return (1 / (1 + np.exp(-np.clip(X @ weights, -700, 700))) - y) @ X


"""


def body(*lines):
    return "\n    ".join(["def gradient(weights, X, y):", *lines, ""])


ANSWER = "return right(weights, X, y)"
FIRST_AGAIN = "it gives the answer of the first call again for other weights"
CHEATS = {
    "writes into X": (body("g = right(weights, X, y)", "X *= 0.5", "return g"), "it writes into X"),
    "writes into y": (body("g = right(weights, X, y)", "y[:] = 0", "return g"), "it writes into y"),
    "writes into weights": (
        body("g = right(weights, X, y)", "weights -= g", "return g"),
        "it writes into weights",
    ),
    "writes into both": (
        body("g = right(weights, X, y)", "X[0] += 1", "y[0] += 1", "return g"),
        "it writes into X and y",
    ),
    "prepare writes into X": (
        "def prepare(X, y):\n    X -= X.mean(axis=0)\n    return X, y\n" + body(ANSWER),
        "its prepare writes into X",
    ),
    "writes into what it has prepared": (
        "def prepare(X, y):\n    return X.astype(np.float32), y\n"
        "BYTES_PER_VALUE = 4\nRTOL = 1e-5\n"
        + body("g = right(weights, X, y)", "X += 1e-9 * X", "X[0] = 0", "return g"),
        "it writes into X",
    ),
    "keeps its first answer": (
        body("return kept.setdefault(X.shape, right(weights, X, y)).copy()"),
        FIRST_AGAIN,
    ),
    "keeps answers by the array of the weights": (
        body("return kept.setdefault((X.shape, id(weights)), right(weights, X, y)).copy()"),
        FIRST_AGAIN,
    ),
    "keeps answers and hands them out again": (
        body("return kept.setdefault(X.tobytes() + weights.tobytes(), right(weights, X, y))"),
        "it returns the same array again, so that an earlier result changes",
    ),
    "is right at its first call alone": (
        body("kept[0] = kept.get(0, 0) + 1", "return right(weights, X, y) * (kept[0] % 4 == 1)"),
        "at other weights than the first, component 0: got ",
    ),
    "is wrong when it is called again": (
        body("kept[0] = kept.get(0, 0) + 1", "return right(weights, X, y) * (kept[0] % 4 != 0)"),
        "it gives another answer when it is called again with the same weights: component 0",
    ),
    "one buffer": (
        body(
            "out = kept.setdefault(weights.shape, np.empty(weights.shape))",
            "out[:] = right(weights, X, y)",
            "return out",
        ),
        "it returns the same array again, so that an earlier result changes",
    ),
    "adds to its earlier result": (
        body(
            "if 0 in kept:",
            "    kept[0] += 1",
            "kept[0] = right(weights, X, y)",
            "return kept[0]",
        ),
        "it writes into a gradient that it has returned",
    ),
    "a view of X": (body("return X[0]"), "it returns a view of its input X, expected a new array"),
    "a view of weights": (
        body("return weights"),
        "it returns a view of its input weights, expected a new array",
    ),
    "a list": (
        body("return right(weights, X, y).tolist()"),
        "it returns a list, expected a NumPy array",
    ),
    "a matrix": (
        "class Lazy(np.ndarray): ...\n" + body("return right(weights, X, y).view(Lazy)"),
        "it returns a Lazy, expected a NumPy array",
    ),
    "nothing": (body("pass"), "it returns a NoneType, expected a NumPy array"),
    "complex numbers": (
        body("return right(weights, X, y) + 0j"),
        "it returns complex128, expected real floating-point numbers",
    ),
    "whole numbers": (
        body("return right(weights, X, y).astype(int)"),
        "it returns int64, expected real floating-point numbers",
    ),
    "a column": (body("return right(weights, X, y)[:, None]"), ",), that of weights"),
}
RAISES = {
    "KeyboardInterrupt": "it raises KeyboardInterrupt('stop')",
    "SystemExit": "it raises SystemExit('stop')",
    "GeneratorExit": "it raises GeneratorExit('stop')",
}


@pytest.fixture
def written(tmp_path):
    """A function that writes an implementation to a file and returns its path."""

    def write(source):
        path = tmp_path / "mine.py"
        path.write_text(RIGHT + source)
        return path

    return write


@pytest.fixture(scope="module")
def batch():
    return next(draw_easy(PROBLEM))


def verify(implementation, weights, X, y):
    """Verdict on an implementation for a batch."""
    vectors = _verify.vectors(weights)
    references = [_accuracy.exact_gradient(implementation.problem, w, X, y) for w in vectors]
    prepared = _verify.prepare(implementation, X.copy(), y.copy())
    gradients = _verify.observe(implementation, vectors, *prepared)
    return _verify.judge(gradients, references, implementation.rtol)


@pytest.mark.parametrize(("source", "message"), CHEATS.values(), ids=CHEATS)
def test_check_says_what_it_does(written, batch, source, message):
    verdict = judging.judge(PROBLEM, written(source), [batch])
    assert [text.partition(": ")[0] for text in verdict.problems] == ["10 x 10"]
    assert message in verdict.problems[0]


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Names by what they do, what a session has found by name, and the names in its rounds."""
    names = {label: f"cheat_{number}" for number, label in enumerate(CHEATS)}
    sources = {names[label]: RIGHT + source for label, (source, _) in CHEATS.items()}
    data = Data(PROBLEM, 10, 10)
    kept = Journal(None, Source("", "", "1"), "")
    settings = Settings("", (), 1, rounds=1, warm_seconds=0, sample_seconds=0.001)
    with pytest.MonkeyPatch.context() as monkeypatch:
        plant(PROBLEM, sources, tmp_path_factory.mktemp("cheats"), monkeypatch)
        session.run([session.Job(data, tuple(sources))], settings, kept, Known())
    found = {name: cells[-1] for (_, name), cells in kept.known.cells.items()}
    (rounds,) = kept.known.rounds.values()
    timed = {name for each in rounds for name in each.seconds}
    return names, found, timed


@pytest.mark.parametrize("label", CHEATS)
def test_a_session_never_times_it(measured, label):
    names, found, timed = measured
    cell = found[names[label]]
    assert cell.state == "wrong"
    assert CHEATS[label][1] in cell.reason
    assert names[label] not in timed
    assert "matrix" in timed


@pytest.mark.parametrize("factor", [1, 1.001])
def test_what_it_does_to_numpy_reaches_no_verdict(written, batch, factor):
    """The verdict is reached in another process."""
    patch = "np.abs = np.max = np.isfinite = lambda values, *_, **__: 0 * values"
    source = body(patch, f"return right(weights, X, y) * {factor}")
    told = judging.judge(PROBLEM, written(source), [batch]).problems
    assert bool(told) == (factor != 1)
    assert all("component 0: got" in text for text in told)


@pytest.mark.parametrize(("name", "message"), RAISES.items(), ids=RAISES)
@pytest.mark.parametrize("function", ["gradient", "prepare"])
def test_what_it_raises_to_end_its_process_is_a_failure(written, function, name, message):
    source = body(ANSWER)
    if function == "gradient":
        source = body(f"raise {name}('stop')")
    else:
        source += f"\n\ndef prepare(X, y):\n    raise {name}('stop')\n"
    with pytest.raises(RuntimeError) as caught:
        verify(_table.load_file(PROBLEM, written(source)), *impls.make(PROBLEM, 10, 3))
    assert str(caught.value) == message


@settings(max_examples=20, deadline=None, derandomize=True)
@given(shape=st.tuples(st.integers(1, 30), st.integers(1, 30)), seed=st.integers(0, 1000))
@pytest.mark.parametrize("problem", impls.problems())
def test_what_is_right_is_right(problem, shape, seed):
    verdict = verify(impls.load(problem, "matrix"), *impls.make(problem, *shape, seed))
    assert (verdict.fault, verdict.reason) == ("", "")
    assert verdict.error <= verdict.rtol


FORTRAN = """

def gradient(weights, X, y):
    p = np.exp(X @ weights.T)
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(y)), y] -= 1
    return np.asfortranarray(p.T @ X / len(y))
"""
SIZE_IS_A_METHOD = """

class Labels(np.ndarray):
    size = np.ndarray.sum  # as of PyTorch's tensors


def prepare(X, y):
    return X, y.view(Labels)


""" + body("return right(weights, X, np.asarray(y))")


@pytest.mark.parametrize(
    ("problem", "source"),
    [(PROBLEM, SIZE_IS_A_METHOD), ("softmax", FORTRAN)],
    ids=["a method size", "Fortran's order"],
)
def test_habits_of_other_libraries_are_no_fault(written, problem, source):
    verdict = verify(_table.load_file(problem, written(source)), *impls.make(problem, 10, 3))
    assert verdict.reason == ""


@pytest.mark.parametrize("problem", impls.problems())
def test_weights_are_at_least_three_and_different(problem):
    weights, X, y = impls.make(problem, 10, 5)
    for first in (weights, 0 * weights):
        vectors = _verify.vectors(first)
        gradients = [impls.reference(problem, each, X, y) for each in vectors]
        assert all(each.shape == first.shape for each in vectors)
        assert len({gradient.tobytes() for gradient in gradients}) >= 2 + bool(first.any())


def test_inputs_are_handed_out_as_they_are_timed(written):
    """numba compiles other code for a read-only array, and the timed code would not be verified."""
    source = body("assert weights.flags.writeable and X.flags.writeable", ANSWER)
    assert not verify(_table.load_file(PROBLEM, written(source)), *impls.make(PROBLEM, 10, 3)).fault
