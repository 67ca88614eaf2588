"""Implementations of the table for tests that are for all of them."""

import pytest

import impls


def load_or_skip(problem, name):
    """An implementation; the test is skipped where a package that it needs is not installed."""
    try:
        return impls.load(problem, name)
    except impls.Unavailable as error:
        pytest.skip(str(error))
