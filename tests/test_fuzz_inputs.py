"""Anything that is handed to the functions of `impls` is taken, or refused in a sentence.

The sentence names the argument: an error from deep inside NumPy does not pass for a check.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

import impls
from impls import _objective, _solve, _table
from tests import _odd_inputs as odd
from tests._fuzz import fuzz

PROBLEMS = impls.problems()
REFUSALS = (TypeError, ValueError, impls.TableError, impls.Diverged)
NAMED = re.compile(
    r"(X|y|weights|v|sample_weight|l2|fit_intercept|step|n_epochs|batch_size|n_samples|n_features"
    r"|seed)(\[[\d, ]+\])?,? (is|has|holds|lacks|from|and y are|the column) |column .* of [Xy] |"
    r"feature \d+ of X|the gradient of these data|diverged in epoch|no (problem|implementation|"
    r"solver|data set) |\w+ (takes no sample_weight|has no make_hessian)"
)


def _own_kernels() -> list[tuple[str, str]]:
    """Implementations of this project: what a library says is the library's."""
    found = []
    for problem in PROBLEMS:
        for name in impls.names(problem):
            try:
                implementation = impls.load(problem, name)
            except impls.Unavailable:
                continue
            if "PEER" not in implementation.options:
                found.append((problem, name))
    return found


KERNELS = _own_kernels()
loaded = functools.cache(impls.load)  # a look-up of the installed plug-ins takes 2 ms


@pytest.fixture(autouse=True)
def quick_load(monkeypatch):
    for module in (_objective, _solve):
        monkeypatch.setattr(module, "load", loaded)


def refusal(call: Callable[[], Any]) -> str | None:
    """What a call is refused with, or None; the sentence is one short line, and says of what."""
    with np.errstate(all="ignore"):
        try:
            call()
        except REFUSALS as error:
            text = str(error)
            assert NAMED.match(text), repr(error)
            assert text.isprintable() and len(text) < 700, repr(error)
            return text
    return None


@st.composite
def batches(draw: Any, problem: str) -> list[Any]:
    """Weights, X and y of a problem, of which up to three are not what they should be."""
    n, d = draw(st.sampled_from([(1, 1), (1, 3), (3, 1), (3, 2), (5, 4), (9, 2)]))
    batch: list[Any] = list(impls.make(problem, n, d))
    for _ in range(draw(st.integers(0, 3))):
        which, change = draw(st.integers(0, 2)), draw(st.sampled_from([*odd.CHANGES, None]))
        if change is None:
            batch[which] = draw(odd.things)
        elif isinstance(batch[which], np.ndarray):
            batch[which] = odd.changed(batch[which], change)
    return batch


def with_batch(kernel: tuple[str, str]) -> Any:
    return st.tuples(st.just(kernel), batches(kernel[0]))


kernels = st.sampled_from(KERNELS).flatmap(with_batch)
problems = st.sampled_from([(problem, "matrix") for problem in PROBLEMS]).flatmap(with_batch)


def check_gradient(gradient: Any, weights: Any) -> None:
    assert type(gradient) is np.ndarray
    assert gradient.dtype.kind == "f"
    assert gradient.shape == weights.shape


@fuzz(1500, given=kernels)
def test_prepare_and_gradient_take_data_or_refuse_them(given):
    kernel, (weights, X, y) = given
    implementation = loaded(*kernel)

    def call():
        prepared = implementation.prepare(X, y)
        check_gradient(implementation.gradient(weights, *prepared), weights)

    refusal(call)


@fuzz(1500, given=kernels)
def test_the_gradient_takes_data_that_are_not_prepared_or_refuses_them(given):
    kernel, (weights, X, y) = given
    implementation = loaded(*kernel)
    refusal(lambda: check_gradient(implementation.gradient(weights, X, y), weights))


@fuzz(500, given=kernels)
def test_loss_and_gradient_take_data_or_refuse_them(given):
    kernel, (weights, X, y) = given
    implementation = loaded(*kernel)

    def call():
        loss, gradient = implementation.loss_gradient(weights, X, y)
        assert isinstance(loss, float)
        check_gradient(gradient, weights)

    refusal(call)


