"""Seeded and real data."""

import json
import subprocess
import sys
from textwrap import dedent

import numpy as np
import pytest

import impls
from tests._loading import installed, load_or_skip

SHAPES = {"breast_cancer": (569, 31), "digits_even_odd": (1797, 65)}
REAL = [(problem, name) for problem in impls.problems() for name in impls.datasets(problem)]


def same(batch, other) -> bool:
    return all(np.array_equal(mine, theirs) for mine, theirs in zip(batch, other, strict=True))


# Seeded data


@pytest.mark.parametrize("problem", impls.problems())
@pytest.mark.parametrize("size", [(1, 1), (1, 7), (7, 1), (50, 3)])
def test_sizes_and_memory(problem, size):
    weights, X, y = impls.make(problem, *size)
    assert X.shape == size
    assert len(y) == size[0]
    assert weights.dtype == X.dtype == np.float64
    assert all(array.flags.c_contiguous and array.flags.writeable for array in (weights, X, y))
    assert all(np.all(np.isfinite(array)) for array in (weights, X, y))
    assert impls.reference(problem, weights, X, y).shape == weights.shape


@pytest.mark.parametrize("problem", impls.problems())
def test_a_seed_gives_the_same_data(problem):
    assert same(impls.make(problem, 50, 3, seed=4), impls.make(problem, 50, 3, seed=4))
    assert same(impls.make(problem, 50, 3), impls.make(problem, 50, 3, seed=0))


@pytest.mark.parametrize("problem", impls.problems())
def test_another_seed_gives_other_data(problem):
    batch, other = impls.make(problem, 50, 3, seed=0), impls.make(problem, 50, 3, seed=1)
    assert not any(np.array_equal(mine, its) for mine, its in zip(batch, other, strict=True))


@pytest.mark.parametrize("problem", impls.problems())
def test_data_vary(problem):
    weights, X, y = impls.make(problem, 50, 3)
    assert len(np.unique(X)) == X.size
    assert len(np.unique(weights)) == weights.size
    assert len(np.unique(y)) > 1


@pytest.mark.parametrize("sizes", [(0, 3), (3, 0), (-1, 3), (3, -2)])
@pytest.mark.parametrize("problem", impls.problems())
def test_sizes_below_one_are_refused(problem, sizes):
    name, size = ("n_samples", sizes[0]) if sizes[0] < 1 else ("n_features", sizes[1])
    with pytest.raises(
        ValueError, match=f"^{name} is {size}, expected a whole number of at least 1$"
    ):
        impls.make(problem, *sizes)


def test_logistic_shapes():
    weights, X, y = impls.make("logistic", 7, 3)
    assert (weights.shape, X.shape, y.shape) == ((3,), (7, 3), (7,))
    assert y.dtype == np.float64


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("n_samples", [50, 500])
def test_logistic_labels_are_both(seed, n_samples):
    y = impls.make("logistic", n_samples, 3, seed)[2]
    assert set(y) == {0.0, 1.0}
    # Six standard deviations of a fair coin.
    assert abs(y.mean() - 0.5) < 6 * 0.5 / np.sqrt(n_samples)


@pytest.mark.parametrize("seed", range(5))
def test_logistic_columns_have_mean_0_and_variance_1(seed):
    X = impls.make("logistic", 10_000, 20, seed)[1]
    # Six standard deviations: 1 / sqrt(n) of the mean, sqrt(4/5 / n) of a uniform's variance.
    np.testing.assert_allclose(X.mean(axis=0), 0, atol=0.06)
    np.testing.assert_allclose(X.var(axis=0), 1, atol=0.054)


@pytest.mark.parametrize("n_features", [10, 1000])
def test_logistic_inner_products_stay_near_1(n_features):
    """The sigmoid is then neither flat nor linear, with any number of features."""
    weights, X, _ = impls.make("logistic", 1000, n_features)
    assert 0.2 < (X @ weights).var() < 5


# Real data


def load_real(problem, name):
    try:
        return impls.dataset(problem, name)
    except impls.Unavailable as error:
        pytest.skip(str(error))


