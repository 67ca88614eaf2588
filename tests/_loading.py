"""Loading implementations for tests that cover all of them."""

import pytest

import impls


def load_or_skip(problem, name):
    """Load an implementation; skip the test if a package that it needs is not installed."""
    try:
        return impls.load(problem, name)
    except impls.Unavailable as error:
        pytest.skip(str(error))