@fuzz(800, given=problems)
def test_the_problems_take_data_or_refuse_them(given):
    (name, _), (weights, X, y) = given
    problem = _table.problem_module(name)
    refusal(lambda: check_gradient(impls.reference(name, weights, X, y), weights))
    refusal(lambda: problem.loss(weights, X, y).hex())
    if hasattr(problem, "predict"):
        refusal(lambda: problem.predict(weights, X).shape)


def options(**strategies: Any) -> Any:
    """Some of these options, each right or anything."""
    return st.fixed_dictionaries(
        {}, optional={name: st.one_of(each, odd.things) for name, each in strategies.items()}
    )


OBJECTIVE = options(l2=odd.numbers, fit_intercept=st.booleans(), sample_weight=st.none())


@fuzz(700, given=kernels, chosen=OBJECTIVE, vector=odd.things)
def test_objectives_take_data_and_options_or_refuse_them(given, chosen, vector):
    kernel, (_, X, y) = given

    def call():
        objective = impls.objective(*kernel, X, y, **chosen)
        zeros = objective.zero_weights()
        loss, gradient = objective(zeros)
        assert isinstance(loss, float)
        assert gradient.shape == (objective.n_weights,)
        for function in (objective, objective.loss, objective.gradient):
            refusal(lambda function=function: function(vector))
        refusal(lambda: objective.hessian_vector(vector, zeros))
        refusal(lambda: objective.hessian_vector(zeros, vector))

    refusal(call)


def few(value: Any) -> bool:
    """Whether this is no number of epochs, or of samples, that takes long."""
    return not (hasattr(value, "__index__") and np.ndim(value) == 0 and int(value) > 9)


COUNTS = st.one_of(st.integers(-1, 6), odd.things.filter(few))
SOLVE = options(
    solver=st.sampled_from(["gd", "sgd", "minibatch"]),
    batch_size=st.integers(-1, 6),
    weights=st.none(),
    seed=st.integers(0, 9),
)


@fuzz(800, given=kernels, chosen=SOLVE, step=st.one_of(odd.numbers, odd.things), n_epochs=COUNTS)
def test_training_takes_data_and_options_or_refuses_them(given, chosen, step, n_epochs):
    kernel, (_, X, y) = given
    chosen |= {"step": step, "n_epochs": n_epochs, "progress": False}
    refusal(lambda: impls.solve(*kernel, X, y, **chosen).weights.shape)


NAMES = st.one_of(st.sampled_from(PROBLEMS), odd.things)


@fuzz(300, problem=NAMES, n=COUNTS, d=COUNTS, seed=st.one_of(st.integers(0, 9), odd.things))
def test_data_are_drawn_or_refused(problem, n, d, seed):
    def call():
        weights, X, y = impls.make(problem, n, d, seed)
        assert (X.shape, y.shape, weights.shape[-1]) == ((n, d), (n,), d)

    refusal(call)


@fuzz(300, problem=NAMES, name=odd.things)
def test_names_are_found_or_refused(problem, name):
    for call in (impls.load, impls.dataset):
        assert refusal(lambda call=call: call(problem, name))


@fuzz(600, frame=odd.tables(), column=st.sampled_from(odd.COLUMNS))
def test_tables_are_taken_only_if_they_hold_a_number_in_each_place(frame, column):
    text = refusal(lambda: loaded("linear", "matrix").prepare(frame, column))
    columns = [frame.iloc[:, j] for j in range(frame.shape[1])]
    usable = [each.dtype.kind in "fiub" and not each.isna().any() for each in [*columns, column]]
    assert (text is None) == (len(frame) == len(column) > 0 < len(columns) and all(usable))


def test_an_error_from_inside_numpy_is_no_refusal():
    with pytest.raises(AssertionError, match="zero-size array"):
        refusal(lambda: np.empty(0).min())