def test_datasets_are_sorted():
    assert set(SHAPES) <= set(impls.datasets("logistic"))
    for problem in impls.problems():
        assert list(impls.datasets(problem)) == sorted(impls.datasets(problem))


@pytest.mark.parametrize(("name", "shape"), SHAPES.items())
def test_real_data_of_the_logistic_problem(name, shape):
    weights, X, y = load_real("logistic", name)
    assert (weights.shape, X.shape, y.shape) == (shape[1:], shape, shape[:1])
    assert weights.dtype == X.dtype == y.dtype == np.float64
    assert all(array.flags.c_contiguous for array in (weights, X, y))
    assert set(y) == {0.0, 1.0}


@pytest.mark.parametrize("name", SHAPES)
def test_real_features_are_standardised_behind_an_intercept(name):
    X = load_real("logistic", name)[1]
    np.testing.assert_array_equal(X[:, 0], 1)
    features = X[:, 1:]
    np.testing.assert_allclose(features.mean(axis=0), 0, atol=1e-12)
    constant = np.all(features == 0, axis=0)
    np.testing.assert_allclose(features[:, ~constant].var(axis=0), 1, rtol=1e-12)
    assert np.count_nonzero(~constant) > 0.9 * features.shape[1]


@pytest.mark.parametrize(("problem", "name"), REAL)
def test_real_data_are_the_same_every_time(problem, name):
    assert same(load_real(problem, name), load_real(problem, name))


def test_odd_digits_are_the_ones():
    y = load_real("logistic", "digits_even_odd")[2]
    # scikit-learn's images begin with the digits 0 to 9 in order.
    assert list(y[:10]) == [0, 1] * 5


@pytest.mark.parametrize(
    ("problem", "name", "implementation"),
    [(*real, name) for real in REAL for name in installed(real[0])],
)
def test_implementations_on_real_data(problem, name, implementation):
    weights, X, y = load_real(problem, name)
    loaded = load_or_skip(problem, implementation)
    while not loaded.takes_rows and loaded.reason_to_skip(*X.shape):
        X, y = X[::2], y[::2]
    gradient = loaded.gradient(weights, *loaded.prepare(X, y))
    assert impls.relative_error(problem, gradient, weights, X, y) <= loaded.rtol


def test_unknown_data_set():
    with pytest.raises(impls.UnknownName) as raised:
        impls.dataset("logistic", "brest_cancer")
    message = str(raised.value)
    assert "no data set 'brest_cancer' of logistic; did you mean 'breast_cancer'?" in message
    assert message.endswith(f"There are: {', '.join(impls.datasets('logistic'))}")


WITHOUT = {
    "absent": """
        class Finder(PathFinder):
            @classmethod
            def find_spec(cls, name, *arguments):
                hidden = name.partition(".")[0] == "sklearn"
                return None if hidden else super().find_spec(name, *arguments)

        sys.meta_path[:] = [Finder if f is PathFinder else f for f in sys.meta_path]
    """,
    "blocked": """
        class Finder:
            @staticmethod
            def find_spec(name, *arguments):
                if name.partition(".")[0] == "sklearn":
                    raise ModuleNotFoundError(f"No module named {name!r}", name=name)

        sys.meta_path.insert(0, Finder)
    """,
    "without a dependency": """
        sys.modules["joblib"] = None
    """,
}


@pytest.mark.parametrize("case", WITHOUT)
def test_without_scikit_learn_its_data_are_unavailable(case):
    code = [
        "import json, sys",
        "from importlib.machinery import PathFinder",
        dedent(WITHOUT[case]),
        "import impls",
        "errors = {}",
        "for name in impls.datasets('logistic'):",
        "    try:",
        "        impls.dataset('logistic', name)",
        "    except impls.Unavailable as error:",
        "        errors[name] = str(error)",
        "print(json.dumps(errors))",
    ]
    command = [sys.executable, "-c", "\n".join(code)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    errors = json.loads(done.stdout)
    assert set(SHAPES) <= set(errors)
    assert all('pip install "gradmark[data]"' in message for message in errors.values())
    assert all(name in message for name, message in errors.items())
