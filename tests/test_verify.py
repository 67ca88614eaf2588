"""Faults that a single call does not show are named by check, the suite and the race."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import impls
from benchmarks import _cell, _journal, _judge
from impls import _exact, _table, _verify
from scripts._common import judging

ROOT = Path(__file__).resolve().parent.parent
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
        body("g = right(weights, X, y)", "X[0] += 1", "y[0] = 1 - y[0]", "return g"),
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
    "a column": (body("return right(weights, X, y)[:, None]"), "expected (10,), that of weights"),
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
    return next(judging.draw_batches(PROBLEM))


def verify(implementation, weights, X, y):
    """Verdict on an implementation for a batch."""
    vectors = _verify.vectors(weights)
    references = [_exact.exact_gradient(implementation.problem, w, X, y) for w in vectors]
    prepared = _verify.prepare(implementation, X.copy(), y.copy())
    gradients = _verify.observe(implementation, vectors, *prepared)
    return _verify.judge(gradients, references, implementation.rtol)


@pytest.mark.parametrize(("source", "message"), CHEATS.values(), ids=CHEATS)
def test_check_says_what_it_does(written, batch, source, message):
    verdict = judging.judge(PROBLEM, written(source), [batch])
    assert [text.partition(": ")[0] for text in verdict.problems] == ["10 x 10"]
    assert message in verdict.problems[0]


@pytest.mark.parametrize(("source", "message"), CHEATS.values(), ids=CHEATS)
def test_the_suite_never_times_it(written, monkeypatch, tmp_path, source, message):
    implementation = _table.load_file(PROBLEM, written(source))
    monkeypatch.setattr(impls, "load", lambda *_: implementation)
    monkeypatch.setattr(_judge, "_KEPT", tmp_path)
    with pytest.raises(_journal.WrongResult) as caught:
        _cell.open_cell(PROBLEM, "matrix", 10, 10, _cell.Check.REFUSE)
    assert message in str(caught.value)


PATCHES_NUMPY = """
import sys
from pathlib import Path
import numpy as np
import impls
from benchmarks import _cell, _journal, _judge

matrix, _judge._KEPT = impls.load("linear", "matrix"), Path(sys.argv[1])


def load(*_):
    np.abs = lambda values: 0 * values
    return matrix if sys.argv[2] == "right" else matrix.__class__(
        **vars(matrix) | {"kernel": lambda weights, X, y: weights.copy()}
    )


impls.load = load
try:
    _cell.open_cell("linear", "matrix", 10, 10, _cell.Check.REFUSE)
except _journal.WrongResult as wrong:
    print(wrong)
"""


@pytest.mark.parametrize("gradient", ["right", "wrong"])
def test_what_it_does_to_numpy_reaches_no_verdict_and_no_other(tmp_path, gradient):
    command = [sys.executable, "-c", PATCHES_NUMPY, str(tmp_path), gradient]
    told = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
    assert ("component 0: got" in told) == (gradient == "wrong")
    weights, X, y = impls.make("linear", 10, 10)
    kept = _exact.exact_gradient("linear", weights, X, y, tmp_path)
    for found, expected in zip(kept, _exact.exact_gradient("linear", weights, X, y), strict=True):
        assert np.array_equal(found, expected)


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
