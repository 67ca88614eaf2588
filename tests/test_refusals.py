"""Arguments that generated input has found: each is refused with a sentence that names it."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import impls
from impls import _table
from impls._errors import told

HUGE = 10**400


@pytest.mark.parametrize(
    ("sizes", "error", "message"),
    [
        ((1.5, 2), TypeError, "n_samples is 1.5, expected a whole number of at least 1"),
        ((2, None), TypeError, "n_features is None, expected a whole"),
        ((pd.DataFrame({"a": [1]}), 2), TypeError, "n_samples is a DataFrame, expected a whole"),
        ((2, 2, -1), ValueError, "seed is -1, expected a whole number of at least 0"),
        ((2, 2, [1]), TypeError, "seed is a list, expected a whole number"),
        ((-HUGE, 2), ValueError, "n_samples is a whole number of 1329 bits, expected"),
    ],
)
def test_sizes_and_seeds(sizes, error, message):
    with pytest.raises(error, match="^" + re.escape(message)):
        impls.make("linear", *sizes)


@pytest.mark.parametrize("name", [np.zeros(2), np.zeros(0), [], {}, None, pd.Series([1, 2]), 3])
def test_names_that_are_no_text(name):
    for call in (impls.names, lambda name: impls.load("linear", name), impls.datasets):
        with pytest.raises(impls.UnknownName, match=r"^no (problem|implementation) "):
            call(name)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"step": HUGE}, ValueError, "step is a whole number of 1329 bits, expected a positive"),
        ({"step": np.ones((9, 9))}, TypeError, "step is a ndarray, expected a positive number"),
        ({"n_epochs": pd.Series([1, 2])}, TypeError, "n_epochs is a Series, expected a whole"),
        ({"solver": np.zeros(2)}, impls.UnknownName, "no solver a ndarray. There are: "),
        ({"seed": None}, TypeError, "seed is None, expected a whole number of at least 0"),
    ],
)
def test_options_of_a_training(options, error, message):
    _, X, y = impls.make("linear", 4, 2)
    with pytest.raises(error, match="^" + re.escape(message)):
        impls.solve("linear", "matrix", X, y, **{"step": 0.1, "n_epochs": 1} | options)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"l2": HUGE}, ValueError, "l2 is a whole number of 1329 bits, expected a number from 0"),
        ({"l2": pd.Series([1, 2])}, TypeError, "l2 is a Series, expected a number from 0 on"),
        ({"fit_intercept": np.ones(3)}, TypeError, "fit_intercept is a ndarray, expected True or"),
    ],
)
def test_options_of_an_objective(options, error, message):
    _, X, y = impls.make("linear", 4, 2)
    with pytest.raises(error, match="^" + re.escape(message)):
        impls.objective("linear", "matrix", X, y, **options)


@pytest.mark.parametrize("problem", ["logistic", "softmax"])
def test_predictions_need_weights_of_the_same_features(problem):
    weights, X, _ = impls.make(problem, 4, 3)
    predict = _table.problem_module(problem).predict
    for other in (weights[..., :-1], weights[..., np.newaxis], np.array(1.0)):
        with pytest.raises(ValueError, match=r"^weights has shape \("):
            predict(other, X)
    with pytest.raises(
        ValueError, match=r"^X has shape \(3,\), expected \(n_samples, n_features\)"
    ):
        predict(weights, X[0])


def test_a_prediction_needs_a_class():
    _, X, _ = impls.make("softmax", 4, 3)
    with pytest.raises(
        ValueError, match=r"^weights has shape \(0, 3\), expected a row for at least"
    ):
        _table.problem_module("softmax").predict(np.zeros((0, 3)), X)


@pytest.mark.parametrize(
    "labels",
    [
        np.full(4, "a"),
        np.full(4, b"a"),
        pd.Index([b"a"] * 4),
        pd.Series([*"abab"], dtype="category"),
    ],
)
def test_labels_of_classes_that_are_no_numbers(labels):
    weights, X, _ = impls.make("softmax", 4, 3)
    with pytest.raises(
        TypeError, match=r"^y (has dtype|is a (Index|Series), expected an array of real)"
    ):
        impls.load("softmax", "matrix").gradient(weights, X, labels)


def test_a_type_is_no_array():
    _, X, y = impls.make("linear", 4, 2)
    with pytest.raises(TypeError, match=r"^X is a type, expected an array"):
        impls.load("linear", "matrix").gradient(np.zeros(2), np.float64, y)
    with pytest.raises(TypeError, match=r"^y is a type, expected an array"):
        impls.load("linear", "matrix").gradient(np.zeros(2), X, np.float64)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("two\nlines", "'two\\nlines'"),
        ("a" * 99, "'" + "a" * 60 + "'..."),
        (True, "True"),
        (-HUGE, "a whole number of 1329 bits"),
        (np.ones(3), "a ndarray"),
    ],
)
def test_what_was_given_is_told_in_a_few_words(value, text):
    assert told(value) == text


def test_a_table_of_raw_bytes():
    X = pd.DataFrame(np.zeros((4, 2), "V4"))
    with pytest.raises(TypeError, match=r"^column '0' of X has dtype .*, expected real numbers"):
        impls.load("linear", "matrix").prepare(X, np.zeros(4))
