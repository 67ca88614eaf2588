"""Refuses its data with a reason that is no text."""

from impls import Unfit


def prepare(X, y):
    raise Unfit({3: None})


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
