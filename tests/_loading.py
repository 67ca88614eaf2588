"""Loading implementations for tests that cover all of them."""

import functools

import pytest

import impls


def load_or_skip(problem, name):
    """Load an implementation; skip the test if a package that it needs is not installed."""
    if reason := _reason_against(problem, name):
        pytest.skip(reason)
    return impls.load(problem, name)


@functools.cache
def _reason_against(problem, name):
    """Looking for a package takes 8 ms, and thousands of tests do."""
    try:
        impls.load(problem, name)
    except impls.Unavailable as error:
        return str(error)
    return ""
